"""The ways of capturing that bench/capture.py compares, each run in a process of its own.

`python bench/capture_rows.py ROW FOLDER URL…` prints one JSON object: `seconds` from the start of
the browser to the end of the last page, `each` page's seconds where pages came one by one,
`recorded` addresses, and `stored` bytes.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from fastwarc.warc import ArchiveIterator, WarcRecordType

from bench import peers, plain
from bench.site import STREAM_BYTES
from sousveil.archive.write import WarcWriter
from sousveil.capture.browser import Browser, BrowserSettings, find_browser
from sousveil.capture.guard.proxy import GuardProxy
from sousveil.capture.http.fetch import WireSettings, fetch
from sousveil.case import open_case, save_settings
from sousveil.ledger import create_case, writing
from sousveil.model import Exchange
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.visit.visits import visit_all
from sousveil.run.visit.watches import add_watches
from sousveil.watch.targets import make_watch

# The site's own hosts are exempt from politeness, so nothing waits between two pages.
ALLOWED = frozenset({"127.0.0.1"})
# One gigabyte through Python on a busy machine.
STREAM_SECONDS = 400.0
STREAM_LIMIT = STREAM_BYTES + 2**20


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a row gave."""

    seconds: float
    each: Sequence[float] = ()
    recorded: int | None = None  # addresses kept; None where nothing is meant to be
    stored: int = 0  # bytes


Row: TypeAlias = Callable[[Path, Sequence[str]], Result]


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def plain_chromium(_: Path, urls: Sequence[str]) -> Result:
    """Show each page, keep nothing."""
    begun = time.monotonic()
    each, _asked = plain.show_all(urls)
    return Result(time.monotonic() - begun, each)


def browser_capture(folder: Path, urls: Sequence[str]) -> Result:
    """Capture each page in sousveil's browser, one tab; nothing is packed or logged."""
    begun, each, kept = time.monotonic(), [], 0
    with GuardProxy(ALLOWED, clock=now) as proxy, Browser(find_browser()) as browser:
        for url in urls:
            page_begun = time.monotonic()
            with proxy.lane(None) as lane:
                shown = browser.capture(
                    url, proxy=lane.url, folder=folder, settings=BrowserSettings(), clock=now
                )
            each.append(time.monotonic() - page_begun)
            kept += len({one.url for one in shown.exchanges if one.response_head})
    seconds = time.monotonic() - begun
    return Result(seconds, each, kept, _size(folder))


def visit(folder: Path, urls: Sequence[str], *, tabs: int) -> Result:
    """Visit each page as `sousveil visit` does: wire, browser, WARC and log."""
    os.environ["SOUSVEIL_CONFIG"] = str(folder / "config")
    root = folder / "case"
    case = create_case(root, title="bench", operator="", now=now())
    save_settings(case, replace(case.settings, allow_hosts=ALLOWED, tabs=tabs))
    case = open_case(root)
    with writing(case) as writer, open_index(case, create=True) as index:
        watches = [make_watch(url, kind=None, every="1d", actor=None, now=now()) for url in urls]
        add_watches(writer, index, watches, now(), given=())
        sync_index(case, index)
        begun = time.monotonic()
        ends = [time.monotonic() for _ in visit_all(writer, index, watches, now)]
        seconds = time.monotonic() - begun
    each = [after - before for before, after in pairwise(ends)] if tabs == 1 else []
    warcs = sorted(root.rglob("*.warc.gz"))
    return Result(seconds, each, _recorded(warcs), _size(root))


def through_warcprox(folder: Path, urls: Sequence[str]) -> Result:
    """Show each page as plain Chromium does, through warcprox."""
    with peers.warcprox(folder) as proxy:
        begun = time.monotonic()
        each, _ = plain.show_all(urls, proxy=proxy)
        seconds = time.monotonic() - begun
    warcs = sorted((folder / "warcs").iterdir())
    return Result(seconds, each, _recorded(warcs), sum(path.stat().st_size for path in warcs))


def archivebox(folder: Path, urls: Sequence[str]) -> Result:
    """Have ArchiveBox keep each page: wget's WARC, DOM and picture."""
    seconds = peers.archivebox(urls, folder, find_browser())
    return Result(seconds, (), _recorded(sorted(folder.rglob("*.warc.gz"))), _size(folder))


def stream_on_the_wire(folder: Path, urls: Sequence[str]) -> Result:
    """Fetch one large body on the wire, and pack it."""
    begun = time.monotonic()
    settings = WireSettings(
        user_agent="sousveil", max_body_bytes=STREAM_LIMIT, total_seconds=STREAM_SECONDS
    )
    exchanges = fetch(
        f"{urls[0]}.bin", settings=settings, allowed=ALLOWED, folder=folder, clock=now
    )
    return Result(time.monotonic() - begun, stored=_packed(folder, exchanges))


def stream_in_the_browser(folder: Path, urls: Sequence[str]) -> Result:
    """Capture a page whose script fetches one large body, and pack it."""
    begun = time.monotonic()
    settings = BrowserSettings(
        total_seconds=STREAM_SECONDS, max_body_bytes=STREAM_LIMIT, max_total_bytes=2 * STREAM_LIMIT
    )
    with (
        GuardProxy(ALLOWED, clock=now) as proxy,
        Browser(find_browser()) as browser,
        proxy.lane(None) as lane,
    ):
        shown = browser.capture(
            urls[0], proxy=lane.url, folder=folder, settings=settings, clock=now
        )
        seconds = time.monotonic() - begun
    return Result(seconds, stored=_packed(folder, shown.exchanges))


ROWS: dict[str, Row] = {
    "plain Chromium": plain_chromium,
    "sousveil, browser capture": browser_capture,
    "sousveil visit, 1 tab": lambda folder, urls: visit(folder, urls, tabs=1),
    "sousveil visit, 3 tabs": lambda folder, urls: visit(folder, urls, tabs=3),
    "warcprox + Chromium": through_warcprox,
    "ArchiveBox": archivebox,
}
STREAMS: dict[str, Row] = {
    "on the wire": stream_on_the_wire,
    "in the browser": stream_in_the_browser,
}


def _recorded(warcs: Sequence[Path]) -> int:
    """Return how many addresses have an answer in the files; a revisit is one."""
    kept: set[str] = set()
    for path in warcs:
        with path.open("rb") as file:
            answers = WarcRecordType.response | WarcRecordType.revisit
            for record in ArchiveIterator(file, record_types=answers):
                kept.add(record.headers["WARC-Target-URI"])
    return len(kept)


def _packed(folder: Path, exchanges: Sequence[Exchange]) -> int:
    """Write exchanges into a WARC file and return its size; memory counts here, time does not."""
    name = "stream.warc.gz"
    path = folder / name
    with WarcWriter(path, name, software="sousveil", user_agent="sousveil", now=now()) as records:
        for exchange in exchanges:
            records.write_exchange(exchange)
    return path.stat().st_size


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Run one row and print its result."""
    row, folder, *urls = sys.argv[1:]
    try:
        result = (ROWS | STREAMS)[row](Path(folder), urls)
    except peers.AbsentError as absent:
        print(json.dumps({"absent": str(absent)}))
        return
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
