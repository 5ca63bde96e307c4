"""Status: what is said outright, by a firewall's header, by a status code, or by an address.

Status codes are those of RFC 9110 section 15, and of RFC 6585 and RFC 7725.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from sousveil.changes.answer.case import WALLS, Case
from sousveil.changes.answer.notice import LOUD
from sousveil.changes.answer.values import Came, Kind

# Headers by which firewalls name themselves: Cloudflare, "Detect a Challenge Page response"; AWS
# WAF, "CAPTCHA and Challenge action behavior".
CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action")

_BY_STATUS: dict[int, tuple[Kind, float]] = {
    401: (Kind.LOGIN_WALL, 0.8),
    403: (Kind.BLOCK_PAGE, 0.6),
    404: (Kind.NOT_FOUND, 0.8),
    405: (Kind.BLOCK_PAGE, 0.6),
    406: (Kind.BLOCK_PAGE, 0.6),
    407: (Kind.BLOCK_PAGE, 0.6),
    410: (Kind.NOT_FOUND, 0.95),
    429: (Kind.BLOCK_PAGE, 0.9),
    451: (Kind.COUNTRY_WALL, 0.9),
}
_BY_CLASS: dict[int, tuple[Kind, float]] = {4: (Kind.ERROR_PAGE, 0.6), 5: (Kind.ERROR_PAGE, 0.8)}

# Firewalls that would rather not be known answer 404, and say in the text what they want.
_HIDING = frozenset({"challenge", "blocked", "rate", "country"})

# Successes that carry the page; 202, 204, 206 and their like are no page, or not all of it
# (RFC 9110 section 15.3).
WHOLE_PAGE = frozenset({200, 203})
PART_OF_PAGE = frozenset(range(200, 300)) - WHOLE_PAGE

_FRONT_PAGE = re.compile(r"/(?:(?:index|default|home)\.\w{2,5})?", re.IGNORECASE)


def by_status(case: Case) -> Came | None:
    """Check 3: a firewall's header, then the status."""
    named = _challenge(case.answer.headers)
    if named:
        return Came(Kind.BLOCK_PAGE, 0.95, (f"the header {named} says that a challenge came",))
    status = case.status or 0
    if status in WHOLE_PAGE:
        return None
    said = case.said
    if status in {404, 410} and said and said.strength >= LOUD and said.sign in _HIDING:
        kind, means = WALLS[said.sign]
        return Came(kind, 0.6, (f'HTTP {status}, but it {means}: "{said.phrase}"',))
    kind, confidence = kind_of_status(status)
    return Came(kind, confidence, (f"HTTP {status}",))


def kind_of_status(status: int) -> tuple[Kind, float]:
    """Return what a status that is no `WHOLE_PAGE` speaks for, and how surely."""
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, (Kind.UNTOLD, 0.5))


def is_front_page(url: str) -> bool:
    """Whether an address is that of the front page of its host."""
    return _FRONT_PAGE.fullmatch(urlsplit(url).path or "/") is not None


def _challenge(headers: Mapping[str, str]) -> str:
    return next((name for name in CHALLENGE_HEADERS if headers.get(name)), "")
