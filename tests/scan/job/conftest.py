"""Scans without processes of their own, for tests that ask what is found and not who looks."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from sousveil.cli.telling import scanned
from sousveil.scan.file.values import FileReport, Source


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command look into one archive after the other itself."""

    class Here(NamedTuple):
        work: Callable[[Source], FileReport]

        def run(self, sources: Iterable[Source]) -> Iterator[tuple[Source, FileReport]]:
            return ((source, self.work(source)) for source in sources)

    @contextmanager
    def nobody(work: Callable[[Source], FileReport], _: int) -> Iterator[Here]:
        yield Here(work)

    monkeypatch.setattr(scanned, "crew_of", nobody)
