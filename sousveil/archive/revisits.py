"""Revisits held against the records they refer to, over all files of a case.

Takes what the heads of records say, file after file, and gives a fault for each revisit whose
original is not there or holds another payload (WARC 1.1, section 6.7). That a record's payload has
the digest that its head gives is for `read.verify_warc` to check.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from sousveil.archive.fields import NOT_MODIFIED
from sousveil.archive.records import RecordHead
from sousveil.model import Fault

_TABLES = """
CREATE TABLE held (id TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID;
CREATE TABLE meant (warc TEXT, offset INTEGER, original TEXT, digest TEXT);
"""


@dataclass(slots=True)
class Noted:
    """What heads of records say of payloads, in plain values that processes hand each other."""

    held: list[tuple[str, str]] = field(default_factory=list)  # record id, payload digest
    # file, offset, original's id, payload digest, or None where none is claimed
    meant: list[tuple[str, int, str, str | None]] = field(default_factory=list)

    def note(self, warc: str, head: RecordHead) -> None:
        """Take in a record of the file known as `warc`."""
        digest = head.get("WARC-Payload-Digest")
        if head.type == "revisit":
            # What a server says is not modified (section 6.7.3) need not tell a digest.
            is_told = digest or head.get("WARC-Profile") != NOT_MODIFIED
            original = head.get("WARC-Refers-To")
            self.meant.append((warc, head.offset, original, digest if is_told else None))
        elif digest or head.type == "response":
            self.held.append((head.get("WARC-Record-ID"), digest))


class Revisits:
    """The payloads that records hold, and those that revisits rely on.

    They lie in a temporary file that SQLite keeps and removes by itself: a case has millions.
    """

    def __init__(self) -> None:
        self._tables = sqlite3.connect("")
        self._tables.executescript(_TABLES)

    def take(self, noted: Noted) -> None:
        """Take in what was noted of some records."""
        self._tables.executemany("INSERT OR REPLACE INTO held VALUES (?, ?)", noted.held)
        self._tables.executemany("INSERT INTO meant VALUES (?, ?, ?, ?)", noted.meant)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the revisits noted, once all files were read."""
        rows = self._tables.execute(
            "SELECT warc, offset, original, held.digest IS NULL FROM meant"
            " LEFT JOIN held ON held.id = original"
            " WHERE held.digest IS NULL OR held.digest != meant.digest ORDER BY warc, offset"
        )
        for warc, offset, original, is_lost in rows:
            if is_lost:
                told = f"no whole file here holds {original}, its payload's record"
            else:
                told = f"the record {original} does not hold the payload it means"
            yield Fault(warc, f"byte {offset}: {told}")
