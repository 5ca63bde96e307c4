"""A fact is entered by hand at the desk from words that stand exactly in a captured text."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sousveil.index.facts import facts
from sousveil.model import Fact
from tests.commands import sousveil
from tests.sites import Page, case_for, serve
from tests.web.desks import Served, served

PAGE = """<!doctype html><html lang="en"><title>Lamps</title><p>The city bought lamps.</p>
<p>It paid about €3.4m for 500 cameras in March 2021.</p>
<p>“We count heads only,” a spokesperson for Halden Vision said.</p></html>"""
WORDS = "about €3.4m for 500 cameras in March 2021"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Served]:
    with serve() as site:
        site.pages["/"] = Page(PAGE.encode())
        case = case_for(tmp_path / "case", site)
        assert sousveil("add", "--case", case.root, f"{site.url}/").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    with served(case.root) as up:
        yield up


def entered(desk: Served) -> list[Fact]:
    with desk.desk.index() as index:
        return facts(index)


def page_of(desk: Served) -> str:
    """The address of the form for the captured page, as the capture's page links it."""
    client = desk.client("reviewer")
    capture = re.search(r'href="(/captures/\d+)"', client.get("/captures").text)
    assert capture is not None
    link = re.search(r'href="(/facts/new\?place=[^"]+)"', client.get(capture[1]).text)
    assert link is not None
    return html.unescape(link[1])


def place_in(page: str) -> str:
    found = re.search(r'name="place" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_words_are_chosen_from_the_lines_of_a_capture(desk: Served) -> None:
    page = desk.client("reviewer").get(f"{page_of(desk)}&words=CAMERAS").text
    assert re.findall(r'name="line" value="([^"]+)"', page) == [
        "It paid about €3.4m for 500 cameras in March 2021."
    ]


def test_words_that_stand_there_open_the_fields_with_what_a_machine_reads(desk: Served) -> None:
    page = desk.client("reviewer").get(f"{page_of(desk)}&kind=figure&quote={quote(WORDS)}").text
    assert re.search(rf"<mark>(?:<bdi[^>]*>)?{WORDS}(?:</bdi>)?</mark>", html.unescape(page))
    assert 'name="amount" value="3400000 EUR"' in page
    assert "<option selected>about</option>" in page


def test_a_fact_is_entered_field_by_field_each_with_its_words(desk: Served) -> None:
    client = desk.client("reviewer", "Grace")
    form = f"{page_of(desk)}&kind=figure&quote={quote(WORDS)}"
    where = place_in(client.get(form).text)
    answer = client.post(
        "/facts/new", on=form, kind="figure", place=where, quote=WORDS, amount="500 cameras",
        when="2021-03", **{"quote-when": "in March 2021"},
    )  # fmt: skip
    assert answer.status == 303
    (fact,) = [one for one in entered(desk) if one.by == "Grace"]
    assert [(one.name, one.value, one.unit, one.source.exact) for one in fact.fields] == [
        ("amount", "500", "cameras", WORDS), ("when", "2021-03", "", "in March 2021"),
    ]  # fmt: skip
    assert answer.headers["location"] == f"/facts/{fact.id}"


def test_words_that_do_not_stand_there_open_no_fields_and_tell_the_nearest(desk: Served) -> None:
    answer = desk.client("reviewer").get(f"{page_of(desk)}&quote={quote('for 501 cameras in')}")
    assert answer.status == 400
    assert "500 cameras in" in answer.text
    assert 'name="amount"' not in answer.text


def test_nothing_is_entered_without_words(desk: Served) -> None:
    client = desk.client("reviewer")
    form = page_of(desk)
    where = place_in(client.get(form).text)
    for words in ("", "for 501 cameras"):
        answer = client.post(
            "/facts/new", on=form, kind="figure", place=where, quote=words, amount="501 cameras"
        )
        assert answer.status == 400
    assert entered(desk) == []


def test_who_only_reads_enters_nothing(desk: Served) -> None:
    assert desk.client("reader").get("/facts/new").status == 403
