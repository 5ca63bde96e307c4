"""The nouns: what the stages hand each other.

Frozen values, checked where they are made and trusted afterwards. Times are aware and in UTC.
Digests are text, `sha256:` and 64 hexadecimal digits, as WARC 1.1 and CDXJ write them. Text
offsets count Unicode code points (W3C Web Annotation, TextPositionSelector).
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


class WatchKind(StrEnum):
    """What a target is, hence how it is visited."""

    PAGE = "page"
    SITE = "site"
    DOCUMENT = "document"
    REPOSITORY = "repository"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the visit of a site or a feed goes."""

    depth: int  # links from the target to a page, at most
    pages: int  # asked for in one crawl, at most
    scope: Literal["folder", "host", "domain"]  # what of the site: watch/scope.py
    robots: Literal["obey", "ignore"]  # robots.txt
    documents: bool = True  # whether PDF, office and ZIP files one link outside are taken too


@dataclass(frozen=True, slots=True)
class Watch:
    """One target with its schedule."""

    id: str  # 12 hexadecimal digits
    target: str  # URL, or absolute path of a local repository
    kind: WatchKind
    every_seconds: int
    actor: str | None  # who answers for the target, as the user named them
    added_at: datetime
    browser: bool = True  # whether pages are also shown in a browser, where there is one
    exit: str = ""  # name of the exit in case.toml's [exits]; "" for the case's own choice
    bounds: Bounds | None = None  # of a site or a feed


# ---------------------------------------------------------------- capture


class FailureKind(StrEnum):
    """Why a request brought no complete answer. An outcome, not an exception."""

    REFUSED_ADDRESS = "refused_address"  # our guard: private, loopback, link-local, metadata
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    DISCONNECT = "disconnect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_REDIRECT = "bad_redirect"  # to a scheme we do not follow
    PROTOCOL = "protocol"  # not HTTP
    REPOSITORY = "repository"  # git said no
    EXIT = "exit"  # the way out that the case chose is down: nothing was learnt of the target


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, in words for a person."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What the TLS handshake showed."""

    version: str  # "TLSv1.3"
    cipher: str  # "TLS_AES_256_GCM_SHA384"; "" when libcurl does not tell
    chain: tuple[bytes, ...]  # DER certificates, the server's own first
    verified: bool  # whether the chain led to a trusted root for this host


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte, before it is written down.

    A redirect chain is several exchanges. `body` is a file with the body as the wire carried it,
    chunk framing and content coding included; it may be shorter than announced (`truncated`).
    """

    url: str
    started_at: datetime
    elapsed_seconds: float
    request_head: bytes  # request line and header fields as sent, with the empty line; b"" if none
    response_head: bytes  # status line and header fields as received; b"" if none
    body: Path | None
    status: int | None
    ip_address: str | None
    tls: TlsSession | None
    truncated: Literal["length", "time", "disconnect", "unspecified"] | None  # WARC-Truncated
    failure: Failure | None
    location: str | None  # absolute URL this answer redirects to
    interim_heads: tuple[bytes, ...] = ()  # heads of 1xx answers that came before, as received
    request_body: bytes = b""
    seen_by: Literal["wire", "browser"] = "wire"
    is_decoded: bool = False  # the browser had undone the content coding: no wire bytes
    is_rebuilt: bool = False  # the heads are written from fields (HTTP/2): no wire bytes
    resource_type: str = ""  # what a browser asked for it as, in CDP's words: "Document", "Script"
    protocol: str = ""  # as a browser names it: "http/1.1", "h2"
    initiator: str = ""  # address of the document or script that asked for it


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Where a WARC record lies, relative to the case folder."""

    warc: str  # POSIX path below the case folder
    offset: int  # bytes from the start of the file
    length: int  # bytes of the stored (compressed) record
    record_id: str  # WARC-Record-ID, "<urn:uuid:…>"
    digest: str  # SHA-256 of the record's block (WARC-Block-Digest)


