"""A newcomer's first minutes at the desk, in a real browser: add, visit, see what was found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from sousveil.case import locked
from tests.commands import sousveil
from tests.sites import Page as Answer
from tests.sites import Site, case_for, serve
from tests.web.desks import CHINESE, OFFER, PLAIN, Served, served

VISITED = 60_000  # milliseconds


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as up:
        pages = {"/api": OFFER, "/zh": CHINESE, "/about": PLAIN}
        up.pages.update({path: Answer(text.encode()) for path, text in pages.items()})
        yield up


@pytest.fixture
def empty(tmp_path: Path, site: Site) -> Iterator[Served]:
    """The desk of a case in which nothing is watched yet."""
    case_for(tmp_path / "case", site)
    assert sousveil("reindex", "--case", tmp_path / "case").status == 0
    with served(tmp_path / "case") as up:
        yield up


@pytest.mark.parametrize("width", [1280, 390])
def test_three_addresses_are_added_and_visited_and_what_they_claim_is_seen(
    browser: Browser, empty: Served, site: Site, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(empty.link())
    page.wait_for_url(empty.url + "/")
    page.get_by_role("link", name="Add & manage").click()
    page.get_by_label("Addresses, one a line").fill(
        "\n".join(site.url + path for path in ("/api", "/zh", "/about", "/api"))
    )
    page.get_by_label("Who is behind them").fill("Gazelight")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="3 new, 1 twice")).to_be_visible()
    _everybody_can_use(page, width)
    page.get_by_role("button", name="Add and visit now").click()
    page.wait_for_url("**/manage/jobs/*")
    _everybody_can_use(page, width)
    page.reload()
    expect(page.locator("#state")).to_have_text("done", timeout=VISITED)
    page.get_by_role("link", name="Findings", exact=True).last.click()
    expect(page.locator("main")).to_contain_text("returns the ethnicity of each face")
    expect(page.locator("main")).to_contain_text("支持民族识别")
    context.close()


def test_how_far_a_visit_is_moves_on_the_page_and_survives_a_reload(
    browser: Browser, desk: Served
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(desk.link())
    page.wait_for_url(desk.url + "/")
    page.goto(f"{desk.url}/manage/jobs")
    with locked(desk.case):
        page.get_by_role("button", name="Read anew").click()
        expect(page.locator("#said")).to_contain_text("waiting for another sousveil")
        page.reload()
        expect(page.locator("#said")).to_contain_text("waiting for another sousveil")
        expect(page.locator("#state")).to_have_text("at work")
    expect(page.locator("#state")).to_have_text("done", timeout=VISITED)
    context.close()


def test_what_other_words_would_find_is_shown_while_they_are_written(
    browser: Browser, desk: Served
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(desk.link())
    page.wait_for_url(desk.url + "/")
    page.goto(f"{desk.url}/manage/topics/new")
    words = page.get_by_label("Words, as TOML")
    words.fill('name = "x"\nversion = "one"\n')
    expect(page.locator("#trial .problem")).to_contain_text("version must be a whole number")
    words.fill(
        'name = "offers"\nversion = 1\ntitle = "Offers"\ndescription = "A service tells of faces."'
        '\n[trait.offers.capability]\nen = ["ethnicity of each face"]\n'
    )
    expect(page.locator("#trial")).to_contain_text("Would be found")
    expect(page.locator("#trial mark").first).to_contain_text("ethnicity of each face")
    context.close()


def _everybody_can_use(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] == []
