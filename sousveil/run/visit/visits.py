"""Visits: one attempt at a watch, from the request to the log entry.

Pages are looked at several at once, each in a thread (`gather.py`); what came back is written
into WARCs and logged here, those that ended meanwhile together, and is synced before anything reads
it for meaning. A target that cannot be reached is an outcome with an entry of its own, and so is
one that we cannot read: no target keeps the others from being visited.
"""

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sousveil.capture.git.run import require_git
from sousveil.errors import CaseError, LogError, SousveilError
from sousveil.index.query import visit_at
from sousveil.index.store import Index
from sousveil.ledger import Draft, Writer
from sousveil.model import (
    Event,
    Exchange,
    Failure,
    FailureKind,
    Json,
    Visit,
    Watch,
    WatchKind,
)
from sousveil.run.indexing import take_event
from sousveil.run.visit.around import Asker
from sousveil.run.visit.clones import kept_objects, visit_repository
from sousveil.run.visit.commits import failure_draft, page_draft
from sousveil.run.visit.crawls import Past, crawl, linked_documents, read_past
from sousveil.run.visit.gather import Gathered, gather
from sousveil.run.visit.means import Means, Unshown
from sousveil.run.visit.pending import clear_pending, new_folder
from sousveil.watch.frontier import GUIDES
from sousveil.watch.politeness import Politeness, Turns

# Visited by the thread that writes: what comes next depends on what was kept before.
_CRAWLED = frozenset({WatchKind.SITE, WatchKind.FEED})
_ONE_BY_ONE = _CRAWLED | {WatchKind.REPOSITORY}

# Failures before anything is sent to the host.
NOT_ASKED = frozenset({FailureKind.REFUSED_ADDRESS, FailureKind.EXIT})

# Nothing wakes us before a host has rested; so an interrupt is seen within this time all the same.
WAKE_SECONDS = 0.5

_NOTHING_BEGUN: Mapping[str, Exchange] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Postponed:
    """A watch that was not visited, because its server asked for rest; it stays due."""

    watch: Watch
    until: datetime


@dataclass(frozen=True, slots=True)
class Crawled:
    """The end of a visit to a site or a feed."""

    watch: Watch
    asked: int  # pages
    left_out: Mapping[str, int]  # addresses, by reason: "robots", "scope", "pages", …


@dataclass(frozen=True, slots=True)
class Outing:
    """What visits go out with, and where what they bring goes."""

    writer: Writer
    index: Index
    means: Means
    politeness: Politeness
    sleep: Callable[[float], None] = time.sleep
    until: datetime | None = None  # when a crawl stops, to go on at its next visit

    def look(self, watch: Watch, url: str, facts: Json) -> Event:
        """Look at `url`, keep and log it; `facts` join the event's body."""
        folder = new_folder(self.writer)
        look: Future[Gathered] = Future()
        try:
            look.set_result(gather(self.means, watch, url, folder))
        except SousveilError as error:
            look.set_exception(error)
        ended = _UnderWay(watch, folder, look)
        (event,) = _keep_pages(self, [ended], facts)
        return event

    def wait(self, url: str, asked_seconds: float) -> bool:
        """Wait until the host of `url` may be asked again; False when that is too long.

        `asked_seconds` is what its robots.txt wants between two requests.
        """
        own_delay = self.means.settings.delay_seconds
        more = 0.0 if self.politeness.is_exempt(url) else max(0.0, asked_seconds - own_delay)
        seconds = max(0.0, self.politeness.seconds_left(url)) + more
        if not self.politeness.is_worth_waiting(seconds) or self._is_late():
            return False
        self.sleep(seconds)
        return not self.means.stop.is_set()

    def _is_late(self) -> bool:
        return self.until is not None and self.means.clock() > self.until


