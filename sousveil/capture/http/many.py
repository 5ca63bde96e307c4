"""Many requests at once over the wire, in one thread, each kept byte for byte as by `request.py`.

Takes URLs and gives their exchanges as they end, in any order. libcurl's multi interface talks; a
connection is used again for the next request to its host and port (RFC 9112, section 9.3), whose
address the guard allowed when it was opened. Redirects are not followed, and a certificate that
does not hold ends the request before anything was sent: `fetch` does both.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, Self, TypeVar

import pycurl

from sousveil.capture.guard.addresses import check_allowed
from sousveil.capture.guard.exits import Exit
from sousveil.capture.http.fetch import request_url
from sousveil.capture.http.transfer import (
    Incoming,
    WireSettings,
    exchange_of,
    prepare,
    unasked,
)
from sousveil.model import Exchange, TlsSession

# Connections kept open between requests; a laptop may have 1,024 files open.
MAX_CONNECTIONS = 200

# To one host and port, as browsers do: small servers let no more than five wait at their door.
MAX_TO_A_HOST = 6

# TLS sessions remembered by connection: more than there are connections, so that none is missed.
MAX_SESSIONS = 4 * MAX_CONNECTIONS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Running(Generic[T]):
    what: T
    incoming: Incoming
    started_at: datetime


class Many(Generic[T]):
    """Requests under way; a context manager that gives up what is left of them."""

    def __init__(
        self,
        *,
        settings: WireSettings,
        allowed: frozenset[str],
        folder: Path,
        clock: Callable[[], datetime],
    ) -> None:
        """Make ready; bodies go into new files in `folder`.

        Raises InputError for a malformed entry of `allowed`.
        """
        check_allowed(allowed)
        self._settings, self._allowed = settings, allowed
        self._folder, self._clock = folder, clock
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, MAX_CONNECTIONS)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, MAX_TO_A_HOST)
        self._running: dict[pycurl.Curl, _Running[T]] = {}
        self._idle: list[pycurl.Curl] = []
        self._ended: list[tuple[T, Exchange]] = []
        self._sessions: OrderedDict[int, TlsSession] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for curl, running in self._running.items():
            self._multi.remove_handle(curl)
            running.incoming.close()
            curl.close()
        self._running.clear()
        for curl in self._idle:
            curl.close()
        self._multi.close()

    def __len__(self) -> int:
        """Return how many requests are under way."""
        return len(self._running) + len(self._ended)

    def start(
        self, what: T, url: str, *, conditions: Sequence[str] = (), exit_: Exit | None = None
    ) -> None:
        """Begin to ask for `url`; `ended` will give `what` with the exchange.

        Raises TargetError when `url` is no http or https address.
        """
        incoming = Incoming(request_url(url), self._settings, self._allowed, self._folder, exit_)
        started_at = self._clock()
        if exit_ and (failure := incoming.find_exit(exit_)):
            self._ended.append((what, unasked(incoming.url, started_at, failure)))
            return
        curl = self._idle.pop() if self._idle else pycurl.Curl()
        prepare(curl, incoming, self._settings.total_seconds, conditions=conditions)
        self._running[curl] = _Running(what, incoming, started_at)
        self._multi.add_handle(curl)

    def ended(self, seconds: float) -> list[tuple[T, Exchange]]:
        """Return what has ended, after waiting for something at most `seconds`.

        Raises OSError when a body could not be written.
        """
        self._perform()
        if self._running and not self._ended and seconds > 0:
            self._multi.select(seconds)
            self._perform()
        done, self._ended = self._ended, []
        return done

    def _perform(self) -> None:
        self._multi.perform()
        queued = 1
        while queued:
            queued, well, failed = self._multi.info_read()
            for curl in well:
                self._take(curl, 0, "")
            for curl, code, words in failed:
                self._take(curl, int(code), str(words))

    def _take(self, curl: pycurl.Curl, code: int, words: str) -> None:
        running = self._running.pop(curl)
        running.incoming.close()
        exchange = exchange_of(curl, running.incoming, running.started_at, code, words, verify=True)
        exchange = self._with_session(curl, exchange)
        self._multi.remove_handle(curl)
        curl.reset()
        self._idle.append(curl)
        self._ended.append((running.what, exchange))

    def _with_session(self, curl: pycurl.Curl, exchange: Exchange) -> Exchange:
        """Return `exchange` with its TLS session, which libcurl tells of a new connection only."""
        connection = int(curl.getinfo(pycurl.CONN_ID))
        if exchange.tls is not None:
            self._sessions[connection] = exchange.tls
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        elif connection in self._sessions and exchange.url.startswith("https:"):
            self._sessions.move_to_end(connection)
            return replace(exchange, tls=self._sessions[connection])
        return exchange
