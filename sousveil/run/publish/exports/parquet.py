"""Findings as Parquet: the columns of a scan's hits, and behind them what a case knows more.

So one query reads both. A scan knows no case: what became of a finding, what people decided and
which entry of the log vouches for it are columns of exports alone.
"""

import io
import json
from typing import Any

from sousveil.errors import InputError
from sousveil.model import Json
from sousveil.run.publish.exports.told import Statement, Told

# Of what a case knows more, with the type of each column.
_MORE = {
    "url": "string",
    "publisher": "string",
    "log_index": "int64",
    "state": "string",
    "status": "string",
    "verdict": "string",
    "confidence": "float64",
    "first_seen": "string",  # RFC 3339, as all times
    "last_seen": "string",
    "gone": "string",
    "after": "string",
}
_DEEP = ("selectors", "source", "attribution")  # JSON text, as in a scan


def parquet(told: Told) -> bytes:
    """Return the findings as a Parquet file; raises InputError where pyarrow is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra, of 100 MB, for this form alone
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            "parquet: needs pyarrow, which is not installed. Install it with"
            " `pip install 'sousveil[scan]'`, or take --format csv."
        ) from error
    more = [(name, pa.type_for_alias(kind)) for name, kind in _MORE.items()]
    schema = pa.schema([*told.columns(), *(pa.field(name, kind) for name, kind in more)])
    rows = [_row(one) for one in told.statements]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file, compression="zstd")
    return file.getvalue()


def _row(one: Statement) -> Json:
    # A lone surrogate of a hostile page has no UTF-8 form.
    text = json.dumps(one.form, ensure_ascii=False).encode("utf-8", "replace")
    form: Json = json.loads(text)
    record = one.finding.capture.record
    deep: dict[str, Any] = {name: _text(form[name]) for name in _DEEP if name in form}
    place = {"file": record.warc, "offset": record.offset, "length": record.length}
    publisher = form.get("attribution", {}).get("publisher")
    return (
        form
        | deep
        | place
        | {
            "is_stored": True,
            "url": one.finding.url,
            "publisher": publisher,
            "log_index": one.finding.log_index,
        }
    )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
