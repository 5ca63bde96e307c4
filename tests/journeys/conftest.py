"""The case that journeys go through, the desk that shows it, and the browser."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from sousveil.capture.browser.program import find_browser
from sousveil.errors import BrowserError
from tests.commands import sousveil
from tests.journeys.visitor import Screen, Visitor, visiting
from tests.review.cases import page as html
from tests.review.cases import take_in
from tests.sites import Page, case_for, serve
from tests.web.conftest import browser as chromium
from tests.web.desks import Served, served

THINGS = (
    *("camera", "terminal", "gateway", "doorbell", "server", "drone", "kiosk", "tablet", "lamp"),
    *("scanner", "robot", "phone", "mirror", "helmet", "turnstile", "vehicle", "badge", "portal"),
    "screen",
)
OFFER = "Our {} recognises the ethnicity of every face in the crowd."
BEFORE = (
    "<!doctype html><html lang=en><title>Lanternfish API</title><h1>Attributes</h1>"
    "<p>The attribute service returns the ethnicity of each face, with a confidence.</p>"
    "<p>Prices are told on request.</p></html>"
)
AFTER = BEFORE.replace("the ethnicity of each face", "a box around each face")

At = Callable[[Screen], AbstractContextManager[Visitor]]

__all__ = ["chromium"]


@pytest.fixture(scope="session")
def made_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the case once: a target that was seen twice in a browser, and twenty findings.

    One of the twenty stands at two addresses. In the folder lie `case` and `config`, with its key.
    """
    root = tmp_path_factory.mktemp("journeys")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        patch.delenv("SOUSVEIL_BROWSER", raising=False)
        try:
            find_browser()
        except BrowserError as error:
            pytest.skip(str(error))
        case = root / "case"
        case_for(case, site)
        site.pages["/api"] = Page(BEFORE.encode())
        assert (
            sousveil("add", "--case", case, "--actor", "Lanternfish", site.url + "/api").status == 0
        )
        assert sousveil("visit", "--case", case).status == 0
        site.pages["/api"] = Page(AFTER.encode())
        assert sousveil("visit", "--case", case, "--all").status == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        pages = {f"https://halden.example/{one}": html(OFFER.format(one)) for one in THINGS}
        pages["https://mirror.example/camera"] = html(OFFER.format("camera"))
        take_in(case, pages)
    return root


@pytest.fixture
def desk(made_case: Path, own_config: Path, tmp_path: Path) -> Iterator[Served]:
    """The desk of a copy of that case."""
    shutil.copytree(made_case / "config", own_config, dirs_exist_ok=True)
    with served(shutil.copytree(made_case / "case", tmp_path / "case")) as up:
        yield up


@pytest.fixture
def at(chromium: Browser, desk: Served) -> At:
    """Sit down at the desk: `with at(PHONE) as ada:`."""
    return partial(visiting, chromium, desk.url)
