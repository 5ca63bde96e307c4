"""Plain text and Markdown into blocks that lie on the text itself.

Paragraphs end at blank lines; headings, list items and table rows stand apart, and fenced code is
code. CommonMark 0.31 sections 4.2 (ATX headings), 4.5 (fences) and 5.2 (list items), and GitHub's
tables, as far as a line shows them.
"""

import re

from sousveil.extract.assemble import lay
from sousveil.model import Block, BlockKind

MAX_HEADING_CHARACTERS = 120  # of a heading in the context of what stands below it

_LINE = re.compile(
    r"[^\S\r\n]*+"
    r"(?:(?P<fence>```|~~~)"
    r"|(?P<heading>\#{1,6}(?=[ \t]))"
    r"|(?P<item>(?:[-*+•·●■◆○](?=[ \t])|\(?[0-9]{1,4}[.)、](?![0-9])))"
    r"|(?P<row>\|)"
    r"|(?P<other>[^\r\n]))?"
    r"[^\r\n]*+(?:\r\n|\r|\n|\Z)"
)
_TABLE_RULE = re.compile(r"[\s|:+-]++")


def plain_blocks(source: str) -> tuple[Block, ...]:
    """Return the blocks of `source`, in order. Raises ExtractError when there are too many."""
    reader = _PlainReader(source)
    for match in _LINE.finditer(source):
        reader.line(match)
    reader.close()
    return tuple(reader.blocks)


def row_blocks(source: str) -> tuple[Block, ...]:
    """Return one cell block a line, for CSV and its relatives; raises as `plain_blocks`."""
    blocks: list[Block] = []
    for match in _LINE.finditer(source):
        lay(source, blocks, match.span(), BlockKind.CELL)
    return tuple(blocks)


class _PlainReader:
    """The blocks so far, and the one that further lines may continue."""

    def __init__(self, source: str) -> None:
        self.blocks: list[Block] = []
        self._source = source
        self._start = self._end = 0
        self._kind = BlockKind.PARAGRAPH
        self._fence = ""
        self._headings: list[tuple[int, str]] = []
        self._path = ""

    def close(self) -> None:
        """End the open block; what follows is a paragraph."""
        lay(self._source, self.blocks, (self._start, self._end), self._kind, self._path)
        self._start = self._end
        self._kind = BlockKind.PARAGRAPH

    def line(self, match: re.Match[str]) -> None:
        """Take the next line."""
        mark = match.lastgroup
        if self._fence:
            if mark == "fence" and match["fence"] == self._fence:
                self.close()
                self._fence = ""
                self._start = match.end()
            self._end = match.end()
            return
        if mark != "other":
            self.close()
            self._start = match.start()
        self._end = match.end()
        if mark == "fence":
            self._fence, self._kind, self._start = match["fence"], BlockKind.CODE, match.end()
        elif mark == "heading":
            self._heading(len(match["heading"]), match.end("heading"))
        elif mark == "row":
            rule = _TABLE_RULE.fullmatch(self._source, match.start(), match.end())
            self._kind = BlockKind.CELL
            self._start = match.end() if rule else match.start()
            self.close()
        elif mark == "item":
            self._kind = BlockKind.LIST_ITEM

    def _heading(self, level: int, start: int) -> None:
        name = self._source[start : self._end].strip(" \t\r\n#")
        self._headings = [(above, text) for above, text in self._headings if above < level]
        self._path = " > ".join(text for _, text in self._headings)
        self._start, self._kind = start, BlockKind.HEADING
        self.close()
        self._headings.append((level, name[:MAX_HEADING_CHARACTERS]))
        self._path = " > ".join(text for _, text in self._headings)
