"""Links: pages of a site that no page links to any more.

Takes, of two crawls, which page led to each page, and gives a `Turn`. A page counts as left alone
only where the page that led to it was read again and leads there no more, and no other page that
was read does: what a crawl did not reach, or was refused, shows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sousveil.changes.histories.refs import MAX_ITEMS
from sousveil.model import Turn

# A script may draw the menu one day and not the next: links that only it puts there are not seen.
CONFIDENCE = 0.75
# The page that led there is gone itself, perhaps for an hour.
GONE_CONFIDENCE = 0.5

_GONE_STATUSES = frozenset({404, 410})
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Linked:
    """What a crawl saw of the links within a site."""

    target: str
    led_by: Mapping[str, str]  # page -> the first page that was seen to link to it
    answered: Mapping[str, int | None]  # page that was asked for -> HTTP status in the end


def links_between(before: Mapping[str, str], after: Linked) -> tuple[Turn | None, dict[str, str]]:
    """Return which pages are left alone, and what the next crawl is compared with.

    `before` tells, for each page, the page that led to it when that was last seen.
    """
    alone = {
        page: leader
        for page, leader in before.items()
        if page in after.answered and page not in after.led_by and _was_read(after, leader)
    }
    kept = {page: leader for page, leader in before.items() if page not in alone}
    return _turn(after, alone), kept | dict(after.led_by)


def _was_read(after: Linked, leader: str) -> bool:
    status = after.answered.get(leader)
    return status is not None and (status in _SUCCESS or status in _GONE_STATUSES)


def _turn(after: Linked, alone: Mapping[str, str]) -> Turn | None:
    if not alone:
        return None
    read = sum(status in _SUCCESS for status in after.answered.values() if status is not None)
    gone = sorted({led for led in alone.values() if after.answered[led] in _GONE_STATUSES})
    reasons = [f"{read} pages were read, and none links there any more"]
    if gone:
        reasons.append(f"{gone[0]}, which did, did not answer as a page")
    return Turn(
        "unlinked",
        after.target,
        items=tuple(sorted(alone)[:MAX_ITEMS]),
        count=len(alone),
        confidence=GONE_CONFIDENCE if gone else CONFIDENCE,
        reasons=tuple(reasons),
    )
