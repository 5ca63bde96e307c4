"""Fates: what became of an address or a quote, and where else it is said."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """What became of a watched address or quote."""

    PRESENT = "present"
    EDITED = "edited"
    QUOTE_REMOVED = "quote_removed"
    REMOVED = "removed"
    SOFT_404 = "soft_404"
    MOVED = "moved"
    REDIRECTED_AWAY = "redirected_away"
    LOGIN_WALL = "login_wall"
    BLOCKED = "blocked"
    BLOCKED_BY_COUNTRY = "blocked_by_country"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


GONE = frozenset(
    {
        Verdict.EDITED,
        Verdict.QUOTE_REMOVED,
        Verdict.REMOVED,
        Verdict.SOFT_404,
        Verdict.REDIRECTED_AWAY,
    }
)
"""Verdicts after which a quote is no longer where it was."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one finding between two looks, and what shows it."""

    finding_id: str
    verdict: Verdict
    confidence: float  # 0 to 1
    last_seen: datetime
    gone_by: datetime | None  # first look without it; None while present
    after: str | None  # what stands there now, for an edit
    log_index: int | None  # entry of the log that records the look without it
    evidence: str  # one sentence: "HTTP 404 at 2026-…", "left in commit …"
    remains: bool = False  # whether what stands there now still makes the claim, in other words
    first_seen: datetime | None = None
    reasons: tuple[str, ...] = ()  # for the verdict, in words, the strongest first
    pending: Verdict | None = None  # what it becomes if an absence that was seen lasts
    due: datetime | None = None  # when that can be confirmed at the earliest
    looks_left: int = 0  # until then, at the least
    confirmed_at: datetime | None = None  # by the first look that confirmed it; None while it waits

    @property
    def is_gone(self) -> bool:
        """Whether the claim itself, not just its wording, is no longer where it was."""
        return self.verdict in GONE and not self.remains


@dataclass(frozen=True, slots=True)
class Copy:
    """A finding that says elsewhere what another one says."""

    finding_id: str
    relation: Literal["same_words", "other_language", "same_claim"]
    url: str
    path: str | None  # of a file in a repository, or within a package
    lang: str
    quote: str
    state: Literal["stands", "held", "gone", "unclear"]
    first_seen: datetime
    last_seen: datetime
    gone_by: datetime | None  # first look without it


@dataclass(frozen=True, slots=True)
class Trace:
    """The story of one quote: where it stood, what became of it, and where else it is said."""

    finding_id: str
    state: Literal["stands", "held", "reworded", "moved", "gone", "unclear"]
    first_seen: datetime
    last_seen: datetime
    missing_since: datetime | None  # first look without it, whether that is confirmed or held
    after: str | None  # what stands in its place
    swaps: tuple[str, ...]  # in words: "“Uyghur” became “minority”"
    moved_to: Copy | None  # where the same words came up when they were gone here
    copies: tuple[Copy, ...]  # those that stand first, the nearest relation first
    unlisted: int = 0  # copies beyond those

    @property
    def survivors(self) -> tuple[Copy, ...]:
        """The copies that stand."""
        return tuple(one for one in self.copies if one.state == "stands")
