"""What tests of the desk share: a small case, the desk that serves it, a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sousveil.capture.browser.program import find_browser
from sousveil.errors import BrowserError
from tests.web.desks import Served, make_small_case, served
from tests.web.hostile import make_hostile_case

PageAt = Callable[..., Page]


@pytest.fixture(scope="session")
def made_case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make the small case once: its folder, and the configuration with its key."""
    root = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        make_small_case(root / "case")
    return root / "case", root / "config"


@pytest.fixture
def small_case(made_case: tuple[Path, Path], tmp_path: Path, own_config: Path) -> Path:
    """A copy of the small case, with its key, that a test may change."""
    case, config = made_case
    shutil.copytree(config, own_config, dirs_exist_ok=True)
    return shutil.copytree(case, tmp_path / "case")


@pytest.fixture
def desk(small_case: Path) -> Iterator[Served]:
    """The desk of the small case."""
    with served(small_case) as up:
        yield up


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the Chromium of this computer; skip where there is none.

    For one module: while it is up its event loop counts as running, which others may not bear.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SOUSVEIL_BROWSER", raising=False)
        try:
            program = find_browser()
        except BrowserError as error:
            pytest.skip(str(error))
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def made_hostile_case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make the hostile case once: its folder, and the configuration with its key."""
    root = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        make_hostile_case(root / "case")
    return root / "case", root / "config"


@pytest.fixture(scope="module")
def hostile_desk(made_hostile_case: tuple[Path, Path]) -> Iterator[Served]:
    """The desk of the hostile case; tests only read it, and its key is not at hand."""
    with served(made_hostile_case[0]) as up:
        yield up


@pytest.fixture
def page_at(browser: Browser, desk: Served) -> Iterator[PageAt]:
    """Open a page of the desk, for somebody who came in: `page_at("/search", width=390)`."""
    opened = []

    def page_at(
        path: str, *, width: int = 1280, scheme: Literal["light", "dark"] = "light"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
        )
        opened.append(context)
        page = context.new_page()
        page.goto(desk.link())
        page.wait_for_url(desk.url + "/")
        if path != "/":
            page.goto(desk.url + path)
        return page

    yield page_at
    for context in opened:
        context.close()
