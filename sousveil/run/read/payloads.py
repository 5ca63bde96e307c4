"""What is found in one payload: a document, or the files of a package.

Takes the bytes of a capture or of a file, gives findings, with the part of a package that each is
in, and what could not be read. A package's files are read one after the other; of their documents
only those are kept in which something was found.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sousveil.claims import Engine
from sousveil.errors import ExtractError
from sousveil.extract import boxes
from sousveil.extract.readings import Reading, readings
from sousveil.model import Document, Finding
from sousveil.run.read.findings import Place, make_findings
from sousveil.run.read.recognised import with_recognition

Take: TypeAlias = Callable[[str | None, Document], None]
"""Is given each document that was read, with its part of a package."""

MAX_PROBLEMS_TOLD = 3  # files of a package that were not read; more of them are counted


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to be read, with what is known of them."""

    content: bytes
    media_type: str  # "" when not told
    charset: str | None
    name: str  # URL or path


@dataclass(frozen=True, slots=True)
class Found:
    """What one payload says."""

    findings: tuple[Finding, ...]
    document: Document | None  # of what is no package
    by_part: Mapping[str | None, Document]  # in which something was found
    problems: tuple[str, ...]  # what was not read, a sentence each

    @property
    def note(self) -> str | None:
        """What was not read, in one line; None when all was."""
        more = len(self.problems) - MAX_PROBLEMS_TOLD
        told = [*self.problems[:MAX_PROBLEMS_TOLD], *([f"and {more} more"] if more > 0 else [])]
        return "; ".join(told) or None


@dataclass(slots=True)
class _Gathering:
    findings: list[Finding] = field(default_factory=list)
    by_part: dict[str | None, Document] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_payload(payload: Payload, engine: Engine, place: Place, take: Take | None = None) -> Found:
    """Return what is found in a payload; nothing is raised for what cannot be read."""
    gathered = _Gathering()
    document = None
    for reading in _readings(payload):
        if reading.document is None:
            gathered.problems.append(reading.problem)
            continue
        if take is not None:
            take(reading.part, reading.document)
        try:
            found = _findings(reading, reading.document, engine, place)
        except ExtractError as error:  # a PDF that gives its text, and not where it stands
            gathered.problems.append(str(error))
            continue
        gathered.findings += found
        if found:
            gathered.by_part[reading.part] = reading.document
        if reading.part is None:
            document = reading.document
    return Found(tuple(gathered.findings), document, gathered.by_part, tuple(gathered.problems))


def _readings(payload: Payload) -> Iterator[Reading]:
    return readings(
        payload.content,
        media_type=payload.media_type,
        charset=payload.charset,
        name=payload.name,
    )


def _findings(
    reading: Reading, document: Document, engine: Engine, place: Place
) -> tuple[Finding, ...]:
    claims = engine.find(document)
    where = boxes(reading.payload, document, [(claim.start, claim.end) for claim in claims])
    if document.through:
        caveat = f"read through {document.through}; another version may read it differently"
        place = replace(place, caveats=(*place.caveats, caveat))
    found = make_findings(document, claims, place, where, part=reading.part)
    if reading.part is not None:
        return tuple(found)  # a picture in a package is no record of the archive
    return with_recognition(found, document, place.capture, reading.payload)
