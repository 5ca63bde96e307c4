"""Today: what happened since somebody last looked, what waits for them, and how the case stands."""

import base64
import functools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.case import Case, is_watched
from sousveil.index.inquiries import inquiries
from sousveil.index.notices import notices_since, watch_health
from sousveil.index.query import fates_of, findings_of, has_watches, watches_of
from sousveil.index.queue import count_waiting, kin_of, waiting
from sousveil.index.store import Index
from sousveil.model import Notice, Stamp, Verdict, Watch
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.timestamps.audit import newest_stamp
from sousveil.tlog.timestamps.files import FOLDER as STAMPS
from sousveil.tlog.witnesses import FOLDER as WITNESSES
from sousveil.tlog.witnesses import Seen, newest_word
from sousveil.web.desk import Desk
from sousveil.web.news import News, news
from sousveil.web.render import render
from sousveil.web.safety.guard import field
from sousveil.web.seen import Mark, mark_of, marks_file, put_mark

MAX_NOTICES = 100  # gone through; of more, the newest: whose they are is told anew for each
MAX_STORIES = 8  # told at once of each sort
MAX_WAITING = 5
MAX_UNWELL = 8
MAX_ID = 64
MAX_KIN = 50  # findings that say the same as one that went


@dataclass(frozen=True, slots=True)
class Unwell:
    """A target that does not show its page."""

    watch: Watch
    since: datetime
    looks: int  # in a row that told nothing


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands."""

    size: int  # entries
    root: str  # base64
    stamp: Stamp | None  # that covers most of it
    witness: Seen | None


def today(request: Request) -> Response:
    """Show the front page."""
    desk: Desk = request.app.state.desk
    case, name = desk.case(), request.user.name
    mark = mark_of(marks_file(case.settings.origin), name)
    with desk.index() as index:
        told = notices_since(index, mark.notice_id if mark else "", MAX_NOTICES)
        stories = _news(index, told)
        places = waiting(index, name, MAX_WAITING)
        found = {one.id: one for one in findings_of(index, [place.finding_id for place in places])}
        return render(
            request,
            "today.html",
            news=stories,
            watched=watches_of(index, [one.watch_id or "" for one in stories.targets]),
            mark=mark,
            newest=told[0].id if told else "",
            is_cut=len(told) == MAX_NOTICES,
            most=MAX_STORIES,
            waiting=[(place, found[place.finding_id]) for place in places],
            waiting_count=count_waiting(index, name),
            unwell=_unwell(index),
            most_unwell=MAX_UNWELL,
            inquiries=[one for one in inquiries(index) if one.closed_at is None],
            log=_standing(case),
            is_watched=is_watched(case),
            is_new=not told and not has_watches(index),
        )


def mark_seen(request: Request) -> Response:
    """Remember that somebody has read up to a notice."""
    desk: Desk = request.app.state.desk
    mark = Mark(field(request, "newest", most=MAX_ID), desk.clock())
    put_mark(marks_file(desk.case().settings.origin), request.user.name, mark)
    return RedirectResponse("/", 303)


def _news(index: Index, told: list[Notice]) -> News:
    ids = {one.finding_id for one in told if one.finding_id}
    findings = {one.id: one for one in findings_of(index, ids)}
    went = [
        one.finding_id
        for one in told
        if one.finding_id in findings and one.kind not in {"found", "back"}
    ][:MAX_STORIES]
    kin = {one: kin_of(index, one, MAX_KIN)[1:] for one in dict.fromkeys(filter(None, went))}
    known = fates_of(index, ids.union(*kin.values()))
    stand = {
        other
        for others in kin.values()
        for other in others
        if (fate := known.get(other)) and fate.verdict is Verdict.PRESENT and fate.pending is None
    }
    # What others kept, or gave, was there once; whether it still is, no look of ours has told.
    seen = (one for one in findings_of(index, stand) if one.watch_id is not None)
    survivors = {one.id: one for one in seen}
    return news(
        told,
        findings,
        known,
        {
            one: [survivors[other] for other in others if other in survivors]
            for one, others in kin.items()
        },
    )


def _unwell(index: Index) -> list[Unwell]:
    """Return the targets that do not show their pages, the longest first."""
    failing = [one for one in watch_health(index) if one.failing_since is not None]
    known = watches_of(index, [one.watch_id for one in failing])
    found = [
        Unwell(known[one.watch_id], one.failing_since, one.failing_looks)
        for one in failing
        if one.failing_since is not None
    ]
    return sorted(found, key=lambda one: one.since)


def _standing(case: Case) -> Standing | None:
    """Return how the log stands; None before anything is signed."""
    head = read_checkpoint(case.log, case.settings.key)
    if head is None:
        return None
    changed = tuple(_changed(case, folder) for folder in (STAMPS, WITNESSES))
    stamp, witness = _vouched(case.log, case.settings.key, head, changed)
    return Standing(head.size, base64.b64encode(head.root).decode(), stamp, witness)


@functools.lru_cache(maxsize=4)
def _vouched(
    log: Path, key: str, head: Checkpoint, _changed: tuple[int, ...]
) -> tuple[Stamp | None, Seen | None]:
    """Return who vouches for most of the log; signatures are checked once for each state of it."""
    return newest_stamp(log, key, head), newest_word(log, key, head)


def _changed(case: Case, folder: str) -> int:
    path = case.log / folder
    return path.stat().st_mtime_ns if path.exists() else 0


ROUTES = (Route("/", today), Route("/seen", mark_seen, methods=["POST"]))
