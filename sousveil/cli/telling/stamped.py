"""How the answers of time-stamping authorities and of witnesses read in a terminal."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sousveil.case import Case
from sousveil.cli.telling.screen import clock, plain, say, tell
from sousveil.run.calendars import Anchored, ask_calendars
from sousveil.run.sending import Outside
from sousveil.run.stamping import Asked, stamp
from sousveil.run.witnessing import Heard, ask_witnesses


def stamp_and_tell(case: Case, at: Callable[[], datetime]) -> None:
    """Have what waits stamped and witnessed at the end of another command; say what came of it.

    The caller holds the case's lock.
    """
    if case.settings.timestamps.authorities:
        tell_asked(stamp(case, Outside(at)), beside=True)
    if case.settings.timestamps.calendars:
        tell_asked(ask_calendars(case, Outside(at)), beside=True)
    if case.settings.witnesses:
        tell_asked(ask_witnesses(case, Outside(at)), beside=True)


def tell_asked(asked: Iterable[Asked | Anchored | Heard], *, beside: bool = False) -> None:
    """Print what was answered, or tell it, `beside` the results of another command."""
    write = tell if beside else say
    for one in asked:
        entries = "1 log entry" if one.entries == 1 else f"{one.entries:,} log entries"
        if isinstance(one, Anchored):
            _tell_anchored(one, entries, write)
            continue
        if isinstance(one, Heard):
            _tell_heard(one, entries, write)
            continue
        what = "older stamps" if one.is_renewal else entries
        if one.at is None:
            write(f"not stamped by {one.authority}: {plain(one.problem)}", "yellow")
            continue
        write(f"stamped by {one.authority}: {what}, {clock(one.at)} ({plain(one.by)})", "green")
        if one.clock_ahead:
            side = "ahead of" if one.clock_ahead.total_seconds() > 0 else "behind"
            seconds = abs(int(one.clock_ahead.total_seconds()))
            tell(f"this computer's clock is {seconds} s {side} the authority's", "yellow")


def _tell_anchored(one: Anchored, entries: str, write: Callable[[str, str], None]) -> None:
    if one.problem:
        write(f"not from {one.by}: {plain(one.problem)}", "yellow")
    elif one.height is None:
        write(f"promised by {one.by}: {entries}; in a block of Bitcoin within hours", "green")
    elif one.at is None:
        write(f"by {one.by}: {entries}, in block {one.height:,} of Bitcoin", "green")
    else:
        write(f"block {one.height:,} of Bitcoin: its header says {clock(one.at)}", "green")


def _tell_heard(one: Heard, entries: str, write: Callable[[str, str], None]) -> None:
    if one.at is not None:
        write(f"witnessed by {one.witness}: {entries}, {clock(one.at)}", "green")
        return
    style = "bold red" if one.is_contradiction else "yellow"
    write(f"not witnessed by {one.witness}: {plain(one.problem)}", style)
