"""Freezing: all that a letter may make vanish is seen and logged before the letter goes.

The target is visited first, for its page tells which editions and documents belong to it; then the
others. The event `inquiry` comes last, so that everything frozen stands before it in the log, and
whoever has that entry's checkpoint has proof of it all. A visit that fails keeps nobody from being
frozen: what is lacking is told (`changes/inquiry.py`, `shortfall`), and the user decides.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sousveil.actors import Register
from sousveil.changes.inquiry import Frozen
from sousveil.changes.siblings import Unwatched, siblings, unwatched
from sousveil.errors import ArchiveError, InputError
from sousveil.index.query import event_body, register_of
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Event, Json, Visit, Watch, WatchKind
from sousveil.run.indexing import sync_index
from sousveil.run.inquiry.letters import Letter, letter_facts
from sousveil.run.visit.crawls import page_links
from sousveil.run.visit.records import SOFTWARE
from sousveil.run.visit.visits import Crawled, Postponed, visit_all
from sousveil.run.visit.watches import add_watches
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import encode_base64
from sousveil.watch.scope import is_document
from sousveil.watch.targets import DEFAULT_EVERY, find_watches, make_watch

Ended = Visit | Crawled | Postponed

_TARGET = "the target"
_NAMED = "named with --also"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of a letter."""

    target: Watch
    to: str
    sent_at: datetime
    also: tuple[Watch, ...] = ()
    without: frozenset[str] = frozenset()  # ids of watches
    letter: Letter | None = None


@dataclass(frozen=True, slots=True)
class Froze:
    """What a freeze did."""

    event: Event
    added: tuple[Watch, ...]  # that were not watched before
    left: tuple[Unwatched, ...]  # that the page names, and only a person may add


def named_watches(names: Iterable[str], known: Sequence[Watch], now: datetime) -> list[Watch]:
    """Return the watches that were named; an address that is not watched becomes a new one.

    Raises TargetError for what is neither watched nor an address.
    """
    found = []
    for name in names:
        if "://" in name:
            new = make_watch(name, kind=None, every=DEFAULT_EVERY, actor=None, now=now)
            found.append(next((one for one in known if one.id == new.id), new))
        else:
            found += find_watches(known, [name])
    return list(dict.fromkeys(found))


def freeze(
    writer: Writer,
    index: Index,
    asked: Asked,
    known: Sequence[Watch],
    *,
    clock: Callable[[], datetime],
    chosen: Callable[[Watch, Sequence[str]], None],
    ended: Callable[[Ended], None],
) -> Froze:
    """Visit all that belongs to an inquiry, log the inquiry, and return what was done.

    `known` are the case's watches. `chosen` is told of each watch and the reasons for it before it
    is visited, `ended` of each visit. Raises InputError when the target itself is left out, and
    what `visit_all` raises.
    """
    if asked.target.id in asked.without:
        raise InputError(
            f"{asked.target.target}: is what the letter is about. Do not leave it out."
        )
    before = {watch.id for watch in known}
    known = _watch(writer, index, known, [asked.target, *asked.also], clock())
    chosen(asked.target, (_TARGET,))
    seen = _Seen(ended)
    seen.take(visit_all(writer, index, [asked.target], clock))
    editions, links = _leads_to(writer, index, seen.log_index.get(asked.target.id))
    wanted, left = unwatched(asked.target, known, editions, links)
    fresh = [_new_watch(asked.target, one.url, clock()) for one in wanted]
    fresh = [one for one in fresh if one.id not in asked.without]
    known = _watch(writer, index, known, fresh, clock())
    linked = {one.url: one.reason for one in wanted}
    why = _reasons(asked, known, editions, linked, register_of(index))
    others = [one for one in known if one.id in why and one.id != asked.target.id]
    for watch in others:
        chosen(watch, why[watch.id])
    seen.take(visit_all(writer, index, others, clock))
    frozen = [seen.frozen(one, why[one.id]) for one in (asked.target, *others)]
    event = writer.commit("inquiry", _body(writer, asked, frozen), now=clock())
    sync_index(writer.case, index)
    added = tuple(one for one in (asked.target, *others) if one.id not in before)
    return Froze(event, added, tuple(left))


