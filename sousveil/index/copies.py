"""Old copies: what others kept of an address, apart from our own looks at it.

They came with archives that were imported, and from web archives by their time maps (RFC 7089):
their dates and bytes are the word of whoever kept them. Takes an open `Index`; reads only.
"""

from dataclasses import dataclass
from datetime import datetime

from sousveil.index.store import Index


@dataclass(frozen=True, slots=True)
class Copy:
    """An old copy of a page."""

    at: datetime  # by the word of whoever kept it
    outcome: str  # in words, with whose copy it is
    log_index: int
    taken_at: datetime  # when it was logged
    capture_id: int


def copies_of(index: Index, address: str, limit: int) -> tuple[list[Copy], int]:
    """Return the newest old copies of an address, `limit` at most, and how many there are."""
    ((count,),) = index.rows(
        "SELECT count(*) FROM look WHERE address = ? AND watch_id IS NULL", address
    )
    rows = index.rows(
        "SELECT l.at, l.outcome, e.idx, e.time, c.id FROM look l"
        " JOIN event e ON e.idx = l.log_index JOIN capture c ON c.look_id = l.id"
        " WHERE l.address = ? AND l.watch_id IS NULL ORDER BY l.at DESC, c.id DESC LIMIT ?",
        *(address, limit),
    )
    found = [
        Copy(datetime.fromisoformat(at), outcome, entry, datetime.fromisoformat(time), held)
        for at, outcome, entry, time, held in rows
    ]
    return found, int(count)
