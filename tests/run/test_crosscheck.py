"""Each quote is told to be in the bytes, on the screen or both, and from which answer it came."""

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.extract import extract
from sousveil.model import (
    Block,
    BlockKind,
    Capture,
    Claim,
    Document,
    Finding,
    Origin,
    Picture,
    RecordRef,
    Run,
)
from sousveil.run.read.crosscheck import canonical, crosscheck
from sousveil.run.read.findings import Place, make_findings
from tests.dossier.chromium import open_chromium
from tests.extract.renderings import PROGRAM, ranges, read, rendering
from tests.sites import Page, serve

OFFER = "The system recognises the ethnicity of every visitor."
SECOND = "Results reach the control room within two seconds."
CHINESE = "该系统支持民族识别，包括维吾尔族与汉族。"


def record(number: int) -> RecordRef:
    return RecordRef("archive/a.warc.gz", number, 9, f"<urn:uuid:{number}>", "sha256:00")


PAGE = Origin("https://vendor.example/", record(1), "text/html", "wire")
SHOWN = Origin("https://vendor.example/", record(2), "text/html", "browser")
SPECS = Origin("https://vendor.example/api/specs.json", record(3), "application/json", "browser")
SCRIPT = Origin("https://vendor.example/app.js", record(4), "text/javascript", "browser")
SLICES = (
    Picture(record(5), "image/png", 800, 100),
    Picture(record(6), "image/png", 800, 100, top=100),
)


def html(source: str) -> Document:
    return extract(source.encode(), media_type="text/html", charset="utf-8", name="")


def answer(origin: Origin, source: str) -> tuple[Origin, Document]:
    media_type = origin.media_type
    return origin, extract(source.encode(), media_type=media_type, charset="utf-8", name="")


def screen(*texts: str) -> Document:
    """Make what a browser showed: each text a block of one line, 20 pixels high."""
    blocks, runs, start = [], [], 0
    for line, text in enumerate(texts):
        blocks.append(Block(start, start + len(text), BlockKind.PARAGRAPH))
        top = 20.0 * line
        runs.append(Run(start, start + len(text), 0, top, 400, top + 20))
        start += len(text) + 1
    text = "\n".join(texts)
    return Document(text, tuple(blocks), "rendered", "", runs=tuple(runs))


def found_in(document: Document, *quotes: str) -> list[Finding]:
    """Make a finding of each place where a quote stands, in the order of the text."""
    claims = []
    for quote in dict.fromkeys(quotes):
        start = document.text.find(quote)
        while start >= 0:
            end = start + len(quote)
            claims.append(
                Claim("ethnicity", "ethnicity", "offers", 0.9, start, end, start, end, (), "test")
            )
            start = document.text.find(quote, end)
    assert len(claims) >= len(set(quotes))
    when = datetime(2026, 3, 1, tzinfo=UTC)
    capture = Capture(PAGE.url, when, 200, "text/html", PAGE.record)
    return make_findings(document, claims, Place(PAGE.url, capture, 1, None))


def check(
    findings: Sequence[Finding],
    wire: Document | None,
    rendered: Document | None,
    *answers: tuple[Origin, Document | None],
) -> list[Finding]:
    checked = crosscheck(
        findings, wire=wire, rendered=rendered, slices=SLICES, answers=iter(answers)
    )
    assert [one.id for one in checked] == [one.id for one in findings]
    return checked


def test_a_quote_in_the_bytes_and_on_the_screen_is_in_both_and_lies_on_the_picture() -> None:
    wire = html(f"<h1>Product</h1><p>{OFFER.replace('ethnicity', '<b>ethnicity</b>')}</p>")
    (found,) = check(found_in(wire, OFFER), wire, screen("Product", OFFER), (PAGE, wire))
    assert found.source.seen_in == "both"
    assert found.source.came_from == (PAGE,)
    (region,) = found.source.regions
    assert (region.picture, region.top, region.bottom) == (SLICES[0], 20, 40)


def test_a_quote_that_is_never_shown_is_in_the_bytes_only() -> None:
    wire = html(f"<p>Welcome</p><div hidden>{OFFER}</div>")
    (found,) = check(found_in(wire, OFFER), wire, screen("Welcome"))
    assert (found.source.seen_in, found.source.regions) == ("wire", ())


def test_a_quote_that_script_fetched_came_from_that_answer() -> None:
    wire, shown = html("<div id=app></div>"), screen("Product", OFFER)
    data = json.dumps({"items": [{"text": OFFER}]})
    (found,) = check(found_in(shown, OFFER), wire, shown, (PAGE, wire), answer(SPECS, data))
    assert found.source.seen_in == "rendered"
    assert found.source.came_from == (SPECS,)
    assert len(found.source.regions) == 1