@dataclass(frozen=True, slots=True)
class Capture:
    """One answer as it lies in the archive: an HTTP response or a resource."""

    url: str
    captured_at: datetime  # WARC-Date
    status: int | None  # HTTP status; None for a resource
    media_type: str  # "text/html" without parameters; "" when not told
    record: RecordRef
    payload_digest: str = ""  # WARC-Payload-Digest; "" where no revisit may refer to the record
    refers_to: RecordRef | None = None  # of a revisit: the record that holds its payload


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the archive: a slice of a page's screenshot, or an image."""

    record: RecordRef
    media_type: str
    width: int  # pixels
    height: int
    top: int = 0  # of a slice: pixels from the top of the page


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a browser showed of an address, as it lies in the archive."""

    url: str  # in the address bar, in the end
    rendered_at: datetime
    browser: str  # "Chrome/140.0.7339.80"
    status: int | None  # of the main document, as the browser saw it
    width: int  # of the page, in CSS pixels, which are the screenshot's
    height: int
    snapshot: RecordRef | None  # DOM and layout, `RENDERING_TYPE`
    slices: tuple[Picture, ...]  # of the screenshot, from the top
    requests: RecordRef | None  # JSON list of what was requested, and which record holds it
    request_count: int
    settled: Literal["quiet", "time"] | None  # whether it fell silent or was cut off
    failure: Failure | None
    notes: tuple[str, ...] = ()  # what was not taken, in words


RENDERING_TYPE = "application/vnd.sousveil.rendering+json"
"""Media type of a rendering's snapshot; extract/rendered.py reads it."""

SNAPSHOT_URN = "urn:sousveil:rendering:"
"""What precedes the page's address in the URI of a rendering's snapshot."""


# ---------------------------------------------------------------- extract


class BlockKind(StrEnum):
    """What a run of text is in its document."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    CELL = "cell"  # table cell
    TITLE = "title"
    META = "meta"  # description, keywords, Open Graph
    ALT = "alt"  # text that stands for a picture or control: alt, title, aria-label, placeholder
    CODE = "code"  # source code without its comments, or preformatted text
    COMMENT = "comment"  # of source code or HTML
    STRING = "string"  # string value of JSON or YAML
    FIELD = "field"  # field name of JSON or YAML


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text kept apart from its neighbours; no sentence crosses its ends."""

    start: int  # offset into Document.text
    end: int  # exclusive
    kind: BlockKind
    context: str = ""  # headings above ("Face attributes > Response"), JSON pointer, or ""
    page: int | None = None  # of a PDF, from 1
    slide: int | None = None  # of a presentation, from 1; its speaker notes count as on it
    cell: str | None = None  # of a workbook or an OpenDocument table: "Sheet1!B7"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page of a PDF, in its user space: points from the bottom left corner.

    ISO 32000-1, section 8.3.2.3; the page's rotation is not applied.
    """

    page: int  # from 1
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text on one line, with the rectangle in which it is seen.

    Of a rendered page and of an image: pixels from the top left corner. Of a PDF: points from the
    bottom left corner, so that `top` is the greater, as in `Box`.
    """

    start: int  # offset into Document.text
    end: int  # exclusive
    left: float
    top: float
    right: float
    bottom: float
    page: int | None = None  # of a PDF, from 1
    confidence: float | None = None  # 0 to 1, of characters recognised in a picture


