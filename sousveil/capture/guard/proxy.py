"""The guard proxy: the only way a browser has to the network.

A SOCKS5 server on loopback (RFC 1928, the command CONNECT alone), to be named to Chromium as
`--proxy-server=socks5://…`: it then resolves no name itself and asks for http, https and
WebSockets alike by CONNECT. What it asks for is judged and dialled as `dial.py` says, and the
bytes are passed on unread: TLS stays between browser and server. Each capture gets a listener of
its own, a *lane*, so that its connections are known to be its own.

One thread runs one asyncio loop for all lanes. A tunnel holds one buffer for each direction and
reads no more before that is sent on, so that a slow reader slows the writer down, and memory does
not depend on what goes through. Any program of this computer could use a lane while it lasts; it
would get what the guard allows and nothing else.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sousveil.capture.guard.addresses import check_allowed
from sousveil.capture.guard.dial import converse, dial
from sousveil.capture.guard.exits import Exit
from sousveil.capture.guard.socks import Reply, SocksError, reply_message, serve_connect
from sousveil.model import Failure, FailureKind

# A browser says where it wants to go in the same breath in which it connects.
HANDSHAKE_SECONDS = 10.0
# Chromium closes its own unused connections after 300 seconds; no capture lasts that long.
IDLE_SECONDS = 120.0
# Chromium opens 32 connections through one proxy, and 256 in all.
MAX_OPEN = 256
# A page that connects more often plays with us; the heaviest pages open some hundreds.
MAX_CONNECTIONS = 5000
# Both directions of all tunnels of a lane; a body of 1 GB, the largest we mean to take, fits.
MAX_LANE_BYTES = 2 * 2**30
# Of one direction of one tunnel: large enough that Python's part of the work is small.
BUFFER_BYTES = 64 * 2**10
# Names asked of the system's resolver at once; each may block a thread for seconds.
RESOLVER_THREADS = 16
# When file descriptors have run out; some will have been closed by then.
ACCEPT_PAUSE_SECONDS = 0.1
_BACKLOG = 512

_REPLIES = {
    FailureKind.REFUSED_ADDRESS: Reply.NOT_ALLOWED,
    FailureKind.TOO_LARGE: Reply.NOT_ALLOWED,
    FailureKind.DNS: Reply.HOST_UNREACHABLE,
    FailureKind.CONNECT: Reply.CONNECTION_REFUSED,
    FailureKind.TIMEOUT: Reply.TTL_EXPIRED,
    FailureKind.EXIT: Reply.GENERAL_FAILURE,
}


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """How much one lane carries."""

    handshake_seconds: float = HANDSHAKE_SECONDS
    idle_seconds: float = IDLE_SECONDS  # a tunnel without a byte is closed within twice that
    max_open: int = MAX_OPEN  # tunnels at once; further ones wait
    max_connections: int = MAX_CONNECTIONS
    max_bytes: int = MAX_LANE_BYTES


@dataclass(frozen=True, slots=True)
class Connection:
    """One thing that was asked of a lane, as far as it has come."""

    host: str  # name or address, as the browser wrote it
    port: int
    opened_at: datetime  # when it was asked for
    ip_address: str | None  # connected to; None while dialling, when it failed, through an exit
    failure: Failure | None  # why there is none, or why it was ended
    sent_bytes: int  # by the browser
    received_bytes: int
    is_open: bool

    @property
    def refused(self) -> str | None:
        """Return why the guard forbade it, in words; None when it did not."""
        if self.failure is None or self.failure.kind is not FailureKind.REFUSED_ADDRESS:
            return None
        return self.failure.message


class GuardProxy:
    """The loop and the thread that lanes run on; a context manager."""

    def __init__(
        self,
        allowed: frozenset[str],
        *,
        clock: Callable[[], datetime],
        limits: LaneLimits = LaneLimits(),
    ) -> None:
        """Prepare a proxy that lets through what is public, and what `allowed` names besides.

        Raises InputError for a malformed entry of `allowed` (guard.py).
        """
        check_allowed(allowed)
        self._allowed, self._clock, self._limits = allowed, clock, limits
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="guard-proxy", daemon=True
        )
        self._resolver = ThreadPoolExecutor(RESOLVER_THREADS, "guard-resolver")
        self._lock = threading.Lock()  # of the next two
        self._lanes: list[Lane] = []
        self._is_closed = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            lanes = tuple(self._lanes)
        for lane in lanes:  # of threads that have not heard yet that all is over
            self._end(lane)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._resolver.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def lane(self, exit_: Exit | None = None) -> Iterator["Lane"]:
        """Give a lane until the block ends; its tunnels end with it, its record stays readable.

        May be called from any thread. The end of the proxy ends its lanes, too. Raises OSError when
        no port can be had, and InterruptedError when the proxy has ended.
        """
        with self._lock:
            if self._is_closed:
                raise InterruptedError("the guard proxy has ended; nothing is let through any more")
            lane = Lane(self._allowed, exit_, self._clock, self._limits, self._resolver)
            asyncio.run_coroutine_threadsafe(lane.open(), self._loop).result()
            self._lanes.append(lane)
        try:
            yield lane
        finally:
            self._end(lane)

    def _end(self, lane: "Lane") -> None:
        with self._lock:
            if lane in self._lanes:
                self._lanes.remove(lane)
                asyncio.run_coroutine_threadsafe(lane.close(), self._loop).result()


class Lane:
    """One listener for one capture, and the record of what went through it.

    `url` and `connections` are for any thread, the rest runs on the proxy's loop.
    """

    def __init__(
        self,
        allowed: frozenset[str],
        exit_: Exit | None,
        clock: Callable[[], datetime],
        limits: LaneLimits,
        resolver: Executor,
    ) -> None:
        self._allowed, self._exit, self._clock = allowed, exit_, clock
        self._limits, self._resolver = limits, resolver
        self._tunnels: list[_Tunnel] = []
        self._bytes_left = limits.max_bytes
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._listener.settimeout(0)
        self.url = f"socks5://127.0.0.1:{self._listener.getsockname()[1]}"

    def connections(self) -> list[Connection]:
        """Return what was asked for so far, in order."""
        return [tunnel.told() for tunnel in tuple(self._tunnels)]

    async def open(self) -> None:
        """Begin to serve."""
        self._serving = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """End the listener and every tunnel."""
        self._serving.cancel()
        with self._listener, suppress(asyncio.CancelledError):
            await self._serving

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        seats = asyncio.Semaphore(self._limits.max_open)
        async with asyncio.TaskGroup() as group:
            while True:
                await seats.acquire()
                try:
                    client, _ = await loop.sock_accept(self._listener)
                except OSError:
                    seats.release()
                    await asyncio.sleep(ACCEPT_PAUSE_SECONDS)
                    continue
                task = group.create_task(self._attend(client))
                task.add_done_callback(lambda _: seats.release())

    async def _attend(self, client: socket.socket) -> None:
        """Serve one connection of the browser from its first byte to its last."""
        loop = asyncio.get_running_loop()
        with client, suppress(OSError):  # a browser that hangs up needs no answer
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                async with asyncio.timeout(self._limits.handshake_seconds):
                    host, port = await converse(client, serve_connect())
            except SocksError as error:
                await loop.sock_sendall(client, error.answer)
                return
            if len(self._tunnels) >= self._limits.max_connections:
                await loop.sock_sendall(client, reply_message(Reply.NOT_ALLOWED))
                return
            tunnel = _Tunnel(host, port, self._clock())
            self._tunnels.append(tunnel)
            try:
                await self._tunnel(client, tunnel)
            finally:
                tunnel.is_open = False

    async def _tunnel(self, client: socket.socket, tunnel: "_Tunnel") -> None:
        loop = asyncio.get_running_loop()
        found = self._spent() or await dial(
            tunnel.host,
            tunnel.port,
            allowed=self._allowed,
            exit_=self._exit,
            resolver=self._resolver,
        )
        if isinstance(found, Failure):
            tunnel.failure = found
            await loop.sock_sendall(client, reply_message(_REPLIES[found.kind]))
            return
        with found.sock as server:
            tunnel.ip_address = found.ip_address
            await loop.sock_sendall(client, reply_message(Reply.SUCCEEDED))
            pumps = {
                asyncio.create_task(self._pump(client, server, tunnel.sent)),
                asyncio.create_task(self._pump(server, client, tunnel.received)),
            }
            try:
                tunnel.failure = await self._watch(pumps, tunnel)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.wait(pumps)

    async def _pump(
        self, source: socket.socket, sink: socket.socket, count: Callable[[int], None]
    ) -> Failure | None:
        """Pass on what comes from `source` until its end, and that end; the other way stays open.

        Returns the failure when the lane's bytes are used up.
        """
        loop = asyncio.get_running_loop()
        buffer = memoryview(bytearray(BUFFER_BYTES))
        while size := await loop.sock_recv_into(source, buffer):
            count(size)
            self._bytes_left -= size
            if spent := self._spent():
                return spent
            await loop.sock_sendall(sink, buffer[:size])
            await asyncio.sleep(0)  # neither call above gives way while bytes are at hand
        with suppress(OSError):  # who has gone already need not be told
            sink.shutdown(socket.SHUT_WR)
        return None

    async def _watch(
        self, pumps: "set[asyncio.Task[Failure | None]]", tunnel: "_Tunnel"
    ) -> Failure | None:
        """Wait until both directions have ended, one broke, or nothing has moved for long."""
        left = pumps
        while left:
            moved = tunnel.sent_bytes + tunnel.received_bytes
            done, left = await asyncio.wait(
                left, timeout=self._limits.idle_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done and moved == tunnel.sent_bytes + tunnel.received_bytes:
                return Failure(
                    FailureKind.TIMEOUT,
                    f"{tunnel.host}: not a byte in {self._limits.idle_seconds:g} seconds",
                )
            for pump in done:
                if error := pump.exception():
                    return _broken(tunnel.host, error)
                if failure := pump.result():
                    return failure
        return None

    def _spent(self) -> Failure | None:
        if self._bytes_left > 0:
            return None
        limit = self._limits.max_bytes
        message = f"more than {limit:,} bytes went through in one capture; the rest was not taken"
        return Failure(FailureKind.TOO_LARGE, message)


class _Tunnel:
    """What a `Connection` tells, while it grows."""

    def __init__(self, host: str, port: int, opened_at: datetime) -> None:
        self.host, self.port, self.opened_at = host, port, opened_at
        self.ip_address: str | None = None
        self.failure: Failure | None = None
        self.sent_bytes = self.received_bytes = 0
        self.is_open = True

    def sent(self, size: int) -> None:
        self.sent_bytes += size

    def received(self, size: int) -> None:
        self.received_bytes += size

    def told(self) -> Connection:
        return Connection(
            host=self.host,
            port=self.port,
            opened_at=self.opened_at,
            ip_address=self.ip_address,
            failure=self.failure,
            sent_bytes=self.sent_bytes,
            received_bytes=self.received_bytes,
            is_open=self.is_open,
        )


def _broken(host: str, error: BaseException) -> Failure:
    """Return the failure of a connection that ended without an end; raises what is no such."""
    if not isinstance(error, OSError):
        raise error
    return Failure(FailureKind.DISCONNECT, f"{host}: the connection broke ({error})")
