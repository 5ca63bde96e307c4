"""Promises: the archive files that entries of the log brought, and what they say of them.

Kept in a temporary file that SQLite removes by itself: memory is bounded whatever a case holds.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.model import Fault

ARCHIVE_NAME = re.compile(r"archive/\d{4}/\d\d/[A-Za-z0-9][A-Za-z0-9._-]*")

_TABLE = "CREATE TABLE file (path TEXT, sha256 TEXT, bytes INTEGER, entry INTEGER, kind TEXT)"
_BY_PATH = "CREATE INDEX by_path ON file (path, entry)"


@dataclass(frozen=True, slots=True)
class Promise:
    """What an entry of the log says of the file that it brought."""

    path: str  # below the case folder, as it says
    sha256: str
    bytes: int
    entry: int
    kind: str  # of the entry: "visit", "import", …

    @property
    def has_place(self) -> bool:
        """Tell whether the path is one of an archive file, so that it may be followed."""
        return ARCHIVE_NAME.fullmatch(self.path) is not None


class Promises:
    """All of them."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("")
        self._table.execute(_TABLE)
        self._table.execute(_BY_PATH)
        self.count = 0
        self.bytes = 0

    def add(self, promise: Promise) -> None:
        """Take in a promise."""
        one = (promise.path, promise.sha256, promise.bytes, promise.entry, promise.kind)
        self._table.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", one)
        self.count += 1
        self.bytes += promise.bytes

    def __contains__(self, path: object) -> bool:
        found = self._table.execute("SELECT 1 FROM file WHERE path = ? LIMIT 1", (path,))
        return found.fetchone() is not None

    def after(self, number: int, most: int) -> Iterator[Promise]:
        """Yield, in the order of the log, at most so many of those behind the first `number`."""
        rows = self._table.execute(
            "SELECT * FROM file WHERE rowid > ? ORDER BY rowid LIMIT ?", (number, most)
        )
        return (Promise(*row) for row in rows)

    def faults(self) -> Iterator[Fault]:
        """Find files that two entries claim, and names that lead out of the archive."""
        rows = self._table.execute("SELECT path, count(*) FROM file GROUP BY path ORDER BY path")
        for path, count in rows:
            if count > 1:
                yield Fault(
                    path, f"{count} entries of the log claim this file: one replaced another"
                )
            if not ARCHIVE_NAME.fullmatch(path):
                yield Fault(
                    path, "is no place for an archive file; the entry that names it is forged"
                )