def visit_all(
    writer: Writer,
    index: Index,
    chosen: Sequence[Watch],
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Visit | Crawled | Postponed]:
    """Visit watches, several at once, gently, yielding each visit once it is in log and index.

    Hosts that the case allows by name are the user's own, and are not waited for. A host that asks
    for a long rest (`watch/politeness.py`) is not waited for either: what is left there is yielded
    last, as `Postponed`. Raises RepositoryError, before anybody is asked, when a repository is to
    be visited and git cannot be run, and CaseError for an exit that the case does not name: that
    would be no fault of the target's.
    """
    clear_pending(writer.case, writer.scratch)
    kept = kept_objects(writer.case, chosen)
    past = read_past(writer.case, chosen)
    settings = writer.case.settings
    politeness = Politeness(settings.delay_seconds, clock=clock, exempt=settings.allow_hosts)
    try:
        with Means(settings, clock) as means:
            outing = Outing(writer, index, means, politeness, sleep)
            yield from visit_with(outing, chosen, kept, past)
    finally:
        clear_pending(writer.case, writer.scratch)


def visit_with(
    outing: Outing,
    chosen: Sequence[Watch],
    kept: Mapping[str, Collection[str]],
    past: Mapping[str, Past],
    begun: Mapping[str, Exchange] = _NOTHING_BEGUN,
) -> Iterator[Visit | Crawled | Postponed]:
    """Visit watches as `visit_all` does, with means that outlive the call.

    `kept` and `past` are, by watch id, what `kept_objects` and `read_past` give; `begun` is the
    first exchange of a page that was asked already.
    """
    if any(watch.kind is WatchKind.REPOSITORY for watch in chosen):
        require_git()
    politeness = outing.politeness
    turns = Turns(politeness, chosen)
    for watch in chosen:
        outing.means.exit_of(watch)
    with _lanes(outing, begun) as lanes:
        for watch, looked in _each(turns, lanes):
            event = None
            for event in _events(outing, watch, looked, kept, past):
                if "://" in watch.target and _was_asked(event):
                    politeness.asked(event.body["target"], _retry_after(event))
                take_event(outing.writer.case, outing.index, event)
                if event.type == "crawl":
                    yield Crawled(watch, event.body["asked"], event.body["left_out"])
                elif event.body.get("role") not in GUIDES:
                    yield visit_at(outing.index, event.index)
                    _ask_around(outing, watch, event)
            if watch.kind in _CRAWLED and (event is None or event.type == "visit"):
                yield Postponed(watch, politeness.free_at(watch.target))  # it goes on later
            turns.ended(watch)
    for watch, until in turns.resting:
        answer = begun.get(watch.id)
        yield Postponed(watch, until) if answer is None else _kept(outing, watch, answer)


def _kept(outing: Outing, watch: Watch, answer: Exchange) -> Visit:
    """Keep an answer whose host now wants to rest: nothing more is asked of it for this look."""
    unshown = Unshown("its host asks for rest")
    exit_ = outing.means.exit_name(watch)
    look: Future[Gathered] = Future()
    look.set_result(Gathered(watch.target, answer.started_at, (answer,), unshown, exit_))
    (event,) = _keep_pages(outing, [_UnderWay(watch, new_folder(outing.writer), look)])
    take_event(outing.writer.case, outing.index, event)
    return visit_at(outing.index, event.index)


def _ask_around(outing: Outing, watch: Watch, visited: Event) -> None:
    """Ask around a visit that misses its page or a quote in it."""
    if watch.kind is WatchKind.REPOSITORY:
        return
    asked = outing.politeness.asked
    asker = Asker(outing.writer, outing.index, outing.means, outing.wait, asked)
    event = asker.ask_around(watch, visited)
    if event is not None:
        take_event(outing.writer.case, outing.index, event)


