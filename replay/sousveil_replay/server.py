"""The server: one WACZ file, the player and our own two pages, to this computer's browsers only.

Takes a file and gives an HTTP server bound to loopback. Serves a fixed table of paths, by the
origin they are asked of (`policy.py`), GET and HEAD only; anything else is 404, and a Host that is
not ours 421. The WACZ is opened once and read in place, so what is shown is one file even if its
name comes to mean another.

Why not a framework: the table has eleven rows, and the one thing that http.server lacks, ranges,
is a page of code (`ranges.py`); a framework would bring eight packages to a command that has none.
"""

import html
import os
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

from sousveil_replay.policy import CONNECTIONS, CONTENT, Names, bar_fields, names, stage_fields
from sousveil_replay.ranges import UnsatisfiableError, wanted

# Names of hosts are without case, so the random part is hexadecimal; 128 bits cannot be guessed.
TOKEN_BYTES = 16
PLAYER_FILES = ("ui.js", "sw.js")
WACZ_PATH = "/file.wacz"
# What is read and sent at a time; bounds memory whatever a range's size.
PIECE_BYTES = 2**18
# A connection that says nothing for so long is closed; browsers open a new one.
IDLE_SECONDS = 60

_BAR = {"/": "pages/bar.html", "/bar.js": "pages/bar.js", "/style.css": "pages/style.css"}
_STAGE = {
    "/": "pages/stage.html",
    "/stage.js": "pages/stage.js",
    "/quote.js": "pages/quote.js",
    "/style.css": "pages/style.css",
    "/replay/": "pages/empty.html",
    "/replay/guard.js": "pages/guard.js",
    **{f"/replay/{name}": f"player/{name}" for name in PLAYER_FILES},
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _Served:
    """What one origin serves: bytes and media type by path, with the fields of each answer."""

    contents: dict[str, tuple[bytes, str]]
    fields: dict[str, str]
    has_wacz: bool


class ReplayServer(ThreadingHTTPServer):
    """Serves one WACZ file; `names` are its origins. Close it by leaving its `with` block."""

    daemon_threads = True

    def __init__(self, wacz: BinaryIO, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.wacz = wacz
        self.wacz_size = os.fstat(wacz.fileno()).st_size
        self.names = names(secrets.token_hex(TOKEN_BYTES), self.server_port)
        self.served = _table(self.names, Path(wacz.name).name)

    def server_close(self) -> None:
        """Close the socket and the file."""
        super().server_close()
        self.wacz.close()


def open_server(file: Path, port: int) -> ReplayServer:
    """Open `file` and a server for it on `port` (0 takes a free one).

    Raises OSError when the file cannot be read or the port not be had.
    """
    wacz = file.open("rb")
    try:
        return ReplayServer(wacz, port)
    except (OSError, OverflowError) as error:
        wacz.close()
        raise OSError(f"port {port} cannot be had ({error}). Leave --port out.") from error


def _table(origins: Names, file_name: str) -> dict[str, _Served]:
    """Return what is served, by Host. What a file of ours leaves open, `{so}`, is filled in."""
    fields = stage_fields(origins)
    told = {
        "{file}": html.escape(file_name),
        "{stage}": origins.stage,
        "{policy}": fields[CONTENT],
        "{connections}": fields[CONNECTIONS],
    }
    bar = _Served(_contents(_BAR, told), bar_fields(origins), has_wacz=False)
    stage = _Served(_contents(_STAGE, told), fields, has_wacz=True)
    return {_host(origins.bar): bar, _host(origins.stage): stage}


def _contents(paths: dict[str, str], told: dict[str, str]) -> dict[str, tuple[bytes, str]]:
    read = {}
    for path, name in paths.items():
        data = files("sousveil_replay").joinpath(name).read_bytes()
        for mark, value in told.items() if name.startswith("pages/") else ():
            data = data.replace(mark.encode(), value.encode())
        read[path] = (data, _TYPES[Path(name).suffix])
    return read


def _host(origin: str) -> str:
    return origin.removeprefix("http://")


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: ReplayServer

    def do_GET(self) -> None:
        """Answer with a file, or a part of it."""
        served = self.server.served.get(self.headers.get("Host", "").lower())
        path = self.path.partition("?")[0]
        if served is None:
            self._say(HTTPStatus.MISDIRECTED_REQUEST, "No such host here.")
        elif served.has_wacz and path == WACZ_PATH:
            self._wacz(served.fields)
        elif path in served.contents:
            content, media_type = served.contents[path]
            self._head(HTTPStatus.OK, len(content), served.fields | {"Content-Type": media_type})
            self._send(content)
        else:
            self._say(HTTPStatus.NOT_FOUND, "Nothing is served under this address.")

    def do_HEAD(self) -> None:
        """Answer as for GET, without what follows the head."""
        self.do_GET()

    def _wacz(self, fields: dict[str, str]) -> None:
        size = self.server.wacz_size
        fields = fields | {"Content-Type": "application/wacz", "Accept-Ranges": "bytes"}
        # We give no validator, so no If-Range can hold (RFC 9110, section 13.1.5).
        field = None if self.headers.get("If-Range") else self.headers.get("Range")
        try:
            part = wanted(field, size)
        except UnsatisfiableError:
            outside = {"Content-Range": f"bytes */{size}"}
            self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, fields | outside)
            return
        if part is None:
            part = range(size)
            self._head(HTTPStatus.OK, size, fields)
        else:
            told = {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
            self._head(HTTPStatus.PARTIAL_CONTENT, len(part), fields | told)
        for start in range(part.start, part.stop, PIECE_BYTES):
            want = min(PIECE_BYTES, part.stop - start)
            piece = os.pread(self.server.wacz.fileno(), want, start)
            self._send(piece)
            if len(piece) < want:  # the file was cut short under us; so is the answer
                self.close_connection = True
                return

    def _say(self, status: HTTPStatus, words: str) -> None:
        text = f"{words}\n".encode()
        self._head(status, len(text), {"Content-Type": "text/plain; charset=utf-8"})
        self._send(text)

    def _head(self, status: HTTPStatus, length: int, fields: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, data: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(data)

    def version_string(self) -> str:
        """Return what the Server field says."""
        return "sousveil-replay"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Keep quiet: what is looked at in an archive is nobody's business."""
