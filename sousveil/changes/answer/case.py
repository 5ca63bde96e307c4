"""One question, "what came?", with what is worked out of its values once.

Holds the former text, the answer and what the host says besides; gives what several checks of
`came.py` ask of them: how much stands, what is new, what the answer says it is, where it led.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from sousveil.changes.answer.notice import (
    LOUD,
    MAX_NOTICE_CHARACTERS,
    Said,
    title_parts,
    what_it_says,
)
from sousveil.changes.answer.text import (
    Comparison,
    Text,
    compare,
    shingles,
    without_addresses,
    words_of,
)
from sousveil.changes.answer.values import INTACT_SHARE, AnswerFacts, Around, Kind, Other
from sousveil.changes.answer.words import SIGNS, Sign, address_words
from sousveil.extract.links import html_links

# What all pages of a site share is left out of a comparison, unless it is most of this page: then
# the host gives the page itself to every address. So is what the page that it leads to had anyway,
# unless that was all but a twentieth of it: then the two were one page under two addresses.
MAX_FRAME_SHARE = 0.8

# A passage of which more stood on the page already is one of the page's, edited.
MAX_KNOWN_SHARE = 0.3

# How alike, from 0 to 100, two names of one page are: a word's ending may differ.
SAME_NAME = 80.0

# Fewer characters are no page: a blank answer, or one that scripts would fill.
MIN_CHARACTERS = 20

# Scripts and hidden text of a blank answer are read for words up to here: walls are short.
MAX_SOURCE_BYTES = 64 * 1024

WALLS: dict[Sign, tuple[Kind, str]] = {
    "challenge": (Kind.BLOCK_PAGE, "asks to prove that a human visits"),
    "blocked": (Kind.BLOCK_PAGE, "denies access"),
    "rate": (Kind.BLOCK_PAGE, "says that there were too many requests"),
    "login": (Kind.LOGIN_WALL, "asks to log in"),
    "consent": (Kind.BLOCK_PAGE, "asks for consent or age before it shows anything"),
    "country": (Kind.COUNTRY_WALL, "is closed to this country"),
    "error": (Kind.ERROR_PAGE, "tells of a fault, of maintenance or of a wait"),
    "moved": (Kind.MOVED_NOTICE, "says that the page moved or is retired"),
    "not_found": (Kind.SOFT_404, "says that there is no such page"),
    "parked": (Kind.PARKED, "is that of a domain without a site"),
}
SILENT = frozenset({Kind.BLOCK_PAGE, Kind.LOGIN_WALL, Kind.COUNTRY_WALL, Kind.ERROR_PAGE})
"""Answers that say nothing of the page, and so prove no absence."""

# What servers say by an address stands in its path or in the first parameters.
MAX_ADDRESS_CHARACTERS = 500

_DEFAULT_PORTS = frozenset({"80", "443"})
_ADDRESS_PARTS = re.compile(r"[a-z0-9]+")
_PASSWORD = re.compile(rb"<input\b[^>]{0,400}\btype\s*=\s*[\"']?password", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"(?<!!)\[[^\[\]\n]{1,300}\]\(([^()#\s][^()\s]{0,2000})")
_INDEX_FILE = re.compile(r"(?<=/)(?:index|default|home)\.\w{2,5}$", re.IGNORECASE)
_TAG_OR_ESCAPE = re.compile(r"<[^<>]{0,2000}>|\\u[0-9a-fA-F]{4}")


@dataclass(frozen=True)
class Case:
    """One question, with what is worked out of it once."""

    before: Text | None
    after: Text
    answer: AnswerFacts
    around: Around

    @property
    def status(self) -> int | None:
        """HTTP status of the last answer; None without one."""
        return self.answer.probes[-1].status if self.answer.probes else None

    @property
    def asked(self) -> str:
        """The address asked for; there is at least one probe."""
        return self.answer.probes[0].url

    @property
    def arrived(self) -> str:
        """The address that answered."""
        return self.answer.probes[-1].url

    @property
    def is_elsewhere(self) -> bool:
        """Whether another address answered than the one asked for."""
        return not is_same_address(self.asked, self.arrived)

    @cached_property
    def is_renamed(self) -> bool:
        """Whether the answer calls itself something else than the former page did."""
        if self.before is None or not (self.before.name and self.after.name):
            return False
        former, now = title_parts(self.before.name), title_parts(self.after.name)
        own = words_of(" ".join(part for part in former if part not in now))
        new = words_of(" ".join(part for part in now if part not in former))
        return bool(own) and fuzz.ratio(" ".join(own), " ".join(new)) < SAME_NAME

    @cached_property
    def frame(self) -> Counter[int]:
        """What the former page had in common with other addresses, and so is not its own.

        With a made-up one now, and with the one that it leads to when that was another page.
        """
        there = self.around.there if self.is_elsewhere else None
        frame = self._shared(self.around.made_up, MAX_FRAME_SHARE)
        both = frame | self._shared(there, INTACT_SHARE)
        return both if self.before and both != self.before.shingles else frame

    def _shared(self, other: Other | None, most: float) -> Counter[int]:
        """Return what the former page has in common with another, if that is at most a share."""
        if self.before is None or other is None or other.document is None:
            return Counter()
        shared = self.before.shingles & Text(other.document).shingles
        return shared if shared.total() <= most * self.before.shingles.total() else Counter()

    @cached_property
    def compared(self) -> Comparison | None:
        """How the answer stands to the former page, but for the frame."""
        return compare(self.before, self.after, self.frame) if self.before else None

    @cached_property
    def fresh(self) -> tuple[str, ...]:
        """Passages of the answer that the former page had not even in part, without addresses."""
        shown = (without_addresses(one).strip() for one in self.after.passages)
        return tuple(one for one in shown if one and not self._is_known(one))

    def _is_known(self, passage: str) -> bool:
        if self.before is None:
            return False
        pieces = shingles(words_of(passage))
        known = sum(count for piece, count in pieces.items() if piece in self.before.shingles)
        return known > MAX_KNOWN_SHARE * pieces.total()

    @cached_property
    def said(self) -> Said | None:
        """What the answer says it is; a form that asks for a password says so loudest."""
        is_blank = self.after.length < MIN_CHARACTERS
        hidden = _hidden_text(self.answer.source) if is_blank else ""
        title = self.before.document.title if self.before else ""
        said = what_it_says(self.after, self.fresh, former_title=title, extra=hidden)
        is_wall = not said or WALLS[said.sign][0] not in SILENT
        is_short = self.after.length <= MAX_NOTICE_CHARACTERS
        is_html = self.after.document.format == "html"
        if (
            is_html
            and is_wall
            and is_short
            and _PASSWORD.search(self.answer.source[:MAX_SOURCE_BYTES])
        ):
            return Said("login", LOUD, "a field for a password")
        return said


def _hidden_text(source: bytes) -> str:
    """Return what a blank answer holds in scripts and hidden fields."""
    text = source[:MAX_SOURCE_BYTES].decode("utf-8", "replace")
    return _TAG_OR_ESCAPE.sub(" ", text)


def links_in(case: Case) -> int:
    """Return how many links to other pages an answer has."""
    if case.after.document.format == "html":
        source = case.answer.source[:MAX_SOURCE_BYTES].decode("utf-8", "replace")
        found = {link.href for link in html_links(source).links if link.kind == "page"}
        return len({href for href in found if href and not href.startswith("#")})
    return len(set(_MARKDOWN_LINK.findall("\n".join(case.after.passages))))


def sign_in_address(asked: str, arrived: str) -> tuple[Sign, str] | None:
    """Return what the address says to which a visitor was sent, and by which part of it."""
    old = set(_ADDRESS_PARTS.findall(asked.lower()))
    parts = _ADDRESS_PARTS.findall(arrived.lower()[:MAX_ADDRESS_CHARACTERS])
    pairs = (left + right for left, right in pairwise(parts))  # "sign-in", "not_found"
    found = [part for part in (*parts, *pairs) if part not in old and part in address_words()]
    return min(((address_words()[part], part) for part in found), key=_rank, default=None)


def _rank(found: tuple[Sign, str]) -> int:
    return SIGNS.index(found[0])


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses name one page: not the scheme, `www.` or a slash at the end."""
    try:
        before, after = urlsplit(one), urlsplit(other)
    except ValueError:
        return one == other
    same_path = before.path.rstrip("/") == after.path.rstrip("/")
    return host_of(one) == host_of(other) and same_path and before.query == after.query


def leads_up(asked: str, arrived: str) -> bool:
    """Whether an address is one of a folder that another of the same host lies in."""
    if host_of(asked) != host_of(arrived):
        return False
    before, after = urlsplit(asked), urlsplit(arrived)
    folder = f"{_INDEX_FILE.sub('', after.path).rstrip('/')}/"
    if f"{before.path.rstrip('/')}/" == folder:
        return bool(before.query) and not after.query  # /products?id=7 lies in /products
    return before.path.startswith(folder)


def host_of(url: str) -> str:
    """Return the host of an address, without what a vendor changes and stays the same: `www.`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    name = (parts.hostname or "").rstrip(".").removeprefix("www.")
    port = parts.netloc.rpartition(":")[2]
    return f"{name}:{port}" if port.isdigit() and port not in _DEFAULT_PORTS else name