@dataclass(frozen=True, slots=True)
class Document:
    """Extracted text with the way back to the source.

    `text` joins the blocks, in source order, with one line feed. `source_offsets[i]` is the
    offset, in characters of the decoded source, where `text[i]` came from, and has one entry more
    than `text` (the end); None says that text and source are the same. Offsets never decrease.

    A PDF or office file has no text as its source: `source_offsets` is None, offsets and lines
    count in the extracted text, and the blocks tell page, slide or cell.
    """

    text: str
    blocks: tuple[Block, ...]
    format: Literal["html", "xml", "text", "json", "code", "pdf", "office", "rendered", "image"]
    charset: str  # what the bytes were decoded with, WHATWG name; "" for a PDF or office file
    lang: str = ""  # declared language (BCP 47) or "code"; "" when not told
    title: str = ""
    source_offsets: "array[int] | None" = None
    line_starts: tuple[int, ...] = (0,)  # offsets of the lines in the decoded source
    through: str = ""  # a program of others that made the text of it: "LibreOffice 7.4.7.2"
    unread: str = ""  # what holds text that was not read: "pages 2-6 are pictures without text"
    runs: tuple[
        Run, ...
    ] = ()  # where text is seen, in order; those of a PDF's own text are not here

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the decoded source that `text[start:end]` came from."""
        if self.source_offsets is None:
            return start, end
        if start == end:
            return self.source_offsets[start], self.source_offsets[start]
        return self.source_offsets[start], self.source_offsets[end - 1] + 1

    def line(self, offset: int) -> int:
        """Return the line of the source, from 1, that `text[offset]` came from."""
        return bisect_right(self.line_starts, self.source_span(offset, offset)[0])


# ---------------------------------------------------------------- claims

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
    """What a named person decided on a finding."""

    finding_id: str
    decision: Literal["confirmed", "rejected"]
    by: str
    at: datetime
    note: str  # "" when none was given
    engine: str  # what had judged the finding when it was decided on
    log_index: int  # entry of the log that holds the decision


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

    @property
    def is_gone(self) -> bool:
        """Whether the claim itself, not just its wording, is no longer where it was."""
        return self.verdict in GONE and not self.remains


# ---------------------------------------------------------------- traces


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


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Event:
    """A log entry with its body."""

    index: int  # leaf of the log, from 0
    type: str  # "visit", "watch.added", …
    time: datetime
    body: Mapping[str, Any]  # what happened, in full; the log holds its digest
    warc: str | None = None  # path below the case folder, of the WARC this event brought
    warc_sha256: str | None = None  # hexadecimal


# ---------------------------------------------------------------- reports


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
    at: datetime  # of the look that shows it
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


@dataclass(frozen=True, slots=True)
class WatchReport:
    """A watch with everything seen of it, oldest visit first."""

    watch: Watch
    visits: tuple[Visit, ...]
    happenings: tuple[Happening, ...] = ()  # to the whole of it, the oldest first


@dataclass(frozen=True, slots=True)
class LogHead:
    """The log's signed head, and how to check it."""

    origin: str
    size: int
    root: str  # base64, as in the checkpoint
    key: str  # verifier key (C2SP signed-note)
    checkpoint: str  # the signed note, whole


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp that holds: an authority's word that the log's first entries existed by then."""

    file: str  # POSIX path below the case folder
    authority: str  # as the case calls it
    by: str  # the name in the authority's certificate
    at: datetime
    entries: int  # of the log that are covered: 0 to `entries` - 1
    root: str  # name of the root that the authority's certificate leads to
    root_sha256: str  # hexadecimal, of the root's certificate
    is_trusted: bool  # whether this computer trusts that root by itself
    stands_until: datetime  # when the first of its certificates ends, or that of a renewal
    is_renewal: bool = False  # it covers older stamps, and through them the log


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on a picture, in its pixels from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that waits in a file to go into a report."""

    path: Path
    width: int  # pixels
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote on a picture: the part around it, and the whole."""

    kind: Literal["screenshot", "page", "image"]  # taken by us, drawn from a PDF, or captured
    part: PictureFile
    marks: tuple[Area, ...]  # the quote in `part`, one a line
    whole: PictureFile | None  # as archived, byte for byte, unless it was drawn; None: too large
    record: RecordRef  # that holds the picture, or the PDF
    sha256: str  # hexadecimal, of the picture or the PDF itself
    notes: tuple[str, ...] = ()  # what a reader of the picture must know, in sentences


@dataclass(frozen=True, slots=True)
class Report:
    """All that a dossier is made of: values drawn from the index, pictures from the archive."""

    title: str
    operator: str
    made_at: datetime
    software: str
    watches: tuple[WatchReport, ...]
    findings: tuple[Finding, ...]
    fates: Mapping[str, Fate]  # by finding id
    log: LogHead
    faults: tuple[str, ...]  # what `verify` found wrong; empty when the evidence is whole
    pictures: Mapping[str, Shown] = field(default_factory=dict)  # by finding id
    unpictured: Mapping[str, str] = field(default_factory=dict)  # why a finding has none
    decided: Mapping[str, Literal["confirmed", "disputed"]] = field(default_factory=dict)  # by id
    rejected: int = 0  # findings that people rejected: they are left out
    lost: int = 0  # findings that people confirmed and this version does not find: left out, too
    traces: Mapping[str, Trace] = field(default_factory=dict)  # by finding id
    stamps: tuple[Stamp, ...] = ()  # that hold, the earliest first


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what was logged."""

    path: str  # POSIX path below the case folder
    problem: str  # in plain words: "is missing"
