"""How the answers of time-stamping authorities read in a terminal."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sousveil.case import Case
from sousveil.cli.screen import clock, plain, say, tell
from sousveil.run.stamping import Asked, Outside, stamp


def stamp_and_tell(case: Case, at: Callable[[], datetime]) -> None:
    """Have what waits stamped at the end of another command, and say what came of it.

    The caller holds the case's lock.
    """
    if case.settings.timestamps.authorities:
        tell_asked(stamp(case, Outside(at)), beside=True)


def tell_asked(asked: Iterable[Asked], *, beside: bool = False) -> None:
    """Print what authorities answered, or tell it, `beside` the results of another command."""
    write = tell if beside else say
    for one in asked:
        entries = "1 log entry" if one.entries == 1 else f"{one.entries:,} log entries"
        what = "older stamps" if one.is_renewal else entries
        if one.at is None:
            write(f"not stamped by {one.authority}: {plain(one.problem)}", "yellow")
            continue
        write(f"stamped by {one.authority}: {what}, {clock(one.at)} ({plain(one.by)})", "green")
        if one.clock_ahead:
            side = "ahead of" if one.clock_ahead.total_seconds() > 0 else "behind"
            seconds = abs(int(one.clock_ahead.total_seconds()))
            tell(f"this computer's clock is {seconds} s {side} the authority's", "yellow")
