"""Throttle: who guesses passwords waits, ever longer.

Failures are counted by the name that was tried, whether or not there is such a user (so the wait
tells nothing of that), and by the address that tried. The first are free, for people mistype, and a
whole office may have one address; then each doubles the wait, up to a quarter of an hour, which
leaves a guesser a hundred tries a day.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sousveil.index.reviews import person

FREE_OF_NAME = 5
FREE_OF_ADDRESS = 30
FIRST_WAIT = timedelta(seconds=2)
MAX_DOUBLINGS = 9
LONGEST_WAIT = FIRST_WAIT * 2**MAX_DOUBLINGS  # 17 minutes
FORGOTTEN_AFTER = timedelta(days=1)

# Names and addresses remembered; beyond them, what failed longest ago is forgotten. Each costs
# whoever floods it the check of a password.
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: datetime

    def until(self, free: int) -> datetime:
        """When the next try is heard, if so many failures are free."""
        beyond = self.count - free
        return self.last if beyond < 0 else self.last + FIRST_WAIT * 2 ** min(beyond, MAX_DOUBLINGS)


class Throttle:
    """The failures of late, by name or address."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, now: datetime) -> timedelta:
        """Return how long it is until a try is heard; zero when it is now."""
        free = {_of_name(name): FREE_OF_NAME, _of_address(address): FREE_OF_ADDRESS}
        with self._lock:
            known = [(self._failures[key], free[key]) for key in free if key in self._failures]
        return max([timedelta(), *(failures.until(most) - now for failures, most in known)])

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            for key in (_of_name(name), _of_address(address)):
                known = self._failures.pop(key, None)
                if known is None or now - known.last > FORGOTTEN_AFTER:
                    known = _Failures(0, now)
                self._failures[key] = _Failures(known.count + 1, now)
            while len(self._failures) > MAX_REMEMBERED:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name; not of its address, who may guess at other names there."""
        with self._lock:
            self._failures.pop(_of_name(name), None)


def _of_name(name: str) -> str:
    return f"name {person(name)}"


def _of_address(address: str) -> str:
    return f"address {address}"
