"""A target's page, its captures, and two of its looks side by side."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sousveil.case import save_settings
from tests.commands import sousveil
from tests.run.web_archive import web_archive
from tests.sites import Page as Answer
from tests.sites import case_for, serve
from tests.web.conftest import PageAt
from tests.web.desks import Client, Served, served

ONE = b"<h1>One</h1><p>It sees faces.</p>" + b"".join(
    b"<p>Part %d of the lamp was tried for %d years in our own works.</p>" % (one, one)
    for one in range(40)
)
GONE = "the ethnicity of each face"


@pytest.fixture
def client(desk: Served) -> Client:
    return desk.client()


def watch_of(desk: Served, path: str) -> str:
    with desk.desk.index() as index:
        ((name,),) = index.rows(
            "SELECT watch_id FROM look WHERE address LIKE ? LIMIT 1", f"%{path}"
        )
    return str(name)


def captures_of(desk: Served, path: str) -> list[str]:
    with desk.desk.index() as index:
        rows = index.rows("SELECT id FROM capture WHERE url LIKE ? ORDER BY id", f"%{path}")
    return [str(one) for (one,) in rows]


def test_a_target_tells_how_it_is_and_each_look(desk: Served, client: Client) -> None:
    page = client.get(f"/targets/{watch_of(desk, '/api')}").text
    for told in (
        "2 looks",
        "every day",
        "Gazelight",
        "still there",
        "HTTP 200",
        "led to 127.0.0.1",
    ):
        assert told in page, told
    assert page.count('class="hops"') == 2
    assert "The attribute service returns" in page


def test_a_day_is_told_in_words_and_leads_to_its_looks(desk: Served, client: Client) -> None:
    watch = watch_of(desk, "/api")
    page = client.get(f"/targets/{watch}").text
    (cell,) = re.findall(r'<a class="day there" href="([^"]+)#looks" title="([^"]+)"', page)
    assert re.fullmatch(r"[A-Z][a-z]+day \d{4}-\d\d-\d\d: 2 looks: 2 there", cell[1])
    assert "Looks of" in client.get(cell[0]).text
    empty = client.get(f"/targets/{watch}?day=2001-01-01").text
    assert "Not looked at then." in empty


def test_looks_go_on_over_pages(
    desk: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sousveil.web.pages.targets.LOOKS", 1)
    watch = watch_of(desk, "/api")
    first = client.get(f"/targets/{watch}").text
    (after,) = re.findall(r'rel="next" href="([^"#]+)', first)
    second = client.get(after.replace("&amp;", "&")).text
    assert ("Look 2 ·" in first, "Look 1 ·" in first) == (True, False)
    assert ("Look 2 ·" in second, "Look 1 ·" in second) == (False, True)
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    "query", ["day=yesterday", "until=x", "after=x", "after=WyJhIiwxXQ", "after=WzEsMl0"]
)
def test_what_is_no_day_or_place_is_refused(desk: Served, client: Client, query: str) -> None:
    assert client.get(f"/targets/{watch_of(desk, '/api')}?{query}").status == 400


@pytest.mark.parametrize(
    "path",
    [
        *("/targets/000000000000", "/targets/x/compare", "/targets/x/compare/picture"),
        *("/captures/0", "/captures/x", "/captures/%F0%9F", f"/captures/{'9' * 20}/record"),
        "/proof/x",
    ],
)
def test_what_is_not_there_is_told(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_a_comparison_without_names_is_of_the_last_change(desk: Served, client: Client) -> None:
    page = client.get(f"/targets/{watch_of(desk, '/api')}/compare").text
    assert "Passages: 1 edited." in page
    assert {"ethnicity", "box"} <= set(re.findall(r"<(?:del|ins)[^>]*>[^<]*?(ethnicity|box)", page))


def test_source_is_compared_line_by_line(desk: Served, client: Client) -> None:
    base = f"/targets/{watch_of(desk, '/api')}/compare"
    page = client.get(f"{base}?view=source&from=1&to=2").text
    assert "&lt;p&gt;The attribute service returns the ethnicity" in page
    assert "2 lines of the source differ" in page
    base = f"/targets/{watch_of(desk, '/about')}/compare"
    assert "The source is the same" in client.get(f"{base}?view=source&from=1&to=2").text


@pytest.mark.parametrize("query", ["from=1&to=1", "from=7", "to=x", "view=other", "from=1&to=0"])
def test_looks_that_are_not_there_are_refused(desk: Served, client: Client, query: str) -> None:
    assert client.get(f"/targets/{watch_of(desk, '/api')}/compare?{query}").status == 400


def test_an_address_of_another_target_is_not_compared(desk: Served, client: Client) -> None:
    query = "address=http://elsewhere.example/"
    assert client.get(f"/targets/{watch_of(desk, '/api')}/compare?{query}").status == 404


def test_a_capture_is_shown_as_text_with_its_head(desk: Served, client: Client) -> None:
    page = client.get(f"/captures/{captures_of(desk, '/api')[0]}").text
    assert "&lt;h1&gt;Attributes&lt;/h1&gt;" in page
    assert "Content-Type" in page
    assert f"/targets/{watch_of(desk, '/api')}" in page


def test_a_record_is_downloaded_as_it_is_stored(desk: Served, client: Client) -> None:
    answer = client.get(f"/captures/{captures_of(desk, '/api')[0]}/record")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(answer.body).startswith(b"WARC/1.1\r\n")
    assert GONE.encode() in gzip.decompress(answer.body)


def test_two_looks_are_compared_in_a_browser(page_at: PageAt) -> None:
    """From the list of targets to the words that went, and to the source."""
    page = page_at("/targets")
    page.get_by_role("link", name="/api").first.click()
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".edited del").first).to_contain_text("the ethnicity")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("link", name="Source").click()
    expect(page.locator(".line.was")).to_contain_text(GONE)
    page.get_by_role("link", name="Picture").click()
    expect(page.get_by_text("The screenshots were not compared")).to_be_visible()
    page.get_by_role("link", name="The target").click()
    page.get_by_text("Requests and records").first.click()
    page.get_by_role("link", name="as it came").first.click()
    expect(page.get_by_role("heading", name="Body")).to_be_visible()


def test_looks_at_a_site_are_compared_by_address(tmp_path: Path) -> None:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        site.pages["/s/"] = Answer(b"<h1>All</h1><p>One is <a href='/s/one'>here</a>.</p>")
        site.pages["/s/one"] = Answer(ONE)
        given = ("--case", case.root)
        assert sousveil("add", *given, "--kind", "site", f"{site.url}/s/").status == 0
        assert sousveil("visit", *given).status == 0
        site.pages["/s/one"] = Answer(ONE.replace(b"faces", b"shoes"))
        assert sousveil("visit", *given, "--all").status == 0
    with served(case.root) as desk:
        client, target = desk.client(), f"/targets/{watch_of(desk, '/s/')}"
        assert f'<option value="{site.url}/s/one">' in client.get(target).text
        page = client.get(f"{target}/compare?{urlencode({'address': f'{site.url}/s/one'})}").text
        assert re.search("<del[^>]*>faces", page)


def test_old_copies_stand_apart_from_our_own_looks_with_who_kept_them(tmp_path: Path) -> None:
    with serve() as site, web_archive() as archive:
        site.pages["/cameras"] = Answer(ONE)
        address = site.url + "/cameras"
        archive.copies = {(address, "20180301080000"): ONE}
        made = case_for(tmp_path / "case", site)
        allowed = made.settings.allow_hosts | {archive.host}
        save_settings(made, replace(made.settings, allow_hosts=allowed))
        at = ("--case", made.root)
        assert sousveil("add", address, "--no-browser", *at).status == 0
        assert sousveil("visit", *at).status == 0
        with served(made.root) as desk:
            path = f"/targets/{watch_of(desk, '/cameras')}"
            assert "Old copies" not in desk.client().get(path).text
            assert sousveil("timemap", *at, archive.timemap_url(address)).status == 0
            page = desk.client().get(path).text
            beside = desk.client().get(f"{path}/compare?from=1&to=2").text
    looks, copies = page.split('id="copies"')
    assert looks.count("· log entry") == 1
    assert "2018-03-01" not in looks
    assert "1 copy" in copies
    assert 'datetime="2018-03-01T08:00:00' in copies
    assert re.search(r'<a href="/captures/\d+">.*in an old copy that 127.0.0.1 keeps', copies)
    assert "Look 1 · log entry" in looks  # a copy that others kept is not counted among ours
    assert "compare?from=1&amp;to=2" in looks
    assert "<strong>Before</strong> old copy, 1 March 2018" in beside
    assert "<strong>After</strong> look 1, " in beside