@pytest.mark.parametrize(
    "source",
    [
        json.dumps({"text": CHINESE}),
        json.dumps({"text": CHINESE}, ensure_ascii=False),
        json.dumps({"html": f"<p>{CHINESE[:8]}<b>{CHINESE[8:]}</b></p>"}),
        json.dumps({"text": CHINESE[:9] + "\n   " + CHINESE[9:]}),
        json.dumps({"text": CHINESE.replace("支", "\N{KANGXI RADICAL BRANCH}")}),
    ],
    ids=["escaped", "plain", "markup in a string", "another line break", "a radical"],
)
def test_the_same_words_are_known_in_other_dress(source: str) -> None:
    shown = screen(CHINESE)
    (found,) = check(found_in(shown, CHINESE), html(""), shown, answer(SPECS, source))
    assert found.source.came_from == (SPECS,)


@pytest.mark.parametrize(
    "source",
    [
        f"const text = '{CHINESE}'",
        f"const text = {json.dumps(CHINESE)}",
        f"self.push([1, {json.dumps(json.dumps({'text': CHINESE}))}])",
        f"const t = '<p>{CHINESE[:5]}<em>{CHINESE[5:]}</em></p>'",
        "x = '" + "".join(f"\\u{{{ord(c):x}}}" for c in CHINESE) + "'",
    ],
    ids=["literal", "escaped", "JSON in a string", "markup", "code points"],
)
def test_a_quote_in_a_script_came_from_it(source: str) -> None:
    shown = screen(CHINESE)
    (found,) = check(found_in(shown, CHINESE), html(""), shown, answer(SCRIPT, source))
    assert (found.source.seen_in, found.source.came_from) == ("rendered", (SCRIPT,))


def test_what_a_script_in_the_page_says_was_in_the_bytes() -> None:
    shown = screen(OFFER)
    inline = Document(
        f'state = {{"a": "{OFFER}"}}', (Block(0, 30, BlockKind.CODE),), "code", "utf-8"
    )
    (found,) = check(found_in(shown, OFFER), html(""), shown, (PAGE, html("")), (PAGE, inline))
    assert (found.source.seen_in, found.source.came_from) == ("both", (PAGE,))


def test_a_quote_of_two_sentences_came_from_both_answers_that_hold_one_each() -> None:
    shown = screen(f"{OFFER} {SECOND}")
    halves = answer(SPECS, json.dumps([OFFER])), answer(SCRIPT, f"say('{SECOND}')")
    (found,) = check(found_in(shown, f"{OFFER} {SECOND}"), html(""), shown, *halves)
    assert found.source.came_from == (SPECS, SCRIPT)
    (missing,) = check(found_in(shown, f"{OFFER} {SECOND}"), html(""), shown, halves[0])
    assert missing.source.came_from == ()


def test_half_a_sentence_here_and_half_there_came_from_nobody_knows_where() -> None:
    shown = screen(OFFER)
    halves = answer(SPECS, json.dumps([OFFER[:25]])), answer(SCRIPT, f"say('{OFFER[25:]}')")
    (found,) = check(found_in(shown, OFFER), html(""), shown, *halves)
    assert (found.source.seen_in, found.source.came_from) == ("rendered", ())


def test_the_cells_of_a_row_came_from_the_object_that_holds_them_all() -> None:
    shown, row = screen("民族", "维吾尔族"), "民族\n维吾尔族"
    together = json.dumps([{"name": "民族", "values": "维吾尔族", "id": "x1"}])
    apart = json.dumps({"a": {"name": "民族", "x": "y"}, "b": {"values": "维吾尔族", "x": "z"}})
    (found,) = check(found_in(shown, row), html(""), shown, answer(SPECS, together))
    assert found.source.came_from == (SPECS,)
    (guessed,) = check(found_in(shown, row), html(""), shown, answer(SPECS, apart))
    assert guessed.source.came_from == ()


def test_a_word_or_two_count_only_where_they_are_a_text_of_their_own() -> None:
    shown = screen("民族识别")
    within = answer(SPECS, json.dumps(["不支持民族识别功能"]))
    alone = answer(SCRIPT, "label('民族识别')")
    wire = html("<p>不支持民族识别功能</p>")
    (found,) = check(found_in(shown, "民族识别"), wire, shown, within, alone)
    assert (found.source.seen_in, found.source.came_from) == ("rendered", (SCRIPT,))


