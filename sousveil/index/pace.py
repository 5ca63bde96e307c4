"""Pace: of each watch, how its looks went so far, as far as the next one depends on it.

A projection of the events `visit`, `poll` and `crawl`, one row a watch, so that what is due among
ten thousand is told without reading ten thousand histories. Also the `Base` of a watch: what its
next answer is compared with, when that may be a poll.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from sousveil.archive.fields import Original
from sousveil.capture.http.head import charset
from sousveil.index.originals import original
from sousveil.index.store import Index, sortable
from sousveil.model import Capture, Event, Failure, WatchKind
from sousveil.watch.frontier import GUIDES


@dataclass(frozen=True, slots=True)
class Pace:
    """How a watch's looks went."""

    log_index: int  # of the last look, in the order of the log
    looks: int  # visits and polls of the target itself
    last_at: datetime | None = None  # when that look began
    is_over: bool = True  # False while a crawl goes on
    outcome: str = ""  # of the last look, in a few words: "HTTP 200", "unchanged"
    failures: int = 0  # looks in a row without an answer
    failing_since: datetime | None = None
    same_since: datetime | None = None  # first of the looks in a row that brought the same bytes
    entity: str = ""  # digest of the last answer's content; "" when there is none to compare


@dataclass(frozen=True, slots=True)
class Base:
    """The visit that polls are compared with."""

    log_index: int
    at: datetime  # when it began
    capture: Capture  # its answer on the wire
    original: Original  # the record that holds its payload
    entity: str  # digest of its content
    etag: str  # "" where the answer had none
    last_modified: str
    exit: str
    is_shown: bool  # whether a browser showed the page, too
    charset: str  # that its head named, in lower case: the same bytes in another are another text


def pace_of(index: Index, watch_id: str) -> Pace | None:
    """Return how a watch's looks went; None before the first."""
    rows = index.rows("SELECT data FROM pace WHERE watch_id = ?", watch_id)
    return msgspec.json.decode(rows[0][0], type=Pace) if rows else None


def paces(index: Index) -> dict[str, Pace]:
    """Return how the looks of each watch went, by its id; those never looked at are not there."""
    rows = index.rows("SELECT watch_id, data FROM pace")
    return {watch_id: msgspec.json.decode(data, type=Pace) for watch_id, data in rows}


def base_of(index: Index, watch_id: str) -> Base | None:
    """Return what a watch's next answer is compared with; None when it must be a visit."""
    rows = index.rows("SELECT base FROM pace WHERE watch_id = ? AND base NOT NULL", watch_id)
    return msgspec.json.decode(rows[0][0], type=Base) if rows else None


def retired(index: Index) -> dict[str, datetime]:
    """Return since when watches are not visited any more, by their ids."""
    rows = index.rows("SELECT watch_id, at FROM retired")
    return {watch_id: datetime.fromisoformat(at) for watch_id, at in rows}


def take_visit(index: Index, event: Event) -> None:
    """Take in a visit; of a site or a feed that its crawl goes on until an event closes it."""
    body = event.body
    watch_id, is_crawl = body["watch_id"], bool(body.get("crawl"))
    before = pace_of(index, watch_id) or Pace(event.index, 0)
    at = msgspec.convert(body["started_at"], datetime)
    if is_crawl:
        before = replace(before, log_index=event.index, last_at=at, is_over=False)
    if body.get("depth", 0) == 0 and body.get("role") not in GUIDES:
        now = replace(_after_visit(before, event, at), last_at=at, is_over=not is_crawl)
        base = _base(index, event, at)
        told = msgspec.json.encode(base) if base else None
        _put_pace(index, watch_id, msgspec.json.encode(now), told)
    elif is_crawl:
        _put_pace(index, watch_id, msgspec.json.encode(before), None)


def _after_visit(before: Pace, event: Event, at: datetime) -> Pace:
    is_failure, outcome = _outcome(event.body)
    if is_failure:
        return replace(
            before,
            log_index=event.index,
            looks=before.looks + 1,
            outcome=outcome,
            failures=before.failures + 1,
            failing_since=before.failing_since or at,
        )
    entity = _entity(event.body)
    is_same = bool(entity) and entity == before.entity
    return Pace(
        log_index=event.index,
        looks=before.looks + 1,
        outcome=outcome,
        same_since=before.same_since if is_same else at,
        entity=entity,
    )


