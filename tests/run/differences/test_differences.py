"""What changed at a target, from visits to a real server to the words on the screen."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.commands import sousveil
from tests.sites import Page, Site, case_for, serve

CLAIM = "本系统支持人脸识别，可识别年龄、性别和民族。"
EDITED = "本系统支持人脸识别，可识别年龄、性别和种族。"
HOSTILE = "\u202egnihtoN \x1b[31m<script>alert(1)</script> {{ 7 * 142857 }}"


def body(*passages: str, lang: str = "zh-CN") -> Page:
    frame = "What this page says is for everybody who comes by."  # with less it is no page
    told = "".join(f"<p>{passage}</p>" for passage in (*passages, frame))
    return Page(f"<html lang={lang}><title>T</title>{told}</html>".encode())


class Visited:
    """A watched page that can be changed and looked at again."""

    def __init__(self, site: Site, root: Path) -> None:
        self.site, self.root = site, root
        case_for(root, site)
        assert sousveil("add", site.url, "--case", root).status == 0

    def look(self, page: Page) -> None:
        self.site.pages["/"] = page
        assert sousveil("visit", "--case", self.root, self.site.url).status == 0

    def diff(self, *options: object) -> str:
        ran = sousveil("diff", self.site.url, "--case", self.root, *options)
        assert ran.status == 0, ran.err
        return ran.out


@pytest.fixture
def visited(tmp_path: Path) -> Iterator[Visited]:
    with serve() as site:
        yield Visited(site, tmp_path / "case")


def test_an_edit_is_shown_with_its_terms_whole_and_the_finding_in_it(visited: Visited) -> None:
    visited.look(body("欢迎光临我们的网站。", CLAIM))
    visited.look(body("欢迎光临我们的网站。", EDITED))
    told = visited.diff()
    assert re.search(r"~ .*\[-[^]]*民族[^]]*-\]\{\+[^}]*种族[^}]*\+\}", told)
    assert "held finding" in told
    assert "Passages: 1 edited." in told
    (form,) = sousveil("diff", visited.site.url, "--case", visited.root, "--json").json()
    (row,) = form["rows"]
    assert (row["before"], row["after"], row["change"]) == (CLAIM, EDITED, "edited")
    assert row["findings"]


def test_looks_are_named_by_number_and_by_time(visited: Visited) -> None:
    for passage in ("One thing.", "Another matter.", "A third affair."):
        visited.look(body(passage))
    assert "- One thing." in visited.diff("--from", 1, "--to", 2)
    assert "+++ look 3," in visited.diff("--from", "1", "--to", "2199-01-01")
    assert "[-Another matter-]{+A third affair+}" in visited.diff("--from", "-2")
    for wrong, reason in (
        (("--from", 4), "there are looks 1 to 3"),
        (("--from", "soon"), "neither a look's number nor a time"),
        (("--from", "2001-01-01"), "the first look was on"),
        (("--from", 2, "--to", -2), "both mean look 2"),
    ):
        ran = sousveil("diff", visited.site.url, "--case", visited.root, *wrong)
        assert ran.status == 2
        assert reason in ran.err


def test_without_names_the_last_change_is_shown(visited: Visited) -> None:
    for passage in ("Once.", "One thing.", "Another matter.", "Another matter."):
        visited.look(body(passage))
    visited.site.pages.clear()
    sousveil("visit", "--case", visited.root, visited.site.url)  # a 404 is no page
    told = visited.diff()
    assert "--- look 2," in told
    assert "+++ look 4," in told
    assert re.search(r"The newest look, 5 of .* UTC, did not bring the page: HTTP 404\.", told)


def test_a_page_that_was_looked_at_once_has_nothing_to_compare(visited: Visited) -> None:
    visited.look(body("One thing."))
    ran = sousveil("diff", visited.site.url, "--case", visited.root)
    assert ran.status == 2
    assert "there is no look before look 1" in ran.err


def test_noise_is_hidden_visibly_and_shown_when_asked_for(visited: Visited) -> None:
    for views in (1_003, 1_017, 1_022, 1_040):
        visited.look(body("The page stands here.", f"Viewed {views:,} times."))
    visited.look(body("The page stood here.", "Viewed 1,055 times."))
    told = visited.diff()
    assert "1,055" not in told
    assert "1 change hidden as noise: 1 in figures, dates or tokens" in told
    assert "[-stands-]{+stood+} " in told
    assert "[noise]" in visited.diff("--all")
    (form,) = sousveil("diff", visited.site.url, "--case", visited.root, "--json").json()
    assert (len(form["rows"]), form["hidden"]) == (1, 1)


def test_what_an_interface_lost_is_listed(visited: Visited) -> None:
    header = "typedef enum {\n  RACE_A,\n  RACE_UYGHUR\n} EM_RACE;\n"
    visited.look(Page(header.encode(), "text/x-c"))
    visited.look(Page(header.replace(",\n  RACE_UYGHUR", "").encode(), "text/x-c"))
    assert "- enumeration member `RACE_UYGHUR` left `EM_RACE` (line 3)" in visited.diff()


class Seen(HTMLParser):
    """The elements of a page, and what would load anything."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [
            value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}
        ]


