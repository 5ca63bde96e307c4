"""Commands that keep watch: watch, targets, retire."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import Annotated

import typer

from sousveil.case import SETTINGS_FILE, Case
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.delivered import tell_delivered
from sousveil.cli.telling.news import (
    crawl_line,
    just_revised,
    tell_analysis,
    tell_postponed,
    visit_json,
)
from sousveil.cli.telling.screen import (
    Bar,
    clock,
    count_of,
    is_followed,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.cli.telling.stamped import tell_asked
from sousveil.cli.telling.words import visit_line
from sousveil.errors import InputError
from sousveil.index.due import pasts
from sousveil.index.pace import Pace, paces, retired
from sousveil.index.query import watches
from sousveil.jsonform import instant
from sousveil.ledger import writing
from sousveil.model import Json, Verdict, Watch
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.visit.watches import retire_watches, watches_in_log
from sousveil.run.watch.batch import Batch, Outside
from sousveil.run.watch.service import run_until
from sousveil.signing import unlock
from sousveil.watch.schedule import NEVER, Due, next_due
from sousveil.watch.targets import find_watches

# How soon what other commands added is seen.
GLANCE_SECONDS = 1.0
# Between two tries to get the case's lock.
MOMENT_SECONDS = 0.05


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="watch")(watch_)
    app.command()(targets)
    app.command()(retire)


def watch_(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look at what is due now, then end: for cron.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Begin with a look at all of them.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep watch: visit what falls due, and say what came and went.

    Pages are only asked whether they changed. Ends within seconds at Ctrl-C or SIGTERM; what was
    reported is kept. Other commands can be used on the case meanwhile.
    """
    case = chosen_case(folder)
    unlock(case)
    with _stopped_by_signals() as stop, ExitStack() as open_now:
        bar = open_now.enter_context(progress("watching")) if is_followed() else None
        shown = _Shown(bar, once=once, as_json=as_json)
        outside = Outside(
            clock=now,
            sleep=lambda seconds: _sleep(stop, seconds),
            nap=_napper(case, stop),
            wait=lambda: not stop.wait(MOMENT_SECONDS),
            stop=stop,
            progress=shown.under_way,
        )
        batches = run_until(case, outside, once=once, everything=everything)
        for batch in open_now.enter_context(closing(batches)):
            shown.ended(case, batch)
    if stop.is_set():
        tell("stopped; what was reported is kept")


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give what Ctrl-C and SIGTERM set; a second Ctrl-C interrupts as it does elsewhere."""
    stop = threading.Event()

    def asked(_signal: int, _frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sleep(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


def _napper(case: Case, stop: threading.Event) -> Callable[[float], None]:
    """Return what sleeps until the time is over, somebody stops us, or the case has news."""
    files = (case.log / "checkpoint", case.root / SETTINGS_FILE)

    def state() -> list[int]:
        return [path.stat().st_mtime_ns for path in files if path.exists()]

    def nap(seconds: float) -> None:
        seen, left = state(), seconds
        while left > 0 and not stop.wait(min(left, GLANCE_SECONDS)) and state() == seen:
            left -= GLANCE_SECONDS

    return nap


class _Shown:
    """What of the batches is shown: results on standard output, how it goes on standard error."""

    def __init__(self, bar: Bar | None, *, once: bool, as_json: bool) -> None:
        self._bar, self._once, self._as_json = bar, once, as_json

    def under_way(self, batch: Batch) -> None:
        """Show how a batch fares, where a person looks on."""
        if self._bar is not None:
            done = batch.unchanged + len(batch.visits)
            newest = batch.visits[-1].outcome if batch.visits else "unchanged"
            self._bar(min(done, batch.due), batch.due, newest)

    def ended(self, case: Case, batch: Batch) -> None:
        """Tell what a batch brought."""
        for trouble in batch.troubles:
            tell(plain(trouble, limit=2_000), "yellow")
        self._tell_visits(batch)
        if batch.analysis is not None:
            revised = just_revised(batch.analysis)
            with open_index(case) as index:
                tell_analysis(batch.analysis, index, revised, as_json=self._as_json)
        if batch.delivered is not None:
            tell_delivered(batch.delivered)
        tell_asked(batch.stamped, beside=True)
        if batch.due:
            tell(_batch_line(batch))
        elif batch.next_due is None:
            tell("Nothing is watched yet. Add a target: `sousveil add https://…`.")
        elif self._once:
            tell(f"Nothing is due before {clock(batch.next_due)}.")
        if self._bar is not None:
            until = clock(batch.next_due) if batch.next_due else "nothing to watch"
            self._bar(0, 1, f"next: {until}")

    def _tell_visits(self, batch: Batch) -> None:
        if self._as_json:
            write_json(visit_json(one, batch.targets) for one in batch.visits)
        else:
            for one in batch.visits:
                say(visit_line(one))
        for crawl in batch.crawled:
            tell(crawl_line(crawl))
        for left in batch.postponed:
            if left.until > batch.at:
                tell_postponed(left)


def _batch_line(batch: Batch) -> str:
    """Return one steady line about a batch, for terminals and logs alike."""
    silent = sum(one.verdict is Verdict.UNREACHABLE for one in batch.visits)
    told = [
        f"{clock(batch.at)}  {batch.due:,} due",
        f"{batch.unchanged:,} unchanged",
        f"{len(batch.visits):,} visited",
    ]
    told += [f"{silent:,} without an answer"] if silent else []
    told += [f"next {clock(batch.next_due)}"] if batch.next_due else []
    return ", ".join(told)


def targets(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Show what is watched and how each target fares.

    When it was looked at last, since when it is unchanged, how often it failed in a row, and when
    it is due next, and why.
    """
    case = chosen_case(folder)
    with open_index(case) as index:
        known, pace, past, ended = watches(index), paces(index), pasts(index), retired(index)
    at = now()
    rows = [
        (watch, pace.get(watch.id), next_due(watch, past.get(watch.id, NEVER), at))
        for watch in known
    ]
    if as_json:
        write_json(_target_json(*row, ended.get(row[0].id)) for row in rows)
        return
    for watch, how, due in rows:
        _say_target(watch, how, due, ended.get(watch.id))
    failing = sum(how.failures > 0 for how in pace.values())
    say(
        f"{count_of(len(known) - len(ended), 'target')} watched, {len(ended)} retired,"
        f" {failing} without a usable answer."
    )


