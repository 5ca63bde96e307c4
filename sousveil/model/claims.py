"""Claims and findings: a passage that matches a topic, its evidence, and whose it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sousveil.model.capture import Capture, Picture, RecordRef
from sousveil.model.text import BlockKind, Box

Label: TypeAlias = Literal["offers", "reports", "denies", "discusses"]
LABELS: tuple[Label, ...] = ("offers", "reports", "denies", "discusses")


@dataclass(frozen=True, slots=True)
class Claim:
    """A passage of one document that matches a topic: a finding that has no capture yet.

    `document.text[start:end]` is the quote; `passage_start:passage_end` the window that was judged.
    """

    topic: str  # topic file's name: "ethnicity"
    trait: str  # "ethnicity", "race", …
    label: Label
    score: float  # calibrated probability, 0 to 1, that the passage is a claim
    start: int
    end: int
    passage_start: int
    passage_end: int
    reasons: tuple[str, ...]  # in words, the strongest first
    engine: str  # what judged it: "claims 0.1.0+a1b2c3, ethnicity 1+d4e5f6, reader 0718ab"
    features: tuple[str, ...] = ()  # seen in the passage and weighed, by name, in order


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as evidence: no author's name, for authors are private people."""

    id: str  # 40 or 64 hexadecimal digits
    authored_at: datetime
    committed_at: datetime
    message: str  # whole, as written


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle on an archived picture, in its pixels from the top left corner."""

    picture: Picture
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Origin:
    """A request whose answer holds a quote."""

    url: str
    record: RecordRef
    media_type: str
    seen_by: Literal["wire", "browser"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where in its capture a quote stands; what does not fit is None."""

    kind: BlockKind
    context: str  # headings above it, or JSON pointer
    line: int
    end_line: int
    source_start: int  # characters of the decoded source
    source_end: int
    charset: str
    path: str | None = None  # of a file in a repository
    read_as: str | None = None  # another path of the same bytes, whose ending told how to read them
    blob: str | None = None  # git object id of that file's bytes
    commit: Commit | None = None  # the commit it is cited from
    entered: Commit | None = None  # the commit that brought the quote in
    left: Commit | None = None  # the commit that took it out; None while it stands
    left_log_index: int | None = None  # log entry of the visit that kept that commit
    moved_to: str | None = None  # path where that same commit put the same quote
    reworded: str | None = None  # what that same commit wrote in its place
    reach: Literal["head", "branch", "dropped"] | None = None  # which tips still hold it, if any
    page: int | None = None  # of a PDF, from 1
    boxes: tuple[Box, ...] = ()  # of the quote on that page, one a line
    slide: int | None = None  # of a presentation, from 1
    cell: str | None = None  # of a workbook or an OpenDocument table: "Sheet1!B7"
    part: str | None = None  # path within a ZIP or another package, "docs/api.pdf"
    seen_in: Literal["wire", "rendered", "both"] | None = None  # None: nothing to compare with
    came_from: tuple[Origin, ...] = ()  # of a page shown in a browser: answers that hold the quote
    regions: tuple[Region, ...] = ()  # of the quote on pictures in the archive, one a line
    recognised: float | None = None  # confidence, 0 to 1, of a quote read from a picture (OCR)


@dataclass(frozen=True, slots=True)
class Listing:
    """A line of an official list that names an actor."""

    list: str  # "NDAA section 889"
    name: str  # as the list writes it
    since: str | None  # date of its entry, ISO 8601; None when the list tells none
    source: str  # where the list is published; "" when not told
    until: str | None = None  # date on which the list took it out, ISO 8601


@dataclass(frozen=True, slots=True)
class Imprint:
    """A line in which a document says whose it is."""

    place: Literal["site name", "publisher", "copyright line"]
    text: str  # as it stands there, cut


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose system a claim is about, who speaks, and what says so."""

    actor: str | None  # whose system it is; None when nothing names anybody
    publisher: str | None  # who answers for the page, file or repository
    speaker: Literal["actor", "third party", "unknown"]
    evidence: tuple[str, ...]  # sentences, the strongest first
    listings: tuple[Listing, ...] = ()  # of the actor


@dataclass(frozen=True, slots=True)
class Review:
    """What a named person decided on a finding.

    A decision is sealed, and its note empty, while it waits for others to read for themselves.
    """

    finding_id: str
    decision: Literal["confirmed", "rejected", "sealed"]
    by: str
    at: datetime
    note: str  # "" when none was given
    engine: str  # what had judged the finding when it was decided on
    log_index: int  # entry of the log that holds the decision
    settles: tuple[int, ...] = ()  # log entries of the decisions that it settles between


@dataclass(frozen=True, slots=True)
class Translation:
    """What a quote says in another language, in the words of a named person."""

    finding_id: str  # in which the translator met the quote
    quote_sha256: str  # hexadecimal, of the quote in UTF-8: the same quote elsewhere has it, too
    text: str
    lang: str  # BCP 47
    by: str
    at: datetime
    log_index: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim with its evidence. The same quote at the same address keeps its id for ever."""

    id: str  # 12 hexadecimal digits
    claim: Claim
    quote: str  # exact characters
    prefix: str
    suffix: str
    passage: str  # the window that was judged, for the reader
    url: str
    title: str
    lang: str
    actor: str | None
    capture: Capture  # the first that holds it
    source: Source
    log_index: int  # entry of the log that names the capture's WARC
    watch_id: str | None  # None for an import
    caveats: tuple[str, ...] = ()  # what weakens its evidence, in words
    imprint: tuple[Imprint, ...] = ()  # in which its document says whose it is
    attribution: Attribution | None = None  # told when it is listed; None: not looked for
