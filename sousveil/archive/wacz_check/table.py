"""The table of a package's records, against which its index and its pages are held.

Memory is bounded whatever a package holds: the table lies in a temporary file that SQLite keeps and
removes by itself.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

_ANSWERS = "('resource', 'response', 'revisit')"  # what an index leads to
_TABLE = """
CREATE TABLE record (
  file TEXT, offset INTEGER, length INTEGER, has_place INTEGER, type TEXT, id TEXT, url TEXT,
  at TEXT, status TEXT, digest TEXT, sha256 TEXT, sha1 TEXT, stored TEXT, unended TEXT,
  refers_id TEXT, refers_url TEXT, refers_at TEXT, lines INTEGER DEFAULT 0,
  PRIMARY KEY (file, offset)
) WITHOUT ROWID;
CREATE INDEX by_url ON record (url, at);
CREATE INDEX by_id ON record (id);
CREATE INDEX by_digest ON record (digest);
"""
COLUMNS = (
    *("file", "offset", "length", "has_place", "type", "id", "url", "at", "status", "digest"),
    *("sha256", "sha1", "stored", "unended", "refers_id", "refers_url", "refers_at"),
)
_INSERT = (
    f"INSERT OR IGNORE INTO record ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A record that a line of an index may lead to."""

    url: str
    at: str  # 14 digits, UTC; "" when it has no date
    status: str  # "-" when it is no HTTP answer
    length: int
    digests: tuple[str, ...]  # of its payload, as it says and as computed
    stored: str  # SHA-256 of its stored bytes, hexadecimal
    unended: str  # the same without `ENDING_BYTES`, where the file is not compressed


class Records:
    """The records of a package, by place, address and name."""

    def __init__(self, table: sqlite3.Connection) -> None:
        self._table = table
        table.executescript(_TABLE)
        self.count = 0
        self.cut = 0  # records that say that they were cut short
        self.oldest: datetime | None = None
        self.newest: datetime | None = None

    def add(self, values: tuple[object, ...]) -> None:
        """Keep a record; `values` are in the order of `COLUMNS`."""
        self.count += 1
        self._table.execute(_INSERT, values)

    def seen_at(self, at: datetime) -> None:
        """Take in the date of a record."""
        self.oldest = min(self.oldest or at, at)
        self.newest = max(self.newest or at, at)

    def led_to(self, file: str, offset: int) -> Place | None:
        """Return the record at a place, and count that a line of an index led to it."""
        found = self._table.execute(
            "SELECT url, at, status, length, digest, sha256, sha1, stored, unended FROM record"
            " WHERE file = ? AND offset = ? AND has_place",
            (file, offset),
        ).fetchone()
        if found is None:
            return None
        self._table.execute(
            "UPDATE record SET lines = lines + 1 WHERE file = ? AND offset = ?", (file, offset)
        )
        url, at, status, length, *digests, stored, unended = found
        return Place(url, at, status, length, tuple(digests), stored, unended)

    def has_answer(self, url: str, at: str = "") -> bool:
        """Tell whether an address was captured, at that second if one is given (14 digits)."""
        query = f"SELECT 1 FROM record WHERE url = ? AND type IN {_ANSWERS}"
        values = [url]
        if at:
            query, values = f"{query} AND at = ?", [url, at]
        return self._table.execute(f"{query} LIMIT 1", values).fetchone() is not None

    def without_line(self) -> Iterator[tuple[str, int, str]]:
        """Yield file, offset and address of each answer that no index leads to."""
        yield from self._table.execute(
            f"SELECT file, offset, url FROM record WHERE type IN {_ANSWERS}"
            " AND has_place AND url != '' AND at != '' AND lines = 0 ORDER BY file, offset"
        )

    def same_names(self) -> Iterator[tuple[str, int]]:
        """Yield each name that several records bear, and how many."""
        yield from self._table.execute(
            "SELECT id, count(*) FROM record WHERE id != '' GROUP BY id HAVING count(*) > 1"
        )

    def lone_revisits(self) -> Iterator[tuple[str, int, str]]:
        """Yield file, offset and address of each revisit whose original is not in the package."""
        yield from self._table.execute(
            "SELECT file, offset, url FROM record AS one WHERE type = 'revisit' AND NOT EXISTS ("
            " SELECT 1 FROM record AS other WHERE other.id = one.refers_id"
            "  AND one.refers_id != '' AND other.type != 'revisit')"
            " AND NOT EXISTS (SELECT 1 FROM record AS other WHERE other.url = one.refers_url"
            "  AND other.at = one.refers_at AND one.refers_at != '' AND other.type != 'revisit')"
            " AND NOT EXISTS (SELECT 1 FROM record AS other WHERE other.digest = one.digest"
            "  AND one.digest != '' AND other.type != 'revisit')"
        )

    def false_revisits(self) -> Iterator[tuple[str, int, str]]:
        """Yield each revisit that names an original which says its payload is another."""
        yield from self._table.execute(
            "SELECT one.file, one.offset, one.url FROM record AS one JOIN record AS other"
            " ON other.id = one.refers_id AND one.refers_id != '' WHERE one.type = 'revisit'"
            " AND other.type != 'revisit' AND one.digest != '' AND other.digest != ''"
            " AND one.digest != other.digest"
            " AND substr(one.digest, 1, 5) = substr(other.digest, 1, 5)"  # by one algorithm
        )


@contextmanager
def open_records() -> Iterator[Records]:
    """Open an empty table of records, which is gone when the block ends."""
    table = sqlite3.connect("")  # a temporary file of SQLite's own, which spills from its cache
    try:
        yield Records(table)
    finally:
        table.close()
