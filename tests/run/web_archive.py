"""A web archive on loopback that speaks RFC 7089 as the Wayback Machine does."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BANNER = b"<div>The archive's banner</div>"
_COPY = re.compile(r"/web/(\d{14})([a-z]{2}_)?/(.+)")


@dataclass(slots=True)
class WebArchive:
    """Copies by original address and 14-digit time; a str instead of bytes is a redirect."""

    url: str
    copies: dict[tuple[str, str], bytes | str] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)  # times whose copies it cannot give
    knows_raw: bool = True
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def timemap(self, original: str) -> str:
        links = [f'<{original}>; rel="original"', f'<{self.url}/web/{original}>; rel="timegate"']
        links += [
            f'<{self.url}/web/{stamp}/{original}>; rel="memento"; datetime="{date(stamp)}"'
            for url, stamp in sorted(self.copies)
            if url == original
        ]
        return ",\n".join(links)

    def timemap_url(self, original: str) -> str:
        return f"{self.url}/web/timemap/link/{original}"


def date(stamp: str) -> str:
    at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return format_datetime(at, usegmt=True)


@contextmanager
def web_archive() -> Iterator[WebArchive]:
    """Serve an archive until the block ends."""
    archive = WebArchive("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            archive.asked.append(self.path)
            begin = "/web/timemap/link/"
            if self.path.startswith(begin):
                text = archive.timemap(self.path.removeprefix(begin)).encode()
                self.answer(200, text, {"Content-Type": "application/link-format"})
            elif found := _COPY.fullmatch(self.path):
                self.copy(*found.groups())
            else:
                self.answer(404, b"nothing", {})

        def copy(self, stamp: str, how: str | None, original: str) -> None:
            kept = archive.copies.get((original, stamp))
            if kept is None or stamp in archive.lacking or (how and not archive.knows_raw):
                self.answer(404, b"This page is not available", {})
                return
            fields = {
                "Memento-Datetime": date(stamp),
                "Link": f'<{original}>; rel="original"',
                "Content-Type": "text/html; charset=utf-8",
            }
            if isinstance(kept, str):
                at = f"{archive.url}/web/{stamp}{how or ''}/{kept}"
                self.answer(302, b"", fields | {"Location": at})
            else:
                self.answer(200, kept if how else BANNER + kept, fields)

        def answer(self, status: int, body: bytes, fields: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (fields | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        archive.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield archive
        finally:
            server.shutdown()
            thread.join()
