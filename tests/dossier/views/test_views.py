"""Views: values that are exact for made-up cases, drawings that cannot be broken out of."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.pages import render
from sousveil.dossier.text import visible
from sousveil.dossier.view import arrange
from sousveil.dossier.views.axis import MOST_TICKS, axis_of
from sousveil.dossier.views.drawing import Drawing, cut, linked, shape
from sousveil.dossier.views.events import moments
from sousveil.dossier.views.figures import draw_figures, points
from sousveil.dossier.views.gazetteer import outlines, placed
from sousveil.dossier.views.matrix import draw_matrix, squares
from sousveil.dossier.views.projects import draw_projects, projects
from sousveil.dossier.views.shared import draw_shared, shared
from sousveil.dossier.views.told import VIEWS, views_of
from sousveil.model import Fate, Letter
from tests.dossier.markup import Page, read_page
from tests.dossier.reports import (
    DENIAL,
    EDITED,
    HOSTILE,
    IN_HISTORY,
    MADE_AT,
    REMOVED,
    SECOND_LOOK,
    UNREACHABLE,
    WENT_ALONG,
    finding,
    made_up_report,
)
from tests.dossier.views.made import BAIT, fact, in_code

FIGURES = (
    fact(1, "figure", amount=("176000000", "cameras"), when="2017"),
    fact(2, "figure", amount=("626000000", "cameras"), bound="up to", when="2020"),
    fact(3, "figure", amount=("91", "%"), to=("95", "%"), when="2020-11-02"),
    fact(4, "figure", amount=("12", "%")),
)
TENDERS = (
    fact(10, "project", title="Cameras", buyer="和田地区公安局", budget=("1200000", "CNY")),
    fact(11, "project", title="More cameras", place="Hotan", price=("10.5", "EUR")),
    fact(12, "project", title="Gates", buyer="City of Birchport", published="2020-03-11"),
    fact(13, "project", number="7", place="Shaanxi province"),
)


def nowhere(_: object) -> str:
    return ""


def to(finding_id: str) -> str:
    return f"/at/{finding_id}"


def tree(drawing: Drawing | None) -> Page:
    assert drawing is not None
    return read_page(drawing.svg.encode())


def hrefs(drawing: Drawing | None) -> list[str]:
    return [one.attributes["href"] for one in tree(drawing).all("a")]


# ------------------------------------------------------------ matrix


def test_the_matrix_counts_what_says_that_somebody_has_it_and_no_denial() -> None:
    gone = {REMOVED.id, IN_HISTORY.id}
    told = squares((EDITED, REMOVED, IN_HISTORY, WENT_ALONG, DENIAL), gone.__contains__)
    assert [(one.actor, one.trait, one.findings, one.gone) for one in told] == [
        (REMOVED.actor, "ethnicity", (REMOVED.id, IN_HISTORY.id, WENT_ALONG.id), 2),
        (EDITED.actor, "ethnicity", (EDITED.id,), 0),
    ]
    drawing = draw_matrix(told, lambda one: f"#{one.actor}")
    assert hrefs(drawing) == [f"#{REMOVED.actor}", f"#{EDITED.actor}"]
    assert drawing is not None
    assert [cell.text for cell in drawing.rows[0][2:]] == ["3", "2"]


def test_a_square_is_dark_as_far_as_its_words_stand() -> None:
    drawing = draw_matrix(squares((IN_HISTORY, WENT_ALONG), {IN_HISTORY.id}.__contains__), nowhere)
    whole, dark = (float(one.attributes["height"]) for one in tree(drawing).all("rect"))
    assert dark == whole / 2


def test_an_empty_view_is_none() -> None:
    assert draw_matrix((), nowhere) is None
    assert draw_matrix(squares((DENIAL,), nowhere), nowhere) is None  # type: ignore[arg-type]  # "" is false
    assert draw_figures(points(FIGURES[2:]), nowhere) is None
    assert draw_projects(projects(TENDERS[2:3]), nowhere) is None
    assert draw_shared(shared((EDITED,), lambda _: None), MADE_AT, nowhere) is None


# ------------------------------------------------------------ timeline


def test_the_timeline_tells_what_was_seen_reworded_and_gone_in_order() -> None:
    report = made_up_report()
    fates: dict[str, Fate] = dict(report.fates)
    told = moments((EDITED, REMOVED, UNREACHABLE, IN_HISTORY), fates.get)
    assert [(f"{one.at:%Y-%m-%d}", one.kind, one.id) for one in told] == [
        ("2019-03-04", "claimed", IN_HISTORY.id),
        ("2020-12-11", "gone", IN_HISTORY.id),
        ("2026-11-02", "claimed", EDITED.id),
        ("2026-11-02", "claimed", REMOVED.id),
        ("2026-11-02", "claimed", UNREACHABLE.id),
        ("2026-11-20", "reworded", EDITED.id),
        ("2026-11-20", "gone", REMOVED.id),
    ]
    assert told[0].told.endswith("(by its commit's own date)")


def test_the_timeline_tells_of_letters_and_replies_and_of_no_folder_of_ours() -> None:
    letter = Letter("/home/mira/sdk", "Halcyon Vision", MADE_AT, 41, ((SECOND_LOOK, 43),))
    told = moments((), lambda _: None, (letter, replace(letter, actor="", replies=())))
    assert [(one.kind, one.told) for one in told] == [
        ("answered", "Halcyon Vision: about local copy of sdk (log entry 43)"),
        ("asked", "Halcyon Vision: about local copy of sdk (log entry 41)"),
        ("asked", "about local copy of sdk (log entry 41)"),
    ]
    report = replace(made_up_report(), letters=(letter,))
    drawn = views_of(arrange(report)).drawings["timeline"].svg
    assert "letter sent" in drawn
    assert "reply came" in drawn


@given(st.lists(st.integers(0, 100 * 365 * 24), min_size=1, max_size=6))
def test_an_axis_holds_all_its_moments_in_order_and_names_few(hours: list[int]) -> None:
    told = [datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=one) for one in sorted(hours)]
    axis = axis_of(told, 100.0, 900.0)
    places = [axis.at(one) for one in told]
    assert places == sorted(places)
    assert all(100 < place < 900 for place in places)
    assert len(axis.named()) <= MOST_TICKS


# ------------------------------------------------------------ figures


def test_figures_are_read_with_bounds_ranges_and_times() -> None:
    told = points(FIGURES)
    assert [(one.unit, one.when, one.told, one.short) for one in told] == [
        ("%", "", "12", "12"),
        ("%", "2020-11-02", "91 to 95", "91–95"),
        ("cameras", "2017", "176,000,000", "176m"),
        ("cameras", "2020", "≤ 626,000,000", "≤626m"),
    ]


def test_a_plot_stands_from_zero_and_each_dot_leads_to_its_source() -> None:
    drawing = draw_figures(points(FIGURES), to)
    assert hrefs(drawing) == [f"/at/{FIGURES[0].id}", f"/at/{FIGURES[1].id}"]
    low, high = (float(one.attributes["cy"]) for one in tree(drawing).all("circle"))
    base = max(float(one.attributes["y1"]) for one in tree(drawing).all("line"))
    assert (base - low) / (base - high) == pytest.approx(176 / 626, abs=0.01)
    assert drawing is not None
    assert len(drawing.rows) == 4  # those that are not drawn, too


# ------------------------------------------------------------ projects


@pytest.mark.parametrize(
    ("texts", "name", "within"),
    [
        (["新疆和田地区"], "Hotan", "Xinjiang"),
        (["新疆生产建设兵团"], "Xinjiang", "China"),
        (["", "Kashgar Prefecture, Xinjiang, China"], "Kashgar", "Xinjiang"),
        (["Shaanxi"], "Shaanxi", "China"),
        (["内蒙古自治区"], "Inner Mongolia", "China"),
        (["Kashgaria Ltd"], None, None),
        (["Birchport"], None, None),
    ],
)
def test_a_place_is_the_most_exact_that_the_words_name(
    texts: list[str], name: str | None, within: str | None
) -> None:
    place = placed(texts)
    assert (place.name if place else None, place.within if place else None) == (name, within)


def test_countries_have_outlines_and_names() -> None:
    assert len(outlines()) > 150
    ecuador, niger = placed(["Quito, Ecuador"]), placed(["Niger"])
    assert ecuador is not None
    assert niger is not None
    assert (ecuador.name, niger.name) == ("Ecuador", "Niger")  # not Nigeria


def test_the_map_shows_projects_at_their_places_and_tells_those_without() -> None:
    told = projects(TENDERS)
    assert {one.fact_id: one.place.name if one.place else "" for one in told} == {
        TENDERS[0].id: "Hotan", TENDERS[1].id: "Hotan", TENDERS[2].id: "", TENDERS[3].id: "Shaanxi",
    }  # fmt: skip
    drawing = draw_projects(told, to)
    assert drawing is not None
    assert "1 more name no place" in drawing.told
    rows = [[cell.text for cell in row] for row in drawing.rows]
    assert rows[-1][0] == "not placed"
    assert sorted(row[3] for row in rows) == ["", "", "budget 1,200,000 CNY", "price 10.5 EUR"]
    radii = [float(one.attributes["r"]) for one in tree(drawing).all("circle")]
    assert radii[0] / radii[1] == pytest.approx(2**0.5, abs=0.01)  # areas of two to one


# ------------------------------------------------------------ shared


def test_a_field_of_several_is_told_with_the_dates_of_their_own_commits() -> None:
    findings = (
        in_code("Gazelight", "int emNationType; int face;", "2018-02-01"),
        in_code("Halden", "em_nation_type face", "2019-06-01", "2020-12-01"),
        in_code("Halden", "EM_NATION_TYPE other", "2019-07-01", "2020-11-01"),
        in_code("Lampwick", "String face;", "2017-01-01"),
    )
    left = {one.id: one.source.left.authored_at for one in findings if one.source.left}
    (told,) = shared(findings, left.get)
    assert (told.words, told.is_field) == ("emNationType", True)
    assert [(one.actor, f"{one.since:%Y-%m-%d}", one.is_commit) for one in told.lanes] == [
        ("Gazelight", "2018-02-01", True),
        ("Halden", "2019-06-01", True),
    ]
    assert [one.until and f"{one.until:%Y-%m-%d}" for one in told.lanes] == [None, "2020-12-01"]
    drawing = draw_shared((told,), MADE_AT, to)
    titles = [one.text or "" for one in tree(drawing).all("title")]
    assert titles[1:] == [
        "Gazelight: since 2018-02-01 by its own commit's date",
        "Halden: since 2019-06-01 by its own commit's date, 485 days after Gazelight",
    ]
    assert "copied" not in str(drawing)


def test_the_same_sentence_of_two_is_told_by_our_captures_and_short_words_are_not() -> None:
    said = "Our cameras tell the ethnicity of every visitor."
    one = finding(said, said, url="https://a.example/", actor="Gazelight")
    other = finding(said.upper(), said.upper(), url="https://b.example/", actor="Halden")
    brief = [
        finding("race", "race", url=f"https://{actor}.example/", actor=actor) for actor in "ab"
    ]
    (told,) = shared((one, other, *brief), lambda _: None)
    assert {lane.actor for lane in told.lanes} == {"Gazelight", "Halden"}
    assert not any(lane.is_commit for lane in told.lanes)


# ------------------------------------------------------------ on pages


def whole() -> dict[str, bytes]:
    code = (
        in_code("Gazelight", "int emNationType;", "2018-02-01"),
        in_code("Halden", "em_nation_type", "2019-06-01"),
    )
    report = made_up_report()
    return render(replace(report, findings=(*report.findings, *code), facts=(*FIGURES, *TENDERS)))


PAGES = whole()


def test_the_evidence_has_every_view_and_every_mark_leads_to_something() -> None:
    page = read_page(PAGES["index.html"])
    names = {one.attributes.get("id", "") for one in page.all("figure")}
    assert {f"view-{name}" for name in VIEWS} <= names
    assert sorted(set(dead_links())) == []


def dead_links() -> Iterator[str]:
    """Yield the links of the overview that lead to no page, or to no place on it."""
    for one in read_page(PAGES["index.html"]).all("a"):
        name, _, anchor = one.attributes["href"].partition("#")
        if ":" in name:
            continue
        target = PAGES.get(name or "index.html", b"").decode()
        if not target or (anchor and f'id="{anchor}"' not in target):
            yield one.attributes["href"]


def test_every_cell_opens_the_quotes_that_it_counts() -> None:
    cells = PAGES["matrix.html"].decode()
    for _, square, statements in views_of(arrange(made_up_report())).squares:
        assert len(statements) == len(square.findings)
        assert all(f"findings/{each}.html" in cells for each in square.findings)


def test_facts_stand_with_their_quotes_and_nobody_is_named() -> None:
    page = PAGES["facts.html"].decode()
    assert "amount is 176000000" in page
    assert "Ada" not in page


def test_print_has_the_same_drawings_without_links() -> None:
    told = views_of(arrange(replace(made_up_report(), facts=FIGURES)), in_print=True)
    assert {"matrix", "timeline", "figures"} <= set(told.drawings)
    assert all("href" not in one.svg for one in told.drawings.values())


# ------------------------------------------------------------ hostile


def test_no_text_breaks_out_of_a_drawing() -> None:
    facts = (
        *(fact(n, "figure", amount=(str(n), BAIT), when="2020", bound=BAIT) for n in (1, 2)),
        fact(3, "project", title=BAIT, buyer=f"{BAIT} Hotan", budget=("1", BAIT)),
    )
    said = f"{BAIT} tells the ethnicity of all visitors"
    findings = [
        replace(HOSTILE, actor=BAIT + actor, quote=said, claim=replace(HOSTILE.claim, trait=BAIT))
        for actor in "ab"
    ]
    findings = [
        replace(one, id=f"{n:012x}", source=EDITED.source, lang="en")
        for n, one in enumerate(findings)
    ]
    report = replace(made_up_report(), findings=tuple(findings), fates={}, facts=facts)
    told = views_of(arrange(report)).drawings
    assert set(told) == set(VIEWS)
    for one in told.values():
        assert "\u202e" not in one.svg
        assert {each.tag for each in tree(one).elements} <= {
            *("svg", "title", "desc", "g", "a", "text", "rect", "circle", "line", "path"),
        }


@given(st.text())
def test_any_text_is_shown_and_any_attribute_holds_it(text: str) -> None:
    made = shape("g", linked(text, text, shape("text", text)), class_=text)
    told = read_page(made.encode("utf-8"))
    assert [one.tag for one in told.elements if one.tag != "a"] in (
        ["g", "title", "text"],
        ["g", "g", "title", "text"],
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", made)


@given(st.text(max_size=200), st.floats(20, 400))
def test_a_cut_text_begins_as_the_whole_and_ends_with_a_sign(text: str, room: float) -> None:
    line = " ".join(visible(text).split())
    told = cut(text, room)
    assert told == line or (told.endswith("…") and line.startswith(told[:-1]))
