"""The server below the desk: uvicorn, with the desk's limits.

Who connects and says nothing, or says it a letter at a time, holds a connection for some seconds
and no longer; uvicorn itself waits for the head of a request without end.
"""

import asyncio
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

# A browser opens six connections to a host; a newsroom has some dozens of them.
MAX_CONNECTIONS = 500

# Of a request's line and headers. Ours are short; what browsers send besides is a few kB.
MAX_HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 10.0

GOODBYE_SECONDS = 3  # given to answers under way when the desk ends

LOOPBACK = ("127.0.0.1", "::1")


class DeskProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a time by which a request's head is there."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait on if that was not all of a head."""
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._stop_waiting()

    def _await_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def make_server(
    app: ASGIApp,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    behind_proxy: bool = False,
) -> uvicorn.Server:
    """Return the server of an application; `run(sockets=[…])` serves it until it is stopped.

    With a certificate and its key it speaks TLS. Behind a proxy on this computer, that one is
    believed who it speaks for (X-Forwarded-For); nobody else is.
    """
    config = uvicorn.Config(
        app,
        http=DeskProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=list(LOOPBACK),
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return uvicorn.Server(config)
