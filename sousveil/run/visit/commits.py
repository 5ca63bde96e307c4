"""Commits of visits: what a look brought becomes a WARC and what the log is to say of it."""

import functools
from collections.abc import Callable
from datetime import datetime

from sousveil.changes.looks import Probe
from sousveil.index.originals import original
from sousveil.index.store import Index
from sousveil.ledger import Draft, Writer
from sousveil.model import Event, Failure, Json, Watch
from sousveil.run.visit.gather import Gathered
from sousveil.run.visit.pending import new_file
from sousveil.run.visit.records import page_body, visit_body, warc_writer, write_gathered


def page_draft(
    writer: Writer,
    index: Index,
    watch: Watch,
    found: Gathered,
    *,
    clock: Callable[[], datetime],
    facts: Json | None = None,
) -> Draft:
    """Write what a look at a page brought into a WARC; `facts` join the event's body.

    What `index` knows to be in the archive is referred to, not kept again.
    """
    seen = functools.partial(original, index, watch.id)
    warc_path = writer.new_warc_path(found.started_at)
    warc = new_file(writer, warc_path)
    with warc_writer(writer.case, warc, warc_path, found.started_at, seen) as records:
        kept = write_gathered(records, found)
    body = page_body(watch, found, kept, clock()) | (facts or {})
    return Draft("visit", body, clock(), warc, warc_path)


def failure_draft(
    watch: Watch,
    started_at: datetime,
    failure: Failure,
    clock: Callable[[], datetime],
    *,
    facts: Json | None = None,
) -> Draft:
    """Return the event of a visit that brought nothing to keep; `facts` join its body."""
    told = facts or {}
    probe = Probe(told.get("target", watch.target), None, failure)
    body = visit_body(watch, started_at, clock(), [probe], []) | told
    return Draft("visit", body, clock())


def commit_failure(
    writer: Writer,
    watch: Watch,
    started_at: datetime,
    failure: Failure,
    clock: Callable[[], datetime],
    *,
    facts: Json | None = None,
) -> Event:
    """Log a visit that brought nothing to keep; `facts` join the event's body."""
    (event,) = writer.commit_all([failure_draft(watch, started_at, failure, clock, facts=facts)])
    return event
