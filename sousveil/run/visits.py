"""Visits: one attempt at a watch, from the request to the log entry.

What came back is in a WARC, synced, and in the log before this module returns; nothing here reads
it for meaning. A target that cannot be reached is an outcome with an entry of its own, and so is
one that we cannot read: no target keeps the others from being visited.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

import sousveil
from sousveil.archive.write import WarcWriter
from sousveil.capture.git import RepositoryCapture, capture_repository
from sousveil.capture.gitrun import require_git
from sousveil.capture.guard import resolve_checked
from sousveil.capture.http_head import parse_head
from sousveil.capture.wire import WireSettings, fetch
from sousveil.case import Case
from sousveil.changes.fate import Probe
from sousveil.errors import CaseError, LogError, SousveilError
from sousveil.index.query import visits
from sousveil.index.store import Index
from sousveil.ledger import Writer, read_events
from sousveil.model import (
    Capture,
    Event,
    Exchange,
    Failure,
    FailureKind,
    Json,
    Visit,
    Watch,
    WatchKind,
)
from sousveil.run.indexing import sync_index
from sousveil.run.pending import clear_pending
from sousveil.run.repositories import BUNDLE_TYPE, mirror_path
from sousveil.watch.politeness import Politeness

SOFTWARE = f"sousveil/{sousveil.__version__}"


# Branches and tags stand in the event's body, which has its own bound of 16 MiB. Public
# repositories have some ten thousand, of a hundred bytes each.
MAX_REFS_BYTES = 8 * 2**20

# Retry-After is a number or a date (RFC 9110, section 10.2.3); a longer one is neither.
MAX_RETRY_AFTER_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Postponed:
    """A watch that was not visited, because its server asked for rest; it stays due."""

    watch: Watch
    until: datetime


def visit_all(
    writer: Writer, index: Index, chosen: Sequence[Watch], clock: Callable[[], datetime]
) -> Iterator[Visit | Postponed]:
    """Visit watches one after the other, gently, yielding each visit once it is in log and index.

    Hosts that the case allows by name are the user's own, and are not waited for. A host that asks
    for a long rest (`watch/politeness.py`) is not waited for either: what is left there is yielded
    last, as `Postponed`. Raises RepositoryError, before anybody is asked, when a repository is to
    be visited and git cannot be run: that would be no fault of the target's.
    """
    if any(watch.kind is WatchKind.REPOSITORY for watch in chosen):
        require_git()
    clear_pending(writer.case)
    kept = kept_objects(writer.case, chosen)
    settings = writer.case.settings
    politeness = Politeness(
        settings.delay_seconds, clock=clock, sleep=time.sleep, exempt=settings.allow_hosts
    )
    for watch, rests_until in politeness.turns(chosen):
        if rests_until is not None:
            yield Postponed(watch, rests_until)
            continue
        event = visit(writer, watch, known=kept.get(watch.id, ()), clock=clock)
        if "://" in watch.target and _was_asked(event):
            politeness.asked(watch.target, _retry_after(event))
        sync_index(writer.case, index)
        yield next(made for made in visits(index, watch.id) if made.log_index == event.index)


def _was_asked(event: Event) -> bool:
    """Tell whether anything was sent to the host; a refused address was never asked."""
    failures = [probe["failure"] for probe in event.body["probes"]]
    return any(not f or f["kind"] != FailureKind.REFUSED_ADDRESS for f in failures)


def _retry_after(event: Event) -> str:
    requests = event.body.get("requests") or [{}]
    return requests[-1].get("retry_after") or ""


def kept_objects(case: Case, chosen: Iterable[Watch]) -> dict[str, frozenset[str]]:
    """Return the git object ids that the log says were kept, for each repository among `chosen`."""
    kept: dict[str, set[str]] = {
        watch.id: set() for watch in chosen if watch.kind is WatchKind.REPOSITORY
    }
    for event in read_events(case) if kept else ():
        if event.type == "visit" and event.body["watch_id"] in kept:
            refs = event.body.get("repository", {}).get("refs", {})
            kept[event.body["watch_id"]].update(refs.values())
    return {watch_id: frozenset(ids) for watch_id, ids in kept.items()}


def visit(
    writer: Writer, watch: Watch, *, known: Iterable[str], clock: Callable[[], datetime]
) -> Event:
    """Visit a watch once and return the event that is in the log for it.

    `known` holds the git object ids that earlier visits kept; pages need none. What we cannot make
    sense of is a failure of the visit, with an entry that says why; raised are CaseError and
    LogError, when the case itself cannot take the entry, and OSError, such as a full disk.
    """
    started_at = clock()
    folder = Path(tempfile.mkdtemp(prefix="visit-", dir=writer.case.pending))
    try:
        if watch.kind is WatchKind.REPOSITORY:
            return _visit_repository(writer, watch, folder, known, clock)
        return _visit_page(writer, watch, folder, clock)
    except (CaseError, LogError):
        raise
    except SousveilError as error:
        is_repository = watch.kind is WatchKind.REPOSITORY
        kind = FailureKind.REPOSITORY if is_repository else FailureKind.PROTOCOL
        return _commit_failure(writer, watch, started_at, Failure(kind, str(error)), clock)
    finally:
        clear_pending(writer.case)


def _commit_failure(
    writer: Writer,
    watch: Watch,
    started_at: datetime,
    failure: Failure,
    clock: Callable[[], datetime],
) -> Event:
    """Log a visit that brought nothing to keep."""
    body = _body(watch, started_at, clock(), [Probe(watch.target, None, failure)], [])
    return writer.commit("visit", body, now=clock())


def _visit_page(writer: Writer, watch: Watch, folder: Path, clock: Callable[[], datetime]) -> Event:
    settings = writer.case.settings
    started_at = clock()
    exchanges = fetch(
        watch.target,
        settings=WireSettings(user_agent=settings.user_agent),
        allowed=settings.allow_hosts,
        folder=folder,
        clock=clock,
    )
    warc_path = writer.new_warc_path(started_at)
    warc = folder.parent / f"{folder.name}.warc.gz"
    captures = []
    with _warc_writer(writer.case, warc, warc_path, started_at) as records:
        for exchange in exchanges:
            captures += records.write_exchange(exchange)
    body = _body(watch, started_at, clock(), [_probe(exchange) for exchange in exchanges], captures)
    body["requests"] = [_request_facts(exchange) for exchange in exchanges]
    return writer.commit("visit", body, now=clock(), warc=warc, warc_path=warc_path)


def _visit_repository(
    writer: Writer,
    watch: Watch,
    folder: Path,
    known: Iterable[str],
    clock: Callable[[], datetime],
) -> Event:
    case = writer.case
    started_at = clock()
    case.cache.mkdir(exist_ok=True)
    found = capture_repository(
        watch.target,
        mirror=mirror_path(case, watch.id),
        known=frozenset(known),
        folder=folder,
        resolve=lambda host, port: resolve_checked(host, port, case.settings.allow_hosts),
    )
    if isinstance(found, Failure):
        return _commit_failure(writer, watch, started_at, found, clock)
    if (failure := _too_many_refs(found)) is not None:
        return _commit_failure(writer, watch, started_at, failure, clock)
    probe = Probe(watch.target, None, None)
    if found.bundle is None:
        body = _body(watch, started_at, clock(), [probe], [])
        body["repository"] = _repository_facts(found)
        return writer.commit("visit", body, now=clock())
    warc_path = writer.new_warc_path(started_at)
    warc = folder.parent / f"{folder.name}.warc.gz"
    uri = repository_uri(watch.target)
    with _warc_writer(case, warc, warc_path, started_at) as records:
        ref = records.write_resource(uri, started_at, BUNDLE_TYPE, found.bundle)
    capture = Capture(uri, started_at, None, BUNDLE_TYPE, ref)
    body = _body(watch, started_at, clock(), [probe], [capture])
    body["repository"] = _repository_facts(found)
    return writer.commit("visit", body, now=clock(), warc=warc, warc_path=warc_path)


def _too_many_refs(found: RepositoryCapture) -> Failure | None:
    size = len(json.dumps(dict(found.refs)))
    if size <= MAX_REFS_BYTES:
        return None
    return Failure(
        FailureKind.TOO_LARGE,
        f"the repository's {len(found.refs):,} branches and tags take {size:,} bytes to list; we"
        f" keep {MAX_REFS_BYTES:,} at most. Clone the branches that matter and add the clone.",
    )


def repository_uri(target: str) -> str:
    """Return the URI under which a repository's bundle is archived."""
    return target if "://" in target else Path(target).as_uri()


