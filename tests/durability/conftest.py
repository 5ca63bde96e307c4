"""What jobs need around them: a site, an authority, a repository and an archive of others."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sousveil.settings import Authority
from tests.authority import authority
from tests.durability.figures import FIGURES, told
from tests.durability.jobs import Around, write_repository, write_warc
from tests.durability.worlds import new_folder
from tests.sites import serve


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    folder = tmp_path_factory.mktemp("around")
    write_repository(folder / "sdk")
    write_warc(folder / "kept.warc.gz")
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        house = stack.enter_context(authority(folder / "house"))
        named = Authority("house", house.url, str(house.ca_file))
        yield Around(site, named, house.host, folder / "sdk", folder / "kept.warc.gz")


@pytest.fixture
def worlds() -> Iterator[Path]:
    """Give a folder for worlds."""
    with new_folder() as folder:
        yield folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of what was tried."""
    if FIGURES:
        terminalreporter.section("figures")
        for line in told():
            terminalreporter.write_line(line)
