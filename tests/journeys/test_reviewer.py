"""Twenty findings are reviewed by keyboard alone: one by one, in a group, and many at once."""

import re

import pytest
from playwright.sync_api import expect

from sousveil.ledger import read_events
from tests.journeys.conftest import THINGS, At
from tests.journeys.visitor import DESKTOP, PHONE, Screen, Visitor
from tests.web.desks import Served

NOTE = "Read on the page itself: j k c r u."
BY_KEY = 12  # decided one by one; the rest goes at once


def decisions(desk: Served) -> list[str]:
    """Return what was decided, in the order of the log."""
    return [str(one.body["decision"]) for one in read_events(desk.case) if one.type == "review"]


def shown(ada: Visitor) -> str:
    """Return which finding lies before them."""
    return ada.page.locator("#card .card").get_attribute("data-id") or ""


def types_and_another_comes(ada: Visitor, key: str) -> None:
    """Press a key, and wait for another finding."""
    before = shown(ada)
    ada.types(key)
    expect(ada.page.locator("#card .card")).not_to_have_attribute("data-id", before)


@pytest.mark.slow
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda one: one.name)
def test_twenty_findings_are_reviewed_by_keyboard_alone(
    desk: Served, at: At, screen: Screen
) -> None:
    with at(screen) as ada:
        ada.comes_in(desk.link())
        ada.looks_round()
        ada.types("g", "r")
        ada.page.wait_for_url("**/review")
        _reads_the_keys(ada)
        _goes_up_and_down(ada)
        _decides_one_by_one(ada, desk)
        _decides_many_at_once(ada, desk)


def _reads_the_keys(ada: Visitor) -> None:
    ada.types("?")
    sheet = ada.page.get_by_role("dialog", name="Keys")
    for says in ("Next finding", "Confirm", "Take back the last decision", "Any room, or search"):
        expect(sheet).to_contain_text(says)
    ada.looks_round()
    ada.types("Escape")
    expect(sheet).to_have_count(0)


def _goes_up_and_down(ada: Visitor) -> None:
    first = shown(ada)
    types_and_another_comes(ada, "j")
    types_and_another_comes(ada, "j")
    types_and_another_comes(ada, "k")
    types_and_another_comes(ada, "k")
    assert shown(ada) == first
    ada.looks_round()


def _decides_one_by_one(ada: Visitor, desk: Served) -> None:
    waiting = ada.page.locator("#waiting")
    left = len(THINGS) + 2  # one stands at two addresses; one is Lanternfish's
    expect(waiting).to_have_text(f"{left} findings")
    grouped = 0
    for number in range(BY_KEY):
        before, copies = shown(ada), ada.page.get_by_label("more place with the same words").count()
        if number == 0:
            ada.types("n")
            ada.page.keyboard.type(NOTE)
            ada.types("Enter")
        else:
            ada.types("r" if number % 3 == 2 else "c")
        left -= 1 + copies
        grouped += copies
        expect(waiting).to_have_text(f"{left} findings")
        expect(ada.page.locator("#card .card")).not_to_have_attribute("data-id", before)
    assert grouped == 1
    ada.types("u")
    expect(ada.page.locator("#said")).to_have_text("Taken back.")
    expect(waiting).to_have_text(f"{left + 1} findings")
    types_and_another_comes(ada, "c")
    expect(waiting).to_have_text(f"{left} findings")
    ada.looks_round()
    told = decisions(desk)  # the group is one; the last was rejected first
    assert (len(told), told.count("withdrawn"), told.count("rejected")) == (BY_KEY + 2, 1, 4)
    notes = [one.body["note"] for one in read_events(desk.case) if one.type == "review"]
    assert notes.count(NOTE) == 1


def _decides_many_at_once(ada: Visitor, desk: Served) -> None:
    left = len(THINGS) + 2 - BY_KEY - 1
    ada.types("b")
    ada.page.wait_for_url("**/review/several")
    ada.looks_round()
    ada.page.keyboard.type("ethnicity")  # the cursor is there
    ada.types("Enter")
    ada.sees(f"{left} findings would be decided on")
    ada.looks_round()
    ada.tabs_to(ada.page.get_by_placeholder("Note: why, in a sentence"))
    ada.page.keyboard.type("All by the same maker.")
    ada.tabs_to(ada.button(re.compile("^Confirm")))
    ada.types("Enter")
    ada.sees(f"Decided on {left} findings")
    last = list(read_events(desk.case))[-1]
    assert (last.body["decision"], len(last.body["findings"])) == ("confirmed", left)
    ada.looks_round()
    ada.types("g", "r")
    ada.sees("Nothing waits for you")
    ada.looks_round()
