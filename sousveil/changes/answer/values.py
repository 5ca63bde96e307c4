"""What an answer is judged by, and what it is found to be.

`AnswerFacts` holds what the log recorded of one visit's answer, `Around` what the same host said to
other addresses at that time; `Came` is the finding. `Kind` is finer than `Verdict`: one answer
shows what came, only answers over time show what became of the page (`verdict.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sousveil.changes.looks import Probe
from sousveil.model import Document

# The page stands when half of its own text does; below a third it does not; in between, it stands
# unless the rest says loudly what it is. Measured: removals kept 46 % or more; walls, notices and
# truncated answers 2 % at most.
STANDS_SHARE = 0.5
LOST_SHARE = 1 / 3

# A page that is whole but for a twentieth.
INTACT_SHARE = 0.95

# At most this sure that an address was given up when another host answers for it: it may be a new
# name of the same vendor, a parked name, or a notice that somebody on the way put there.
OTHER_HOST_CONFIDENCE = 0.6


class Kind(StrEnum):
    """What an answer is, beside the last good capture of the page."""

    PAGE = "page"  # a page; there is nothing to compare it with
    UNCHANGED = "unchanged"
    NOISE = "noise"  # only addresses, figures, dates, punctuation or spaces differ
    TINY_EDIT = "tiny_edit"
    EDIT = "edit"
    REMOVAL = "removal"  # part of the text left, the rest stands
    ADDITION = "addition"
    NOT_FOUND = "not_found"  # the server says so: 404, 410
    SOFT_404 = "soft_404"  # it says so in words, or gives what it gives to any made-up address
    MOVED_NOTICE = "moved_notice"  # points elsewhere, or says that the page is retired
    REDIRECTED_AWAY = "redirected_away"  # to the front page, or to another page of the site
    OTHER_SITE = "other_site"
    PARKED = "parked"  # a domain for sale, a default page of a host
    BLOCK_PAGE = "block_page"  # firewall, challenge, rate limit; consent or age wall
    COUNTRY_WALL = "country_wall"
    LOGIN_WALL = "login_wall"
    ERROR_PAGE = "error_page"  # also maintenance, and a wait before a script goes on
    EMPTY = "empty"
    TRUNCATED = "truncated"  # the beginning or a heading of the page, and no more
    UNTOLD = "untold"  # an answer that nothing here recognises
    NO_ANSWER = "no_answer"


PAGES = frozenset(
    {
        Kind.PAGE,
        Kind.UNCHANGED,
        Kind.NOISE,
        Kind.TINY_EDIT,
        Kind.EDIT,
        Kind.REMOVAL,
        Kind.ADDITION,
    }
)
"""The answer is the page, whatever was edited."""

QUIET = frozenset({Kind.PAGE, Kind.UNCHANGED, Kind.NOISE, Kind.TINY_EDIT})
"""Nobody need be told of the page; a quote in it that changed is told whatever the kind."""

ABSENCES = frozenset(
    {
        Kind.NOT_FOUND,
        Kind.SOFT_404,
        Kind.MOVED_NOTICE,
        Kind.REDIRECTED_AWAY,
        Kind.OTHER_SITE,
        Kind.PARKED,
    }
)
"""The answer says, if it lasts, that the page is not there any more. All others say nothing."""


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What was recorded of one visit's answer, beside its text."""

    probes: Sequence[Probe]  # redirects in order; the last one counts
    headers: Mapping[str, str] = field(default_factory=dict)  # of the last one, names in lower case
    source: bytes = b""  # its body, codings undone
    is_verified: bool = True  # whether every certificate on the way held
    lost: str = ""  # what of the body is missing or damaged, in words; "" when it is whole


@dataclass(frozen=True, slots=True)
class Other:
    """What the host said, in the same minutes, to another address."""

    status: int | None  # None without an answer
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """The same host at other addresses. None: not asked."""

    made_up: Other | None = None  # a sibling address that nobody ever published
    home: Other | None = None  # the front page
    neighbour: Other | None = None  # an address that answered well before
    is_listed: bool | None = None  # whether the site map still names the address
    there: Other | None = None  # the address that it leads to now, while the page still stood


NOTHING_ASKED = Around()


@dataclass(frozen=True, slots=True)
class Came:
    """What kind of answer came."""

    kind: Kind
    confidence: float  # 0 to 1
    reasons: tuple[str, ...]  # in words, the strongest first
    kept: float | None = (
        None  # share, 0 to 1, of the former text that stands; None: none to compare
    )
    removed: int = 0  # words that left; a hanzi counts as one
    added: int = 0
    moved_to: str = ""  # where the page now answers, when it stands at another address
    other_lang: str = ""  # language tag of a page written anew, when the former was in another

    @property
    def is_page(self) -> bool:
        """Whether the answer is the page."""
        return self.kind in PAGES
