"""A site that is hard to capture, which notes every exchange as it left the server.

Two sites on loopback: `http://localhost:PORT`, and `http://127.0.0.1:PORT` for frames of another
process and preflights. They are reached through our own guard proxy, as all that a browser
reaches. `truth` is what a capture is measured against.
"""

import base64
import gzip
import hashlib
import random
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socketserver import StreamRequestHandler, ThreadingTCPServer

import brotli

from sousveil.capture.guard.proxy import GuardProxy, Lane

Sent = tuple[bytes, bytes, bytes]  # head, entity as on the wire (framing included), and decoded

BIG = random.Random(1).randbytes(20 * 2**20)  # noqa: S311 - not a secret, but the same each time
TEXT = ("This line repeats itself and shrinks well. " * 400).encode()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GBK = "<p>民族识别与人脸属性</p>".encode("gbk")


def _wav() -> bytes:
    sound = b"\x80" * 40_000
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    body = form + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


WAV = _wav()

PAGE = """<!doctype html><html lang="en"><head><title>Nasty</title>
<link rel="stylesheet" href="/style.css"><script type="module" src="/module.js"></script></head>
<body><h1>Nasty</h1><div id="made"></div><img src="/now.png"><img src="/two-cookies.png">
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<iframe src="/same-frame"></iframe><iframe src="{other}/other-frame"></iframe>
<iframe srcdoc="<p>srcdoc</p><img src='/srcdoc.png'>"></iframe>
<iframe src="/gbk-header"></iframe><iframe src="/gbk-meta"></iframe>
<iframe src="/hop1"></iframe><iframe src="/status/404"></iframe><iframe src="/status/500"></iframe>
<audio src="/sound.wav" preload="auto"></audio>
<div style="height:4000px"></div><img id="seen" data-src="/observed.png">
<div style="height:3000px"></div><img loading="lazy" src="/lazy.png" width="9" height="9">
<script src="/page.js"></script></body></html>"""

SCRIPT = """
document.getElementById('made').textContent = 'made by script'
const other = '{other}'
const run = async (name, work) => {{
  try {{ await work() }} catch (error) {{}}
  document.documentElement.dataset[name] = 'done' }}
new IntersectionObserver((seen, watcher) => {{ for (const one of seen) if (one.isIntersecting) {{
  one.target.src = one.target.dataset.src; watcher.disconnect() }} }}).observe(
  document.getElementById('seen'))
run('plain', async () => {{ for (const kind of ['gzip', 'br', 'deflate', 'chunked', 'gzip-chunked',
  'latin', 'status/204', 'status/403', 'status/429'])
  await (await fetch('/' + kind)).text() }})
run('reset', () => fetch('/reset'))
run('big', async () => {{ const got = await (await fetch('/big')).arrayBuffer()
  document.documentElement.dataset.size = got.byteLength }})
run('post', () => fetch('/post', {{method: 'POST', body: 'name=value&zwei=2'}}))
run('form', () => {{ const form = new FormData(); form.append('a', 'b')
  form.append('file', new Blob(['\\u0000bytes\\u00ff']), 'x.bin')
  return fetch('/form', {{method: 'POST', body: form}}) }})
run('put', () => fetch(other + '/put',
  {{method: 'PUT', body: 'put it', headers: {{'X-Own': '1'}}}}))
run('xhr', () => {{ const ask = new XMLHttpRequest(); ask.open('GET', '/xhr'); ask.send() }})
run('beacon', () => navigator.sendBeacon('/beacon', 'beacon body'))
run('worker', () => {{ new Worker('/worker.js')
  new Worker('/worker-module.js', {{type: 'module'}}) }})
run('socket', () => {{ const open = new WebSocket('ws://' + location.host + '/socket')
  open.onopen = () => open.send('hello') }})
run('events', () => {{ new EventSource('/events') }})
run('blob', () => fetch(URL.createObjectURL(new Blob(['in memory']))))
if (navigator.serviceWorker) run('service', () => navigator.serviceWorker.register('/service.js'))
"""

