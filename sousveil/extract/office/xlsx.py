"""Cells of a workbook, each with its coordinate.

Takes a package with SpreadsheetML (ECMA-376 part 1, section 18) and adds one block for each cell
that holds anything, and the text boxes drawn on its sheets, to a `Gathering`. A cell stands under
its sheet's name, its row's first cell and the text above it in the first row. Numbers are given as
stored; dates are numbers of days.
"""

import re
from collections.abc import Iterator

from sousveil.extract.gather import Gathering
from sousveil.extract.office.package import Event, Package
from sousveil.extract.office.story import read_story
from sousveil.extract.tables import Table
from sousveil.model import BlockKind

MAX_COLUMN = 16_384  # XFD, the last that the format has

_COORDINATE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_PHONETIC = frozenset({"rPh"})  # how to pronounce the text, not more text


def read_workbook(package: Package, into: Gathering) -> str:
    """Read the sheets in order, hidden ones too; return the first one's name."""
    (main, *_) = package.related("", "officeDocument")
    parts = {r.id: r.part for r in package.relations(main)}
    shared = [
        text
        for part in package.related(main, "sharedStrings")
        for text in _shared_strings(package, part)
    ]
    sheets = [
        (event.attributes.get("name", ""), parts[event.attributes[":id"]])
        for event in package.events(main)
        if event.kind == "start" and event.name == "sheet"
        if event.attributes.get(":id") in parts
    ]
    for name, part in sheets:
        sheet = _Sheet(name, shared, into)
        for event in package.events(part, _PHONETIC):
            sheet.take(event)
        for drawing in package.related(part, "drawing"):
            read_story(package, drawing, into, under=name)
    return sheets[0][0] if sheets else ""


def _shared_strings(package: Package, part: str) -> Iterator[str]:
    """Give the strings that cells name by number."""
    pieces: list[str] = []
    in_text = False
    for event in package.events(part, _PHONETIC):
        if event.kind == "text":
            if in_text:
                pieces.append(event.name)
        elif event.name == "t":
            in_text = event.kind == "start"
        elif event.name == "si":
            if event.kind == "end":
                yield "".join(pieces)
            pieces = []


class _Sheet:
    """The cell that is open, and the headers of its sheet."""

    def __init__(self, name: str, shared: list[str], into: Gathering) -> None:
        self._name = name
        self._prefix = sheet_prefix(name)
        self._shared = shared
        self._into = into
        self._table = Table()
        self._cell: dict[str, str] = {}
        self._pieces: list[str] = []
        self._in_value = False

    def take(self, event: Event) -> None:
        """Take the next event."""
        if event.kind == "text":
            if self._in_value:
                self._pieces.append(event.name)
        elif event.name in {"v", "t"}:
            self._in_value = event.kind == "start"
        elif event.name == "row" and event.kind == "start":
            self._table.open_row()
        elif event.name == "c":
            if event.kind == "end":
                self._close()
            self._cell, self._pieces = dict(event.attributes), []

    def _close(self) -> None:
        value = self._value("".join(self._pieces))
        place = self._cell.get("r", "")
        table = self._table
        if (column := _column(place)) is not None:
            table.next_column = column
        table.open_cell(header=table.row <= 0, columns=1, rows=1)
        if value:
            context = " > ".join(part for part in (self._name, table.context()) if part)
            cell = self._prefix + place if place else None
            table.close_text(self._into.add(value, BlockKind.CELL, context, cell=cell))

    def _value(self, stored: str) -> str:
        """Return what a cell shows, by its type (section 18.18.11)."""
        kind = self._cell.get("t", "n")
        if kind == "s":
            number = int(stored) if stored.isdecimal() else len(self._shared)
            return self._shared[number] if number < len(self._shared) else ""
        if kind == "b":
            return "TRUE" if stored == "1" else "FALSE"
        return stored


def sheet_prefix(name: str) -> str:
    """Return what goes before a coordinate on a sheet, quoted as Excel does: "'Face list'!"."""
    plain = name if name.isidentifier() else "'" + name.replace("'", "''") + "'"
    return f"{plain}!"


def _column(place: str) -> int | None:
    """Return the column of a coordinate, A as 0; None for what is no coordinate."""
    match = _COORDINATE.fullmatch(place)
    if match is None:
        return None
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1 if number <= MAX_COLUMN else None
