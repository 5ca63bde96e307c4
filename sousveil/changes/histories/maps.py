"""Site maps: pages that a site's map names no more, or names now.

Takes what two crawls read of all site maps of a site, taken together, and gives `Turn`s. A page
that moves from one part of the map to another has gone nowhere. A map that is cut, breaks the
format, could not be had or names nothing shows nothing. One that suddenly names less than half of
its pages is most often a program's fault: it is believed when it stays so (`Shrunk`). That a page
left the map says that its owner no longer shows it to search engines, not that it is gone.
Follows the sitemaps.org protocol 0.90.
"""

from dataclasses import dataclass
from datetime import datetime

from sousveil.changes.course.course import LASTING, SPACING
from sousveil.changes.histories.refs import MAX_ITEMS
from sousveil.model import Turn

# A map that loses a larger share of its pages is taken for a stub until it lasts.
STUB_SHARE = 0.5
# Of a map of two or three pages half is one page: that is an edit.
MIN_STUB_PAGES = 3
# Crawls, `SPACING` apart over `LASTING`, that show a shrunken map before it is believed.
LOOKS_AT_STUB = 3

CONFIDENCE = 0.85
STUB_CONFIDENCE = 0.6


@dataclass(frozen=True, slots=True)
class SiteMap:
    """What one crawl read of a site's maps."""

    address: str  # of the first of them
    pages: frozenset[str]
    flaw: str = ""  # why it is not the whole map, in words; "" when it is


@dataclass(frozen=True, slots=True)
class Shrunk:
    """How long a map has been a stub of what it was."""

    since: datetime
    last: datetime  # look that counted
    looks: int = 1


@dataclass(frozen=True, slots=True)
class MapsCompared:
    """What became of a map, and what the next one is compared with."""

    turns: tuple[Turn, ...] = ()
    is_believed: bool = False  # whether the later map is the one to compare with from now on
    shrunk: Shrunk | None = None


def maps_between(
    before: SiteMap, after: SiteMap, *, at: datetime, shrunk: Shrunk | None = None
) -> MapsCompared:
    """Return which pages left the map and which joined it.

    `before` is the last map that was believed, `at` the time of the later crawl, and `shrunk` what
    the comparison with the map between them gave.
    """
    if after.flaw or not after.pages:
        return MapsCompared(shrunk=shrunk)
    left, joined = before.pages - after.pages, after.pages - before.pages
    if len(left) < MIN_STUB_PAGES or len(left) <= STUB_SHARE * len(before.pages):
        whole = f"the map was whole both times: {len(before.pages)} pages, now {len(after.pages)}"
        return MapsCompared(_turns(after, left, joined, CONFIDENCE, whole), is_believed=True)
    shrunk = _lengthened(shrunk, at)
    if shrunk.looks < LOOKS_AT_STUB or at - shrunk.since < LASTING:
        return MapsCompared(shrunk=shrunk)
    days = (at - shrunk.since).days
    stays = (
        f"{len(left)} of {len(before.pages)} pages left at once, and {shrunk.looks} crawls over"
        f" {days} days show the map so"
    )
    return MapsCompared(_turns(after, left, joined, STUB_CONFIDENCE, stays), is_believed=True)


def _lengthened(shrunk: Shrunk | None, at: datetime) -> Shrunk:
    if shrunk is None:
        return Shrunk(at, at)
    if at - shrunk.last < SPACING:
        return shrunk
    return Shrunk(shrunk.since, at, shrunk.looks + 1)


def _turns(
    after: SiteMap, left: frozenset[str], joined: frozenset[str], confidence: float, reason: str
) -> tuple[Turn, ...]:
    turns = []
    if left:
        pages = tuple(sorted(left)[:MAX_ITEMS])
        reasons = (reason, "a page that left the map may still answer: its own looks tell")
        turns.append(Turn("left_map", after.address, "", "", pages, len(left), confidence, reasons))
    if joined:
        pages = tuple(sorted(joined)[:MAX_ITEMS])
        turns.append(
            Turn("joined_map", after.address, "", "", pages, len(joined), confidence, (reason,))
        )
    return tuple(turns)
