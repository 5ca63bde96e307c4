"""Politeness: how long a host is left alone between two requests.

Takes the times of requests and what servers answered, and says when the next may go out. A host
that sends Retry-After (RFC 9110, section 10.2.3) is left alone as long as it asks, within a
bound. Clock and sleep are handed in; nothing here does I/O.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

# A server may ask for rest; one that asks for more than an hour would stop the watch altogether.
MAX_RETRY_AFTER = timedelta(hours=1)

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

    def wait(self, url: str) -> float:
        """Sleep until the host of `url` may be asked; return the seconds slept."""
        seconds = self.seconds_left(url)
        if seconds > 0:
            self._sleep(seconds)
        return seconds

    def seconds_left(self, url: str) -> float:
        """Return the seconds until the host of `url` may be asked, 0 when it may be now."""
        free_at = self._next.get(_host(url))
        return max(0.0, (free_at - self._clock()).total_seconds()) if free_at else 0.0

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
    return (urlsplit(url).hostname or "").lower()