def _events(
    outing: Outing,
    watch: Watch,
    looked: Event | None,
    kept: Mapping[str, Collection[str]],
    past: Mapping[str, Past],
) -> Iterator[Event]:
    """Visit a watch, yielding each event once it is in the log; of a page, `looked` is there."""
    writer, clock = outing.writer, outing.means.clock
    if watch.kind is WatchKind.REPOSITORY:
        exit_ = outing.means.exit_of(watch)
        yield visit_repository(writer, watch, kept[watch.id], exit_, clock)
    elif looked is None:
        yield from crawl(
            writer, watch, past[watch.id], look=outing.look, wait=outing.wait, clock=clock
        )
    else:
        yield looked
        yield from linked_documents(
            writer.case, watch, past[watch.id], looked, look=outing.look, wait=outing.wait
        )


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A look at an address of a watch, perhaps in a thread of its own."""

    watch: Watch
    folder: Path  # where its files are
    look: Future[Gathered]


@dataclass(slots=True)
class _Lanes:
    """The looks under way, each in a thread."""

    outing: Outing
    begun: Mapping[str, Exchange]
    pool: ThreadPoolExecutor
    running: dict[Future[Gathered], _UnderWay]

    @property
    def are_full(self) -> bool:
        return len(self.running) >= self.outing.means.settings.tabs

    def start(self, watch: Watch) -> None:
        folder = new_folder(self.outing.writer)
        looking = self.pool.submit(
            gather, self.outing.means, watch, watch.target, folder, self.begun.get(watch.id)
        )
        self.running[looking] = _UnderWay(watch, folder, looking)

    def ended(self, seconds: float) -> list[_UnderWay]:
        """Return the looks that are over, after waiting for one at most `seconds`."""
        done, _ = wait(self.running, timeout=seconds, return_when=FIRST_COMPLETED)
        return [self.running.pop(look) for look in done]


@contextmanager
def _lanes(outing: Outing, begun: Mapping[str, Exchange]) -> Iterator[_Lanes]:
    pool = ThreadPoolExecutor(max_workers=outing.means.settings.tabs, thread_name_prefix="look")
    lanes = _Lanes(outing, begun, pool, {})
    try:
        yield lanes
    finally:
        if lanes.running:
            outing.means.close()  # a browser that is gone keeps no thread waiting
        pool.shutdown(cancel_futures=True)
        for given_up in lanes.running.values():
            shutil.rmtree(given_up.folder)


def _each(turns: Turns, lanes: _Lanes) -> Iterator[tuple[Watch, Event | None]]:
    """Yield each watch with the look at it, once logged; None for what its taker is to look at.

    Looks that ended while others were kept are logged together: none waits for another.
    """
    stop = lanes.outing.means.stop
    while not stop.is_set():
        while not lanes.are_full and (watch := turns.take()) is not None:
            if watch.kind in _ONE_BY_ONE:
                yield watch, None
            else:
                lanes.start(watch)
        seconds = turns.seconds_to_wait()
        if seconds is None and not lanes.running:
            return
        if lanes.running:
            ended = lanes.ended(WAKE_SECONDS)
            if ended and not stop.is_set():
                watches = [one.watch for one in ended]
                yield from zip(watches, _keep_pages(lanes.outing, ended), strict=True)
        else:
            lanes.outing.sleep(min(seconds or 0.0, WAKE_SECONDS))


def _was_asked(event: Event) -> bool:
    """Tell whether anything was sent to the host; one that was not reached for was not asked."""
    failures = [probe["failure"] for probe in event.body.get("probes", ())]
    return any(not f or f["kind"] not in NOT_ASKED for f in failures)


def _retry_after(event: Event) -> str:
    requests = event.body.get("requests") or [{}]
    return requests[-1].get("retry_after") or ""


def _keep_pages(
    outing: Outing, ended: Sequence[_UnderWay], facts: Json | None = None
) -> list[Event]:
    """Write down what looks brought, and log it together; `facts` join the events' bodies.

    Raises CaseError and LogError, when the case itself cannot take the entries, and OSError, such
    as a full disk.
    """
    try:
        return outing.writer.commit_all([_draft(outing, one, facts) for one in ended])
    finally:
        for one in ended:
            shutil.rmtree(one.folder)


def _draft(outing: Outing, ended: _UnderWay, facts: Json | None) -> Draft:
    """Write down what a look brought; what we cannot make sense of is its outcome."""
    writer, clock, watch = outing.writer, outing.means.clock, ended.watch
    started_at = clock()
    try:
        return page_draft(
            writer, outing.index, watch, ended.look.result(), clock=clock, facts=facts
        )
    except (CaseError, LogError):
        raise
    except SousveilError as error:
        failure = Failure(FailureKind.PROTOCOL, str(error))
        return failure_draft(watch, started_at, failure, clock, facts=facts)
