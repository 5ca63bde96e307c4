"""The lines of a PDF page put together to paragraphs, by where they stand.

Takes a page's text as PDFium gives it (a line ends with CR LF) and the places of its characters;
gives the page's text and the blocks in it. A PDF has no paragraphs: gaps, sizes and columns tell
them. Pure.
"""

import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from sousveil.model import BlockKind


@dataclass(frozen=True, slots=True)
class Glyph:
    """Where a character of a page stands, in points from the bottom left corner."""

    left: float
    right: float
    baseline: float
    height: float  # of the font


MAX_GAP = 1.35  # of the usual distance of lines: beyond, a paragraph ended
MIN_DROP = 0.3  # of a line's height: less, and the "next line" is a cell of the same row
MAX_GROWTH = 1.2  # of a line's height: beyond, it is a heading, a note or a caption
LEAST_LEADING = 1.2  # of a line's height, where a page has no lines to learn the distance from
SHORT_LINE = 2.0  # line heights before the right edge: what ends there ended by itself

_LINE = re.compile(r"[^\r\n]+")
_END = re.compile(r"[.。!！?？:：；;][”’」』）)\"']*\Z")
_ITEM = re.compile(
    r"(?:[-–•●■◆○▪➢✓\uf06c\uf0b7\uf0d8*](?=\s)|\(?[0-9]{1,3}(?:\.[0-9]{1,3})*[.)、]?\s"
    r"|[（(]?[一二三四五六七八九十]{1,3}[）)、]|[a-z]\)\s)"
)
_CODE = re.compile(
    r"(?://|/\*|\*/|\#(?:include|define)\b|[{}]\s*\Z)"
    r"|.*[=(){}<>_\"].*[;{}]\s*(?://.*|/\*.*)?\Z"
    r"|.*[;{}]\s*//"
)
WORD_GAP = 1.6  # of the usual gap of letters that are spaced out: beyond, a word ended
HAIR_SPACE = "\u200a"
_SPREAD = re.compile(r"(?<!\S)\S(?: \S){3,}(?!\S)")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2,}")
# PDFium writes U+FFFE for a hyphen at a line's end and joins the word; U+00AD, the soft hyphen,
# says the same to every reader. Other control characters are no text.
_VISIBLE = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ") | {0xFFFE: "\u00ad"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: where in PDFium's text, and where on the paper."""

    start: int  # code points
    end: int
    left: float
    right: float
    baseline: float
    heights: tuple[float, float]  # of the fonts at its ends: fonts of one size differ

    @property
    def height(self) -> float:
        """Of the lower of the two."""
        return min(self.heights)


@dataclass(frozen=True, slots=True)
class LaidBlock:
    """A paragraph of a page, or a line of code; offsets into the page's text."""

    start: int
    end: int
    kind: BlockKind


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's text, its lines joined with line feeds, and the blocks in it."""

    text: str
    blocks: tuple[LaidBlock, ...]


def line_spans(raw: str) -> list[tuple[int, int]]:
    """Return the spans of the lines in a page's text that hold anything, ends trimmed."""
    spans = []
    for match in _LINE.finditer(raw):
        line = match.group().translate(_VISIBLE)
        start = match.start() + len(line) - len(line.lstrip())
        end = match.start() + len(line.rstrip())
        if start < end:
            spans.append((start, end))
    return spans


def lay_page(raw: str, glyph_of: Callable[[int], Glyph]) -> PageText:
    """Return the text of a page; `glyph_of` tells where a character of `raw` stands."""
    lines = []
    for start, end in line_spans(raw):
        first, last = glyph_of(start), glyph_of(end - 1)
        left, right = min(first.left, last.left), max(first.right, last.right)
        baseline = min(first.baseline, last.baseline)  # one of them may be a footnote's mark
        lines.append(Line(start, end, left, right, baseline, (first.height, last.height)))
    texts = [
        _as_read(raw[line.start : line.end].translate(_VISIBLE), line.start, glyph_of)
        for line in lines
    ]
    blocks: list[LaidBlock] = []
    position = 0
    for first_line, end_line in _groups(lines, texts):
        group = texts[first_line:end_line]
        if 2 * sum(bool(_CODE.match(text)) for text in group) > len(group):
            for text in group:
                blocks.append(LaidBlock(position, position + len(text), BlockKind.CODE))
                position += len(text) + 1
        else:
            length = sum(map(len, group)) + len(group) - 1
            blocks.append(LaidBlock(position, position + length, BlockKind.PARAGRAPH))
            position += length + 1
    return PageText("\n".join(texts), tuple(blocks))


def _as_read(text: str, offset: int, glyph_of: Callable[[int], Glyph]) -> str:
    """Return a line as a reader sees it, as long as before; `offset` is where it starts in `raw`.

    PDFium gives some words of scripts from right to left in the order of the paper, and a space
    after every letter of a text that is spaced out: the narrow ones become hair spaces.
    """

    def word(match: re.Match[str]) -> str:
        first, last = glyph_of(offset + match.start()), glyph_of(offset + match.end() - 1)
        return match.group()[::-1] if first.left < last.left else match.group()

    def spread(match: re.Match[str]) -> str:
        letters = [glyph_of(offset + index) for index in range(match.start(), match.end(), 2)]
        gaps = [after.left - before.right for before, after in pairwise(letters)]
        usual = statistics.median(gaps)
        spaces = (HAIR_SPACE if gap <= WORD_GAP * max(usual, 0) else " " for gap in gaps)
        return "".join(map("".join, zip(match.group()[::2], [*spaces, ""], strict=True)))

    return _SPREAD.sub(spread, _RIGHT_TO_LEFT.sub(word, text))


def raw_offsets(raw: str) -> list[int]:
    """Return, for each character of the page's text, its offset in `raw`; line feeds give -1."""
    offsets: list[int] = []
    for start, end in line_spans(raw):
        if offsets:
            offsets.append(-1)
        offsets += range(start, end)
    return offsets


def _groups(lines: Sequence[Line], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return the paragraphs as ranges of lines."""
    distance = _usual_distance(lines)
    right_edge = max((line.right for line in lines), default=0.0)
    groups: list[tuple[int, int]] = []
    first = 0
    for index in range(1, len(lines)):
        if index - first > 1:
            usual = lines[index - 2].baseline - lines[index - 1].baseline
        else:
            usual = max(distance, LEAST_LEADING * lines[index - 1].height)
        above, line = lines[index - 1], lines[index]
        ended = above.right < right_edge - SHORT_LINE * above.height and _END.search(
            texts[index - 1]
        )
        if ended or _ITEM.match(texts[index]) or not _continues(above, line, usual):
            groups.append((first, index))
            first = index
    return [*groups, (first, len(lines))] if lines else []


def _usual_distance(lines: Sequence[Line]) -> float:
    """Return the commonest distance between a line and the next below it; 0 without any."""
    drops = Counter(
        round(above.baseline - line.baseline)
        for above, line in pairwise(lines)
        if above.baseline - line.baseline > MIN_DROP * above.height
    )
    return float(drops.most_common(1)[0][0]) if drops else 0.0


def _continues(above: Line, line: Line, usual: float) -> bool:
    """Whether `line` stands right below `above`, in the same column and of the same size."""
    drop = above.baseline - line.baseline
    alike = any(
        max(one, other) <= MAX_GROWTH * min(one, other)
        for one, other in product(above.heights, line.heights)
    )
    return (
        MIN_DROP * above.height < drop <= MAX_GAP * usual
        and alike
        and line.left < above.right
        and above.left < line.right
    )
