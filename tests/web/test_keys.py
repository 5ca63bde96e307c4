"""The desk by keyboard, in a real browser: rooms, the sheet of keys, the palette."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.web.conftest import PageAt


def bad(page: Page) -> list[dict[str, Any]]:
    """Return what axe-core finds that is serious."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [one for one in found if one["impact"] in {"serious", "critical"}]


def test_two_keys_lead_to_a_room(page_at: PageAt) -> None:
    page = page_at("/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/review")


def test_the_first_key_alone_leads_nowhere(page_at: PageAt) -> None:
    page = page_at("/review")
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.keyboard.press("t")
    assert page.url.endswith("/review")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_sheet_tells_of_all_keys_and_goes_at_escape(
    page_at: PageAt, width: int, scheme: str
) -> None:
    page = page_at("/", width=width, scheme=scheme)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    assert "Review" in sheet.inner_text()
    assert bad(page) == []
    page.keyboard.press("Escape")
    assert sheet.count() == 0


def test_single_keys_can_be_switched_off(page_at: PageAt) -> None:
    """WCAG 2.2, 2.1.4: who speaks to their computer sets off no keys."""
    page = page_at("/")
    page.keyboard.press("?")
    page.get_by_label("Switch off keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Switch off keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 1


def test_keys_rest_while_somebody_types(page_at: PageAt) -> None:
    page = page_at("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("?gt")
    assert page.get_by_role("combobox").input_value() == "?gt"
    assert page.get_by_role("dialog").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_palette_finds_a_room(page_at: PageAt, width: int, scheme: str) -> None:
    page = page_at("/", width=width, scheme=scheme)
    page.keyboard.press("Control+k")
    assert bad(page) == []
    page.keyboard.type("revi")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")


def test_the_first_tab_skips_to_the_page(page_at: PageAt) -> None:
    page = page_at("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_page_can_be_used_without_scripts(page_at: PageAt) -> None:
    page = page_at("/")
    page.route("**/*.js", lambda route: route.abort())
    page.reload()
    page.get_by_role("link", name="Review", exact=True).click()
    page.wait_for_url("**/review")
    page.get_by_role("button", name="Leave").click()
    assert page.locator("h1").inner_text() == "Come in first"
