"""The watch of the ninety days, in a process of its own, so that it can be killed.

    python -m tests.ninety.watcher CASE CLOCK

Runs the service as `sousveil watch` does, with the clock of world.py: what it would sleep, passes
at once. Ends when the ninety days are over.
"""

import sys
import threading
import time
from functools import partial
from pathlib import Path
from unittest import mock

from sousveil.capture.http.fetch import WireSettings
from sousveil.case import open_case
from sousveil.run.visit import gather
from sousveil.run.watch import sweep
from sousveil.run.watch.batch import Outside
from sousveil.run.watch.service import run_until
from tests.ninety.script import DAY, DAYS, HOUR
from tests.ninety.world import Clock

# A server that hangs is given up after this time, which is real.
GIVE_UP_SECONDS = 0.4
LOCK_SECONDS = 0.05


def main() -> None:
    """Watch until the ninety days are over."""
    case, clock = open_case(Path(sys.argv[1])), Clock(Path(sys.argv[2]))
    patient = partial(WireSettings, total_seconds=GIVE_UP_SECONDS)
    stop = threading.Event()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.seconds >= DAYS * DAY:
            stop.set()

    def wait() -> bool:
        time.sleep(LOCK_SECONDS)
        return True

    outside = Outside(clock.now, sleep, sleep, wait, stop, lambda _: None)
    with (
        mock.patch.object(gather, "WireSettings", patient),
        mock.patch.object(sweep, "POLL_SECONDS", GIVE_UP_SECONDS),
    ):
        for _ in run_until(case, outside, gather_seconds=2 * HOUR):
            pass


if __name__ == "__main__":
    main()
