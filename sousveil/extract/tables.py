"""Which headers a table cell stands under, counted while the table goes by.

A cell "Uyghur" means nothing without its row and column; the reader of HTML hands in rows and
cells as they open and their text as it closes, and asks for the context. HTML Standard,
"Forming a table", as far as one pass without look-ahead can follow it.
"""

from dataclasses import dataclass, field

MAX_SPAN = 1000  # the standard's own limit for colspan
# Cells that reach down are minded this far to the right: each row passes all of them, and a page
# can have a row for every eight bytes. Tables that people read have some dozen columns.
MAX_COLUMNS = 256
MAX_HEADER_CHARACTERS = 80  # a longer "header" is a text in a layout table


@dataclass(slots=True)
class Table:
    """The state of one open table."""

    in_head: bool = False  # inside <thead>
    row: int = -1
    column: int = 0  # of the open cell
    next_column: int = 0
    is_header: bool = False  # the open cell is a <th>
    row_header: str = ""
    column_headers: dict[int, str] = field(default_factory=dict)
    rows_left: dict[int, int] = field(default_factory=dict)  # of cells with rowspan, by column

    def open_row(self) -> None:
        """Begin the next row."""
        self.row += 1
        self.next_column = 0
        self.row_header = ""

    def open_cell(self, *, header: bool, columns: int, rows: int) -> None:
        """Begin the next cell of the row, which spans `columns` and `rows`."""
        while self.rows_left.get(self.next_column, 0) > 0:
            self.rows_left[self.next_column] -= 1
            self.next_column += 1
        self.column = self.next_column
        self.next_column += min(max(columns, 1), MAX_SPAN)
        self.is_header = header
        if rows > 1:
            for column in range(self.column, min(self.next_column, MAX_COLUMNS)):
                self.rows_left[column] = min(rows, MAX_SPAN) - 1

    def close_text(self, text: str) -> None:
        """Take `text`, a block of the open cell, as header if the cell is one."""
        if len(text) > MAX_HEADER_CHARACTERS:
            return
        if self.is_header and (self.in_head or self.row <= 0):
            self.column_headers.setdefault(self.column, text)
        elif self.column == 0 or self.is_header:
            self.row_header = self.row_header or text

    def context(self) -> str:
        """Return the open cell's row and column header, "uygur | Meaning"; "" without any."""
        column = self.column_headers.get(self.column, "")
        row = self.row_header if self.column else ""
        return " | ".join(part for part in (row, column) if part)
