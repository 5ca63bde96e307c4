"""Two versions of a page are compared: its text, its source, its picture."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import At
from tests.journeys.visitor import DESKTOP, PHONE, Screen
from tests.web.desks import Served


@pytest.mark.slow
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda one: one.name)
def test_what_left_a_page_is_seen_in_its_text_its_source_and_its_picture(
    desk: Served, at: At, screen: Screen
) -> None:
    with at(screen) as ada:
        ada.comes_in(desk.link())
        ada.looks_round()
        ada.opens(ada.link("Targets"))
        ada.looks_round()
        ada.opens(ada.page.locator("main").get_by_role("link", name=re.compile("api$")).first)
        ada.sees("2 looks")
        ada.looks_round()
        ada.opens(ada.button("Side by side"))

        left = ada.page.locator("del")
        expect(left).to_contain_text(["ethnicity"])
        expect(ada.page.locator("ins")).to_contain_text(["box"])
        ada.looks_round()
        ada.opens(ada.link("Source"))
        ada.sees("2 lines of the source differ")
        expect(left).to_contain_text(["<p>The attribute service returns the ethnicity"])
        ada.looks_round()
        ada.opens(ada.link("Picture"))
        ada.sees("region differs")
        for side in ("before", "after"):
            expect(ada.page.locator(f"rect.{side}")).to_be_visible()
            picture = ada.page.request.get(
                ada.url + (ada.page.locator(f"image[href*={side}]").get_attribute("href") or "")
            )
            assert picture.headers["content-type"] == "image/jpeg"
        ada.looks_round()
