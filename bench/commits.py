"""Measures what it costs to make evidence durable: part of `make bench`.

Commits events with and without an archive file, then adds targets, one commit each and together,
on this disk, below the temporary folder. Printed are commits a second and how often a file or a
folder was synced for each event; the ratio is of the time for targets one by one to that together.

    python bench/commits.py [--commits 300] [--targets 2000]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import msgspec

from sousveil.case import Case
from sousveil.ledger import create_case, writing
from sousveil.model import Watch
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.visit.records import warc_writer
from sousveil.run.visit.watches import add_watches
from sousveil.watch.targets import make_watch

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """What one way cost."""

    name: str
    events: int
    seconds: float
    syncs: int


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--commits", type=int, default=300)
    options.add_argument("--targets", type=int, default=2_000)
    given = options.parse_args()
    with _own_folder() as folder:
        _print(_measured("commit", given.commits, folder, _commits))
        _print(_measured("commit with a WARC", given.commits, folder, _commits_with_warc))
        single = _measured("add, one by one", given.targets, folder, _adds_one_by_one)
        _print(single)
        together = _measured("add, together", given.targets, folder, _adds_together)
        _print(together)
    print(f"\none by one / together: {single.seconds / together.seconds:.1f}")


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Give a folder for cases and their keys."""
    before = os.environ.get("SOUSVEIL_CONFIG")
    with tempfile.TemporaryDirectory(prefix="sousveil-commits-") as name:
        os.environ["SOUSVEIL_CONFIG"] = f"{name}/config"
        try:
            yield Path(name)
        finally:
            del os.environ["SOUSVEIL_CONFIG"]
            if before is not None:
                os.environ["SOUSVEIL_CONFIG"] = before


def _measured(name: str, count: int, folder: Path, work: Callable[[Case, int], None]) -> Row:
    case = create_case(folder / name.replace(" ", "-"), title="Bench", operator="", now=NOW)
    with mock.patch("os.fsync", side_effect=os.fsync) as synced:
        began = time.perf_counter()
        work(case, count)
        return Row(name, count, time.perf_counter() - began, synced.call_count)


def _commits(case: Case, count: int) -> None:
    with writing(case) as writer:
        for number in range(count):
            writer.commit("note", {"number": number}, now=NOW)


def _commits_with_warc(case: Case, count: int) -> None:
    with writing(case) as writer:
        for number in range(count):
            path = writer.new_warc_path(NOW)
            warc = case.pending / Path(path).name
            with warc_writer(case, warc, path, NOW):
                pass
            writer.commit("note", {"number": number}, now=NOW, warc=warc, warc_path=path)


def _adds_one_by_one(case: Case, count: int) -> None:
    """Add targets as it was done before commits could be made together."""
    with writing(case) as writer, open_index(case, create=True) as index:
        for watch in _watches(count):
            writer.commit("watch.added", {"watch": msgspec.to_builtins(watch)}, now=NOW)
        sync_index(case, index)


def _adds_together(case: Case, count: int) -> None:
    with writing(case) as writer, open_index(case, create=True) as index:
        add_watches(writer, index, _watches(count), NOW, given=())
        sync_index(case, index)


def _watches(count: int) -> list[Watch]:
    return [
        make_watch(f"https://example.org/{number}", kind=None, every="1d", actor=None, now=NOW)
        for number in range(count)
    ]


def _print(row: Row) -> None:
    print(
        f"{row.name:<20}{row.events:>7,} events{row.seconds:>8.2f} s"
        f"{row.events / row.seconds:>9,.0f}/s{row.syncs / row.events:>7.1f} syncs each"
    )


if __name__ == "__main__":
    main()