class _Seen:
    """What the visits of a freeze brought, by watch."""

    def __init__(self, ended: Callable[[Ended], None]) -> None:
        self.log_index: dict[str, int] = {}  # of the visit to the watch's own target
        self._resting: dict[str, datetime] = {}
        self._ended = ended

    def take(self, visits: Iterable[Ended]) -> None:
        for one in visits:
            self._ended(one)
            if isinstance(one, Postponed):
                self._resting[one.watch.id] = one.until
            elif isinstance(one, Visit):
                # The target is asked for before what it leads to.
                self.log_index.setdefault(one.watch_id, one.log_index)

    def frozen(self, watch: Watch, reasons: Sequence[str]) -> Frozen:
        return Frozen(
            watch.id,
            watch.target,
            tuple(reasons),
            self.log_index.get(watch.id),
            self._resting.get(watch.id),
        )


def _watch(
    writer: Writer, index: Index, known: Sequence[Watch], wanted: Sequence[Watch], now: datetime
) -> list[Watch]:
    """Add watches, and return all that there are now, in the order of their targets."""
    add_watches(writer, index, wanted, now, given=())
    sync_index(writer.case, index)
    return sorted({one.id: one for one in (*wanted, *known)}.values(), key=lambda one: one.target)


def _new_watch(target: Watch, url: str, now: datetime) -> Watch:
    """Return a watch of what a target leads to: looked at as the target is, by the same exit."""
    return make_watch(
        url,
        kind=WatchKind.DOCUMENT if is_document(url) else WatchKind.PAGE,
        every=DEFAULT_EVERY,
        actor=target.actor,
        now=now,
        browser=target.browser,
        exit_=target.exit,
    )


def _leads_to(writer: Writer, index: Index, log_index: int | None) -> tuple[list[str], list[str]]:
    """Return the other-language editions that a visited page names, and all that it links to."""
    if log_index is None:
        return [], []
    body = event_body(index, log_index)
    visited = Event(log_index, "visit", msgspec.convert(body["started_at"], datetime), body)
    try:
        found = list(page_links(writer.case, visited))
    except ArchiveError:
        # Its bytes are kept, and no HTML that can be read: it leads nowhere.
        return [], []
    editions = [url for url, link in found if link.kind == "edition"]
    return editions, [url for url, _ in found]


def _reasons(
    asked: Asked,
    known: Sequence[Watch],
    editions: Collection[str],
    linked: Mapping[str, str],
    register: Register,
) -> dict[str, tuple[str, ...]]:
    """Return why each watch belongs to an inquiry, by its id."""
    found = siblings(asked.target, known, editions, register)
    why: dict[str, list[str]] = {one.watch.id: list(one.reasons) for one in found}
    for watch in known:
        if watch.target in linked and linked[watch.target] not in why.get(watch.id, []):
            why.setdefault(watch.id, []).insert(0, linked[watch.target])
    for watch in asked.also:
        why.setdefault(watch.id, []).append(_NAMED)
    why[asked.target.id] = [_TARGET]
    return {one: tuple(reasons) for one, reasons in why.items() if one not in asked.without}


def _body(writer: Writer, asked: Asked, frozen: Sequence[Frozen]) -> Json:
    case = writer.case
    head = read_checkpoint(case.log, case.settings.key)
    body: Json = msgspec.to_builtins(
        {
            "id": secrets.token_hex(6),
            "target": asked.target.target,
            "to": asked.to,
            "sent_at": asked.sent_at,
            "watch_ids": [one.watch_id for one in frozen],
            "frozen": frozen,
            "software": SOFTWARE,
        }
    )
    if head is not None:
        body["head"] = {
            "size": head.size,
            "root": encode_base64(head.root),
            "checkpoint": head.note.decode(),
        }
    return body | {"letter": letter_facts(asked.letter)}
