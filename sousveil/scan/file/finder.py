"""Judging one answer: the words that `analyse` would find in it after an import, as rows.

Takes a capture and what it carried, gives findings as JSON values. The functions are those of
`run/read/`, so that a scan and an analysis of the same record find the same: ids, labels, scores,
quotes, selectors, actor and reasons. Three things differ, for a scan has no case: where the record
lies (`capture.warc` is the file as the scan was given it), no `capture.log_index`, and the caveat
that names the log. Actors are told by the register that comes with sousveil, or by a case's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from sousveil.actors import Register, attributed, case_register, shipped_register
from sousveil.archive.read import Payload
from sousveil.claims import Engine, engine_for
from sousveil.claims.identity import words_digest
from sousveil.extract.formats import binary_kind
from sousveil.extract.packages.parts import is_package
from sousveil.jsonform import finding_json
from sousveil.model import RENDERING_TYPE, SNAPSHOT_URN, Capture, Finding, Json
from sousveil.run.read.findings import Place
from sousveil.run.read.looks import not_whole, read_answer
from sousveil.scan.file.values import CaseActors
from sousveil.scan.terms.matcher import matcher
from sousveil.topics import load

CAVEAT = (
    "it lies in an archive made by others: its address, its date and its bytes are that archive's"
    " word"
)
# A scan of one process has one set of topics; tests have a few.
_KEPT_FINDERS = 4
# What binary kinds text can be had of (extract/reader.py); more in packages.
_READABLE = ("image/", "application/pdf", "application/rtf", "application/x-ole-storage")
# What tells them from text.
START_BYTES = 512
DOCUMENT, NO_TEXT = "document", "no text: "


@dataclass(frozen=True, slots=True)
class Finder:
    """What is looked for, made ready once a process."""

    engine: Engine
    register: Register
    may_hold: Callable[[bytes | memoryview], bool]
    matcher: str  # its version
    topics: str  # digest of their terms


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in one answer."""

    findings: tuple[Json, ...]
    problem: str | None  # why it, or some of it, could not be read


@lru_cache(maxsize=_KEPT_FINDERS)
def finder_for(topics: tuple[str, ...], case: CaseActors | None = None) -> Finder:
    """Return what looks for these topics, given by name or path, and tells a case's actors.

    Raises TopicError for the topics, ActorError for the case's.
    """
    register = case_register(Path(case.folder), case.lists) if case else shipped_register()
    loaded = tuple(load(name) for name in topics)
    seeks = matcher(loaded)
    engine, terms = engine_for(loaded), words_digest(loaded)
    return Finder(engine, register, seeks.may_hold, seeks.version, terms)


def judge(finder: Finder, capture: Capture, answer: Payload) -> Judged:
    """Return what `answer`, which `capture` carried, says; what cannot be read is told."""
    # What somebody's sousveil saw on a page counts at the page's address.
    capture = replace(capture, url=capture.url.removeprefix(SNAPSHOT_URN))
    place = Place(capture.url, capture, 0, None, (*not_whole(answer), CAVEAT))
    read = read_answer(answer, place, finder.engine)
    return Judged(tuple(_row(finder, one) for one in read.findings), read.note)


def sort_of(start: bytes, media_type: str) -> str:
    """Return "" for bytes in which text can be seen as it is, DOCUMENT for what must be read whole.

    What has no text that is read is `NO_TEXT` with its kind ("no text: font"). `start` is the first
    `START_BYTES`, or more, or all.
    """
    if start.startswith(b"<") and not is_package(start) and not _sort_told(media_type):
        return ""
    if media_type == RENDERING_TYPE or is_package(start):
        return DOCUMENT
    kind = binary_kind(start, media_type)
    if not kind or kind.startswith(_READABLE):
        return DOCUMENT if kind else ""
    return NO_TEXT + kind.partition("/")[0]


@lru_cache(maxsize=1024)
def _sort_told(media_type: str) -> bool:
    """Whether a media type tells of what is no text."""
    return media_type == RENDERING_TYPE or bool(binary_kind(b"", media_type))


def _row(finder: Finder, finding: Finding) -> Json:
    named = attributed(finding, watch_actor=None, register=finder.register)
    form = finding_json(named)
    del form["capture"]["log_index"]
    return form
