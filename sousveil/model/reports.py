"""Reports: what a dossier is made of, and what a check finds wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from sousveil.model.capture import RecordRef
from sousveil.model.claims import Finding, Translation
from sousveil.model.events import Happening, Visit
from sousveil.model.facts import Fact
from sousveil.model.fates import Fate, Trace
from sousveil.model.watch import Watch


@dataclass(frozen=True, slots=True)
class WatchReport:
    """A watch with everything seen of it, oldest visit first."""

    watch: Watch
    visits: tuple[Visit, ...]
    happenings: tuple[Happening, ...] = ()  # to the whole of it, the oldest first


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to a vendor, as readers are told of it: not to whom, and none of its words."""

    target: str  # the watch it is about
    actor: str  # who answers for that; "" when not told
    sent_at: datetime
    log_index: int
    replies: tuple[tuple[datetime, int], ...] = ()  # when each came, and its log entry


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
    whole: PictureFile | None  # as archived, byte for byte, unless it was drawn; or None
    record: RecordRef  # that holds the picture, or the PDF
    sha256: str  # hexadecimal, of the picture or the PDF itself
    notes: tuple[str, ...] = ()  # what a reader of the picture must know, in sentences
    page: int | None = None  # of a PDF, from 1
    size: tuple[int, int] = (0, 0)  # of the whole picture, in pixels
    without_whole: str = ""  # why `whole` is None, in words
    covered: int = 0  # places painted over because their words are withheld, in the whole picture


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
    translations: Mapping[str, tuple[Translation, ...]] = field(default_factory=dict)  # by id
    facts: tuple[Fact, ...] = ()  # that people confirmed
    letters: tuple[Letter, ...] = ()  # the earliest first


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what was logged."""

    path: str  # POSIX path below the case folder
    problem: str  # in plain words: "is missing"
