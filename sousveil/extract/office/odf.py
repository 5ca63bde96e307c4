"""Text of OpenDocument files: text documents, spreadsheets, presentations.

Takes a package (OpenDocument 1.3 part 3: `text:p` and `text:h` in section 5.1, tables in 9,
`draw:page` in 10.2.4) and adds its paragraphs and cells to a `Gathering`. Text that a tracked
change took out is not read.
"""

from collections.abc import Mapping

from sousveil.errors import ExtractError
from sousveil.extract.gather import Gathering
from sousveil.extract.office.package import Event, Package
from sousveil.extract.office.xlsx import sheet_prefix
from sousveil.extract.tables import Table
from sousveil.extract.text.plain import MAX_HEADING_CHARACTERS
from sousveil.model import BlockKind

MAX_REPEATED = 1_048_576  # rows and columns that a cell may stand for; a sheet has no more

_SKIP = frozenset({"tracked-changes"})


def read_odf(package: Package, into: Gathering) -> str:
    """Read content, then headers and footers; return the first heading."""
    if any(event.name == "encryption-data" for event in package.events("META-INF/manifest.xml")):
        raise ExtractError("the file needs a password; the capture itself is kept")
    content = _Content(into)
    for part in ("content.xml", "styles.xml"):
        for event in package.events(part, _SKIP) if part in package.parts else ():
            content.take(event)
        content.end_part()
    return content.title


class _Content:
    """What is open while the content goes by."""

    def __init__(self, into: Gathering) -> None:
        self.title = ""
        self._into = into
        self._open: list[list[str]] = []  # paragraphs: a text box lies within one
        self._level = 0
        self._headings: list[tuple[int, str]] = []
        self._tables: list[_Grid] = []
        self._slide: int | None = None
        self._under: list[str] = []

    def take(self, event: Event) -> None:
        """Take the next event."""
        if event.kind == "text":
            if self._open:
                self._open[-1].append(event.name)
        elif event.kind == "start":
            self._start(event.name, event.attributes)
        else:
            self._end(event.name)

    def end_part(self) -> None:
        """Forget the headings: footers do not stand under the last chapter."""
        self._headings = []

    def _start(self, name: str, values: Mapping[str, str]) -> None:
        if name in {"p", "h"}:
            self._open.append([])
            self._level = _number(values.get(":outline-level")) if name == "h" else 0
        elif name == "page":
            self._slide = (self._slide or 0) + 1
            self._headings = []
        elif name in _NAMED:
            self._under.append(_NAMED[name])
        elif name == "table":
            self._tables.append(_Grid(values.get(":name", "")))
        elif self._tables and name in {"table-row", "table-cell", "covered-table-cell"}:
            self._tables[-1].start(name, values)
        elif self._open and name in _SPACES:
            self._open[-1].append(_SPACES[name] * min(_number(values.get(":c")), 80))

    def _end(self, name: str) -> None:
        if name in {"p", "h"} and self._open:
            self._close("".join(self._open.pop()), heading=name == "h")
        elif name in _NAMED and self._under:
            self._under.pop()
        elif name == "table" and self._tables:
            self._tables.pop()

    def _close(self, text: str, *, heading: bool) -> None:
        grid = self._tables[-1] if self._tables else None
        if heading:
            self._headings = [above for above in self._headings if above[0] < self._level]
        above = (
            *self._under,
            *(text for _, text in self._headings),
            grid.context() if grid else "",
        )
        kind = BlockKind.CELL if grid else BlockKind.PARAGRAPH
        text = self._into.add(
            text,
            BlockKind.HEADING if heading else kind,
            " > ".join(part for part in above if part),
            slide=self._slide,
            cell=grid.cell() if grid else None,
        )
        if heading and text:
            self._headings.append((self._level, " ".join(text.split())[:MAX_HEADING_CHARACTERS]))
            self.title = self.title or text
        elif grid:
            grid.table.close_text(text)


_NAMED = {
    "notes": "speaker notes",
    "note": "footnote",
    "annotation": "comment",
    "header": "header",
    "footer": "footer",
}
_SPACES = {"s": " ", "tab": "\t", "line-break": "\n"}


class _Grid:
    """A table, with the coordinate of the open cell when it is a sheet."""

    def __init__(self, name: str) -> None:
        self.table = Table()
        self._name = name
        self._prefix = sheet_prefix(name)
        self._row = 0
        self._next_row = 0
        self._column = 0
        self._next_column = 0

    def start(self, name: str, values: Mapping[str, str]) -> None:
        """Take the start of a row or cell."""
        if name == "table-row":
            self._row = self._next_row
            self._next_row += _number(values.get(":number-rows-repeated"))
            self._next_column = 0
            self.table.open_row()
        else:
            self._column = self._next_column
            self._next_column += _number(values.get(":number-columns-repeated"))
            self.table.next_column = self._column
            self.table.open_cell(header=self.table.row <= 0, columns=1, rows=1)

    def context(self) -> str:
        """Return what the open cell stands under."""
        return " > ".join(part for part in (self._name, self.table.context()) if part)

    def cell(self) -> str:
        """Return the open cell's coordinate: "Sheet1!B7"."""
        letters = ""
        number = self._column + 1
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return f"{self._prefix}{letters}{self._row + 1}"


def _number(value: str | None) -> int:
    """Return a count that an attribute tells, 1 when it tells none."""
    return min(int(value), MAX_REPEATED) if value and value.isdecimal() else 1
