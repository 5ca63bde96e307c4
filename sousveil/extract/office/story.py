"""Running text of Word and PowerPoint: paragraphs, tables, text boxes, alternative text.

Takes one part of a package and adds its paragraphs to a `Gathering`. WordprocessingML and
DrawingML (ECMA-376 part 1, sections 17 and 21.1.2) call a paragraph `p`, its text `t` and a table
`tbl`, `tr`, `tc`, so one reader serves both. Text that a tracked change took out is not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sousveil.extract.gather import Gathering
from sousveil.extract.office.package import Event, Package
from sousveil.extract.tables import Table
from sousveil.extract.text.plain import MAX_HEADING_CHARACTERS
from sousveil.model import BlockKind

# Fallback repeats a text box for old programs, moveFrom a paragraph that stands elsewhere now.
_SKIP = frozenset({"Fallback", "moveFrom", "del", "instrText"})
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-", "softHyphen": "\u00ad"}
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "sldImg"})  # slide number, date, picture of the slide


@dataclass(slots=True)
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0  # of a heading


def read_story(
    package: Package,
    part: str,
    into: Gathering,
    *,
    under: str = "",
    levels: Mapping[str, int] | None = None,
    slide: int | None = None,
) -> str:
    """Add a part's paragraphs to `into`, and return its first title or heading, "" without one.

    `under` is what they stand under; `levels` gives the heading level of a paragraph style; `slide`
    is the slide they are on. Raises ExtractError as `Package.events` does.
    """
    story = _Story(into, under, levels or {}, slide)
    for event in package.events(part, _SKIP):
        story.take(event)
    return story.title


class _Story:
    """What is open while a part goes by; a text box is a paragraph within a paragraph."""

    def __init__(
        self, into: Gathering, under: str, levels: Mapping[str, int], slide: int | None
    ) -> None:
        self.title = ""
        self._into = into
        self._under = under
        self._levels = levels
        self._slide = slide
        self._open: list[_Paragraph] = []
        self._tables: list[Table] = []
        self._headings: list[tuple[int, str]] = []
        self._in_text = False
        self._placeholder = ""  # what a shape on a slide is for

    def take(self, event: Event) -> None:
        """Take the next event."""
        if event.kind == "text":
            if self._in_text and self._open:
                self._open[-1].pieces.append(event.name)
        elif event.kind == "end":
            self._end(event.name)
        elif event.name in {"tbl", "tr", "tc", "gridSpan"}:
            self._start_table(event)
        elif event.name in {"docPr", "cNvPr"}:
            self._add(event.attributes.get("descr", ""), BlockKind.ALT)
        else:
            self._start(event)

    def _start(self, event: Event) -> None:
        name = event.name
        if name == "p":
            self._open.append(_Paragraph())
        elif name == "t":
            self._in_text = True
        elif name in {"sp", "ph"}:
            self._placeholder = event.attributes.get("type", "")
        elif self._open and name in _BREAKS:
            self._open[-1].pieces.append(_BREAKS[name])
        elif self._open and name == "pStyle":
            self._open[-1].level = self._levels.get(event.attributes.get(":val", ""), 0)
        elif self._open and name == "numPr":
            self._open[-1].kind = BlockKind.LIST_ITEM

    def _start_table(self, event: Event) -> None:
        if event.name == "tbl":
            self._tables.append(Table())
        elif self._tables and event.name == "tr":
            self._tables[-1].open_row()
        elif self._tables and event.name == "tc":
            table = self._tables[-1]
            columns = event.attributes.get("gridSpan", "1")
            width = int(columns) if columns.isdecimal() else 1
            table.open_cell(header=table.row <= 0, columns=width, rows=1)
        elif self._tables:
            columns = event.attributes.get(":val", "1")
            self._tables[-1].next_column += int(columns) - 1 if columns.isdecimal() else 0

    def _end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "tbl" and self._tables:
            self._tables.pop()
        elif name == "p" and self._open:
            self._close(self._open.pop())
        elif name == "sp":
            self._placeholder = ""

    def _close(self, paragraph: _Paragraph) -> None:
        if self._placeholder in _FURNITURE:
            return
        level = 1 if self._placeholder in _TITLES else paragraph.level
        kind = BlockKind.CELL if self._tables else paragraph.kind
        if level:
            kind = BlockKind.HEADING
            self._headings = [above for above in self._headings if above[0] < level]
        text = self._add("".join(paragraph.pieces), kind)
        if level and text:
            self._headings.append((level, " ".join(text.split())[:MAX_HEADING_CHARACTERS]))
            self.title = self.title or self._headings[-1][1]
        elif self._tables:
            self._tables[-1].close_text(text)

    def _add(self, text: str, kind: BlockKind) -> str:
        cell = self._tables[-1].context() if self._tables else ""
        above = (self._under, *(text for _, text in self._headings), cell)
        context = " > ".join(part for part in above if part)
        return self._into.add(text, kind, context, slide=self._slide)
