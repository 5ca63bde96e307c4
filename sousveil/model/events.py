"""Events: what the log tells, and what of it people are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sousveil.model.capture import Capture
from sousveil.model.fates import Verdict

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """A log entry with its body."""

    index: int  # leaf of the log, from 0
    type: str  # "visit", "watch.added", …
    time: datetime
    body: Mapping[str, Any]  # what happened, in full; the log holds its digest
    warc: str | None = None  # path below the case folder, of the WARC this event brought
    warc_sha256: str | None = None  # hexadecimal


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at a watch, as the log tells it."""

    watch_id: str
    started_at: datetime
    verdict: Verdict  # of the address, not of a quote
    outcome: str  # one line for a person: "HTTP 404", "name not found: vendor.example"
    status: int | None  # of the last hop
    captures: tuple[Capture, ...]
    log_index: int
    address: str = ""  # that was asked for; a site has many


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A letter to somebody about what they publish, and what was frozen before it went."""

    id: str  # 12 hexadecimal digits
    target: str  # the watch it is about
    to: str  # whom it went to, as the user wrote it
    sent_at: datetime
    watch_ids: tuple[str, ...]  # the target, its siblings and the actor's other watches
    log_index: int  # entry of the log that tells of it
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened, for people: what an alert, the feed and the desk tell."""

    id: str  # 12 hexadecimal digits, of what it tells: the same is told once
    at: datetime  # of the look that shows it, or confirms it
    kind: Literal["found", "held", "gone", "reworded", "moved", "back", "unwell", "well", "history"]
    text: str  # one sentence that quotes, and names no address, actor or case
    finding_id: str | None
    watch_id: str | None
    log_index: int | None  # entry of the log that shows it


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that became of a repository, a site or a feed as a whole between two looks."""

    kind: Literal[
        "rewritten",  # commits that no branch or tag reaches any more
        "branch_deleted",
        "branch_renamed",
        "tag_deleted",
        "tag_renamed",
        "tag_moved",
        "repository_gone",
        "repository_closed",  # it asks for a password: private, or gone
        "repository_elsewhere",  # it sends git to an address that it does not tell
        "repository_back",
        "left_map",  # pages that a site map names no more
        "joined_map",
        "unlinked",  # pages that no page of the site links to any more
        "entry_left",  # a feed
        "entry_edited",
        "forbidden",  # by robots.txt
    ]
    subject: str  # a branch, a tag, an address, an entry's title
    before: str = ""  # commit, name or words as they were; "" where there are none
    after: str = ""
    items: tuple[str, ...] = ()  # commits or addresses, the first ones
    count: int = 0  # of them all
    confidence: float = 1.0  # 0 to 1
    reasons: tuple[str, ...] = ()  # in words, the strongest first


@dataclass(frozen=True, slots=True)
class Happening:
    """A turn with the look that shows it."""

    id: str  # 12 hexadecimal digits
    watch_id: str
    turn: Turn
    since: datetime  # of the last look that showed it as it was
    at: datetime  # of the look that shows it
    log_index: int  # entry of the log that tells of that look
