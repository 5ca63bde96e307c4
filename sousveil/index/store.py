"""The index as one open file: its transactions, and statements that read and change.

Events go in once each, in order (`project.py`), and what analysis finds after them
(`readings.py`); whatever is asked stands in a module of what it is asked for. Nothing here is
evidence: delete the file and `reindex` makes an equal one, but for former readings (`former.py`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sousveil.index.file import is_busy, make_or_open, open_to_read, unusable
from sousveil.model import Capture


@dataclass(frozen=True, slots=True)
class Held:
    """A capture as the index holds it."""

    id: int  # of this index only
    look_id: int  # the look that brought it
    capture: Capture
    log_index: int
    watch_id: str | None
    address: str  # the watch's target, or the capture's own URL for an import
    engine: str | None  # what read it last


class Index:
    """One open index file."""

    def __init__(self, path: Path, *, create: bool = False, readings: int = 1) -> None:
        """Open the index, to write if it may be made; raises as `make_or_open`, `open_to_read`.

        `readings` is the case's setting: until so many people have decided on a finding, what they
        decided is sealed (index/reviews.py).
        """
        self.folder = path.parent  # the case's
        self.readings = readings
        self._path = path
        self._db = make_or_open(path) if create else open_to_read(path)
        self._file = path.stat().st_ino

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside visible at once, or not at all.

        One inside another is part of that. Raises BusyError when somebody else's does not end.
        """
        if self._db.in_transaction:
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise unusable(self._path, error) from error
            raise
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def is_current(self) -> bool:
        """Whether this is still the case's index: another may have been made in its place."""
        return self._path.exists() and self._path.stat().st_ino == self._file

    def next_event(self) -> int:
        """Return the number of the first log entry that is not in the index."""
        highest = self._db.execute("SELECT max(idx) FROM event").fetchone()[0]
        return 0 if highest is None else highest + 1

    def change(self, sql: str, *values: object) -> None:
        """Run one writing statement; the caller holds a transaction."""
        self._db.execute(sql, values)

    def change_each(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one writing statement with each of some rows of values; as `change`."""
        self._db.executemany(sql, rows)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of one reading statement."""
        return self._db.execute(sql, values).fetchall()


def sortable(at: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
