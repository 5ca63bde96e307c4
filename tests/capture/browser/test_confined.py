"""A browser behind the guard proxy: it speaks to nobody else, and no page gets it to."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from sousveil.capture.browser import Browser, BrowserSettings
from sousveil.capture.guard.proxy import Connection, GuardProxy, Lane
from tests.capture.exit_server import exit_server

SETTINGS = BrowserSettings(quiet_seconds=0.8, total_seconds=15)
POLL_SECONDS = 0.01
SLOW_SECONDS = 0.5  # an answer that the watcher cannot miss
IDLE_SECONDS = 10.0
_TABLES = ("tcp", "tcp6", "udp", "udp6")

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="only Linux tells a process's connections in /proc"
)


def now() -> datetime:
    return datetime.now(UTC)


# ---------------------------------------------------------------- what the kernel knows


def browser_processes() -> set[int]:
    """Return our children, their children, and so on."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += new
    return found


def sockets_of(processes: set[int]) -> set[str]:
    """Return the inodes of the processes' sockets."""
    inodes = set()
    for process in processes:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
    return inodes


def peers(inodes: set[str]) -> set[tuple[str, str, int]]:
    """Return (protocol, address, port) to which the sockets lead or wait to be led."""
    found = set()
    for table in _TABLES:
        path = Path(f"/proc/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[9] in inodes:
                address, port = fields[2].split(":")
                found.add((table[:3], _address(address), int(port, 16)))
    return found


def _address(digits: str) -> str:
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    return str(ip_address(b"".join(words)))


@contextmanager
def watching() -> Iterator[Counter[tuple[str, str, int]]]:
    """Note, many times a second, to whom our children's sockets lead."""
    seen: Counter[tuple[str, str, int]] = Counter()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            seen.update(peers(sockets_of(browser_processes())))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


# ---------------------------------------------------------------- a site, and who must not be met


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: each request is a connection of its own."""

    pages: ClassVar[dict[str, str]]
    timeout = 10

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", parse_qs(parts.query)["to"][0])
            self.end_headers()
            return
        if parts.path == "/slow":
            time.sleep(SLOW_SECONDS)
        page = self.pages.get(parts.path)
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write((page or "nothing").encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(pages: dict[str, str]) -> Iterator[int]:
    handler = type("Handler", (_Handler,), {"pages": pages})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Private:
    """A listener on TCP and UDP that nobody may meet; counts who came all the same."""

    def __init__(self, address: str, port: int) -> None:
        self.met: list[str] = []
        self.address = address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.tcp = socket.create_server((address, port), family=family)
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.bind((address, self.port))
        for sock, meet in ((self.tcp, self._accept), (self.udp, self._receive)):
            sock.settimeout(0.1)
            threading.Thread(target=meet, daemon=True).start()

    def _accept(self) -> None:
        self._until_closed(self.tcp, lambda: self.met.append(f"TCP from {self.tcp.accept()[1]}"))

    def _receive(self) -> None:
        self._until_closed(self.udp, lambda: self.met.append(f"UDP {self.udp.recv(2000)!r}"))

    @staticmethod
    def _until_closed(sock: socket.socket, meet: Callable[[], None]) -> None:
        while sock.fileno() >= 0:
            with suppress(OSError):
                meet()

    def close(self) -> None:
        self.tcp.close()
        self.udp.close()


@contextmanager
def private(address: str, port: int = 0) -> Iterator[Private]:
    listener = Private(address, port)
    try:
        yield listener
    finally:
        listener.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Iterator[str]]:
    """Stand in for the network's name server: what it answers for a name, one after the other."""
    known: dict[str, Iterator[str]] = {}
    real = socket.getaddrinfo

    def resolve(host: str, port: object, **named: object) -> object:
        if host in known:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(known[host]), port))]
        return real(host, port, **named)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


def show(browser: Browser, lane: Lane, url: str, folder: Path) -> None:
    rendered = browser.capture(url, proxy=lane.url, folder=folder, settings=SETTINGS, clock=now)
    assert rendered.failure is None
    assert rendered.settled


# ---------------------------------------------------------------- what is proved


