"""Tells which cells of a document's tables stand in one row.

Takes a `Document` and gives, for the index of each CELL block, the first and last block of its
row. A workbook's cells carry their coordinates. Other cells tell by their context, which ends in
"row header | column header", either of them alone, or nothing (`extract/tables.py`): what
names an earlier cell stands in that cell's row or column. Linear in the blocks.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from sousveil.claims.windows import Span
from sousveil.model import Block, BlockKind, Document

MAX_ROW_CELLS = 32  # of one row; a wider one is read in parts
MAX_HEADER_CHARACTERS = 80  # extraction takes no longer text as a header

_COORDINATE = re.compile(r"(.*![A-Z]+)(\d+)", re.DOTALL)


def table_rows(document: Document) -> dict[int, Span]:
    """Return the first and last block (inclusive) of the row of each cell, by its index."""
    rows: dict[int, Span] = {}
    for is_cell, run in groupby(enumerate(document.blocks), lambda b: b[1].kind is BlockKind.CELL):
        if not is_cell:
            continue
        for row in _rows(document, [index for index, _ in run]):
            rows |= dict.fromkeys(row, (row[0], row[-1]))
    return rows


def _rows(document: Document, run: list[int]) -> Iterator[list[int]]:
    """Cut a run of cells into rows."""
    for place, group in groupby(run, lambda index: _coordinate(document.blocks[index])):
        cells = list(group)
        if place:
            yield from (
                cells[low : low + MAX_ROW_CELLS] for low in range(0, len(cells), MAX_ROW_CELLS)
            )
        else:
            yield from _Cutter(document).rows(cells)


def _coordinate(block: Block) -> str:
    """Return sheet and number of a workbook's row; "" for another cell."""
    match = _COORDINATE.fullmatch(block.cell or "")
    return f"{match[1].rpartition('!')[0]}!{match[2]}" if match else ""


class _Cutter:
    """The row that is open, and the texts of the last row of column headers."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._row: list[int] = []
        self._headed = False  # whether the row's cells are known to belong together
        self._columns: dict[str, int] = {}
        self._done: list[list[int]] = []

    def rows(self, cells: list[int]) -> list[list[int]]:
        """Return the rows of a run of cells without coordinates."""
        for index in cells:
            self._take(index)
        head, *others = self._row
        if not self._done and len(others) > 1 and all(self._under(one, head) for one in others):
            return [[index] for index in cells]  # a column under its header, and no row
        self._close()
        return self._done

    def _take(self, index: int) -> None:
        if not self._row or len(self._row) == MAX_ROW_CELLS:
            self._close()
        elif (head := self._head(index)) is not None:
            if head:  # what stood before it are rows of a single cell
                self._done += [[one] for one in self._row[:head]]
                del self._row[:head]
            self._headed = True
        elif self._under(index, self._row[0]):
            self._columns = {self._text(one): n for n, one in enumerate(self._row)}
            self._headed = True
            self._close()
        elif not self._goes_on(index):
            self._close()
        self._row.append(index)

    def _close(self) -> None:
        """End the open row; cells that nothing binds together are rows of their own."""
        if self._row and (self._headed or not self._same_context(self._row)):
            self._done.append(self._row)
        else:
            self._done += [[one] for one in self._row]
        self._row, self._headed = [], False

    def _head(self, index: int) -> int | None:
        """Return which cell of the open row heads the row of `index`, or None."""
        context = self._document.blocks[index].context
        places = range(1) if self._headed else range(len(self._row))
        for place in places:
            text = self._text(self._row[place])
            inner = f"{text} | "
            if text and (context.startswith(inner) or f" > {inner}" in context):
                return place
        last = 0 if self._headed else len(self._row) - 1
        return last if self._under(index, self._row[last]) else None

    def _goes_on(self, index: int) -> bool:
        """Whether a cell that no text heads may stand in the open row."""
        if self._headed:
            return False
        if self._same_context([*self._row, index]):
            return True
        column, last = self._column(index), self._column(self._row[-1])
        return column is not None and last is not None and column > last

    def _same_context(self, cells: list[int]) -> bool:
        blocks = self._document.blocks
        return len(cells) > 1 and blocks[cells[-1]].context == blocks[cells[0]].context

    def _under(self, index: int, head: int) -> bool:
        """Whether the text of a cell is all the header that `index` has."""
        context, text = self._document.blocks[index].context, self._text(head)
        return bool(text) and (context == text or context.endswith(f" > {text}"))

    def _column(self, index: int) -> int | None:
        """Return which column a cell stands under; None when it tells none."""
        return self._columns.get(re.split(r" > | \| ", self._document.blocks[index].context)[-1])

    def _text(self, index: int) -> str:
        block = self._document.blocks[index]
        text = self._document.text[block.start : block.end]
        return text if len(text) <= MAX_HEADER_CHARACTERS else ""
