"""Politeness: how long a host is left alone between two requests.

Takes the times of requests and what servers answered, and says which watch comes next, and when.
A host that sends Retry-After (RFC 9110, section 10.2.3) is left alone as long as it asks, within a
bound; the others go on meanwhile. The clock is handed in, and it is the caller who waits; nothing
here does I/O.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from heapq import heappop, heappush
from urllib.parse import urlsplit

from sousveil.model import Watch

# A server may ask for rest; one that asks for more than an hour would stop the watch altogether.
MAX_RETRY_AFTER = timedelta(hours=1)

# A run that holds the case's lock does not sleep longer than this for a server's sake.
MAX_WAIT_SECONDS = 60.0

# Addresses whose host is remembered: each target's is asked for several times a batch.
MAX_HOSTS_KNOWN = 20_000

_NEVER_ASKED = datetime.min.replace(tzinfo=UTC)

_SECONDS = re.compile(r"[0-9]{1,9}")


def retry_after(value: str, now: datetime) -> timedelta:
    """Return how long a Retry-After field asks us to wait at `now`, 0 to `MAX_RETRY_AFTER`.

    `value` is a number of seconds or an HTTP date; anything else, and a date gone by, is 0.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        asked = timedelta(seconds=int(text))
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # a date, or its offset, out of range
            return timedelta(0)
        asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(asked, timedelta(0)), MAX_RETRY_AFTER)


class Politeness:
    """Keeps the time before which each host is not asked again.

    `delay_seconds` lies between the end of one request to a host and the start of the next; hosts
    in `exempt` (written as in a URL, with the port if there is one) are never waited for, save
    where they ask for it by Retry-After.
    """

    def __init__(
        self,
        delay_seconds: float,
        *,
        clock: Callable[[], datetime],
        exempt: frozenset[str] = frozenset(),
    ) -> None:
        self._delay = timedelta(seconds=delay_seconds)
        self._clock, self._exempt = clock, exempt
        self._next: dict[str, datetime] = {}

    def asked(self, url: str, retry_after_field: str = "") -> None:
        """Note that a request for `url` has just ended, with the Retry-After it was answered."""
        host, now = _host(url), self._clock()
        rest = timedelta(0) if self.is_exempt(url) else self._delay
        self._next[host] = now + max(rest, retry_after(retry_after_field, now))

    def free_at(self, url: str) -> datetime:
        """Return when the host of `url` may be asked; a time gone by for "now"."""
        free_at = self._next.get(_host(url), _NEVER_ASKED)
        # Nobody rests for longer: the clock was set back, and would starve every host that it met.
        is_amiss = free_at - self._clock() > max(MAX_RETRY_AFTER, self._delay)
        return _NEVER_ASKED if is_amiss else free_at

    def seconds_left(self, url: str) -> float:
        """Return how long the host of `url` is still to be left alone; 0 or less for "not"."""
        return (self.free_at(url) - self._clock()).total_seconds()

    def is_worth_waiting(self, seconds: float) -> bool:
        """Tell whether a run may wait so long for one host."""
        # The case's own delay is waited for however long it is: the user asked for it.
        return seconds <= max(MAX_WAIT_SECONDS, self._delay.total_seconds())

    def is_exempt(self, url: str) -> bool:
        """Tell whether the host of `url` is the user's own, and may be asked at any time."""
        parts = urlsplit(url)
        return parts.netloc.lower() in self._exempt or _host(url) in self._exempt


class Turns:
    """The order in which watches are visited, several at once.

    The host that is free first comes first, of two the one named first; what is to be asked of one
    host stays in order, one at a time unless the host is exempt. Whoever takes a watch calls
    `ended` when its visit is over. Watches of a host that asks for more rest than is waited for
    end up in `resting`, with the time until which it rests.
    """

    def __init__(self, politeness: Politeness, watches: Iterable[Watch]) -> None:
        self.resting: list[tuple[Watch, datetime]] = []
        self._politeness = politeness
        self._waiting: dict[str, deque[Watch]] = {}
        for watch in watches:
            self._waiting.setdefault(_host(watch.target), deque()).append(watch)
        self._number = {host: number for number, host in enumerate(self._waiting)}
        self._free: list[tuple[datetime, int, str]] = []  # a heap of hosts that may be asked
        self._listed: set[str] = set()  # those in it
        for host in self._waiting:
            self._release(host)

    def take(self) -> Watch | None:
        """Return the watch that is to be visited next; None when none may be at this moment."""
        while self._free:
            _, _, host = heappop(self._free)
            self._listed.remove(host)
            queue = self._waiting[host]
            seconds = self._politeness.seconds_left(queue[0].target)
            if not self._politeness.is_worth_waiting(seconds):
                until = self._politeness.free_at(queue[0].target)
                self.resting += [(watch, until) for watch in queue]
                queue.clear()
            elif seconds > 0:
                self._release(host)
                if self._free[0][2] == host:
                    return None
            else:
                watch = queue.popleft()
                if self._politeness.is_exempt(watch.target):
                    self._release(host)
                return watch
        return None

    def seconds_to_wait(self) -> float | None:
        """Return how long until `take` gives a watch; None while only visits under way can tell."""
        if not self._free:
            return None
        queue = self._waiting[self._free[0][2]]
        return max(0.0, self._politeness.seconds_left(queue[0].target))

    def ended(self, watch: Watch) -> None:
        """Note that the visit to `watch` is over; `Politeness.asked` was told of it before."""
        self._release(_host(watch.target))

    def _release(self, host: str) -> None:
        queue = self._waiting[host]
        if queue and host not in self._listed:
            self._listed.add(host)
            free_at = self._politeness.free_at(queue[0].target)
            heappush(self._free, (free_at, self._number[host], host))


@lru_cache(MAX_HOSTS_KNOWN)
def _host(url: str) -> str:
    # Without the port: two ports of one host are one machine to be gentle to.
    if "://" not in url:
        return ""  # a local repository
    return (urlsplit(url).hostname or "").lower()
