"""Commits of visits: what a look brought becomes a WARC and an entry of the log."""

import functools
from collections.abc import Callable
from datetime import datetime

from sousveil.changes.looks import Probe
from sousveil.index.originals import original
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Event, Failure, Json, Watch
from sousveil.run.visit.gather import Gathered
from sousveil.run.visit.pending import new_file
from sousveil.run.visit.records import page_body, visit_body, warc_writer, write_gathered


def commit_page(
    writer: Writer,
    index: Index,
    watch: Watch,
    found: Gathered,
    *,
    clock: Callable[[], datetime],
    facts: Json | None = None,
) -> Event:
    """Write what a look at a page brought into a WARC and log it; `facts` join the event's body.

    What `index` knows to be in the archive is referred to, not kept again.
    """
    seen = functools.partial(original, index, watch.id)
    warc_path = writer.new_warc_path(found.started_at)
    warc = new_file(writer, warc_path)
    with warc_writer(writer.case, warc, warc_path, found.started_at, seen) as records:
        kept = write_gathered(records, found)
    body = page_body(watch, found, kept, clock()) | (facts or {})
    return writer.commit("visit", body, now=clock(), warc=warc, warc_path=warc_path)


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
    told = facts or {}
    probe = Probe(told.get("target", watch.target), None, failure)
    body = visit_body(watch, started_at, clock(), [probe], []) | told
    return writer.commit("visit", body, now=clock())
