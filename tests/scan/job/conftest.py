"""Scans without processes of their own, for tests that ask what is found and not who looks."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from sousveil.cli.telling import scanned
from sousveil.scan.file.values import FileReport, Source


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command look into one archive after the other itself: a process takes a second."""

    def one_by_one(
        sources: Iterable[Source], work: Callable[[Source], FileReport], _: int
    ) -> Iterator[tuple[Source, FileReport]]:
        return ((source, work(source)) for source in sources)

    monkeypatch.setattr(scanned, "run_all", one_by_one)
