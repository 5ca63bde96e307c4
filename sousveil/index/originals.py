"""Originals: the records that hold payloads whole, so that a later visit need not keep them again.

Filled from what the log tells of each visit: its captures, and the answers that a browser was given
(the list of a rendering's requests). A revisit is never an original, so no revisit refers to
another. A watch refers to its own records only: what is handed on of one watch is whole by itself.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from sousveil.archive.fields import Original
from sousveil.index.store import Index, sortable
from sousveil.model import Capture, RecordRef


def put_originals(index: Index, captures: Iterable[Capture], watch_id: str) -> None:
    """Take in those among `captures` that a revisit may refer to."""
    for capture in captures:
        if capture.payload_digest and capture.refers_to is None:
            _put_original(index, capture, watch_id)


def _put_original(index: Index, capture: Capture, watch_id: str) -> None:
    """Add a record that holds a payload whole, for later revisits; the first one stays."""
    index.change(
        "INSERT OR IGNORE INTO original VALUES (?, ?, ?, ?, ?)",
        *(
            watch_id,
            capture.payload_digest,
            capture.url,
            sortable(capture.captured_at),
            msgspec.json.encode(capture.record),
        ),
    )


def original(index: Index, watch_id: str, url: str, payload_digest: str) -> Original | None:
    """Return the record of a watch that holds a payload: of `url` itself, or else the first kept.

    With the first two arguments bound this is the `seen` that a `WarcWriter` asks.
    """
    rows = index.rows(
        "SELECT url, captured_at, record FROM original WHERE watch_id = ? AND payload_digest = ?"
        " ORDER BY url != ?, captured_at, url LIMIT 1",
        watch_id,
        payload_digest,
        url,
    )
    if not rows:
        return None
    ((kept_url, captured_at, record),) = rows
    at = datetime.fromisoformat(captured_at)
    return Original(kept_url, at, msgspec.json.decode(record, type=RecordRef))
