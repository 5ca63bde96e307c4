"""Candidates of facts: what was read beside claims and in notices, with its place in the evidence.

Takes readings (`facts/`), the document they were read in and the capture it came from, and gives
facts whose ids stay: the same words at the same address, and a standard's number everywhere.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sousveil.claims.windows import Span
from sousveil.facts.notices import projects
from sousveil.facts.reader import beside
from sousveil.facts.reading import Piece, Reading
from sousveil.index.store import Held
from sousveil.model import Cite, Document, Fact, Field, Finding
from sousveil.review.facts import fact_id, in_order
from sousveil.run.read.findings import CONTEXT_CHARACTERS

# What tells a fact from others of its kind at one address: the first of these that it tells.
_TOLD_BY = {
    "project": ("number", "title"),
    "figure": ("amount",),
    "document": ("number", "title"),
    "statement": ("said",),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a document stands: what all its citations share."""

    held: Held
    part: str | None
    document: Document
    findings: Mapping[Span, str]  # ids, by the spans of their claims


def notices_in(held: Held, part: str | None, document: Document) -> list[Fact]:
    """Return the projects of a document, whatever was found in it."""
    return _facts(projects(document), _Place(held, part, document, {}))


def facts_beside(
    held: Held,
    part: str | None,
    document: Document,
    findings: Iterable[Finding],
    notices: Iterable[Fact],
) -> list[Fact]:
    """Return the figures, documents and statements beside the findings of one document.

    An amount that one of its `notices` tells is no figure as well.
    """
    spans = {(one.claim.start, one.claim.end): one.id for one in findings}
    taken = {
        range(one.source.start, one.source.start + len(one.source.exact))
        for notice in notices
        for one in notice.fields
        if one.source.part == part
    }
    found = [
        one
        for one in beside(document, list(spans))
        if one.kind != "figure" or not any(one.pieces[0].start in each for each in taken)
    ]
    return _facts(found, _Place(held, part, document, spans))


def _facts(readings: Sequence[Reading], place: _Place) -> list[Fact]:
    seen: Counter[str] = Counter()
    made = []
    for reading in readings:
        fields = tuple(_field(piece, reading, place) for piece in reading.pieces)
        told = _told(reading, place)
        occurrence = seen[told[-1]]
        seen[told[-1]] += 1
        if reading.kind == "document" and occurrence:
            continue
        name = fact_id(reading.kind, *told, str(occurrence))
        made.append(in_order(Fact(name, reading.kind, fields)))
    return made


def _told(reading: Reading, place: _Place) -> tuple[str, ...]:
    """Return what tells a fact from others: of a document with a number, that number alone."""
    for name in _TOLD_BY[reading.kind]:
        for piece in reading.pieces:
            if piece.name != name:
                continue
            if reading.kind == "document" and name == "number":
                return ("", "", piece.value)
            text = place.document.text[piece.start : piece.end]
            words = text if reading.kind == "figure" else piece.value
            return (place.held.address, place.part or "", words)
    return (place.held.address, place.part or "", "")


def _field(piece: Piece, reading: Reading, place: _Place) -> Field:
    source = cite(
        place.held,
        place.part,
        place.document,
        (piece.start, piece.end),
        place.findings.get(reading.near) if reading.near else None,
    )
    return Field(piece.name, piece.value, source, piece.unit, piece.confidence)


def cite(
    held: Held, part: str | None, document: Document, span: Span, finding_id: str | None = None
) -> Cite:
    """Return the citation of a span of a document that was read in a capture."""
    start, end = span
    text = document.text
    at = bisect_right(document.blocks, start, key=lambda block: block.start) - 1
    return Cite(
        exact=text[start:end],
        prefix=text[max(0, start - CONTEXT_CHARACTERS) : start],
        suffix=text[end : end + CONTEXT_CHARACTERS],
        start=start,
        url=held.capture.url,
        captured_at=held.capture.captured_at,
        record=held.capture.record,
        log_index=held.log_index,
        part=part,
        page=document.blocks[at].page if at >= 0 else None,
        finding_id=finding_id,
    )