def test_a_hostile_page_reaches_neither_the_terminal_nor_the_browser(
    visited: Visited, tmp_path: Path
) -> None:
    escaped = HOSTILE.replace("<", "&lt;")
    visited.look(body("One thing stands."))
    visited.look(body("One thing stands.", escaped, lang='"onload="alert(1)'))
    written = tmp_path / "diff.html"
    told = visited.diff("--html", written)
    assert "\x1b[31m" not in told
    assert "\u202e" not in told
    page = written.read_text("utf-8")
    seen = Seen()
    seen.feed(page)
    assert "script" not in seen.tags
    assert all(load.startswith("data:image/jpeg") for load in seen.loads)
    assert "alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert "999999" not in re.sub(r"look|\d{4}-\d\d-\d\d.*", "", told)
    assert 'lang="&#34;onload' not in page


def test_the_page_shows_both_sides_in_their_languages(visited: Visited, tmp_path: Path) -> None:
    visited.look(body("欢迎光临我们的网站。", CLAIM))
    visited.look(body("欢迎光临我们的网站。", EDITED))
    written = tmp_path / "diff.html"
    visited.diff("--html", written)
    page = written.read_text("utf-8")
    assert '<div class="text" dir="auto" lang="zh-CN">' in page
    assert re.search(r'<del class="term">[^<]*民族', page)
    assert re.search(r'<ins class="term">[^<]*种族', page)
    assert "They were not compared: a browser did not picture the page at both looks." in page


def test_screenshots_are_compared_where_a_browser_was(
    with_browser: Path, visited: Visited, tmp_path: Path
) -> None:
    assert with_browser
    visited.look(body("One thing stands.", "Another goes.", lang="en"))
    visited.look(body("One thing stands.", "A third comes.", lang="en"))
    written = tmp_path / "diff.html"
    visited.diff("--html", written)
    page = written.read_text("utf-8")
    assert "1 region differs" in page
    assert page.count("<rect") == 2
    assert "what a browser showed both times" in page


def test_a_file_that_cannot_be_written_is_refused(visited: Visited, tmp_path: Path) -> None:
    visited.look(body("One thing."))
    visited.look(body("Another."))
    ran = sousveil(
        "diff", visited.site.url, "--case", visited.root, "--html", tmp_path / "no" / "diff.html"
    )
    assert ran.status == 2
    assert "cannot be written" in ran.err


def test_what_is_not_watched_is_refused(visited: Visited) -> None:
    ran = sousveil("diff", "https://nobody.example/", "--case", visited.root)
    assert ran.status == 2
    assert "not watched in this case" in ran.err
