"""How it is told who was alerted, and who could not be."""

from sousveil.cli.telling.screen import count_of, plain, tell
from sousveil.run.alerting import Delivered


def tell_delivered(delivered: Delivered) -> None:
    """Print on standard error who was told and what went wrong; nothing if nobody was to be."""
    for name, count in delivered.told.items():
        tell(f"told {name}: {count_of(count, 'thing')} that happened")
    for name, problem in delivered.failed.items():
        tell(f"alerts: {name}: {plain(problem)}. It waits and is tried again.", "yellow")