def test_without_one_of_the_two_documents_nothing_is_compared() -> None:
    wire, shown = html(f"<p>{OFFER}"), screen(OFFER)
    (unshown,) = check(found_in(wire, OFFER), wire, None, (PAGE, wire))
    assert (unshown.source.seen_in, unshown.source.came_from) == (None, (PAGE,))
    assert unshown.source.regions == ()
    (unsent,) = check(found_in(shown, OFFER), None, shown, (SHOWN, None))
    assert (unsent.source.seen_in, unsent.source.came_from) == (None, ())
    assert len(unsent.source.regions) == 1


def test_the_second_of_two_equal_quotes_lies_where_the_second_is_shown() -> None:
    wire = html(f"<p>{OFFER}<p>between<p>{OFFER}")
    first, second = check(found_in(wire, OFFER), wire, screen(OFFER, "between", OFFER))
    assert [r.top for r in first.source.regions] == [0]
    assert [r.top for r in second.source.regions] == [40]


def test_a_quote_over_several_blocks_and_slices_has_all_its_regions() -> None:
    wire = html(f"<p>{OFFER}</p><p>{SECOND}</p>")
    shown = screen("a", "b", "c", "d", OFFER, SECOND)
    (found,) = check(found_in(wire, f"{OFFER}\n{SECOND}"), wire, shown)
    told = [(region.picture.top, region.top) for region in found.source.regions]
    assert told == [(0, 80), (100, 0)]


def test_something_between_two_sentences_does_not_hide_them() -> None:
    wire = html(f"<p>{OFFER} {SECOND}</p>")
    shown = screen(OFFER, "Advertisement", SECOND)
    (found,) = check(found_in(wire, f"{OFFER} {SECOND}"), wire, shown)
    assert found.source.seen_in == "both"
    assert [region.top for region in found.source.regions] == [0, 40]


SCRIPTED = b"""<!doctype html><title>Product</title><div id=app style="margin-top:300px"></div>
<script>fetch("/api/specs.json").then(a => a.json()).then(told => {
  document.getElementById("app").innerHTML = "<h2>Traits</h2><p>" + told.text + "</p>"
  document.title = "done" })</script>"""


@pytest.mark.skipif(PROGRAM is None or os.name != "posix", reason="no Chromium on PATH")
def test_a_page_made_by_script_is_told_from_its_bytes_in_a_real_browser(tmp_path: Path) -> None:
    data = json.dumps({"text": CHINESE}).encode()
    with serve() as site, open_chromium(str(PROGRAM), tmp_path) as browser:
        site.pages["/"] = Page(SCRIPTED)
        site.pages["/api/specs.json"] = Page(data, "application/json")
        browser.show(f"{site.url}/", 800)
        while browser.evaluate("document.title") != "done":
            time.sleep(0.02)
        shown = read(rendering(browser, site.url))
        ((left, top, right, bottom),) = ranges(browser, CHINESE)
    wire = html(SCRIPTED.decode())
    slices = (Picture(record(5), "image/png", 800, 600),)
    (found,) = crosscheck(
        found_in(shown, CHINESE),
        wire=wire,
        rendered=shown,
        slices=slices,
        answers=[(PAGE, wire), answer(SPECS, data.decode())],
    )
    assert (found.source.seen_in, found.source.came_from) == ("rendered", (SPECS,))
    assert found.source.context == "Traits"
    (region,) = found.source.regions
    assert [region.left, region.top] == pytest.approx([left, top], abs=2)
    assert [region.right, region.bottom] == pytest.approx([right, bottom], abs=2)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_white_space_and_invisible_characters_do_not_count(one: str, other: str) -> None:
    assert canonical(f"{one} \u200b\n{other}") == canonical(f"{one}\u00ad\t {other}")


def test_marks_without_end_and_many_findings_take_linear_time() -> None:
    began = time.process_time()
    assert len(canonical("a" + "\u0300\u0316" * 400_000)) < 100
    assert time.process_time() - began < 5
    sentences = [f"System number {n} recognises the ethnicity of visitors." for n in range(300)]
    wire, shown = html("".join(f"<p>{each}" for each in sentences)), screen(*sentences)
    big = answer(SCRIPT, "\n".join(f"say({n}, 'nothing of the kind')" for n in range(50_000)))
    began = time.process_time()
    checked = check(found_in(wire, *sentences), wire, shown, big)
    assert {one.source.seen_in for one in checked} == {"both"}
    assert time.process_time() - began < 20
