"""Inquiries: letters to vendors, what was frozen before they went, and replies.

Told from the log's events `inquiry`, `inquiry.reply` and `inquiry.closed` as they are: there are
few, and the newest word on each is all that counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sousveil.changes.inquiry import Frozen, Reply
from sousveil.index.query import event_body
from sousveil.index.store import Index
from sousveil.model import Event, Inquiry

EVENTS = frozenset({"inquiry", "inquiry.reply", "inquiry.closed"})


def inquiries(index: Index) -> list[Inquiry]:
    """Return all inquiries, the oldest first; `closed_at` tells those that are over."""
    rows = index.rows(
        "SELECT idx, type, body FROM event WHERE type IN ('inquiry', 'inquiry.closed') ORDER BY idx"
    )
    return _told((entry, kind, msgspec.json.decode(body)) for entry, kind, body in rows)


def logged_inquiries(events: Iterable[Event]) -> list[Inquiry]:
    """Return the inquiries as the log tells them, in the form of `inquiries`."""
    return _told((event.index, event.type, event.body) for event in events if event.type in EVENTS)


def _told(entries: Iterable[tuple[int, str, Mapping[str, Any]]]) -> list[Inquiry]:
    known: dict[str, Inquiry] = {}
    for log_index, kind, body in entries:
        if kind == "inquiry":
            known[body["id"]] = msgspec.convert({**body, "log_index": log_index}, Inquiry)
        elif kind == "inquiry.closed":
            closed_at = msgspec.convert(body["closed_at"], datetime)
            known[body["inquiry"]] = replace(known[body["inquiry"]], closed_at=closed_at)
    return list(known.values())


def frozen(index: Index, inquiry: Inquiry) -> tuple[Frozen, ...]:
    """Return the watches that were frozen for an inquiry, its target first."""
    body = event_body(index, inquiry.log_index)
    return msgspec.convert(body["frozen"], tuple[Frozen, ...])


def last_polls(index: Index, inquiry: Inquiry) -> dict[str, datetime]:
    """Return when a poll last found nothing new since an inquiry was logged, by watch id."""
    rows = index.rows(
        "SELECT json_extract(one.value, '$.watch_id'), max(json_extract(one.value, '$.at'))"
        " FROM event e, json_each(e.body, '$.polled') one WHERE e.type = 'poll' AND e.idx > ?"
        " GROUP BY 1",
        inquiry.log_index,
    )
    return {watch_id: msgspec.convert(at, datetime) for watch_id, at in rows}


def replies(index: Index, inquiry: Inquiry) -> Iterator[Reply]:
    """Yield the replies to an inquiry, in the order of the log."""
    rows = index.rows(
        "SELECT idx, body FROM event WHERE type = 'inquiry.reply'"
        " AND json_extract(body, '$.inquiry') = ? ORDER BY idx",
        inquiry.id,
    )
    for log_index, body in rows:
        told = msgspec.json.decode(body)
        yield msgspec.convert({**told, **told["letter"], "log_index": log_index}, Reply)
