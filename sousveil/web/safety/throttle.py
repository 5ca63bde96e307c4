"""Throttle: who guesses passwords waits, ever longer.

Failures are counted by the name that was tried and by the address that tried, whether or not there
is such a user: the wait tells nothing of that. The first few are free, for people mistype; then
each doubles the wait, up to a quarter of an hour, which leaves a guesser a hundred tries a day.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=2)
MAX_DOUBLINGS = 9  # 2 s become 17 minutes
FORGOTTEN_AFTER = timedelta(days=1)

# Names and addresses remembered; beyond them, what failed longest ago is forgotten. Each costs
# whoever floods it the check of a password.
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: datetime

    @property
    def until(self) -> datetime:
        """When the next try is heard."""
        beyond = self.count - FREE_FAILURES
        return self.last if beyond < 0 else self.last + FIRST_WAIT * 2 ** min(beyond, MAX_DOUBLINGS)


class Throttle:
    """The failures of late, by name or address."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def wait(self, keys: Iterable[str], now: datetime) -> timedelta:
        """Return how long it is until a try under these keys is heard; zero when it is now."""
        with self._lock:
            waits = [self._failures[key].until - now for key in keys if key in self._failures]
        return max([timedelta(), *waits])

    def failed(self, keys: Iterable[str], now: datetime) -> None:
        """Count a failure under each key."""
        with self._lock:
            for key in keys:
                known = self._failures.pop(key, None)
                if known is None or now - known.last > FORGOTTEN_AFTER:
                    known = _Failures(0, now)
                self._failures[key] = _Failures(known.count + 1, now)
            while len(self._failures) > MAX_REMEMBERED:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, keys: Iterable[str]) -> None:
        """Forget the failures under these keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