@pytest.mark.slow
def test_from_its_start_a_browser_connects_to_its_lane_alone(
    program: Path, tmp_path: Path, names: dict[str, Iterator[str]]
) -> None:
    names["page.example"] = cycle(["127.0.0.1"])
    page = "<title>made up</title><p>plain words</p><script>fetch('/slow')</script><img src=/i.png>"
    with (
        serving({"/": page, "/slow": "1"}) as port,
        GuardProxy(frozenset({f"127.0.0.1:{port}"}), clock=now) as proxy,
        proxy.lane() as lane,
        watching() as seen,
        Browser(program) as browser,
    ):
        time.sleep(IDLE_SECONDS)
        assert browser_processes()
        assert not seen
        show(browser, lane, f"http://page.example:{port}/", tmp_path)
        assert set(seen) == {("tcp", "127.0.0.1", int(lane.url.rpartition(":")[2]))}
        assert {(one.host, one.port) for one in lane.connections()} == {("page.example", port)}


def test_through_an_exit_a_browser_leaves_every_name_to_it(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **named: object) -> object:
        if host != "127.0.0.1":  # the exit's own
            resolved.append(host)
        return real(host, *arguments, **named)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    page = (
        "<link rel=dns-prefetch href='//other.example'><link rel=preconnect href='//third.example'>"
        "<iframe src='http://abcdefghij.onion:PORT/'></iframe><img src='http://db.internal/'>"
        "<script>fetch('http://127.0.0.1:PORT/', {mode: 'no-cors'})</script>"
    )
    pages: dict[str, str] = {}
    with (
        serving(pages) as port,
        exit_server() as server,
        GuardProxy(frozenset(), clock=now) as proxy,
        proxy.lane(server.exit) as lane,
        watching() as seen,
        Browser(program) as browser,
    ):
        pages["/"] = page.replace("PORT", str(port))
        show(browser, lane, f"http://page.example:{port}/", tmp_path)
        asked = {(kind, host) for kind, host, _ in server.asked}
        assert asked >= {("name", "page.example"), ("name", "abcdefghij.onion")}
        assert asked <= {("name", f"{one}.example") for one in ("page", "other", "third")} | {
            ("name", "abcdefghij.onion")
        }
        assert refused(lane.connections()) >= {("db.internal", 80), ("127.0.0.1", port)}
        assert resolved == []
        assert set(seen) <= {("tcp", "127.0.0.1", int(lane.url.rpartition(":")[2]))}


# Each puts a link, with `U` for a URL and `H` for host:port, to use in its own way.
ATTACKS = {
    "image": "<img src='http://U/image'>",
    "frame": "<iframe src='http://U/frame'></iframe>",
    "frame over TLS": "<iframe src='https://U/'></iframe>",
    "script": "<script src='http://U/script'></script>",
    "style": "<link rel=stylesheet href='http://U/style'>",
    "prefetch": "<link rel=prefetch href='http://U/prefetch'>",
    "preload": "<link rel=preload as=image href='http://U/preload'>",
    "preconnect": "<link rel=preconnect href='http://U'>",
    "name prefetch": "<link rel=dns-prefetch href='//U'>",
    "object": "<object data='http://U/object'></object>",
    "video": "<video src='http://U/video' autoplay></video>",
    "background": "<p style=\"background: url('http://U/background')\">x</p>",
    "form": "<iframe name=f></iframe><form target=f method=post action='http://U/form'></form>"
    "<script>document.forms[document.forms.length - 1].submit()</script>",
    "fetch": "<script>fetch('http://U/fetch', {mode: 'no-cors'}).catch(() => 0)</script>",
    "beacon": "<script>navigator.sendBeacon('http://U/beacon', 'x')</script>",
    "WebSocket": "<script>new WebSocket('ws://U/socket')</script>",
    "WebSocket over TLS": "<script>new WebSocket('wss://U/socket')</script>",
    "event source": "<script>new EventSource('http://U/events')</script>",
    "worker": "<script>new Worker(URL.createObjectURL(new Blob(["
    "\"fetch('http://U/worker', {mode: 'no-cors'})\"])))</script>",
    "redirect": "<img src='/redirect?to=http://U/redirected'>",
    "redirected frame": "<iframe src='/redirect?to=http://U/'></iframe>",
    "refresh": "<iframe srcdoc=\"<meta http-equiv=refresh content='0;url=http://U/'>\"></iframe>",
    "window": "<script>window.open('http://U/window')</script>",
}

