"""Findings as tables: CSV (RFC 4180) for people with spreadsheets; what all tables of ours share.

CSV injection: what was captured may begin with a character that a spreadsheet takes for a formula.
Such a cell gets an apostrophe before it (OWASP, "CSV Injection"). A byte order mark stands first,
for Excel takes a file for UTF-8 only with it.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from sousveil.run.publish.exports.told import Told

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "\ufeff"

FINDING_COLUMNS = {
    "id": "id",
    "label": "label",
    "trait": "trait",
    "topic": "topic",
    "score": "score",
    "quote": "quote",
    "actor": "actor",
    "publisher": "attribution.publisher",
    "url": "capture.url",
    "path": "source.path",
    "title": "title",
    "lang": "lang",
    "captured_at": "capture.captured_at",
    "first_seen": "first_seen",
    "last_seen": "last_seen",
    "gone": "gone",
    "state": "state",
    "status": "status",
    "warc": "capture.warc",
    "record_digest": "capture.record_digest",
    "log_index": "capture.log_index",
}
"""The columns of a table of findings, each with its place in a finding's JSON."""


def table(told: Told) -> bytes:
    """Return the findings as a CSV file, the header first."""
    lines = [MARK + table_line(FINDING_COLUMNS)]
    lines += [table_line(flat(one.form, FINDING_COLUMNS)) for one in told.statements]
    return "".join(lines).encode()


def table_line(cells: Iterable[str]) -> str:
    """Return a line of a CSV file whose cells no spreadsheet takes for formulas."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(
        [f"'{cell}" if cell.startswith(FORMULAS) else cell for cell in cells]
    )
    return line.getvalue().encode("utf-8", "replace").decode()


def flat(form: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    """Return the cells of a table's row; `columns` tells the path of each: "capture.url"."""
    cells = []
    for path in columns.values():
        value: Any = form
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        cells.append("" if value is None else str(value))
    return cells
