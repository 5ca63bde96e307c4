"""The world of script.py, served on loopback: a hundred hosts on one port, and their clock.

The clock is a file, mapped into memory by the server here and by the watch in its own process, so
that it goes on where it stood when that process is killed.
"""

import asyncio
import mmap
import random
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from tests.ninety.script import A_HOST, TARGETS, Target, host_spells, now_of, target

THINGS = (
    *("housing", "lens", "cable", "bracket", "power supply", "mount", "cover", "sensor", "shelf"),
    *("window", "battery", "antenna", "motor", "hinge", "screw", "filter", "fan", "keypad", "roof"),
)
LOGIN = (
    "<!doctype html><title>Sign in</title><h1>Sign in</h1><form><p>Please log in to go on.</p>"
    "<input name=user><input name=word type=password><button>Log in</button></form>"
)
FIRST_DAY = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
HOSTS = TARGETS // A_HOST


class Clock:
    """Seconds since the first day, and how wrong the watch's clock is, kept in a file."""

    def __init__(self, path: Path) -> None:
        """Open the clock, made at zero when it is not there."""
        if not path.exists():
            path.write_bytes(struct.pack("dd", 0.0, 0.0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)

    @property
    def seconds(self) -> float:
        """The true time."""
        return float(struct.unpack_from("d", self._map, 0)[0])

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        struct.pack_into("d", self._map, 0, self.seconds + max(0.0, seconds))

    def err(self, seconds: float) -> None:
        """Put the watch's clock forward; 0 puts it right."""
        struct.pack_into("d", self._map, 8, seconds)

    def true(self) -> datetime:
        """Return the true time."""
        return FIRST_DAY + timedelta(seconds=self.seconds)

    def now(self) -> datetime:
        """Return the time that the watch's computer shows."""
        return self.true() + timedelta(seconds=struct.unpack_from("d", self._map, 8)[0])


@dataclass(slots=True)
class World:
    """The server, and what it was asked."""

    port: int
    asked: dict[int, list[float]] = field(default_factory=dict)  # target -> times, true ones

    def address(self, one: Target) -> str:
        """Return a target's address."""
        return f"http://{host_name(one.host)}:{self.port}{one.path}"


def host_name(host: int) -> str:
    """Return the address of a host; all of 127.0.0.0/8 is this computer."""
    return f"127.0.1.{host + 1}"


@contextmanager
def served(clock: Clock) -> Iterator[World]:
    """Serve the world until the block ends."""
    loop = asyncio.new_event_loop()
    world = World(0)
    listening = threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        server = await loop.create_server(lambda: _Connection(clock, world), "0.0.0.0", 0)  # noqa: S104  # all of 127.0.0.0/8
        world.port = server.sockets[0].getsockname()[1]
        listening.set()
        async with server:
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        if not listening.wait(10):
            raise TimeoutError("the world did not begin")
        yield world
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


class _Connection(asyncio.Protocol):
    """One connection, closed after each answer that is no page."""

    def __init__(self, clock: Clock, world: World) -> None:
        self._clock, self._world = clock, world
        self._waiting = b""
        self._out: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        host = int(transport.get_extra_info("sockname")[0].rpartition(".")[2]) - 1
        self._host = host
        if self._trouble() == "refused":
            transport.abort()

    def _trouble(self) -> str:
        at = self._clock.seconds
        return next((one.what for one in host_spells(self._host) if one.holds(at)), "")

    def data_received(self, data: bytes) -> None:
        assert self._out is not None
        self._waiting += data
        while b"\r\n\r\n" in self._waiting and not self._out.is_closing():
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            self._answer(head.split(b" ", 2)[1].decode("ascii"), head)

    def _answer(self, path: str, head: bytes) -> None:
        assert self._out is not None
        at, number = self._clock.seconds, _number(path)
        if number is not None:
            self._world.asked.setdefault(number, []).append(at)
        trouble = self._trouble()
        if trouble == "outage":
            self._out.abort()
        elif trouble == "hang":
            pass  # whoever asked has to give up
        elif trouble == "errors":
            self._send(503, "<h1>Service Unavailable</h1>")
        elif trouble == "wall":
            self._send(403, "<h1>Access denied</h1><p>Request blocked. Ray 7f3a</p>")
        elif number is not None and number // A_HOST == self._host:
            self._page(number, at, head)
        elif path == "/":
            self._send(200, _home(self._host))
        elif path.startswith("/login?"):
            self._send(200, LOGIN)
        else:
            self._missing()

    def _missing(self) -> None:
        soft = any(
            target(n).story == "soft 404"
            for n in range(self._host * A_HOST, (self._host + 1) * A_HOST)
        )
        self._send(200 if soft else 404, _framed(self._host, "<h1>Oops</h1><p>Page not found.</p>"))

    def _page(self, number: int, at: float, head: bytes) -> None:
        one, what = target(number), now_of(number, at)
        match what:
            case "gone 404":
                self._send(404, _framed(self._host, "<h1>Oops</h1><p>Page not found.</p>"))
            case "gone 410":
                self._send(410, "<h1>Gone</h1>")
            case "soft 404":
                self._missing()
            case "sent home":
                self._send(302, "", location="/")
            case "login wall":
                self._send(302, "", location=f"/login?next={one.path}")
            case "cut short":
                text = page(one, at, what)
                self._send(200, text[: text.index("<h2>")] + "<h2>Spec")
            case _:
                self._send(200, page(one, at, what), etag=_version(one, what), head=head)

    def _shown(self) -> datetime:
        """Return what the host's clock shows: of one in ten it stands, of one it is months late."""
        match self._host % 10:
            case 4:
                return FIRST_DAY
            case 8:
                return self._clock.true() - timedelta(days=100)
            case _:
                return self._clock.true()

    def _send(
        self, status: int, text: str, *, location: str = "", etag: str = "", head: bytes = b""
    ) -> None:
        assert self._out is not None
        body = text.encode()
        date = f"Date: {format_datetime(self._shown(), usegmt=True)}\r\n"
        fields = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        if location:
            fields += f"Location: {location}\r\n"
        if etag:
            fields += f'ETag: "{etag}"\r\n'
            if f'If-None-Match: "{etag}"'.encode() in head:
                unchanged = f'HTTP/1.1 304 Not Modified\r\n{date}ETag: "{etag}"\r\n\r\n'
                self._out.write(unchanged.encode())
                return
        self._out.write(f"HTTP/1.1 {status} x\r\n{date}{fields}\r\n".encode() + body)


def _number(path: str) -> int | None:
    name = path.rpartition("/")[2]
    if not (path.startswith("/products/item-") and name.endswith(".html")):
        return None
    digits = name.removeprefix("item-").removesuffix(".html")
    return int(digits) if digits.isdecimal() and int(digits) < TARGETS else None


def _version(one: Target, what: str) -> str:
    """Return the ETag of a page; one in ten has none, and counts its visitors."""
    return "" if _counts(one) else what


def _counts(one: Target) -> bool:
    return one.number % 10 == 3  # any digit would do


def page(one: Target, at: float, what: str) -> str:
    """Return the page of a target at a time."""
    said = {"taken out": "", "reworded": one.reworded}.get(what, one.claim)
    counter = f"<p>Visitors so far: {int(at // 60):,}</p>" if _counts(one) else ""
    parts = (
        f"<h1>Item {one.number}</h1><p>{_filler(one.number, 0)}</p>",
        f"<p>{_filler(one.number, 1)}</p>",
        f"<h2>Specifications</h2><p>{_filler(one.number, 2)}</p><p>{said}</p>",
        f"<h2>Delivery</h2><p>{_filler(one.number, 3)}</p>{counter}",
    )
    if what == "other edit":
        parts = (*parts[:3], "<h2>Delivery</h2><p>We deliver within nine weeks, by rail.</p>")
    if what == "new design":
        menu = "".join(f"<li>Section {n} of our new site</li>" for n in range(12))
        return f"<!doctype html><title>New</title><nav><ul>{menu}</ul></nav>{''.join(parts)}"
    return _framed(one.host, "".join(parts))


def _framed(host: int, text: str) -> str:
    return (
        f"<!doctype html><html><head><title>Works {host}</title></head><body>"
        f"<nav><a href=/>Home</a> <a href=/contact>Contact</a></nav>{text}"
        f"<footer>Nebelkamm Works, plant {host}. All prices without tax.</footer></body></html>"
    )


def _home(host: int) -> str:
    news = "".join(f"<p>{_filler(host, n)}</p>" for n in range(6))
    return _framed(host, f"<h1>Welcome to plant {host}</h1>{news}")


@cache
def _filler(number: int, part: int) -> str:
    """Return a paragraph that shares few words with those of other pages and parts."""
    chance = random.Random(f"{number} {part}")  # noqa: S311  # a text, no secret
    names = " ".join("".join(chance.choices("bdfglmnprstv", k=2)).join("aeo") for _ in range(9))
    thing, other = chance.sample(THINGS, 2)
    return (
        f"The {thing} {names} was tested for {part + 2} years beside the {other}. It weighs"
        f" {chance.randrange(2, 40)} kilograms, needs {chance.randrange(5, 90)} watts and comes"
        f" with {' and '.join(chance.sample(THINGS, 3))}."
    )
