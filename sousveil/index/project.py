"""Projection: what each event of the log puts into the index.

A function of the event and, for an import, of the archive file it brought; so the index can be made
again from the case alone. Event types that say nothing the index needs are kept as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sousveil.changes.answer import judge_address, judge_import
from sousveil.changes.looks import Look, Probe
from sousveil.index.facts import EVENTS as OF_FACTS
from sousveil.index.facts import put_fact
from sousveil.index.looks import put_capture, put_event, put_look, put_retired, put_watch
from sousveil.index.originals import put_originals
from sousveil.index.pace import take_crawl, take_poll, take_visit
from sousveil.index.query import repository_visits
from sousveil.index.reviews import put_review
from sousveil.index.sightings import forget_last_reading, forget_verdicts
from sousveil.index.store import Index
from sousveil.index.translations import put_translation
from sousveil.index.verdicts import put_around
from sousveil.model import SNAPSHOT_URN, Capture, Event, RecordRef, Watch
from sousveil.watch.frontier import GUIDES

# What each of these events puts into the index follows from the event alone.
_TAKEN_IN: Mapping[str, Callable[[Index, Event], None]] = {
    "poll": take_poll,
    "crawl": take_crawl,
    "review": put_review,
    "translation": put_translation,
    "around": put_around,
    **dict.fromkeys(OF_FACTS, put_fact),
}


def project(
    index: Index,
    event: Event,
    captures_in: Callable[[str], Iterable[Capture]],
    requests_in: Callable[[RecordRef], Iterable[Capture]] = lambda _: (),
) -> None:
    """Put one event into the index, at once or not at all.

    `captures_in` is asked for the captures of an imported archive file, by its path below the case
    folder; `requests_in` for what a browser was given while it rendered a page, by the record that
    lists it.
    """
    with index.transaction():
        put_event(index, event)
        match event.type:
            case "watch.added" | "watch.changed":
                put_watch(index, msgspec.convert(event.body["watch"], Watch))
                put_retired(index, event.body["watch"]["id"], None)
            case "watch.retired":
                put_retired(index, event.body["watch_id"], event.time)
            case "visit":
                if event.body.get("role") not in GUIDES:
                    _put_visit(index, event)
                put_originals(index, _answers(event, requests_in), event.body["watch_id"])
                take_visit(index, event)
            case "import":
                _put_import(index, event, captures_in)
            case "memento":
                _put_copy(index, event)
            case "handed-in":
                _put_document(index, event)
            case other if other in _TAKEN_IN:
                _TAKEN_IN[other](index, event)


def _put_visit(index: Index, event: Event) -> None:
    body = event.body
    probes = msgspec.convert(body["probes"], list[Probe])
    requests = body.get("requests", [])  # of a page; a repository has none
    is_verified = all(request.get("tls_verified") is not False for request in requests)
    verdict, confidence, outcome = judge_address(probes, is_verified=is_verified)
    started_at = msgspec.convert(body["started_at"], datetime)
    look = Look(
        0,
        started_at,
        verdict,
        confidence,
        outcome,
        event.index,
        body["watch_id"],
        body.get("exit", ""),
        _is_shown(body),
        _dated(requests),
    )
    status = probes[-1].status if probes else None
    look_id = put_look(index, look, address=body["target"], status=status)
    captures = msgspec.convert(body["captures"], list[Capture])
    for capture in captures:
        put_capture(index, capture, look_id)
    if "repository" in body and not captures:
        before, now = repository_visits(index, body["watch_id"])[-2:]
        if before["refs"] != now["refs"]:
            # Branches moved to commits that were kept before: what stands has to be told anew.
            forget_last_reading(index, body["watch_id"])


def _dated(requests: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Return the time by the clock of the host that was asked first: always the same one."""
    return msgspec.convert(requests[0].get("dated"), datetime | None) if requests else None


def _is_shown(body: Mapping[str, Any]) -> bool:
    """Tell whether a browser showed the page to its end."""
    shown = body.get("rendering")
    return shown is not None and shown["snapshot"] is not None and shown["failure"] is None


def _answers(
    event: Event, requests_in: Callable[[RecordRef], Iterable[Capture]]
) -> Iterator[Capture]:
    """Yield every answer that a visit kept."""
    yield from msgspec.convert(event.body["captures"], list[Capture])
    rendering = event.body.get("rendering")
    if rendering is not None and rendering["requests"] is not None:
        yield from requests_in(msgspec.convert(rendering["requests"], RecordRef))


def _put_import(
    index: Index, event: Event, captures_in: Callable[[str], Iterable[Capture]]
) -> None:
    for imported in captures_in(event.warc or ""):
        # What somebody's sousveil saw on a page counts at the page's address.
        capture = replace(imported, url=imported.url.removeprefix(SNAPSHOT_URN))
        verdict, confidence, outcome = judge_import(capture.status)
        # The date is the donor's word; what was taken in was seen by then at the latest.
        at = min(capture.captured_at, event.time)
        look = Look(0, at, verdict, confidence, outcome, event.index)
        look_id = put_look(index, look, address=capture.url, status=capture.status)
        put_capture(index, capture, look_id)
        forget_verdicts(index, capture.url)  # it may stand before looks that were judged


def _put_copy(index: Index, event: Event) -> None:
    """Put an old copy, which an archive keeps, at the address and the date that it is of."""
    body = event.body
    if body["copy"] is None:
        return
    fetched = msgspec.convert(body["captures"][body["copy"]], Capture)
    at = min(msgspec.convert(body["datetime"], datetime), event.time)
    capture = replace(fetched, url=body["original"], captured_at=at)
    where = f"in an old copy that {body['archive']} keeps"
    verdict, confidence, outcome = judge_import(capture.status, where)
    look = Look(0, at, verdict, confidence, outcome, event.index)
    put_capture(index, capture, put_look(index, look, address=capture.url, status=capture.status))
    forget_verdicts(index, capture.url)  # it may stand before looks that were judged


def _put_document(index: Index, event: Event) -> None:
    """Put a document that was handed in at its own name: it was seen at no address."""
    for capture in msgspec.convert(event.body["captures"], list[Capture]):
        verdict, confidence, _ = judge_import(capture.status)
        outcome = "a document that was handed in"
        look = Look(0, event.time, verdict, confidence, outcome, event.index)
        put_capture(index, capture, put_look(index, look, address=capture.url, status=None))
