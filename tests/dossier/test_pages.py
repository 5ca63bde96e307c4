import json
import posixpath
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from sousveil.dossier.pages import MAX_PAGE_CHARS, render
from sousveil.dossier.text import visible
from sousveil.dossier.view import MAX_LOSSES_SHOWN
from sousveil.errors import InputError
from sousveil.model import Finding, Happening, Turn
from tests.dossier.markup import Page, read_page
from tests.dossier.reports import (
    DENIAL,
    EDITED,
    FIRST_LOOK,
    HOSTILE,
    IN_HISTORY,
    LEFT,
    REMOVED,
    SECOND_LOOK,
    UNREACHABLE,
    UYGHUR,
    WENT_ALONG,
    finding,
    held_fate,
    made_up_report,
)

FILES = render(made_up_report())
PAGES = {name: read_page(content) for name, content in FILES.items() if name.endswith(".html")}
INDEX = PAGES["index.html"]
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:"

# What our own templates write. Anything else on a page came out of captured text.
OUR_TAGS = {
    *("html", "head", "meta", "title", "link", "body", "header", "main", "footer", "nav"),
    *("section", "article", "h1", "h2", "h3", "h4", "p", "div", "span", "a", "bdi", "em", "code"),
    *("blockquote", "pre", "mark", "del", "ins", "cite", "time", "figure", "figcaption"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary", "img"),
    *("svg", "g", "desc", "text", "rect", "circle", "line", "path"),
}


def page_of(found: Finding) -> Page:
    return PAGES[f"findings/{found.id}.html"]


def test_every_finding_has_a_page_and_no_page_is_without_one() -> None:
    findings = {f"findings/{found.id}.html" for found in made_up_report().findings}
    overview = {"index.html", "matrix.html"}
    assert set(FILES) == {*overview, "style.css", "findings.json", *findings}


def test_nothing_is_loaded_from_elsewhere() -> None:
    for page in PAGES.values():
        loads = [
            e for e in page.elements if {"src", "srcset", "data", "poster"} & set(e.attributes)
        ]
        assert loads == []
        assert [e.attributes["href"].rpartition("/")[2] for e in page.all("link")] == ["style.css"]
        for element in page.elements:
            href = element.attributes.get("href", "")
            if urlsplit(href).scheme or href.startswith("//"):
                assert element.tag == "a"
                assert urlsplit(href).scheme in {"http", "https"}
                assert "noreferrer" in element.attributes["rel"].split()
    style = FILES["style.css"].decode()
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_within_the_dossier_resolves() -> None:
    anchors = {
        name: {e.attributes["id"] for e in page.elements if "id" in e.attributes}
        for name, page in PAGES.items()
    }
    followed = 0
    for name, page in PAGES.items():
        for link in (e.attributes["href"] for e in page.elements if "href" in e.attributes):
            if urlsplit(link).scheme:
                continue
            path, _, fragment = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            target = name if not path else target
            assert target in FILES, link
            assert not fragment or fragment in anchors[target], link
            followed += 1
    assert followed > 50


def test_no_page_carries_a_script_a_style_attribute_or_a_handler() -> None:
    for page in PAGES.values():
        assert {element.tag for element in page.elements} <= OUR_TAGS
        for element in page.elements:
            assert not [name for name in element.attributes if name.startswith("on")]
            assert "style" not in element.attributes
            assert "javascript:" not in element.attributes.get("href", "")


def test_every_page_states_the_policy_before_anything_it_loads() -> None:
    for page in PAGES.values():
        names = [e.attributes.get("http-equiv") or e.tag for e in page.elements]
        assert names.index("Content-Security-Policy") < names.index("link")
        policy = page.elements[names.index("Content-Security-Policy")].attributes["content"]
        assert policy.startswith(POLICY)


def test_hostile_text_is_shown_as_the_text_it_is() -> None:
    page = page_of(HOSTILE)
    assert visible(HOSTILE.passage) in page.text
    assert visible(HOSTILE.title) in page.text
    assert visible(HOSTILE.actor or "") in page.text
    assert HOSTILE.url in page.text
    assert [e for e in page.all("a") if e.attributes["href"] == HOSTILE.url] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_file_but_the_data_holds_a_character_that_hides_or_reorders(name: str) -> None:
    content = FILES[name].decode("utf-8")
    assert name == "findings.json" or visible(content) == content


def test_no_value_of_any_field_reaches_a_page_unescaped() -> None:
    """Every text of a report is put in place of a tag; no page may have that tag."""
    bait = "</title></style><bait>\"'\u202e"
    found = finding("x", "x y", url=bait, title=bait, actor=bait, lang=bait)
    source = replace(IN_HISTORY.source, path=bait, context=bait, charset=bait, blob=bait)
    commit = replace(LEFT, message=bait)
    found = replace(
        found,
        quote=bait,
        passage=bait,
        prefix=bait,
        suffix=bait,
        source=replace(source, commit=commit, entered=commit, left=commit),
        claim=replace(found.claim, reasons=(bait,), engine=bait, topic=bait, trait=bait),
        watch_id="aaaaaaaaaaaa",
    )
    report = made_up_report()
    first = report.watches[0]
    fate = replace(report.fates[EDITED.id], after=bait, evidence=bait)
    log = replace(report.log, origin=bait, root=bait, key=bait, checkpoint=bait)
    watched = replace(
        first,
        watch=replace(first.watch, target=bait, actor=bait),
        visits=tuple(replace(visit, outcome=bait) for visit in first.visits),
    )
    pages = render(
        replace(
            report,
            title=bait,
            operator=bait,
            software=bait,
            findings=(found,),
            fates={found.id: fate},
            watches=(watched,),
            log=log,
            faults=(bait,),
        )
    )
    for name, content in pages.items():
        if name.endswith(".html"):
            assert {element.tag for element in read_page(content).elements} <= OUR_TAGS
            assert "\u202e" not in content.decode()


def test_the_quote_and_nothing_else_is_marked() -> None:
    for found in made_up_report().findings:
        marked = [element.text for element in page_of(found).all("mark")]
        assert marked[0] == visible(found.quote)


def test_captured_text_says_its_language_and_direction() -> None:
    words = [e for e in page_of(UYGHUR).all("blockquote") if "words" in e.attributes["class"]]
    assert (words[0].attributes["lang"], words[0].attributes["dir"]) == ("ug", "rtl")
    words = [e for e in page_of(REMOVED).all("blockquote") if "words" in e.attributes["class"]]
    assert (words[0].attributes["lang"], words[0].attributes["dir"]) == ("zh-Hans", "ltr")


def test_a_vanished_statement_shows_before_after_and_what_shows_it() -> None:
    page = page_of(EDITED)
    assert [e.text for e in page.all("del")] == [
        "forty",
        "the ethnicity of each ",
        " (Uyghur / non-Uyghur)",
    ]
    assert [e.text for e in page.all("ins")] == ["sixty", "each registered"]
    rows = [e.text for e in page.all("tr")]
    assert any("Gone by" in row and "20 November 2026, 08:04:00 UTC" in row for row in rows)
    assert any("Gone by" in row and "Log entry 15" in row for row in rows)


def test_a_statement_that_is_missing_tells_both_looks_and_what_confirms_it() -> None:
    fates = {**made_up_report().fates, EDITED.id: held_fate()}
    files = render(replace(made_up_report(), fates=fates))
    front, page = (read_page(files[name]) for name in ("index.html", f"findings/{EDITED.id}.html"))
    assert "Missing, and not confirmed yet" in front.text
    for told in (front.text, page.text):
        assert "missing, not confirmed yet: reworded" in told
        assert "Last seen18 November 2026, 08:03:00 UTC" in told
        assert "Missing since20 November 2026, 08:04:00 UTC" in told
        assert "Not confirmed before22 November 2026, 08:04:00 UTC" in told
        assert "that takes 1 more look without it" in told


def test_a_statement_that_left_a_repository_quotes_the_message_of_the_commit() -> None:
    figures = [e.text for e in page_of(IN_HISTORY).all("figure")]
    taken_out = next(text for text in figures if "Taken out" in text)
    assert LEFT.id[:12] in taken_out
    assert "11 December 2020, 03:27:00 UTC" in taken_out
    assert taken_out.rstrip().endswith(LEFT.message.strip())


def test_what_cannot_be_seen_is_not_called_vanished() -> None:
    losses = [e.text for e in INDEX.all("article") if e.attributes["class"] == "loss"]
    assert len(losses) == 3
    assert not any(UNREACHABLE.quote in text for text in losses)
    assert "not seen since: no usable answer" in page_of(UNREACHABLE).text
    assert "still there" in page_of(DENIAL).text


def test_what_went_with_one_commit_is_told_once() -> None:
    losses = [e.text for e in INDEX.all("article") if e.attributes["class"] == "loss"]
    (together,) = [text for text in losses if WENT_ALONG.quote in text]
    assert IN_HISTORY.quote in together
    assert together.count(LEFT.message.strip()) == 1
    assert "2 statements" in together


def test_a_commit_that_took_out_many_lines_does_not_fill_the_front_page() -> None:
    found = [
        replace(WENT_ALONG, id=f"{number:012x}", url=f"https://x.example/{number // 10}")
        for number in range(500)
    ]
    fates = {each.id: made_up_report().fates[WENT_ALONG.id] for each in found}
    page = read_page(
        render(replace(made_up_report(), findings=tuple(found), fates=fates))["index.html"]
    )
    losses = [e.text for e in page.all("article") if e.attributes["class"] == "loss"]
    assert len(losses) == MAX_LOSSES_SHOWN
    assert "7 more statements that went with them" in losses[0]
    linked = {e.attributes["href"] for e in page.all("a")}
    assert {f"findings/{each.id}.html" for each in found} <= linked


def test_the_evidence_of_a_statement_is_told_in_full() -> None:
    text = page_of(EDITED).text
    record = EDITED.capture.record
    for fact in (record.warc, record.record_id, record.digest, EDITED.url, EDITED.id):
        assert fact in text
    assert "sousveil verify" in text


@pytest.mark.parametrize(
    ("place", "words"),
    [({"page": 7}, ", page 7"), ({"slide": 3}, ", slide 3"), ({"cell": "S!B7"}, ">S!B7<")],
)
def test_a_quote_in_a_document_tells_its_page_slide_or_cell(
    place: dict[str, Any], words: str
) -> None:
    report = made_up_report()
    findings = tuple(
        replace(found, source=replace(found.source, **place)) if found.id == DENIAL.id else found
        for found in report.findings
    )
    files = render(replace(report, findings=findings))
    assert words in files[f"findings/{DENIAL.id}.html"].decode()


def test_the_strip_of_an_address_shows_each_visit_oldest_first() -> None:
    strips = [e.text for e in INDEX.all("ol") if e.attributes.get("class") == "strip"]
    outcomes = [re.findall(r"2026: ([a-z, ]+?)(?=\d|$)", strip) for strip in strips]
    quiet = ["there"] * 4 + ["no usable answer"] + ["there"] * 4
    assert [looks[:-1] for looks in outcomes] == [quiet] * 5
    assert [looks[-1] for looks in outcomes] == [
        "there, without words it had",
        "not found there, or sent elsewhere",
        "there",
        "no usable answer",
        "there",
    ]


def test_huge_passages_are_cut_with_a_visible_mark() -> None:
    passage = "a" * 1_000_000 + " quote " + "b" * 1_000_000
    found = finding("quote", passage, url="https://x.example/")
    pages = render(replace(made_up_report(), findings=(found,), fates={}))
    page = read_page(pages[f"findings/{found.id}.html"])
    left_out = 1_000_001 - MAX_PAGE_CHARS
    assert [e.text for e in page.all("span") if e.attributes.get("class") == "cut"] == [
        f" [… {left_out:,} characters not shown …] "
    ] * 2
    assert [e.text for e in page.all("mark")] == ["quote"]
    assert max(len(content) for name, content in pages.items() if name != "findings.json") < 100_000


def test_a_case_that_does_not_verify_says_so_first() -> None:
    report = replace(made_up_report(), faults=("archive/x.warc.gz: not the file that was logged",))
    page = read_page(render(report)["index.html"])
    section = page.all("section")[0]
    assert "The evidence is not whole" in section.text
    assert report.faults[0] in section.text
    assert "not whole" not in INDEX.text


def test_many_statements_are_folded_but_all_can_be_reached() -> None:
    found = [finding("quote", "a quote", url=f"https://x.example/{n}") for n in range(60)]
    pages = render(replace(made_up_report(), findings=tuple(found), fates={}))
    page = read_page(pages["index.html"])
    linked = {e.attributes["href"] for e in page.all("a")}
    assert {f"findings/{each.id}.html" for each in found} <= linked
    folded = [each.text for each in page.all("summary") if "more statement" in each.text]
    assert folded == ["35 more statements"]


def test_an_empty_case_makes_a_whole_dossier() -> None:
    pages = render(replace(made_up_report(), findings=(), fates={}, watches=()))
    assert set(pages) == {"index.html", "style.css", "findings.json"}
    assert "No statement" in read_page(pages["index.html"]).text
    assert json.loads(pages["findings.json"]) == []


def test_the_same_report_gives_the_same_bytes_whatever_the_order_of_its_findings() -> None:
    report = made_up_report()
    assert render(replace(report, findings=report.findings[::-1])) == FILES


def test_the_bundles_of_a_repository_are_used_in_the_order_in_which_they_came() -> None:
    report = made_up_report()
    watched = report.watches[2]
    own = IN_HISTORY.capture
    others = [
        replace(
            own,
            captured_at=own.captured_at + timedelta(days=days),
            record=replace(own.record, warc=name),
        )
        for days, name in ((-1, "before.warc.gz"), (1, "after.warc.gz"))
    ]
    visits = [
        replace(watched.visits[0], captures=(capture,)) for capture in (others[0], own, others[1])
    ]
    report = replace(report, watches=(replace(watched, visits=tuple(visits)),))
    page = read_page(render(report)[f"findings/{IN_HISTORY.id}.html"])
    command = next(e.text for e in page.all("pre") if "git init" in e.text)
    steps = ("before.warc.gz", "unbundle ../evidence.bundle", "after.warc.gz", LEFT.id)
    assert sorted(steps, key=command.index) == list(steps)


def test_the_data_holds_the_exact_quotes() -> None:
    data = json.loads(FILES["findings.json"])
    assert {each["id"]: each["quote"] for each in data} == {
        found.id: found.quote for found in made_up_report().findings
    }


def test_an_id_that_could_leave_the_folder_is_refused() -> None:
    report = replace(made_up_report(), findings=(replace(EDITED, id="../../escape"),))
    with pytest.raises(InputError, match=r"not 12 hexadecimal digits.*reindex"):
        render(report)


def test_the_name_of_a_local_folder_is_published_without_its_path() -> None:
    folder = "/home/jo/secret/face-sdk"
    capture = replace(IN_HISTORY.capture, url=f"file://{folder}")
    found = replace(IN_HISTORY, url=f"file://{folder}", capture=capture)
    report = made_up_report()
    watched = report.watches[2]
    local = replace(watched, watch=replace(watched.watch, target=folder))
    pages = render(replace(report, findings=(found,), watches=(local,)))
    assert b"local copy of face-sdk" in pages["index.html"]
    assert b"local copy of face-sdk" in pages["findings.json"]
    assert not any(b"/home/jo" in content for content in pages.values())


def test_what_happened_to_a_target_as_a_whole_stands_with_its_visits() -> None:
    report = made_up_report()
    watched = report.watches[2]
    turn = Turn("entry_left", "<b>Gates\u202e & people</b>")
    told = Happening("0" * 12, watched.watch.id, turn, FIRST_LOOK, SECOND_LOOK, 13)
    watches = (*report.watches[:2], replace(watched, happenings=(told,)), *report.watches[3:])
    page = read_page(render(replace(report, watches=watches))["index.html"])
    assert "The entry “<b>Gates⟦U+202E⟧ & people</b>” was taken out of the feed." in page.text
