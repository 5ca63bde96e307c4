"""Findings as a Parquet file: one row each, with the place of the record that holds it.

Takes findings as a part holds them (`part.py`) and gives rows of a table for DuckDB, pandas and
`import`: what is a word or a number there is a column, a list of words is a list, `capture` a
struct, and the three deep ones (`selectors`, `source`, `attribution`) are JSON text. What a finding
leaves out is null, so that `finding_of` gives the same JSON again. The columns are told in
docs/reference/scan.md.
"""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from sousveil.model import Json
from sousveil.scan.file.part import Place

_DEEP = ("selectors", "source", "attribution")
_CAPTURE = pa.struct(
    [
        ("url", pa.string()),
        ("captured_at", pa.string()),  # RFC 3339
        ("status", pa.int32()),
        ("media_type", pa.string()),
        ("warc", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("record_id", pa.string()),
        ("record_digest", pa.string()),
    ]
)
_WORDS = ("id", "topic", "trait", "label", "quote", "passage", "title", "lang", "actor", "engine")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _WORDS),
        ("score", pa.float64()),
        ("reasons", pa.list_(pa.string())),
        ("caveats", pa.list_(pa.string())),
        ("capture", _CAPTURE),
        *((name, pa.string()) for name in _DEEP),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("is_stored", pa.bool_()),
        ("revisit_offset", pa.int64()),
        ("revisit_length", pa.int64()),
    ]
)


def row_of(line: Json) -> Json:
    """Return a line of a part as a row of the table."""
    return line | {key: _text(line[key]) for key in _DEEP if key in line}


def finding_of(row: Mapping[str, Any]) -> Json:
    """Return the finding that a row holds, as `jsonform` wrote it."""
    places = Place.__struct_fields__
    form = {key: value for key, value in row.items() if value is not None and key not in places}
    form |= {key: json.loads(form[key]) for key in _DEEP if key in form}
    form["capture"] = {key: value for key, value in form["capture"].items() if value is not None}
    return form | {"actor": row["actor"]}


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
