"""Rules: watched pages that a site's robots.txt newly forbids.

Takes the rules of two looks (`capture/robots.py`) and gives a `Turn`. A robots.txt that could not
be had forbids everything for a while (RFC 9309, section 2.3.1.4): that is no new rule.
"""

from collections.abc import Iterable

from sousveil.capture.robots import Robots
from sousveil.changes.histories.refs import MAX_ITEMS
from sousveil.model import Turn

CONFIDENCE = 0.95  # the rules speak for themselves


def is_ruling(rules: Robots) -> bool:
    """Tell whether an answer gives rules, or says that there are none."""
    return rules.rules is not None or rules.allows_rest


def rules_between(
    address: str, before: Robots, after: Robots, watched: Iterable[str]
) -> Turn | None:
    """Return which of the addresses in `watched` the robots.txt at `address` newly forbids us."""
    if not (is_ruling(before) and is_ruling(after)):
        return None
    forbidden = sorted({url for url in watched if before.allows(url) and not after.allows(url)})
    if not forbidden:
        return None
    return Turn(
        "forbidden",
        address,
        items=tuple(forbidden[:MAX_ITEMS]),
        count=len(forbidden),
        confidence=CONFIDENCE,
        reasons=(
            "robots.txt allowed them before, and now asks us to stay away",
            "a crawl that obeys it does not see any more what becomes of them",
        ),
    )
