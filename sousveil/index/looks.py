"""Looks: what events put into the index as they are: watches, looks at addresses, their captures.

Takes an open `Index`; the caller holds the event's transaction (`project.py`). What is told of an
address is `stale` from its newest look on, until analysis has told it anew.
"""

from datetime import datetime

import msgspec

from sousveil.changes.looks import Look
from sousveil.index.store import Index, sortable
from sousveil.model import Capture, Event, Watch


def put_event(index: Index, event: Event) -> None:
    """Add an event as it is."""
    body = msgspec.json.encode(event.body)
    index.change(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
        *(event.index, event.type, sortable(event.time), body, event.warc, event.warc_sha256),
    )


def put_watch(index: Index, watch: Watch) -> None:
    """Add a watch, or replace it by its newer form."""
    index.change("INSERT OR REPLACE INTO watch VALUES (?, ?)", watch.id, msgspec.json.encode(watch))
    index.change(  # it may name another actor
        "INSERT OR IGNORE INTO unlisted SELECT id FROM finding WHERE watch_id = ?", watch.id
    )


def put_retired(index: Index, watch_id: str, at: datetime | None) -> None:
    """Record since when a watch is not visited any more; None: it is, again."""
    index.change("DELETE FROM retired WHERE watch_id = ?", watch_id)
    if at is not None:
        index.change("INSERT INTO retired VALUES (?, ?)", watch_id, sortable(at))


def put_look(index: Index, look: Look, *, address: str, status: int | None) -> int:
    """Add one look at an address, and return its number in this index."""
    mark_stale(index, address)
    rows = index.rows(
        "INSERT INTO look (log_index, watch_id, address, at, verdict, confidence, outcome,"
        " status, is_shown, exit, dated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        *(
            look.log_index,
            look.watch_id,
            address,
            sortable(look.at),
            look.verdict.value,
            look.confidence,
            look.outcome,
            status,
            look.is_shown,
            look.exit,
            sortable(look.dated) if look.dated else None,
        ),
    )
    return int(rows[0][0])


def put_capture(index: Index, capture: Capture, look_id: int) -> None:
    """Add a capture of a look, that no analysis has read yet."""
    ref = capture.record
    index.change(
        "INSERT INTO capture (look_id, url, captured_at, status, media_type, warc, offset,"
        " length, record_id, digest, payload_digest, refers_to)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(
            look_id,
            capture.url,
            sortable(capture.captured_at),
            capture.status,
            capture.media_type,
            ref.warc,
            ref.offset,
            ref.length,
            ref.record_id,
            ref.digest,
            capture.payload_digest,
            msgspec.json.encode(capture.refers_to) if capture.refers_to else None,
        ),
    )


def mark_stale(index: Index, address: str) -> None:
    """Let what became of an address, and of the quotes there, be told anew."""
    index.change("INSERT OR IGNORE INTO stale VALUES (?)", address)
