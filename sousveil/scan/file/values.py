"""What a scan of one file takes and gives: plain values, to be pickled or written as JSON.

A scan accounts for all of a file: each record was looked at or skipped for a reason that is
counted (`records == looked_at + sum(skipped.values())`), and what lies between records is told in
`problems` with its place.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from sousveil.actors import OfficialList

Ended: TypeAlias = Literal["read", "partly", "refused"]
"""read: all of it; partly: `problems` says what was lost, and where; refused: nothing in it."""


class Span(Struct, frozen=True):
    """Where a record's bytes lie in the file as it is stored: a gzip member, as an index tells."""

    offset: int
    length: int


class Source(Struct, frozen=True):
    """One archive file."""

    name: str  # as the scan was given it: a path or an address; findings cite it
    address: str  # what opens it: a path, http(s)://…, s3://…
    spans: tuple[Span, ...] | None = None  # only these records; None: the whole file


class CaseActors(Struct, frozen=True):
    """A case whose actors are told besides those that come with sousveil."""

    folder: str
    lists: tuple[OfficialList, ...] = ()  # as its log names them


class Job(Struct, frozen=True):
    """What to look for, and in which records. An empty filter lets everything pass."""

    topics: tuple[str, ...]  # names of shipped topics, or paths of topic files
    hosts: tuple[str, ...] = ()  # "example.com", with all hosts below it
    media_types: tuple[str, ...] = ()  # as the answers tell them: "text/html"; "text/" for all such
    since: str = ""  # captured from here on, as WARC-Date is written: "2024-01" and longer
    until: str = ""  # captured before: "2025"
    case: CaseActors | None = None


class FileReport(Struct, frozen=True):
    """What became of one file: its line of the scan's statement of completeness."""

    name: str
    bytes: int  # stored; of spans, theirs together
    records: int
    looked_at: int  # answers whose text was searched
    skipped: dict[str, int]  # why -> how many records
    findings: int
    documents: int  # of those looked at: PDF, office files and packages, which are read whole
    seconds: float
    cpu_seconds: float  # of this process; readers of PDFs are others
    ended: Ended
    problems: tuple[str, ...]  # one line each: "byte 4711: what, how much is lost"
    unread: int = 0  # of those looked at: the text, or some of it, could not be had
    unpacked_bytes: int = 0
    lost_bytes: int = 0  # of `bytes`, those that `problems` tell of and no record holds
