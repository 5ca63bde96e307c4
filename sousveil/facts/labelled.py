"""Where labels and their values stand: beside each other in a line, in cells, above a column.

Takes the blocks of a document, with its text made by `reading.narrow`, and gives each label that is
known with the span of its value, whose name and address follow a section said. Reads no value.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from sousveil.facts.labels import Label, label_of, labels_in
from sousveil.facts.reading import narrow
from sousveil.model import Block, BlockKind, Document

MAX_BLOCKS = 50_000  # looked at; the longest notices have some thousand
MAX_LINE = 20_000  # characters in which labels are sought; a notice in one paragraph has 5,000
MAX_QUOTE = 300  # characters, of a label with its value; longer values are texts
TRAILING = " ,;:。，；、|*\t\n"
"""What no value begins or ends with."""

_NAMED = frozenset({"buyer", "supplier", "agency"})  # sections whose names are kept
_LONGEST_CELL = 60  # characters of a label that stands alone
_SENTENCE_END = re.compile(r"[。；;\n]|(?<=[a-z)])\. ")
_GAP = re.compile(r"[ \t]{2,}|(?<=[一-鿿)]) (?=\S)|\t")


@dataclass(frozen=True, slots=True)
class Found:
    """A label with its value, before the value is read."""

    label: Label
    start: int  # of the quote
    value: int  # where the value begins
    end: int
    row: int = -1  # of a table that lists projects
    is_sure: bool = True


def labelled(text: str, document: Document) -> list[Found]:
    """Return the labels of a document with their values, in the order of the text.

    `text` is the document's own, made by `narrow`.
    """
    return list(_Labels(text, list(islice(_lines(document), MAX_BLOCKS))).found())


class _Labels:
    """Goes through the blocks of a document, and keeps what was opened: a section, a table."""

    def __init__(self, text: str, blocks: Sequence[Block]) -> None:
        self._text = text
        self._blocks = blocks
        self._section = ""
        self._waiting: tuple[Label, Block] | None = None  # a label whose value comes next
        self._header: list[Label | None] = []
        self._row = -1
        self._headings = {_heading(block) for block in blocks} - {""}

    def found(self) -> Iterator[Found]:
        """Yield labels with their values, in the order of the text."""
        rows = {row[0].start: row for row in _rows(self._text, self._blocks) if len(row) > 1}
        in_rows = {block.start for row in rows.values() for block in row}
        for block in self._blocks:
            if block.start in rows:
                self._waiting = None
                yield from self._in_row(rows[block.start])
            elif block.start not in in_rows:
                yield from self._in_line(block)

    def _in_row(self, row: Sequence[Block]) -> Iterator[Found]:
        labels = [_cell_label(self._text, cell) for cell in row]
        columns = [_column(number, cell) for number, cell in enumerate(row)]
        if any(columns[1:]) and not any(labels):
            self._header = columns
        if _is_header(labels):
            self._header = labels
        elif self._header and len(row) == len(self._header) and not any(labels):
            self._row += 1
            for label, cell in zip(self._header, row, strict=True):
                if label is not None and label.field:
                    yield Found(label, cell.start, cell.start, cell.end, self._row)
        else:
            self._header = []
            for one in _of_cells(self._text, row, labels):
                yield self._resolved(one)

    def _in_line(self, block: Block) -> Iterator[Found]:
        if self._text[block.start : block.end] in self._headings:
            self._waiting = None  # it heads a column: its values come with their rows
            return
        label = _cell_label(self._text, block)
        if label is not None:
            self._section = label.section or self._section
            self._waiting = (label, block)
            return
        inline = list(_in_block(self._text, block))
        if self._waiting is not None and not (inline and inline[0].start == block.start):
            told, at = self._waiting
            end = _value_end(self._text, block.start, block.end)
            yield self._resolved(Found(told, at.start, block.start, end))
        self._waiting = None
        for one in inline:
            resolved = self._resolved(one)
            if self._text[one.value : one.end].strip(TRAILING):
                yield resolved
            elif one is inline[-1]:
                self._waiting = (one.label, replace(block, start=one.start))

    def _resolved(self, one: Found) -> Found:
        """Say whose name and address follow: those of the section that was opened last."""
        self._section = one.label.section or self._section
        field = one.label.field
        if field == "name":
            field = self._section if self._section in _NAMED else ""
        elif field == "address":
            field = "place" if self._section == "buyer" else ""
        elif field == "town":
            field = "place" if self._section in {"buyer", "place"} else ""
        return replace(one, label=replace(one.label, field=field))


def _rows(text: str, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the rows of tables: a cell's context ends with the text of its row's first cell."""
    row: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.CELL:
            if row:
                yield row
            row = []
            continue
        first = text[row[0].start : row[0].end] if row else ""
        tail = _first(block)
        is_same_row = bool(row) and (
            tail == first or (block.cell is not None and _row_number(block) == _row_number(row[0]))
        )
        if not is_same_row:
            if row:
                yield row
            row = []
        row.append(block)
    if row:
        yield row


