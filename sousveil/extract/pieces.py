"""Text that grows piece by piece, each with the rectangle in which it is seen.

Takes words as they are found, gives the text, blocks and runs of a `Document` whose text has no
source of its own. White space collapses as in `markup/html.py` (CSS Text 3, section 4.1).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_BLOCKS, MAX_CHARACTERS, too_many_blocks
from sousveil.extract.markup.elements import WIDE
from sousveil.model import Block, BlockKind, Run

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
Piece = tuple[int, int, Rectangle]  # span of a text, and where it is seen

_PART = re.compile(
    r"(?P<space>[ \t\n\r\f]++)|\0++|(?P<words>[^ \t\n\r\f\0]++(?:\x20[^ \t\n\r\f\0]++)*+)"
)


class Pieces:
    """The text so far, its blocks and runs, and the block that is open."""

    def __init__(self) -> None:
        self._chunks: list[str] = []
        self._blocks: list[Block] = []
        self._runs: list[Run] = []
        self._length = 0  # of the text so far
        self._start = 0  # of the open block
        self._first_chunk = 0  # of the open block
        self._gap = ""  # white space that the next word may turn into a space

    @property
    def open(self) -> bool:
        """Whether the open block holds any character."""
        return self._length > self._start

    def words(self, text: str, seen: Sequence[Piece] = (), *, exact: bool = False) -> None:
        """Add `text` to the open block; `seen` tells in order where spans of it are seen.

        White space becomes one space between words unless it is to be kept `exact`. Raises
        ExtractError beyond `MAX_CHARACTERS`.
        """
        laid: list[tuple[int, int, int]] = []  # spans of `text` that count, and where they are laid
        gap = None
        for match in _PART.finditer(text):
            if match.lastgroup == "space" and self.open:
                gap = match.span()
                self._gap += match[0]
            elif match.lastgroup == "words":
                if self._fill_gap(match[0][0], exact=exact) and gap is not None:
                    laid.append((*gap, self._length - (gap[1] - gap[0] if exact else 1)))
                gap = None
                laid.append((*match.span(), self._place(match[0])))
        for start, end, rectangle in seen if laid else ():
            first = bisect_right(laid, start, key=lambda each: each[1])
            last = bisect_left(laid, end, key=lambda each: each[0]) - 1
            if first <= last:
                low = laid[first][2] + max(0, start - laid[first][0])
                high = laid[last][2] + min(end, laid[last][1]) - laid[last][0]
                following = laid[last + 1][2] if last + 1 < len(laid) else self._length
                self._runs.append(Run(low, min(high, following), *rectangle))

    def close(self, kind: BlockKind, context: str = "") -> str:
        """End the open block and return its text; an empty one leaves no trace.

        Raises ExtractError beyond `MAX_BLOCKS`.
        """
        if not self.open:
            return ""
        if len(self._blocks) >= MAX_BLOCKS:
            raise too_many_blocks()
        self._blocks.append(Block(self._start, self._length, kind, context))
        self._start = self._length
        self._gap = ""
        return "".join(self._chunks[self._first_chunk :])

    def finish(self) -> tuple[str, tuple[Block, ...], tuple[Run, ...]]:
        """Return the text, the closed blocks and the runs."""
        return "".join(self._chunks), tuple(self._blocks), tuple(self._runs)

    def _fill_gap(self, following: str, *, exact: bool) -> bool:
        """Add the white space before `following`; return whether there is any."""
        gap, self._gap = self._gap, ""
        if not gap:
            return False
        breaks = "\n" in gap or "\r" in gap
        if exact:
            self._place(gap)
        elif breaks and WIDE.match(following) and WIDE.match(self._chunks[-1][-1]):
            return False
        else:
            self._place(" ")
        return True

    def _place(self, text: str) -> int:
        """Add `text` to the open block and return where it begins."""
        if not self.open:
            if self._blocks:
                self._chunks.append("\n")
                self._length += 1
                self._start = self._length
            self._first_chunk = len(self._chunks)
        at = self._length
        self._chunks.append(text)
        self._length += len(text)
        if self._length > MAX_CHARACTERS:
            raise ExtractError(
                f"the page shows more than the {MAX_CHARACTERS} characters that are read; "
                "the capture itself is kept"
            )
        return at