FILES: dict[str, tuple[str, bytes]] = {
    "/style.css": ("text/css", b"body{background:url(/background.png)} @import url(/more.css);"),
    "/module.js": ("text/javascript", b"import './imported.js'; fetch('/from-module')"),
    "/imported.js": ("text/javascript", b"export default 1"),
    "/worker.js": ("text/javascript", b"importScripts('/from-import.js'); fetch('/from-worker')"),
    "/from-import.js": ("text/javascript", b"self.imported = 1"),
    "/worker-module.js": (
        "text/javascript",
        b"import './worker-imported.js'; fetch('/from-worker-module')",
    ),
    "/worker-imported.js": ("text/javascript", b"export default 2"),
    "/service.js": (
        "text/javascript",
        b"""oninstall = e => e.waitUntil(caches.open('v').then(c => c.add('/from-service')))
onactivate = e => e.waitUntil(clients.claim())
onfetch = e => { if (e.request.url.endsWith('/answered'))
  e.respondWith(new Response('by the service worker')) }""",
    ),
    "/same-frame": ("text/html", b"<p>same site</p><img src='/in-same-frame.png'>"),
    "/other-frame": (
        "text/html",
        b"<p>other site</p><img src='/in-other-frame.png'><script>fetch('/from-other')</script>",
    ),
    "/gbk-header": ("text/html; charset=gbk", GBK),
    "/gbk-meta": ("text/html", b"<meta charset=gbk>" + GBK),
    "/arrived": ("text/html", b"<p>at the end of three redirects</p>"),
    "/xhr": ("application/json", b'{"asked": "by XMLHttpRequest"}'),
} | {
    f"/{name}": ("text/plain", name.encode() * 9)
    for name in (
        "from-module",
        "from-worker",
        "from-worker-module",
        "from-service",
        "from-other",
        "put",
        "post",
        "form",
        "beacon",
    )
}
HOPS = {"/hop1": (302, "/hop2"), "/hop2": (301, "/hop3"), "/hop3": (307, "/arrived")}
REASONS = {
    101: "Switching Protocols", 200: "OK", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 403: "Forbidden",
    404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Truth:
    """One exchange as it left the server."""

    method: str
    host: str
    path: str
    request_head: bytes
    request_body: bytes
    status: int
    head: bytes  # b"" when the connection was reset
    wire: bytes  # body, content coding and chunk framing included
    entity: bytes  # body, decoded

    @property
    def url(self) -> str:
        scheme = "ws" if self.status == 101 else "http"
        return f"{scheme}://{self.host}{self.path}"


Pages = dict[str, Callable[["Handler"], None]]


@dataclass
class Site:
    """A running site; `truth` grows with each exchange, in the order answered."""

    port: int
    truth: list[Truth] = field(default_factory=list)
    pages: Pages = field(default_factory=dict)  # what a test adds, by path
    lane: Lane | None = None

    @property
    def proxy(self) -> str:
        """The browser's only way out."""
        assert self.lane is not None
        return self.lane.url

    def connected(self) -> list[str]:
        """Return the hosts that the browser asked for."""
        assert self.lane is not None
        return [made.host for made in self.lane.connections()]

    def url(self, path: str, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{path}"


class Handler(StreamRequestHandler):
    """Answers one request after another on a connection."""

    timeout = 20
    site: Site
    method = host = path = ""
    request_head = request_body = b""

    def handle(self) -> None:
        try:
            while self._read_request():
                self._answer()
        except (OSError, EOFError):
            return

    def _read_request(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            lines.append(line)
        if not lines:
            return False
        self.request_head = b"".join(lines) + b"\r\n"
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.decode("latin-1").partition(":") for line in lines[1:])
        }
        self.method, self.path, _ = lines[0].decode("latin-1").split(" ", 2)
        self.host = fields.get("host", "")
        self.fields = fields
        self.request_body = self.rfile.read(int(fields.get("content-length", "0")))
        return True

    def send(
        self,
        status: int,
        kind: str,
        entity: bytes,
        *fields: str,
        wire: bytes | None = None,
        has_length: bool = True,
    ) -> None:
        """Send an answer and note it."""
        wire = entity if wire is None else wire
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Content-Type: {kind}", *fields]
        if has_length and status != 204:
            lines.append(f"Content-Length: {len(wire)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.note(status, head, wire, entity)
        self.wfile.write(head)
        if self.method != "HEAD":
            self.wfile.write(wire)

    def note(self, status: int, head: bytes, wire: bytes, entity: bytes) -> None:
        self.site.truth.append(
            Truth(
                self.method, self.host, self.path, self.request_head, self.request_body,
                status, head, wire, entity,
            )
        )  # fmt: skip

    def _answer(self) -> None:
        other = self.site.url("", "127.0.0.1")
        if self.path in self.site.pages:
            self.site.pages[self.path](self)
        elif self.path in SPECIAL:
            SPECIAL[self.path](self)
        elif self.path in HOPS:
            status, to = HOPS[self.path]
            self.send(status, "text/plain", b"moved", f"Location: {to}")
        elif self.path.startswith("/status/"):
            status = int(self.path.rpartition("/")[2])
            self.send(status, "text/html", b"" if status == 204 else b"<p>an error page</p>")
        elif self.path == "/":
            self.send(200, "text/html", PAGE.format(other=other).encode())
        elif self.path == "/page.js":
            self.send(200, "text/javascript", SCRIPT.format(other=other).encode())
        elif self.path.endswith(".png"):
            self.send(200, "image/png", PIXEL)
        elif self.method == "OPTIONS":
            self.send(204, "text/plain", b"", *_ALLOWED)
        elif self.path in FILES:
            kind, body = FILES[self.path]
            self.send(200, kind, body, *_ALLOWED[:1])
        else:
            self.send(404, "text/html", b"<p>no such page</p>")


_ALLOWED = (
    "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Methods: PUT",
    "Access-Control-Allow-Headers: x-own",
)


def chunked(body: bytes, size: int = 1000) -> bytes:
    """Return `body` in chunks (RFC 9112, section 7.1)."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def _coded(coding: str, encode: Callable[[bytes], bytes]) -> Callable[[Handler], None]:
    wire = encode(TEXT)
    return lambda h: h.send(200, "text/plain", TEXT, f"Content-Encoding: {coding}", wire=wire)


def _gzip_chunked(handler: Handler) -> None:
    fields = ("Content-Encoding: gzip", "Transfer-Encoding: chunked")
    wire = chunked(gzip.compress(TEXT, mtime=0), 20)
    handler.send(200, "text/plain", TEXT, *fields, wire=wire, has_length=False)


def _chunked(handler: Handler) -> None:
    field = "Transfer-Encoding: chunked"
    handler.send(200, "text/plain", TEXT, field, wire=chunked(TEXT), has_length=False)


def _reset(handler: Handler) -> None:
    handler.note(0, b"", b"", b"")
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    raise EOFError


def _sound(handler: Handler) -> None:
    first, last = (handler.fields.get("range", "").removeprefix("bytes=") + "-").split("-")[:2]
    begin, end = int(first or 0), min(int(last or len(WAV) - 1), len(WAV) - 1)
    part = WAV[begin : end + 1]
    place = f"Content-Range: bytes {begin}-{end}/{len(WAV)}"
    handler.send(206, "audio/wav", part, place, "Accept-Ranges: bytes")


def _events(handler: Handler) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    handler.note(200, head, b"", b"data: tick\n\n" * 3)
    handler.wfile.write(head)
    for count in range(600):
        handler.wfile.write(b"data: tick\n\n")
        time.sleep(0.05 if count < 2 else 0.3)


def _socket(handler: Handler) -> None:
    key = handler.fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324 - RFC 6455
    head = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()
    handler.note(101, head, b"", b"")
    handler.wfile.write(head)
    handler.wfile.write(b"\x81\x05hello")
    while handler.connection.recv(100):
        continue
    raise EOFError


SPECIAL: Pages = {
    "/gzip": _coded("gzip", lambda body: gzip.compress(body, mtime=0)),
    "/br": _coded("br", brotli.compress),
    "/deflate": _coded("deflate", zlib.compress),
    "/chunked": _chunked,
    "/gzip-chunked": _gzip_chunked,
    "/latin": lambda h: h.send(200, "text/plain", b"latin", "X-Name: J\xfcrgen"),
    "/two-cookies.png": lambda h: h.send(
        200, "image/png", PIXEL, "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/"
    ),
    "/big": lambda h: h.send(200, "application/octet-stream", BIG),
    "/reset": _reset,
    "/sound.wav": _sound,
    "/events": _events,
    "/socket": _socket,
}


class Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100

    def handle_error(self, *_: object) -> None:
        """Stay quiet: browsers close connections as they please."""


@contextmanager
def serve() -> Iterator[Site]:
    """Serve the site, and the proxy that leads to it, until the block ends."""

    class Own(Handler):
        site: Site

    with Server(("127.0.0.1", 0), Own) as server:
        Own.site = site = Site(server.server_address[1])
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        allowed = frozenset({"127.0.0.1", "localhost"})
        try:
            with (
                GuardProxy(allowed, clock=lambda: datetime.now(UTC)) as proxy,
                proxy.lane() as lane,
            ):
                site.lane = lane
                yield site
        finally:
            server.shutdown()
            thread.join()