def _warc_writer(case: Case, path: Path, warc_path: str, now: datetime) -> WarcWriter:
    return WarcWriter(
        path,
        warc_path,
        software=SOFTWARE,
        operator=case.settings.operator or None,
        user_agent=case.settings.user_agent,
        now=now,
    )


def _body(
    watch: Watch,
    started_at: datetime,
    ended_at: datetime,
    probes: Sequence[Probe],
    captures: Sequence[Capture],
) -> dict[str, Any]:
    """Return what the log's body says of every visit; index/project.py reads it."""
    body: dict[str, Any] = msgspec.to_builtins(
        {
            "watch_id": watch.id,
            "target": watch.target,
            "kind": watch.kind,
            "software": SOFTWARE,
            "started_at": started_at,
            "ended_at": ended_at,
            "probes": probes,
            "captures": captures,
        }
    )
    return body


def _probe(exchange: Exchange) -> Probe:
    return Probe(exchange.url, exchange.status, exchange.failure)


def _request_facts(exchange: Exchange) -> Json:
    """Return what is worth knowing of a request without opening its WARC."""
    retry_after = parse_head(exchange.response_head).get("Retry-After")
    return {
        "url": exchange.url,
        "status": exchange.status,
        "ip_address": exchange.ip_address,
        "tls": exchange.tls.version if exchange.tls else None,
        "tls_verified": exchange.tls.verified if exchange.tls else None,
        "milliseconds": round(exchange.elapsed_seconds * 1000),
        "truncated": exchange.truncated,
        "retry_after": retry_after[:MAX_RETRY_AFTER_LENGTH],
    }


def _repository_facts(found: RepositoryCapture) -> Json:
    return {
        "refs": dict(found.refs),
        "head": found.head,
        "head_commit": found.head_commit,
        "object_format": found.object_format,
        "missing_objects": found.missing,
        "ip_address": found.ip_address,
    }
