"""The service: visits what falls due, for as long as it is let.

Batch after batch: what is due follows from the log (`index/due.py`, `watch/schedule.py`), so a
service that was killed goes on where it was, and visits nothing twice for nothing. Pages that may
be as they were are polled first (`sweep.py`); whatever is not becomes a visit; what visits brought
is read at once (`reading.py`). The case's lock is held only while something is written, by reading
a turn at a time (`turns.py`), and others write in between: what they added, retired or set is seen
at the next batch.

Clock and sleep are handed in. Once `stop` is set, what is under way is given up within seconds, and
what was reported stays.
"""

import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from sousveil.capture.git.run import require_git
from sousveil.case import Case, locked, open_case, watched
from sousveil.errors import (
    BusyError,
    CaseError,
    RepositoryError,
)
from sousveil.index.due import pasts
from sousveil.index.store import Index
from sousveil.ledger import TurnWriter, log_size, writing
from sousveil.model import Event, Exchange, Watch, WatchKind
from sousveil.run import sending
from sousveil.run.indexing import open_index, sync_index, take_event
from sousveil.run.stamping import Stamper
from sousveil.run.visit.means import Means
from sousveil.run.visit.pending import clear_pending, new_folder
from sousveil.run.visit.visits import Crawled, Outing, Postponed, visit_with
from sousveil.run.watch.batch import Batch, Outside
from sousveil.run.watch.known import Known
from sousveil.run.watch.parting import Parting
from sousveil.run.watch.reading import Reader
from sousveil.run.watch.sweep import Changed, sweep
from sousveil.watch.politeness import Politeness
from sousveil.watch.schedule import NEVER, Due, Past, next_due

# Looks that fall due within this time go together, one commit for many.
GATHER_SECONDS = 10.0
# Polls of a batch begin within this time; then visits have their turn.
SWEEP_SECONDS = 20.0
# Visits of a batch, for each one at a time: so that reading, and what is newly due, need not wait.
VISITS_A_LANE = 20
# A crawl is left after this time and goes on with the next batch; others are due meanwhile.
CRAWL_SECONDS = 60.0
# Nothing is slept for longer: a clock may have been put right meanwhile.
MAX_NAP_SECONDS = 3_600.0
# A browser that nobody needed for so long is closed.
IDLE = timedelta(minutes=5)


def run_until(
    case: Case,
    outside: Outside,
    *,
    once: bool = False,
    everything: bool = False,
    gather_seconds: float = GATHER_SECONDS,
) -> Generator[Batch, None, None]:
    """Visit what falls due until `outside.stop` is set, yielding each batch that did something.

    With `once` the service ends when nothing is due, with `everything` it first looks at all
    watches. Raises CaseError when another service keeps watch over the case, and whatever keeps a
    visit from being logged.
    """
    with watched(case), _service(case, outside) as service:
        pending = set(service.known.watches) if everything else set[str]()
        while not outside.stop.is_set():
            batch = service.batch(pending)
            yield batch
            if outside.stop.is_set() or (once and service.is_done(batch)):
                return
            service.nap(batch, gather_seconds)


@contextmanager
def _service(case: Case, outside: Outside) -> Iterator["_Service"]:
    clear_pending(case, TurnWriter.scratch)
    service = _Service(case, outside)
    try:
        yield service
    finally:
        service.means.rest()
        clear_pending(case, TurnWriter.scratch)


