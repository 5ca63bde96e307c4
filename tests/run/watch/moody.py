"""A site on loopback whose pages have tags, dates, neither, or moods; a clock to watch it by."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import create_case, read_events
from sousveil.model import Event
from sousveil.run.watch.batch import Batch, Outside
from sousveil.run.watch.service import run_until
from tests.conftest import NOW

DATE = "Mon, 02 Mar 2026 08:00:00 GMT"
GATHER_SECONDS = 1_800.0  # looks of half an hour go together: each batch takes its syncs
TEXT = "<p>The gate counts visitors and stores one record for each hour of the day.</p>\n"


@dataclass(frozen=True, slots=True)
class Mood:
    """How a page is answered."""

    body: str = TEXT * 30
    etag: str = ""
    last_modified: str = ""
    is_chunked: bool = False
    status: int = 200
    retry_after: str = ""
    location: str = ""
    content_type: str = "text/html; charset=utf-8"
    seconds: float = 0.0  # before the answer
    lies: bool = False  # that it is the same, whatever the condition was


@dataclass(slots=True)
class Moody:
    """The site, and what it was asked."""

    host: str
    pages: dict[str, Mood] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    conditions: list[str] = field(default_factory=list)  # of requests that had any
    date: Callable[[], str] = str  # what it says the time is; "" for nothing

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Stay quiet: a client that was killed hangs up."""


@contextmanager
def moody(address: str = "127.0.0.1") -> Iterator[Moody]:
    """Serve a site until the block ends."""
    site = Moody("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            site.asked[self.path] += 1
            mood = site.pages.get(self.path, Mood("<h1>Not found</h1>", status=404))
            time.sleep(mood.seconds)
            tag, since = self.headers["If-None-Match"], self.headers["If-Modified-Since"]
            if tag or since:
                site.conditions.append(f"{tag} {since}")
            is_same = (tag is not None and tag == mood.etag) or (
                tag is None and since is not None and since == mood.last_modified
            )
            is_same = is_same or (mood.lies and bool(tag or since))
            # Without a Date of its own: it has no clock of the tests' time.
            self.send_response_only(304 if is_same and mood.status == 200 else mood.status)
            for name, value in (
                ("Date", site.date()),
                ("ETag", mood.etag),
                ("Last-Modified", mood.last_modified),
                ("Retry-After", mood.retry_after),
                ("Location", mood.location),
            ):
                if value:
                    self.send_header(name, value)
            body = b"" if is_same else mood.body.encode()
            if not is_same:
                self.send_header("Content-Type", mood.content_type)
            if mood.is_chunked and not is_same:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                half = len(body) // (1 + site.asked[self.path])  # framed otherwise each time
                for part in (body[:half], body[half:], b""):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                return
            if not is_same:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with _Server((address, 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        site.host = f"{address}:{server.server_port}"
        yield site
        server.shutdown()


class Time:
    """A clock that goes on when somebody sleeps, and a little with each look at it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(0.0, seconds))


def case_for(root: Path, *sites: Moody, delay_seconds: float = 0.0) -> Case:
    """Make a case that may reach the sites; without delay they are exempt, as the user's own."""
    case = create_case(root, title="Test", operator="", now=NOW)
    hosts = frozenset(site.host for site in sites)
    save_settings(case, replace(case.settings, allow_hosts=hosts, delay_seconds=delay_seconds))
    return open_case(root)


def keep_watch(
    case: Case, time_: Time, *, days: float = 0.0, everything: bool = False
) -> list[Batch]:
    """Run the service for some days, or once, by a clock of its own."""
    stop, until = threading.Event(), time_.at + timedelta(days=days)

    def nap(seconds: float) -> None:
        time_.sleep(seconds)
        if time_.at >= until:
            stop.set()

    outside = Outside(
        clock=time_.now,
        sleep=time_.sleep,
        nap=nap,
        wait=lambda: False,
        stop=stop,
        progress=lambda _: None,
    )
    batches = run_until(
        case, outside, once=not days, everything=everything, gather_seconds=GATHER_SECONDS
    )
    return list(batches)


def logged(case: Case, kind: str) -> list[Event]:
    """Return the events of one type."""
    return [event for event in read_events(open_case(case.root)) if event.type == kind]
