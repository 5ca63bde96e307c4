"""Text: what was read out of a capture, with the way back to where it stands."""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class BlockKind(StrEnum):
    """What a run of text is in its document."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    CELL = "cell"  # table cell
    TITLE = "title"
    META = "meta"  # description, keywords, Open Graph
    ALT = "alt"  # text that stands for a picture or control: alt, title, aria-label, placeholder
    CODE = "code"  # source code without its comments, or preformatted text
    COMMENT = "comment"  # of source code or HTML
    STRING = "string"  # string value of JSON or YAML
    FIELD = "field"  # field name of JSON or YAML


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text kept apart from its neighbours; no sentence crosses its ends."""

    start: int  # offset into Document.text
    end: int  # exclusive
    kind: BlockKind
    context: str = ""  # headings above ("Face attributes > Response"), JSON pointer, or ""
    page: int | None = None  # of a PDF, from 1
    slide: int | None = None  # of a presentation, from 1; its speaker notes count as on it
    cell: str | None = None  # of a workbook or an OpenDocument table: "Sheet1!B7"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page of a PDF, in its user space: points from the bottom left corner.

    ISO 32000-1, section 8.3.2.3; the page's rotation is not applied.
    """

    page: int  # from 1
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text on one line, with the rectangle in which it is seen.

    Of a rendered page and of an image: pixels from the top left corner. Of a PDF: points from the
    bottom left corner, so that `top` is the greater, as in `Box`.
    """

    start: int  # offset into Document.text
    end: int  # exclusive
    left: float
    top: float
    right: float
    bottom: float
    page: int | None = None  # of a PDF, from 1
    confidence: float | None = None  # 0 to 1, of characters recognised in a picture


@dataclass(frozen=True, slots=True)
class Document:
    """Extracted text with the way back to the source.

    `text` joins the blocks, in source order, with one line feed. `source_offsets[i]` is the
    offset, in characters of the decoded source, where `text[i]` came from, and has one entry more
    than `text` (the end); None says that text and source are the same. Offsets never decrease.
    `source_escapes` has where each that is written in several begins (a reference, an escape), in
    order, and where it ends.

    A PDF or office file has no text as its source: `source_offsets` is None, offsets and lines
    count in the extracted text, and the blocks tell page, slide or cell.
    """

    text: str
    blocks: tuple[Block, ...]
    format: Literal["html", "xml", "text", "json", "code", "pdf", "office", "rendered", "image"]
    charset: str  # what the bytes were decoded with, WHATWG name; "" for a PDF or office file
    lang: str = ""  # declared language (BCP 47) or "code"; "" when not told
    title: str = ""
    source_offsets: "array[int] | None" = None
    source_escapes: "tuple[array[int], array[int]] | None" = None
    line_starts: tuple[int, ...] = (0,)  # offsets of the lines in the decoded source
    through: str = ""  # a program of others that made the text of it: "LibreOffice 7.4.7.2"
    unread: str = ""  # what holds text that was not read: "pages 2-6 are pictures without text"
    runs: tuple[
        Run, ...
    ] = ()  # where text is seen, in order; those of a PDF's own text are not here

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the decoded source that `text[start:end]` came from."""
        if self.source_offsets is None:
            return start, end
        if start == end:
            return self.source_offsets[start], self.source_offsets[start]
        return self.source_offsets[start], self._character_end(self.source_offsets[end - 1])

    def _character_end(self, start: int) -> int:
        """Return where the character ends that is written at `start` of the source."""
        if self.source_escapes is not None:
            starts, ends = self.source_escapes
            at = bisect_left(starts, start)
            if at < len(starts) and starts[at] == start:
                return ends[at]
        return start + 1

    def line(self, offset: int) -> int:
        """Return the line of the source, from 1, that `text[offset]` came from."""
        return bisect_right(self.line_starts, self.source_span(offset, offset)[0])