class _Service:
    """What is kept between batches: means, politeness, what the log tells."""

    def __init__(self, case: Case, outside: Outside) -> None:
        self.case, self.outside = case, outside
        self.known = Known()
        self.known.follow(case)
        self._renew_means()
        self._barred: set[str] = set()  # watches that cannot be visited as things are
        self._parting = Parting()
        self._reader = Reader(outside)
        turn = partial(locked, case, outside.wait)
        self._stamper = Stamper(sending.Outside(outside.clock, outside.stop, turn))

    # ------------------------------------------------------------ between batches

    def _renew_means(self) -> None:
        settings, clock = self.case.settings, self.outside.clock
        self.means = Means(settings, clock, self.outside.stop)
        self.politeness = Politeness(
            settings.delay_seconds, clock=clock, exempt=settings.allow_hosts
        )
        self._used_at = clock()

    def _follow(self, batch: Batch) -> None:
        """See what other commands, and people in `case.toml`, changed."""
        try:
            case = open_case(self.case.root)
        except CaseError as error:
            batch.troubles.append(f"{error} Until then the former settings hold.")
        else:
            if case.settings != self.case.settings:
                self.case = case
                self.means.rest()
                self._renew_means()
        if self.outside.clock() - self._used_at > IDLE:
            self.means.rest()
            self._used_at = self.outside.clock()
        # A commit that was cut off has happened: finished first, its look is not made again.
        with (
            writing(self.case, self.outside.wait),
            open_index(self.case, create=True) as index,
        ):
            sync_index(self.case, index)
        self.known.follow(self.case)

    def is_done(self, batch: Batch) -> bool:
        """Tell whether nothing is left that could be done now."""
        return batch.next_due is None or batch.next_due > self.outside.clock()

    def nap(self, batch: Batch, gather_seconds: float) -> None:
        """Sleep until something is due, or there is something new to see."""
        if log_size(self.case) > self.known.size:
            return
        until = batch.next_due
        seconds = MAX_NAP_SECONDS
        if until is not None:
            seconds = min((until - self.outside.clock()).total_seconds(), MAX_NAP_SECONDS)
        if seconds > 0:
            self.outside.nap(max(seconds, gather_seconds))

    # ------------------------------------------------------------ one batch

    def batch(self, pending: set[str]) -> Batch:
        """Do what is due; `pending` are watches to be looked at whatever their time."""
        batch = Batch(self.outside.clock())
        self._follow(batch)
        with open_index(self.case, create=True) as index:
            past = pasts(index)
            chosen = self._chosen(past, pending, batch)
            batch.targets = {watch.id: watch.target for watch in chosen}
            try:
                self._look(index, chosen, past, batch, pending)
                self._reader.read_and_tell(self.case, batch)
                self._stamp(batch)
            except (InterruptedError, BusyError):  # stopped at work, or while others had their turn
                if not self.outside.stop.is_set():
                    raise
            batch.next_due = self._next(index, pending)
        return batch

    def _chosen(self, past: Mapping[str, Past], pending: set[str], batch: Batch) -> list[Watch]:
        """Return the watches to look at now, the longest overdue first."""
        now = self.outside.clock()
        self._barred.clear()
        ripe: list[tuple[datetime, Watch]] = []
        for watch in self.known.watches.values():
            when = next_due(watch, past.get(watch.id, NEVER), now)
            if when.at > now and watch.id not in pending:
                continue
            if self._rests(watch, now):
                continue
            try:
                self.means.exit_of(watch)
                if watch.kind is WatchKind.REPOSITORY:
                    require_git()
            except (CaseError, RepositoryError) as error:
                batch.troubles.append(str(error))
                self._barred.add(watch.id)
                continue
            ripe.append((when.at, watch))
        ripe.sort(key=lambda one: (one[0], one[1].id))
        return [watch for _, watch in ripe]

    def _rests(self, watch: Watch, now: datetime) -> bool:
        left = (self.politeness.free_at(watch.target) - now).total_seconds()
        return not self.politeness.is_worth_waiting(left)

    def _look(
        self,
        index: Index,
        chosen: Sequence[Watch],
        past: Mapping[str, Past],
        batch: Batch,
        pending: set[str],
    ) -> None:
        """Poll what may be as it was, then visit what is not, and what must be visited."""
        outing = self._outing(index)
        polls, visits = self._parting.part(self.case, index, self.means, chosen, past)
        begun: dict[str, Exchange] = {}
        changed: list[Watch] = []
        folder = new_folder(outing.writer)
        most = VISITS_A_LANE * self.case.settings.tabs
        # However many pages change, what cannot be polled gets its turn.
        most_changed = most - min(len(visits), most // 2)
        try:
            until = self.outside.clock() + timedelta(seconds=SWEEP_SECONDS)
            for found in sweep(outing, polls, folder, until=until, most_changed=most_changed):
                if isinstance(found, Changed):
                    changed.append(found.watch)
                    if found.exchange is not None:
                        begun[found.watch.id] = found.exchange
                else:
                    batch.unchanged += found.count
                    pending -= {one["watch_id"] for one in found.event.body["polled"]}
                    self.outside.progress(batch)
            wanted = changed + visits[: max(0, most - len(changed))]
            if not self.outside.stop.is_set():
                self._visit(outing, wanted, begun, batch, pending)
        finally:
            shutil.rmtree(folder)

    def _visit(
        self,
        outing: Outing,
        wanted: Sequence[Watch],
        begun: Mapping[str, Exchange],
        batch: Batch,
        pending: set[str],
    ) -> None:
        for one in visit_with(outing, wanted, self.known.kept, self.known.past, begun):
            if isinstance(one, Postponed):
                batch.postponed.append(one)
                continue
            if isinstance(one, Crawled):
                batch.crawled.append(one)
                pending.discard(one.watch.id)
            else:
                batch.visits.append(one)
                pending.discard(one.watch_id)
            self.outside.progress(batch)
        if wanted:
            self._used_at = self.outside.clock()

    def _outing(self, index: Index) -> Outing:
        def then(event: Event) -> None:
            take_event(self.case, index, event)
            self.known.take(event)

        writer = TurnWriter(self.case, self.outside.wait, then)
        until = self.outside.clock() + timedelta(seconds=SWEEP_SECONDS + CRAWL_SECONDS)
        return Outing(writer, index, self.means, self.politeness, self.outside.sleep, until)

    def _stamp(self, batch: Batch) -> None:
        """Have the log stamped, when it is time."""
        if self._stamper.is_due(self.case):
            batch.stamped = self._stamper.stamp(self.case)

    def _next(self, index: Index, pending: set[str]) -> datetime | None:
        """Return when the next watch is due and its host may be asked."""
        now, past = self.outside.clock(), pasts(index)
        soonest: list[datetime] = []
        for watch in self.known.watches.values():
            if watch.id in self._barred:
                continue
            when: Due = next_due(watch, past.get(watch.id, NEVER), now)
            at = now if watch.id in pending else when.at
            soonest.append(max(at, self.politeness.free_at(watch.target)))
        return min(soonest, default=None)
