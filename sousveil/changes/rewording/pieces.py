"""Pieces: a document as a row of sentences, code lines, cells, and how two captures align.

Takes two captures of one page. What stands in both is matched in order (longest common
subsequence); what lies between two matches changed, and knows its neighbours. A piece that only
went elsewhere on the page is neither gone nor new. Figures, case, spaces and punctuation are no
difference, so that a renumbered enumeration aligns. Memory and time are bounded by `MAX_PIECES`.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import LCSseq

from sousveil.changes.rewording.swaps import weights
from sousveil.claims.windows import lines, sentences
from sousveil.model import BlockKind, Document

# Pieces of a document that are compared; the rest is left alone. The alignment of two of this size
# holds 12 MB and takes a tenth of a second; the longest manual among real pages has 4,000.
MAX_PIECES = 10_000

# Pieces without letters, such as row numbers, that are passed over to find a neighbour.
MAX_SKIPPED = 4

# Blocks that say one thing, whatever stops stand in them.
_WHOLE = frozenset({BlockKind.HEADING, BlockKind.CELL, BlockKind.FIELD, BlockKind.TITLE})
_BY_LINE = frozenset({BlockKind.CODE})
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, a line of code, a cell: what is reworded as one."""

    start: int  # offset into Document.text
    end: int  # exclusive
    text: str
    kind: BlockKind
    context: str  # of its block
    key: str  # what must be equal for two pieces to be the same


@dataclass(frozen=True, slots=True)
class Gap:
    """What changed between two pieces that stand, or at an end: numbers of pieces."""

    before: range
    after: range


class Pair:
    """Two captures of one page, cut and aligned once for all quotes of theirs."""

    def __init__(self, before: Document, after: Document) -> None:
        self._texts = before.text, after.text
        self.before = tuple(pieces(before))
        self.after = tuple(pieces(after))

    @cached_property
    def gaps(self) -> Sequence[Gap]:
        """What changed, in order."""
        return tuple(_gaps([one.key for one in self.before], [one.key for one in self.after]))

    @cached_property
    def weight(self) -> Mapping[str, float]:
        """What each word of the two weighs."""
        return weights(*self._texts)

    @cached_property
    def _gap_of(self) -> dict[int, Gap]:
        return {number: gap for gap in self.gaps for number in gap.before}

    @cached_property
    def _former_keys(self) -> frozenset[str]:
        return frozenset(one.key for one in self.before)

    @cached_property
    def _later_keys(self) -> Mapping[str, Piece]:
        return {one.key: one for one in reversed(self.after)}

    def gap_of(self, number: int) -> Gap | None:
        """Return where a piece of `before` lay that has no match; None for one that stands."""
        return self._gap_of.get(number)

    def is_held(self, gap: Gap) -> bool:
        """Whether the nearest pieces with words in them stand, before a gap and behind it.

        Row numbers hold nothing in its place: every table has them.
        """
        sides = range(gap.before.start - 1, -1, -1), range(gap.before.stop, len(self.before))
        nearest = [
            next((n for n in side[:MAX_SKIPPED] if _LETTERS.search(self.before[n].key)), None)
            for side in sides
        ]
        return any(n is not None for n in nearest) and all(
            n is None or self.gap_of(n) is None for n in nearest
        )

    def is_gone(self, number: int) -> bool:
        """Whether a piece of `before` stands nowhere in `after`."""
        return self.before[number].key not in self._later_keys

    def standing(self, number: int) -> Piece:
        """Return the first piece of `after` that is the same as one of `before` that stands."""
        return self._later_keys[self.before[number].key]

    def is_new(self, number: int) -> bool:
        """Whether a piece of `after` stood nowhere in `before`."""
        return self.after[number].key not in self._former_keys

    @cached_property
    def fresh(self) -> Sequence[int]:
        """Numbers of the pieces that are new, the shortest first."""
        new = (number for number in range(len(self.after)) if self.is_new(number))
        return sorted(new, key=lambda number: len(self.after[number].text))

    def places_of(self, quote: str) -> Iterator[range]:
        """Yield the pieces of `before` over which each occurrence of a quote stands."""
        text, starts = self._texts[0], [one.start for one in self.before]
        at = text.find(quote) if quote.strip() else -1
        while at >= 0:
            end = bisect_left(starts, at + len(quote))
            first = max(0, bisect_right(starts, at) - 1)
            over = [n for n in range(first, end) if self.before[n].end > at]
            if over:
                yield range(over[0], over[-1] + 1)
            at = text.find(quote, at + len(quote))


def pieces(document: Document) -> Iterator[Piece]:
    """Cut a document; at most `MAX_PIECES`, in order."""
    count = 0
    for block in document.blocks:
        for start, end in _spans(document.text, block.kind, block.start, block.end):
            if count == MAX_PIECES:
                return
            count += 1
            text = document.text[start:end]
            yield Piece(start, end, text, block.kind, block.context, _key(text))


def _spans(text: str, kind: BlockKind, start: int, end: int) -> Sequence[tuple[int, int]]:
    if kind in _WHOLE:
        return [(start, end)] if start < end else []
    cut = lines if kind in _BY_LINE else sentences
    return cut(text, start, end)


def _key(text: str) -> str:
    """Return the letters of a piece; all but its spaces where it has none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_LETTERS.findall(folded)) or "".join(folded.split())


def _gaps(before: Sequence[str], after: Sequence[str]) -> Iterator[Gap]:
    """Yield what lies between the matches; consecutive edits are one gap."""
    former = latter = 0
    for left, right in _matches(before, after):
        if former < left or latter < right:
            yield Gap(range(former, left), range(latter, right))
        former, latter = left + 1, right + 1
    if former < len(before) or latter < len(after):
        yield Gap(range(former, len(before)), range(latter, len(after)))


def _matches(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    for one in LCSseq.opcodes(before, after):
        if one.tag == "equal":
            yield from zip(
                range(one.src_start, one.src_end),
                range(one.dest_start, one.dest_end),
                strict=True,
            )
