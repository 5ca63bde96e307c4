"""Visits to repositories: their new objects become a bundle in the archive."""

import json
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from sousveil.capture.git.capture import RepositoryCapture, capture_repository
from sousveil.capture.guard.exits import Exit, reach
from sousveil.case import Case
from sousveil.changes.looks import Probe
from sousveil.errors import CaseError, LogError, SousveilError
from sousveil.ledger import Writer, read_events
from sousveil.model import Capture, Event, Failure, FailureKind, Json, Watch, WatchKind
from sousveil.run.read.repositories import BUNDLE_TYPE, mirror_path
from sousveil.run.visit.commits import commit_failure
from sousveil.run.visit.pending import new_file, new_folder
from sousveil.run.visit.records import visit_body, warc_writer

# Branches and tags stand in the event's body, which has its own bound of 16 MiB. Public
# repositories have some ten thousand, of a hundred bytes each.
MAX_REFS_BYTES = 8 * 2**20


def kept_objects(case: Case, chosen: Iterable[Watch]) -> dict[str, frozenset[str]]:
    """Return the git object ids that the log says were kept, for each repository among `chosen`."""
    kept: dict[str, set[str]] = {
        watch.id: set() for watch in chosen if watch.kind is WatchKind.REPOSITORY
    }
    visits = read_events(case, wanted=lambda _, kind: kind == "visit") if kept else ()
    for event in visits:
        if event.body["watch_id"] in kept:
            refs = event.body.get("repository", {}).get("refs", {})
            kept[event.body["watch_id"]].update(refs.values())
    return {watch_id: frozenset(ids) for watch_id, ids in kept.items()}


def visit_repository(
    writer: Writer,
    watch: Watch,
    known: Iterable[str],
    exit_: Exit | None,
    clock: Callable[[], datetime],
) -> Event:
    """Visit a repository once and return the event that is in the log for it.

    `known` holds the git object ids that earlier visits kept. Raises what `visit_all` does.
    """
    case = writer.case
    # A repository on this computer is reached by no exit.
    facts: Json = {"exit": exit_.name} if exit_ and "://" in watch.target else {}
    started_at = clock()
    folder = new_folder(writer)
    case.cache.mkdir(exist_ok=True)
    try:
        found = capture_repository(
            watch.target,
            mirror=mirror_path(case, watch.id),
            known=frozenset(known),
            folder=folder,
            resolve=lambda host, port: reach(host, port, case.settings.allow_hosts, exit_),
            exit_=exit_,
        )
        if isinstance(found, RepositoryCapture):
            found = _too_many_refs(found) or found
        if isinstance(found, Failure):
            return commit_failure(writer, watch, started_at, found, clock, facts=facts)
        return _commit_repository(writer, watch, found, started_at, clock, facts=facts)
    except (CaseError, LogError):
        raise
    except SousveilError as error:
        failure = Failure(FailureKind.REPOSITORY, str(error))
        return commit_failure(writer, watch, started_at, failure, clock, facts=facts)
    finally:
        shutil.rmtree(folder)


def _commit_repository(
    writer: Writer,
    watch: Watch,
    found: RepositoryCapture,
    started_at: datetime,
    clock: Callable[[], datetime],
    *,
    facts: Json,
) -> Event:
    case, probe = writer.case, Probe(watch.target, None, None)
    if found.bundle is None:
        body = visit_body(watch, started_at, clock(), [probe], []) | facts
        body["repository"] = _repository_facts(found)
        return writer.commit("visit", body, now=clock())
    warc_path = writer.new_warc_path(started_at)
    warc = new_file(writer, warc_path)
    uri = repository_uri(watch.target)
    with warc_writer(case, warc, warc_path, started_at) as records:
        ref = records.write_resource(uri, started_at, BUNDLE_TYPE, found.bundle)
    capture = Capture(uri, started_at, None, BUNDLE_TYPE, ref)
    body = visit_body(watch, started_at, clock(), [probe], [capture]) | facts
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


def _repository_facts(found: RepositoryCapture) -> Json:
    return {
        "refs": dict(found.refs),
        "head": found.head,
        "head_commit": found.head_commit,
        "object_format": found.object_format,
        "missing_objects": found.missing,
        "ip_address": found.ip_address,
    }
