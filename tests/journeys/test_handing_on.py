"""Evidence is handed on: a bundle is made, downloaded, and checked by what lies in it."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.commands import sousveil
from tests.journeys.conftest import At
from tests.journeys.visitor import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Screen, Visitor
from tests.web.desks import Served


def _downloads(ada: Visitor, by: str, role: str, folder: Path) -> Path:
    with ada.page.expect_download() as begun:
        ada.presses(
            ada.page.get_by_role("button" if role == "button" else "link", name=re.compile(by))
        )
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


def _convinces_a_stranger(package: Path, key: str, folder: Path) -> None:
    """Check a bundle with the script that lies in it and nothing of ours, then with ours."""
    with zipfile.ZipFile(package) as opened:
        script = Path(opened.extract("sousveil/verify_bundle.py", folder))
    ran = subprocess.run(
        [sys.executable, "-I", "-S", script, package, "--key", key],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    ours = sousveil("verify", package, "--key", key)
    assert ours.status == 0, ours.err


@pytest.mark.slow
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda one: one.name)
def test_bundles_of_one_finding_and_of_two_are_downloaded_and_convince_a_stranger(
    desk: Served, at: At, screen: Screen, tmp_path: Path
) -> None:
    key = desk.case.settings.key
    with at(screen) as ada:
        ada.comes_in(desk.link())
        ada.looks_round()
        ada.opens(ada.link("Findings"))
        ada.looks_round()
        ada.opens(ada.page.get_by_role("link", name=re.compile("Our lamp recognises")))
        ada.sees("Where it stands in the evidence")
        ada.looks_round()
        lamp = ada.page.url
        ada.opens(ada.link("What is proved, and how to check it"))
        ada.looks_round()
        one = _downloads(ada, "Download the bundle", "button", tmp_path)
        _convinces_a_stranger(one, key, tmp_path)

        ada.opens(ada.link("Findings"))
        ada.opens(ada.page.get_by_role("link", name=re.compile("Our robot recognises")))
        ada.sees("Where it stands in the evidence")
        ada.looks_round()
        robot = ada.page.url
        ada.opens(ada.link("Add & manage"))
        ada.looks_round()
        ada.opens(ada.link("Exports"))
        ada.looks_round()
        ada.page.get_by_label("Findings, one a line").fill(f"{lamp}\n{robot}\n")
        ada.opens(ada.button("Make a bundle"))
        expect(ada.page.locator("#state")).to_have_text("done", timeout=PATIENCE_MILLISECONDS)
        ada.looks_round()
        two = _downloads(ada, "Download bundle-", "link", tmp_path)
        _convinces_a_stranger(two, key, tmp_path)
