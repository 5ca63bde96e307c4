"""Turns: the case's lock for a moment at a time, with room for others in between.

Whoever reads for long, as the service does, writes by these: a person at the desk who presses a key
meanwhile waits for one turn, not for the whole reading.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sousveil.case import Case, Wait, locked
from sousveil.errors import OvertakenError
from sousveil.index.store import Index

# Others try for the lock about every 20 ms (`web/desk.py`, `cli`): a gap that they cannot miss.
GAP_SECONDS = 0.05
# So long turns may follow each other without a gap.
HELD_SECONDS = 0.2


class Turns:
    """Takes turns at a case for one open index of it."""

    def __init__(self, case: Case, index: Index, wait: Wait, stop: threading.Event) -> None:
        """Make ready; `wait` is called while others hold the lock, `stop` cuts a gap short."""
        self._case, self._index, self._wait, self._stop = case, index, wait, stop
        self._held = 0.0  # seconds since the last gap

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the case's lock.

        Raises BusyError as `locked`, and OvertakenError when the index was made again since the
        last turn: what is written to the former one is lost.
        """
        if self._held > HELD_SECONDS:
            self._stop.wait(GAP_SECONDS)
            self._held = 0.0
        with locked(self._case, self._wait):
            if not self._index.is_current():
                raise OvertakenError(f"{self._case.root}: the index was made again meanwhile.")
            begun = time.monotonic()
            try:
                yield
            finally:
                self._held += time.monotonic() - begun