# Other ways to write 127.0.0.2, and names for it.
SPELLINGS = (
    "0x7f000002", "2130706434", "0177.0.0.2", "127.2", "[::ffff:127.0.0.2]", "127.0.0.2.",
    "points-inside.example", "rebound.example",
)  # fmt: skip
# Names of the whole computer: for these the allowed port would be the right one.
OWN_NAMES = ("localhost", "evil.localhost", "[::ffff:127.0.0.1]", "0", "127.0.0.1")
# Enough for each spelling: what they all come down to.
BASIC = ("image", "frame", "fetch", "WebSocket", "redirect", "preconnect")

# Candidates and servers of WebRTC, which would be asked over UDP or TCP past any proxy.
WEBRTC = """<script>(async () => {
  const servers = [{urls: ['stun:U', 'stun:U?transport=udp']},
    {urls: ['turn:U?transport=udp', 'turn:U?transport=tcp', 'turns:U'], username: 'u',
     credential: 'p'}];
  const one = new RTCPeerConnection({iceServers: servers});
  const other = new RTCPeerConnection();
  one.createDataChannel('x');
  await one.setLocalDescription(await one.createOffer());
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription(await other.createAnswer());
  await one.setRemoteDescription(other.localDescription);
  for (const kind of ['udp', 'tcp']) await one.addIceCandidate({sdpMid: '0', candidate:
    `candidate:1 1 ${kind} 2122260223 127.0.0.2 PORT typ host` +
    (kind == 'tcp' ? ' tcptype passive' : '')}).catch(() => 0);
})()</script>"""


def attack(place: str, kinds: Iterable[str]) -> str:
    return "".join(ATTACKS[kind].replace("U", place) for kind in kinds)


def test_no_page_gets_a_browser_to_meet_a_private_address(
    program: Path, tmp_path: Path, names: dict[str, Iterator[str]]
) -> None:
    names["page.example"] = cycle(["127.0.0.1"])
    names["rebound.example"] = cycle(["127.0.0.1", "127.0.0.2"])
    names["points-inside.example"] = cycle(["127.0.0.2"])
    pages: dict[str, str] = {}
    with ExitStack() as stack:
        port = stack.enter_context(serving(pages))
        listeners = [stack.enter_context(private(one, port)) for one in ("127.0.0.2", "::1")]
        other = stack.enter_context(private("127.0.0.1"))
        places = [
            *(f"{host}:{port}" for host in ("127.0.0.2", "[::1]", *SPELLINGS)),
            *(f"{host}:{other.port}" for host in OWN_NAMES),
        ]
        webrtc = WEBRTC.replace("U", places[0]).replace("PORT", str(port))
        pages["/every-way"] = attack(places[0], ATTACKS) + webrtc
        pages["/every-spelling"] = "".join(attack(place, BASIC) for place in places)
        guard = GuardProxy(frozenset({f"127.0.0.1:{port}"}), clock=now)
        proxy = stack.enter_context(guard)
        seen = stack.enter_context(watching())
        browser = stack.enter_context(Browser(program))
        asked, lanes = [], set()
        for path in pages:
            with proxy.lane() as lane:
                show(browser, lane, f"http://page.example:{port}{path}", tmp_path)
            lanes.add(("tcp", "127.0.0.1", int(lane.url.rpartition(":")[2])))
            asked.append(lane.connections())
        assert [listener.met for listener in (*listeners, other)] == [[], [], []]
        assert set(seen) <= lanes
        reached = {(one.ip_address, one.port) for one in asked[0] + asked[1] if one.ip_address}
        assert reached == {("127.0.0.1", port)}
        # It was the guard that stopped them, each in the browser's own spelling.
        assert refused(asked[0]) == {("127.0.0.2", port)}
        assert refused(asked[1]) >= {
            *((host, port) for host in ("127.0.0.2", "::1", "::ffff:7f00:2")),
            *((host, port) for host in ("points-inside.example", "rebound.example")),
            *((host, other.port) for host in ("127.0.0.1", "localhost", "::ffff:7f00:1")),
        }


def refused(connections: Iterable[Connection]) -> set[tuple[str, int]]:
    return {(one.host, one.port) for one in connections if one.refused}
