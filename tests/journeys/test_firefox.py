"""The desk in Firefox: in by the link, a target added, findings decided on, evidence checked."""

from pathlib import Path

import pytest

from tests.journeys.bidi import find_firefox, firefox
from tests.journeys.conftest import THINGS
from tests.web.desks import Served

SIZES = [(1280, 800), (390, 844)]


@pytest.fixture
def program() -> Path:
    """The Firefox of this computer."""
    found = find_firefox()
    if found is None:
        pytest.skip("No Firefox was found ('apt install firefox-esr').")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), SIZES, ids=["desktop", "phone"])
def test_in_firefox_targets_are_added_findings_reviewed_and_their_evidence_checked(
    desk: Served, program: Path, tmp_path: Path, width: int, height: int
) -> None:
    is_dark = width < 1_000
    with firefox(program, tmp_path, width=width, height=height, is_dark=is_dark) as tab:
        tab.goes(desk.link())
        tab.waits("location.pathname === '/'")
        tab.sees("Waiting for you")
        assert tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is is_dark
        tab.looks_round(width)

        tab.types("g", "m")
        tab.waits("location.pathname === '/manage'")
        tab.presses("textarea[name=text]")
        tab.writes("https://lantern.example/api")
        tab.presses("form.paste button")
        tab.sees("1 new")
        tab.presses("form[action='/manage/targets/add'] button")
        tab.sees("1 target added")

        tab.types("g", "r")
        tab.waits("document.querySelector('#card .card')")
        tab.types("?")
        tab.waits("document.querySelector('dialog.sheet').innerText.includes('Next finding')")
        tab.types("Escape")
        tab.waits("document.querySelector('dialog') === null")
        first = tab.evaluate("document.querySelector('#card .card').dataset.id")
        card = f"document.querySelector('#card .card').dataset.id === {first!r}"
        tab.types("j")
        tab.waits(f"!({card})")
        tab.types("k")
        tab.waits(card)
        left = len(THINGS) + 2
        for key in "crc":
            left -= 2 if tab.evaluate("!!document.querySelector('#card [name=copies]')") else 1
            tab.types(key)
            tab.waits(f"document.getElementById('waiting').textContent === '{left} findings'")
        tab.types("u")
        tab.waits("document.getElementById('said').textContent === 'Taken back.'")

        tab.looks_round(width)

        tab.types("g", "f")
        tab.waits("location.pathname === '/findings'")
        tab.presses("main a[href^='/findings/']")
        tab.sees("Where it stands in the evidence")
        tab.looks_round(width)
        tab.presses("a[href^='/proof/']")
        tab.sees("Check it now")
        tab.presses("form[action*='/check'] button")
        tab.sees("Checked now: it holds")
        tab.looks_round(width)

        for room in (
            "/",
            "/findings",
            "/targets",
            "/actors",
            "/timeline",
            "/search?q=face",
            "/manage",
            "/manage/documents",
        ):
            tab.goes(desk.url + room)
            tab.looks_round(width)
        assert tab.errors == []
        assert [one for one in tab.asked if not one.startswith(desk.url + "/")] == []
