"""A newcomer's first ten minutes, from the line that `sousveil serve` prints to the evidence."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sousveil.case import open_case, save_settings
from tests.commands import sousveil
from tests.journeys.conftest import BEFORE
from tests.journeys.visitor import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Screen, Visitor, visiting
from tests.sites import Page, Site, serve
from tests.web.desks import served

LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/enter\?link=\S+")
CLAIM = "returns the ethnicity of each face"
GIVEN = "Our terminal detects whether a visitor is Uyghur."
LEAVE_SECONDS = 20


@pytest.fixture
def site() -> Iterator[Site]:
    """The site of somebody who sells."""
    with serve() as up:
        up.pages["/api"] = Page(BEFORE.encode())
        yield up


def new_case(root: Path, site: Site) -> Path:
    """Make a case as a newcomer does, but for sites of this computer, which need to be allowed."""
    assert sousveil("init", root).status == 0
    case = open_case(root)
    allowed = replace(case.settings, allow_hosts=frozenset({site.host}), delay_seconds=0.0)
    save_settings(case, allowed)
    return root


@contextmanager
def printed_link(case: Path) -> Iterator[re.Match[str]]:
    """Run `sousveil serve` as somebody does at a terminal; its link, until they press Ctrl-C."""
    command = [sys.executable, "-m", "sousveil", "serve", "--no-open", "--port=0"]
    with subprocess.Popen(
        [*command, "--case", str(case)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            printed = []
            for line in process.stdout:
                printed.append(line)
                if found := LINK.search(line):
                    break
            else:
                pytest.fail("".join(printed))
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LEAVE_SECONDS)


def tries_adds_and_visits(ada: Visitor) -> None:
    """See what answers, then have it added and visited."""
    ada.opens(ada.button("Try it first"))
    ada.page.wait_for_url("**/manage/jobs/*")
    ada.sees("What it claims")
    ada.sees(CLAIM)
    ada.looks_round()

    tried = ada.page.url
    ada.opens(ada.button("Add and visit now"))
    ada.page.wait_for_url(lambda url: "/manage/jobs/" in url and url != tried)
    ada.looks_round()
    expect(ada.page.locator("#state")).to_have_text("done", timeout=PATIENCE_MILLISECONDS)
    ada.looks_round()


def hands_in(ada: Visitor, given: Path) -> None:
    """Hand in a document, and see what it claims."""
    given.write_text(GIVEN, encoding="utf-8")
    ada.opens(ada.link("Add & manage"))
    ada.opens(ada.link("Documents"))
    ada.looks_round()
    ada.page.get_by_label("The document").set_input_files(given)
    ada.page.get_by_label("Who gave it to you").fill("source 3")
    ada.opens(ada.button("Hand it in"))
    expect(ada.page.locator("#state")).to_have_text("done", timeout=PATIENCE_MILLISECONDS)
    ada.looks_round()
    ada.opens(ada.page.locator("#job").get_by_role("link", name="Findings"))
    ada.opens(ada.page.get_by_role("link", name=re.compile(GIVEN)))
    ada.sees("it was handed in by a person")
    ada.looks_round()


@pytest.mark.slow
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda one: one.name)
def test_a_newcomer_adds_a_target_and_ends_at_the_evidence_of_a_finding(
    chromium: Browser, site: Site, tmp_path: Path, screen: Screen
) -> None:
    case = new_case(tmp_path / "case", site)
    with (
        printed_link(case) as link,
        visiting(chromium, link[1], screen) as ada,
    ):
        ada.comes_in(link[0])
        ada.sees("How to begin")
        ada.looks_round()
        for room in ("Review", "Findings", "Targets", "Actors", "Timeline", "Search"):
            ada.opens(ada.link(room))
            ada.looks_round()

        ada.opens(ada.link("Add & manage"))
        ada.looks_round()
        ada.page.get_by_label("Addresses, one a line").fill(f"{site.url}/api\n")
        ada.page.get_by_label("Who is behind them").fill("Lanternfish")
        ada.opens(ada.button("Check"))
        ada.sees("1 new")
        ada.looks_round()

        tries_adds_and_visits(ada)
        ada.opens(ada.page.locator("#job").get_by_role("link", name="Findings"))
        ada.sees(CLAIM)
        ada.looks_round()
        ada.opens(ada.page.get_by_role("link", name=re.compile(CLAIM)))
        ada.sees("Where it stands in the evidence")
        ada.looks_round()
        ada.opens(ada.link("What is proved, and how to check it"))
        ada.looks_round()
        ada.opens(ada.button("Check it now"))
        ada.sees("Checked now: it holds")
        ada.looks_round()

        ada.opens(ada.link("The target"))
        ada.presses(ada.page.get_by_text("Requests and records"))
        ada.looks_round()
        ada.opens(ada.page.get_by_role("link", name=re.compile("as it came")).first)
        ada.sees("Lanternfish API")
        ada.looks_round()
        ada.opens(ada.link("Today"))
        ada.sees(CLAIM)
        ada.looks_round()

        hands_in(ada, tmp_path / "offer.txt")


def test_whoever_comes_in_by_the_link_is_led_to_where_targets_are_added(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    with (
        served(new_case(tmp_path / "case", site)) as desk,
        visiting(chromium, desk.url, PHONE) as ada,
    ):
        ada.comes_in(desk.link())
        ada.sees("How to begin")
        ada.looks_round()
        ada.opens(ada.link("Add & manage"))
        expect(ada.page.get_by_label("Addresses, one a line")).to_be_focused()
        ada.looks_round()