def _row_number(block: Block) -> str:
    return re.sub(r"[A-Z]+(?=\d+\Z)", "", block.cell or "")


def _cell_label(text: str, block: Block) -> Label | None:
    """Return the label that a whole block is."""
    if block.end - block.start > _LONGEST_CELL:
        return None
    return label_of(text[block.start : block.end])


def _first(cell: Block) -> str:
    """Return the text of the first cell of a cell's row, as far as its context tells."""
    return narrow(cell.context).rpartition(" > ")[2].partition(" | ")[0]


def _heading(cell: Block) -> str:
    """Return the text that heads a cell's column; "" where the page marks none."""
    return narrow(cell.context).rpartition(" > ")[2].partition(" | ")[2]


def _column(number: int, cell: Block) -> Label | None:
    """Return the label that heads a cell's column, where the page marks it as a heading."""
    return label_of(_heading(cell) or ("" if number else _first(cell)))


def _is_header(labels: Sequence[Label | None]) -> bool:
    """Whether a row of cells heads columns: labels stand beside labels."""
    return any(one is not None and other is not None for one, other in pairwise(labels))


def _of_cells(text: str, row: Sequence[Block], labels: Sequence[Label | None]) -> Iterator[Found]:
    """Yield the values of a row in which each label stands before its value."""
    for (label, at), value in zip(zip(labels, row, strict=True), [*row[1:], None], strict=True):
        if label is not None and value is not None and _cell_label(text, value) is None:
            yield Found(label, at.start, value.start, value.end)
        elif label is None:
            inline = list(_in_block(text, at))
            yield from (one for one in inline if text[one.value : one.end].strip(TRAILING))
        elif label.section:
            yield Found(label, at.start, at.end, at.end)


def _in_block(text: str, block: Block) -> Iterator[Found]:
    """Yield what a line tells with colons, each value up to the next label or the sentence's end.

    A line "采购人   某某局" without one is told by its wide gap.
    """
    start, end = block.start, block.end
    labels = labels_in(text[start : min(end, start + MAX_LINE)])
    ends = [*(one.start for one in labels[1:]), end - start][: len(labels)]
    for one, before in zip(labels, ends, strict=True):
        value = start + one.value
        stop = min(start + before, _value_end(text, value, start + before))
        yield Found(one.label, start + one.start, value, stop)
    if not labels and (gap := _GAP.search(text, start, min(end, start + _LONGEST_CELL))):
        label = label_of(text[start : gap.start()])
        if label is not None and (label.is_strong or not text[start].isascii()):
            yield Found(label, start, gap.end(), end, is_sure=False)


def _lines(document: Document) -> Iterator[Block]:
    """Yield the blocks of a document, of text that kept its lines each line."""
    for block in document.blocks:
        start = block.start
        while start < block.end:
            end = document.text.find("\n", start, block.end)
            end = block.end if end < 0 or block.kind is BlockKind.CELL else end
            if end > start:
                is_whole = (start, end) == (block.start, block.end)
                yield block if is_whole else replace(block, start=start, end=end)
            start = end + 1


def _value_end(text: str, start: int, end: int) -> int:
    stop = _SENTENCE_END.search(text, start + 1, min(end, start + MAX_QUOTE))
    return stop.start() if stop else min(end, start + MAX_QUOTE)
