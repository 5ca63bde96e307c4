"""A browser and a nasty site for the tests of this folder."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.capture.browser import Browser, BrowserSettings, Rendered, find_browser
from sousveil.errors import BrowserError
from tests.capture.browser import nasty

Show = Callable[..., Rendered]


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def program() -> Path:
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SOUSVEIL_BROWSER", raising=False)  # tests of other rooms do without
        try:
            return find_browser()
        except BrowserError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def browser(program: Path) -> Iterator[Browser]:
    with Browser(program) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[nasty.Site]:
    with nasty.serve() as running:
        yield running


@pytest.fixture
def show(browser: Browser, site: nasty.Site, tmp_path: Path) -> Show:
    """Capture a path of the site: `show("/page", total_seconds=5)`."""

    def run(path: str, **settings: float) -> Rendered:
        chosen = {"total_seconds": 20.0, "quiet_seconds": 0.3} | settings
        return browser.capture(
            site.url(path),
            proxy=site.proxy,
            folder=tmp_path,
            settings=BrowserSettings(**chosen),  # type: ignore[arg-type]  # some are whole
            clock=clock,
        )

    return run
