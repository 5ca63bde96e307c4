"""A small site on loopback whose answers a test can change between two visits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import create_case
from tests.conftest import NOW


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Answers by path; a path that is not there is a 404."""

    url: str  # "http://127.0.0.1:PORT"
    pages: dict[str, Page] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


@contextmanager
def serve() -> Iterator[Site]:
    """Serve a site until the block ends."""
    pages: dict[str, Page] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            page = pages.get(unquote(self.path), Page(b"<h1>Not found</h1>", status=404))
            self.send_response_only(page.status)  # without Date: it has no clock of the tests' time
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            if page.location is not None:
                self.send_header("Location", page.location)
            self.end_headers()
            self.wfile.write(page.body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)  # a client gone before it is accepted must not stop us
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{server.server_port}", pages)
        finally:
            server.shutdown()
            thread.join()


def case_for(root: Path, site: Site) -> Case:
    """Make a case that may reach the site and does not wait between requests."""
    case = create_case(root, title="Test", operator="", now=NOW)
    settings = replace(case.settings, allow_hosts=frozenset({site.host}), delay_seconds=0.0)
    save_settings(case, settings)
    return open_case(root)
