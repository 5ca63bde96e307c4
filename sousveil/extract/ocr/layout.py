"""The lines of a picture put together to paragraphs, by where they stand.

Takes lines as they were recognised and gives text, blocks and runs. The lines are set
straight (a scan leans), pieces of one row joined as those of a table are, and columns of prose kept
apart; then `pdf/layout.py` makes paragraphs of them. Pure.
"""

import math
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sousveil.extract.ocr.answers import Line, Picture
from sousveil.extract.pdf.layout import Glyph, LaidBlock, lay_page
from sousveil.model import Run

COLUMN_SHARE = 0.25  # of the picture's width; narrower pieces of a row are cells, not columns
COLUMN_LENGTH = 10.0  # of its height, for the same: ten hanzi, or some twenty letters
SAME_ROW = 0.5  # of the lower piece's height, that two pieces of a row share
SAME_COLUMN = 0.5  # of the narrower line's width, that two lines of a column share
MAX_GAP = 1.0  # of a line's height, between two lines of a column
ONE_FONT = 1.5  # heights of one font's lines differ by their letters up to here
LONG = 3.0  # of its height: a line that tells how far the picture leans
MAX_OPEN = 64  # rows and columns looked back at: no page has more side by side; bounds the time


@dataclass(frozen=True, slots=True)
class LaidPicture:
    """A picture's text, the blocks in it, and where its lines are seen."""

    text: str
    blocks: tuple[LaidBlock, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line where the picture does not lean: pixels, downwards."""

    line: Line
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def beside(self, other: "_Piece") -> bool:
        """Whether two pieces stand in one row."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared >= SAME_ROW * min(self.height, other.height)

    def above(self, other: "_Piece") -> bool:
        """Whether `other` stands right below, in the same column and of the same font."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        low, high = sorted((self.height, other.height))
        return (
            shared >= SAME_COLUMN * min(self.right - self.left, other.right - other.left)
            and -SAME_ROW * low <= other.top - self.bottom <= MAX_GAP * low
            and high <= ONE_FONT * low
        )


_Row = list[_Piece]


def lay_picture(picture: Picture, page: int | None = None) -> LaidPicture:
    """Return the text of a picture; `page` is what its runs tell."""
    rows = _in_columns(_rows(_straight(picture)))
    if not rows:
        return LaidPicture("", (), ())
    texts = [" ".join(piece.line.text for piece in row) for row in rows]
    starts = [0, *accumulate(len(text) + 2 for text in texts)]  # each ends with CR LF
    glyphs = _glyphs(rows)
    laid = lay_page("\r\n".join(texts), lambda offset: glyphs[bisect_right(starts, offset) - 1])
    runs: list[Run] = []
    position = 0
    for row in rows:
        for piece in row:
            end = position + len(piece.line.text)
            runs.append(Run(position, end, *piece.line.box, page, piece.line.confidence))
            position = end + 1
    return LaidPicture(laid.text, laid.blocks, tuple(runs))


def _straight(picture: Picture) -> list[_Piece]:
    """Return the lines as they stand once the picture no longer leans."""
    seen = [line.corners for line in picture.lines]
    lean = statistics.median([_lean(corners) for corners in seen if _is_long(corners)] or [0.0])
    cosine, sine = math.cos(lean), math.sin(lean)
    pieces = []
    for line, corners in zip(picture.lines, seen, strict=True):
        across = sorted(x * cosine + y * sine for x, y in corners)
        down = sorted(y * cosine - x * sine for x, y in corners)
        # The mean of two corners: a line's own lean is not quite the picture's.
        left, right = across[0], across[-1]
        pieces.append(_Piece(line, left, sum(down[:2]) / 2, right, sum(down[2:]) / 2))
    return pieces


def _is_long(corners: Sequence[tuple[float, float]]) -> bool:
    across = max(x for x, _ in corners) - min(x for x, _ in corners)
    down = max(y for _, y in corners) - min(y for _, y in corners)
    return across > LONG * down


def _lean(corners: Sequence[tuple[float, float]]) -> float:
    """Return the angle of a line's longer edges in radians, of one that lies."""
    left = sorted(corners)[:2]
    right = sorted(corners)[2:]
    run = sum(x for x, _ in right) - sum(x for x, _ in left)
    rise = sum(y for _, y in right) - sum(y for _, y in left)
    return math.atan2(rise, run)


def _rows(pieces: Sequence[_Piece]) -> list[_Row]:
    """Return pieces of one row joined, from the top; two columns of prose stay two rows."""
    width = max((p.right for p in pieces), default=0) - min((p.left for p in pieces), default=0)
    prose: list[_Piece] = []  # lines of columns, and what a paragraph ends with
    rows: list[_Row] = []
    for piece in sorted(pieces, key=lambda piece: (piece.top + piece.bottom, piece.left)):
        long = max(COLUMN_SHARE * width, COLUMN_LENGTH * piece.height)
        continues = (other.above(piece) for other in reversed(prose[-MAX_OPEN:]))
        if piece.right - piece.left >= long or any(continues):
            prose.append(piece)
        for row in reversed(rows[-MAX_OPEN:]):
            columns = piece in prose[-1:] and any(other in prose[-MAX_OPEN:] for other in row)
            if row[0].beside(piece) and not columns:
                row.append(piece)
                break
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def _in_columns(rows: Sequence[_Row]) -> list[_Row]:
    """Return the rows with those of a column together; columns from the top, then from the left."""
    columns: list[list[_Row]] = []
    begins: list[_Piece] = []  # first rows of columns that begin side by side share the first's
    for row in rows:
        whole = _whole(row)
        for column in reversed(columns[-MAX_OPEN:]):
            if _whole(column[-1]).above(whole):
                column.append(row)
                break
        else:
            columns.append([row])
            begins.append(begins[-1] if begins and begins[-1].beside(whole) else whole)
    order = sorted(
        zip(begins, columns, strict=True), key=lambda each: (each[0].top, each[1][0][0].left)
    )
    return [row for _, column in order for row in column]


def _whole(row: _Row) -> _Piece:
    return _Piece(
        row[0].line,
        row[0].left,
        min(piece.top for piece in row),
        row[-1].right,
        max(piece.bottom for piece in row),
    )


def _glyphs(rows: Sequence[_Row]) -> list[Glyph]:
    """Return each row as the layout of pages sees it; points there go upwards."""
    wholes = [_whole(row) for row in rows]
    usual = statistics.median(whole.height for whole in wholes)
    glyphs = []
    for whole in wholes:
        is_usual = usual / ONE_FONT <= whole.height <= usual * ONE_FONT
        height = usual if is_usual else whole.height
        glyphs.append(Glyph(whole.left, whole.right, -whole.bottom, height))
    return glyphs
