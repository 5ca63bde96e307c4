"""Cells are told apart by row and column in time that follows the table's size alone."""

import time

from sousveil.extract.tables import MAX_COLUMNS, Table

ROWS = 20_000


def test_rows_under_cells_that_reach_far_down_and_right_take_linear_time() -> None:
    table = Table()
    began = time.process_time()
    for _ in range(ROWS):
        table.open_row()
        table.open_cell(header=False, columns=1000, rows=65_534)
    # A row passes MAX_COLUMNS columns, each in less than a microsecond; not all that came before.
    assert time.process_time() - began < ROWS * MAX_COLUMNS * 1e-6
    assert len(table.rows_left) <= MAX_COLUMNS


def test_a_cell_that_reaches_down_moves_those_below_it_to_the_right() -> None:
    table = Table()
    table.open_row()
    for name in ("Country", "Meaning"):
        table.open_cell(header=True, columns=1, rows=1)
        table.close_text(name)
    table.open_row()
    table.open_cell(header=False, columns=1, rows=2)
    table.open_cell(header=False, columns=1, rows=1)
    table.open_row()
    table.open_cell(header=False, columns=1, rows=1)
    assert table.context() == "Meaning"