def _put_pace(index: Index, watch_id: str, data: bytes, base: bytes | None) -> None:
    """Replace how a watch's looks went, and what its next answer is compared with."""
    index.change("INSERT OR REPLACE INTO pace VALUES (?, ?, ?)", watch_id, data, base)


def take_crawl(index: Index, event: Event) -> None:
    """Take in the end of a crawl."""
    watch_id = event.body["watch_id"]
    before = pace_of(index, watch_id) or Pace(event.index, 0)
    now = replace(before, log_index=event.index, last_at=event.time, is_over=True)
    _put_pace(index, watch_id, msgspec.json.encode(now), None)


def take_poll(index: Index, event: Event) -> None:
    """Take in a batch of polls: looks that found what an earlier visit had found."""
    for polled in event.body["polled"]:
        watch_id = polled["watch_id"]
        at = msgspec.convert(polled["at"], datetime)
        before = pace_of(index, watch_id) or Pace(event.index, 0)
        now = replace(
            before,
            log_index=event.index,
            looks=before.looks + 1,
            last_at=at,
            is_over=True,
            outcome=f"HTTP {polled['status']}, unchanged",
            failures=0,
            failing_since=None,
        )
        _put_polled(
            index,
            watch_id,
            msgspec.json.encode(now),
            address=polled["target"],
            of=polled["of"],
            at=at,
            log_index=event.index,
        )


def _outcome(body: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether the host gave no answer, and what came, in a few words."""
    if not body["probes"]:
        return True, "nothing was tried"
    last = body["probes"][-1]
    status = last["status"]
    failure = msgspec.convert(last["failure"], Failure | None)
    if status is None:
        return failure is not None, failure.message if failure else "read"
    is_refused = status == HTTPStatus.TOO_MANY_REQUESTS
    is_failure = is_refused or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_failure, f"HTTP {status}" + (f", then {failure.message}" if failure else "")


def _entity(body: Mapping[str, Any]) -> str:
    """Return the digest of what a visit was answered; of a repository, of its references."""
    if "repository" in body:
        refs = json.dumps(body["repository"]["refs"], sort_keys=True)
        return hashlib.sha256(refs.encode()).hexdigest()
    requests = body.get("requests") or [{}]
    return requests[-1].get("entity") or ""


def _base(index: Index, event: Event, at: datetime) -> Base | None:
    """Return what the next answer may be compared with, if this one was whole and direct."""
    body = event.body
    if body.get("kind") not in {WatchKind.PAGE, WatchKind.DOCUMENT}:
        return None
    requests = body.get("requests") or []
    captures = msgspec.convert(body["captures"], list[Capture])
    if len(requests) != 1 or not captures or not requests[0].get("entity"):
        return None
    (request,), capture = requests, captures[0]
    if request["status"] != HTTPStatus.OK or request["tls_verified"] is False:
        return None
    source = Original(capture.url, capture.captured_at, capture.record, capture.payload_digest)
    if capture.refers_to is not None:
        kept = original(index, body["watch_id"], capture.url, capture.payload_digest)
        if kept is None:
            return None
        source = replace(kept, payload_digest=capture.payload_digest)
    rendering = body.get("rendering")
    return Base(
        log_index=event.index,
        at=at,
        capture=capture,
        original=source,
        entity=request["entity"],
        etag=request.get("etag") or "",
        last_modified=request.get("last_modified") or "",
        exit=body.get("exit", ""),
        is_shown=rendering is not None and rendering["snapshot"] is not None,
        charset=charset(request["content_type"]).lower(),
    )


def _put_polled(
    index: Index, watch_id: str, data: bytes, *, address: str, of: int, at: datetime, log_index: int
) -> None:
    """Record a poll that found at `address` what the visit with log entry `of` had found."""
    index.change("UPDATE pace SET data = ? WHERE watch_id = ?", data, watch_id)
    index.change(
        "INSERT INTO unchanged SELECT id, address, watch_id, ?, ?, 1 FROM look"
        " WHERE log_index = ? AND watch_id = ? AND address = ?"
        " ON CONFLICT DO UPDATE SET at = excluded.at, log_index = excluded.log_index,"
        " count = count + 1",
        *(sortable(at), log_index, of, watch_id, address),
    )
    # Where all stands, the same again changes nothing but the time of the last look.
    index.change(
        "INSERT OR IGNORE INTO stale SELECT address FROM told WHERE address = ? AND NOT is_quiet",
        address,
    )
