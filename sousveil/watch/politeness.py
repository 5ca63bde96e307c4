"""Politeness: how long a host is left alone between two requests.

Takes the times of requests and what servers answered, and says which watch comes next, and when.
A host that sends Retry-After (RFC 9110, section 10.2.3) is left alone as long as it asks, within a
bound; the others go on meanwhile. Clock and sleep are handed in; nothing here does I/O.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from heapq import heapify, heappop, heappush
from urllib.parse import urlsplit

from sousveil.model import Watch

# A server may ask for rest; one that asks for more than an hour would stop the watch altogether.
MAX_RETRY_AFTER = timedelta(hours=1)

# A run that holds the case's lock does not sleep longer than this for a server's sake.
MAX_WAIT_SECONDS = 60.0

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
        sleep: Callable[[float], None],
        exempt: frozenset[str] = frozenset(),
    ) -> None:
        self._delay = timedelta(seconds=delay_seconds)
        self._clock, self._sleep, self._exempt = clock, sleep, exempt
        self._next: dict[str, datetime] = {}

    def turns(self, watches: Iterable[Watch]) -> Iterator[tuple[Watch, datetime | None]]:
        """Yield each watch once, when its host may be asked, sleeping while none may be.

        The host that is free first comes first, of two the one named first; what is to be asked of
        one host stays in order. With a watch comes None, or, for those of a host that asks for more
        rest than `MAX_WAIT_SECONDS`, the time until which it rests: these come last, are not to be
        asked now, and nobody slept for them. `asked` is told of each request in between.
        """
        queues: dict[str, deque[Watch]] = {}
        for watch in watches:
            queues.setdefault(_host(watch.target), deque()).append(watch)
        ready = [(self._free_at(host), number, host) for number, host in enumerate(queues)]
        heapify(ready)
        while ready:
            free_at, number, host = heappop(ready)
            seconds = (free_at - self._clock()).total_seconds()
            # The case's own delay is waited for however long it is: the user asked for it.
            if seconds > max(MAX_WAIT_SECONDS, self._delay.total_seconds()):
                yield from ((watch, free_at) for watch in queues[host])
                continue
            if seconds > 0:
                self._sleep(seconds)
            yield queues[host].popleft(), None
            if queues[host]:
                heappush(ready, (self._free_at(host), number, host))

    def _free_at(self, host: str) -> datetime:
        return self._next.get(host, _NEVER_ASKED)

    def asked(self, url: str, retry_after_field: str = "") -> None:
        """Note that a request for `url` has just ended, with the Retry-After it was answered."""
        host, now = _host(url), self._clock()
        rest = timedelta(0) if self._is_exempt(url) else self._delay
        self._next[host] = now + max(rest, retry_after(retry_after_field, now))

    def _is_exempt(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.netloc.lower() in self._exempt or _host(url) in self._exempt


def _host(url: str) -> str:
    # Without the port: two ports of one host are one machine to be gentle to.
    if "://" not in url:
        return ""  # a local repository
    return (urlsplit(url).hostname or "").lower()
