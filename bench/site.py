"""A small site on loopback for bench/capture.py, run as a process of its own.

Prints its address, then serves until it is ended. Page N asks for REQUESTS_PER_PAGE things: itself,
style sheets, scripts, pictures (some only once they are scrolled to) and JSON that its script
fetches, one piece after the page has loaded. Texts go out as gzip. `/stream` is a page that fetches
`/stream.bin`, STREAM_BYTES that do not compress, and keeps none of them.
"""

import gzip
import json
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUESTS_PER_PAGE = 13
STREAM_BYTES = 10**9
_PIECE = random.Random(1).randbytes(2**20)  # noqa: S311  # a body, no secret
_STYLES, _SCRIPTS, _PICTURES, _ROWS = 2, 3, 5, 2
_SIDE = 128  # pixels; a picture of noise has some 50 kB, on the page's own picture as well
_PARAGRAPH = "The terminal counts visitors and stores {} records a day, as the manual explains. "


def _page(name: str) -> bytes:
    at = f"/{name}/"
    styles = "".join(f'<link rel=stylesheet href="{at}{n}.css">' for n in range(_STYLES))
    scripts = "".join(f'<script src="{at}{n}.js"></script>' for n in range(_SCRIPTS))
    size = f"width={_SIDE} height={_SIDE}"
    pictures = "".join(
        f"<h2>Part {n}</h2><p>{_PARAGRAPH.format(n) * 40}</p>"
        f'<img loading={"lazy" if n % 2 else "eager"} src="{at}{n}.png" {size}>'
        for n in range(_PICTURES)
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>"
        f'<link rel=icon href="data:,">{styles}<h1>{name}</h1>{pictures}<ul></ul>{scripts}'
    ).encode()


def _script(name: str) -> bytes:
    body = """const show = async url => {
      for (const row of await (await fetch(url)).json()) {
        const item = document.createElement('li'); item.textContent = row.text
        document.querySelector('ul').append(item) } }
    addEventListener('load', () => { show('0.json'); setTimeout(show, 200, '1.json') })
    """.replace("'0.json'", f"'/{name}/0.json'").replace("'1.json'", f"'/{name}/1.json'")
    return (body + "// padding\n" * 2000).encode()


def _rows(seed: str) -> bytes:
    rows = [{"id": n, "text": f"{seed} " + _PARAGRAPH.format(n)} for n in range(60)]
    return json.dumps(rows).encode()


def _png(seed: str) -> bytes:
    noise = random.Random(seed)  # noqa: S311  # a picture, no secret
    lines = b"".join(b"\0" + noise.randbytes(3 * _SIDE) for _ in range(_SIDE))

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _style(name: str) -> bytes:
    rules = "".join(f".{name}-{n} {{ color: #333; margin: {n % 40}px }}\n" for n in range(400))
    return f"body {{ font: 16px sans-serif; max-width: 60em }}\n{rules}".encode()


_STREAM_PAGE = b"""<!doctype html><title>stream</title><link rel=icon href="data:,"><p>waiting
<script>fetch('/stream.bin').then(async answer => {
  const reader = answer.body.getReader(); let size = 0
  for (;;) { const {done, value} = await reader.read(); if (done) break; size += value.length }
  document.querySelector('p').textContent = size + ' bytes' })</script>"""


@cache
def answer(path: str) -> tuple[str, bytes] | None:
    """Return media type and body of `path`, the body in gzip unless it is a picture."""
    name, _, leaf = path.strip("/").partition("/")
    if path == "/stream":
        return "text/html", gzip.compress(_STREAM_PAGE)
    if not name.startswith("page"):
        return None
    number, _, kind = leaf.partition(".")
    if kind == "png":
        return "image/png", _png(path)
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "": ("text/html", lambda: _page(name)),
        "css": ("text/css", lambda: _style(name)),
        "json": ("application/json", lambda: _rows(path)),
        "js": ("text/javascript", lambda: _script(name) if number == "0" else b"// x\n" * 4000),
    }
    if kind not in makers:
        return None
    media_type, make = makers[kind]
    return media_type, gzip.compress(make())


class Handler(BaseHTTPRequestHandler):
    """Answers as `answer` says."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path == "/stream.bin":
            self._stream()
            return
        found = answer(self.path)
        media_type, body = found or ("text/plain", b"not found")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if found and media_type != "image/png":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:  # a browser that has what it wants leaves at once
            self.close_connection = True

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(STREAM_BYTES))
        self.end_headers()
        left = STREAM_BYTES
        while left:
            left -= self.wfile.write(_PIECE[:left])

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def main() -> None:
    """Serve until ended."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
