"""The vendor on this machine: a web site on 127.0.0.1 and a repository in a folder.

Takes a work folder; serves the first state from start, the second after `change()`. An HTTP/1.1
server of the standard library, for the demonstration and tests only.
"""

import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

from sousveil.demo.vendor.pages import (
    DELETED,
    EDITED,
    LEAFLET,
    PAGES,
    REPORT,
    SCRIPTED,
    Answer,
    answers,
)
from sousveil.demo.vendor.sdk import CLEAN_UP, drop_field, make_repository

REPOSITORY_NAME = "stanelens-sdk"
IDLE_SECONDS = 10  # a client that says nothing for so long is hung up on


class ServedPage(NamedTuple):
    """A page where it is served. `claims`: whether its first state offers to infer a trait."""

    url: str
    claims: bool
    note: str
    needs: str  # "browser", "ocr" or "": without which its claim cannot be seen


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a client that keeps its connection open must not keep the demo alive

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        # A client that connects and is gone before it is accepted must not stop the server.
        self.socket.settimeout(IDLE_SECONDS)
        self.answers: Mapping[str, Answer] = answers(changed=False)

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Say nothing of a client that hung up early, as browsers do; report the rest."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Oddlestane"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer with head and body."""
        self.wfile.write(self._send_head())

    def do_HEAD(self) -> None:
        """Answer with the head alone."""
        self._send_head()

    def _send_head(self) -> bytes:
        if not isinstance(self.server, _Server):
            raise TypeError("this handler belongs to the vendor's server")
        known = self.server.answers
        answer = known.get(unquote(urlsplit(self.path).path), known[""])
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.modified is not None:
            self.send_header("Last-Modified", answer.modified)
        self.end_headers()
        return answer.body

    def log_message(self, *_: object) -> None:
        """Stay quiet: the demonstration tells its own story."""


class VendorSite:
    """The vendor, on stage between `with` and its end.

    `workdir` receives the repository and must not hold one yet (RepositoryError).
    """

    def __init__(self, workdir: Path) -> None:
        self.repository = workdir.resolve() / REPOSITORY_NAME

    def __enter__(self) -> Self:
        make_repository(self.repository)
        self._server = _Server()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The site's address without a slash at the end: "http://127.0.0.1:40123"."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def pages(self) -> list[ServedPage]:
        """All pages, in the order of `PAGES`: those that claim something first."""
        return [
            ServedPage(self.base_url + page.path, page.claims, page.note, page.needs)
            for page in PAGES
        ]

    def urls(self) -> list[str]:
        """Return the addresses of all pages."""
        return [page.url for page in self.pages]

    def change(self) -> list[str]:
        """Turn to the second state; return what the vendor did, one true sentence each.

        Call it once: a second time there is nothing to commit, and RepositoryError is raised.
        """
        drop_field(self.repository)
        self._server.answers = answers(changed=True)
        reworded = (
            f"{EDITED.path}: reworded. “ethnicity (Uyghur / non-Uyghur)” became "
            "“appearance (glasses, mask, bag)”; the alert by ethnicity is gone."
        )
        deleted = f"{DELETED.path}: deleted. The address answers 404."
        emptied = (
            f"{SCRIPTED.path}: the same to the last byte, but the data that its script loads lost "
            "what it said of ethnicity, in English and in Chinese."
        )
        replaced = f"{REPORT.path}: replaced by an edition without the row on ethnicity."
        unlisted = f"{LEAFLET.path}: deleted. The address answers 404."
        dropped = (
            f"{REPOSITORY_NAME}: the ethnicity field was removed from the C header and the Java "
            f"class in a commit with the message “{CLEAN_UP.message}”"
        )
        return [reworded, deleted, emptied, replaced, unlisted, dropped]
