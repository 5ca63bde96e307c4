"""What stands beside the claims of one document: figures, statements, documents named.

Takes an extracted document and the spans of the claims found in it, gives readings with the span
of the claim each stands by. Pure; any text is read in time linear in its length.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from sousveil.claims.windows import Span, sentences
from sousveil.facts.documents import documents
from sousveil.facts.figures import figures
from sousveil.facts.reading import PROSE, Piece, Reading, as_written, narrow
from sousveil.facts.statements import statements
from sousveil.model import Document

# Characters around a claim in which a figure, or a statement, is about the same thing: a paragraph
# before it and one behind. Measured on nothing: what is beyond is another claim's, or nobody's.
NEAR = 600
MAX_READINGS = 1_000  # of one document


def beside(document: Document, claims: Sequence[Span]) -> list[Reading]:
    """Return what stands beside the claims of a document, each with the span of its claim (`near`).

    Figures and statements are read within NEAR characters of a claim, documents anywhere.
    """
    if not claims or document.format not in PROSE:
        return []
    text = narrow(document.text)
    found = documents(text)
    for start, end in _around(claims, len(text)):
        found += _said(document, text, start, end)
    # A sentence between two claims is read for both.
    once = {(one.kind, one.pieces[0].start, one.pieces[0].end): one for one in found}
    return [
        as_written(replace(one, near=_nearest(one, claims)), document.text)
        for one in islice(once.values(), MAX_READINGS)
    ]


def _around(claims: Sequence[Span], length: int) -> Iterator[Span]:
    """Yield the stretches of text around claims; they do not overlap."""
    begin = finish = -1
    for start, end in sorted(claims):
        low, high = max(0, start - NEAR), min(length, end + NEAR)
        if low <= finish:
            finish = max(finish, high)
            continue
        if begin >= 0:
            yield begin, finish
        begin, finish = low, high
    if begin >= 0:
        yield begin, finish


def _said(document: Document, text: str, low: int, high: int) -> Iterator[Reading]:
    """Yield figures and statements of the blocks that reach into a stretch of text."""
    first = bisect_right(document.blocks, low, key=lambda block: block.end)
    for block in document.blocks[first:]:
        if block.start >= high:
            break
        begin, end = max(block.start, low - NEAR), min(block.end, high + NEAR)
        for one in statements(text[begin:end]):
            yield Reading(one.kind, _moved(one.pieces, begin))
        for start, stop in sentences(text[begin:end]):
            if begin + stop > low and begin + start < high:
                # A line that breaks within a sentence is a wrapped one: its end is a space.
                for pieces in figures(text[begin + start : begin + stop].replace("\n", " ")):
                    yield Reading("figure", _moved(pieces, begin + start))


def _moved(pieces: Sequence[Piece], by: int) -> tuple[Piece, ...]:
    return tuple(replace(one, start=one.start + by, end=one.end + by) for one in pieces)


def _nearest(one: Reading, claims: Sequence[Span]) -> Span:
    start, end = one.pieces[0].start, one.pieces[0].end
    return min(claims, key=lambda claim: max(claim[0] - end, start - claim[1], 0))