def _say_target(watch: Watch, how: Pace | None, due: Due, retired_at: datetime | None) -> None:
    say(f"{watch.id}  {watch.kind:<10}  {plain(watch.target)}", "bold")
    if how is not None and how.last_at is not None:
        looks = f"{count_of(how.looks, 'look')}{_sameness(how)}"
        say(f"    {plain(how.outcome)}, {clock(how.last_at)}; {looks}")
        if how.failures and how.failing_since:
            say(
                f"    no usable answer {count_of(how.failures, 'time')} in a row,"
                f" since {clock(how.failing_since)}",
                "yellow",
            )
    if retired_at is not None:
        say(f"    retired {clock(retired_at)}", "dim")
    else:
        say(f"    every {_interval(watch)}; next {clock(due.at)}: {due.why}", "dim")


def _sameness(how: Pace) -> str:
    """Return since when several looks brought the same; "" when there is nothing to compare."""
    if how.same_since is None or how.looks == 1 or how.failures:
        return ""
    if how.same_since == how.last_at:
        return ", the last brought something else than before"
    return f"; unchanged since {clock(how.same_since)}"


def _interval(watch: Watch) -> str:
    """Return how often a watch is looked at, as --every takes it."""
    seconds = watch.every_seconds
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _target_json(watch: Watch, how: Pace | None, due: Due, retired_at: datetime | None) -> Json:
    how = how or Pace(log_index=0, looks=0)
    return {
        "watch": watch.id,
        "target": watch.target,
        "kind": watch.kind,
        "actor": watch.actor,
        "every_seconds": watch.every_seconds,
        "looks": how.looks,
        "last_look": _time(how.last_at),
        "outcome": how.outcome,
        "unchanged_since": _time(how.same_since),
        "failures": how.failures,
        "failing_since": _time(how.failing_since),
        "next_due": None if retired_at else instant(due.at),
        "why": "retired" if retired_at else due.why,
        "retired_at": _time(retired_at),
    }


def _time(at: datetime | None) -> str | None:
    return instant(at) if at else None


def retire(
    named: Annotated[
        list[str], typer.Argument(metavar="TARGETS...", help="Watches, by target or id.")
    ],
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the watch of targets: they are not visited any more.

    What they brought stays in the case. `sousveil add` watches one again.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        chosen = find_watches(watches_in_log(case), named)
        if not chosen:
            raise InputError("name what is not to be visited any more, by target or id.")
        retire_watches(writer, index, chosen, now())
        sync_index(case, index)
    if as_json:
        write_json(chosen)
        return
    for watch in chosen:
        say(f"{watch.id}  {watch.kind:<10}  {plain(watch.target)}  (retired)")
