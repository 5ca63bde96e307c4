"""Findings as a Parquet file: one row each, with the place of the record that holds it.

Takes findings as `jsonform` writes them and gives a table for DuckDB, pandas and `import`: what is
a word or a number there is a column, a list of words is a list, `capture` a struct, and the three
deep ones (`selectors`, `source`, `attribution`) are JSON text. What a finding leaves out is null,
so that `finding_of` gives the same JSON again. The columns are told in docs/reference/scan.md.
Equal rows give equal bytes.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sousveil import __version__
from sousveil.durable import make_folders, sync_folder
from sousveil.model import Json
from sousveil.scan.file.finder import Finder

# Rows are kept until so many are there, then written as a row group: some 5 MB.
ROWS_A_GROUP = 1_000
# Of the name of a part: no two files of a crawl of a million share it by chance.
_NAME_DIGITS = 32
PARTS = "parts"

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
_PLACE = ("file", "offset", "length", "is_stored", "revisit_offset", "revisit_length")


class Place(msgspec.Struct, frozen=True):
    """Where the record that holds a finding lies."""

    file: str  # as the scan was given it
    offset: int  # of the record, in bytes of the stored file if `is_stored`
    length: int
    is_stored: bool  # False: both count decompressed bytes, for records share a gzip member
    revisit_offset: int | None = None  # of the revisit that says the record was met again
    revisit_length: int | None = None


def part_path(folder: Path, name: str) -> Path:
    """Return where the findings of the file called `name` are written, below a scan's folder."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return folder / PARTS / f"{digest[:_NAME_DIGITS]}.parquet"


def finding_of(row: Mapping[str, Any]) -> Json:
    """Return the finding that a row holds, as `jsonform` wrote it."""
    form = {key: value for key, value in row.items() if value is not None and key not in _PLACE}
    form |= {key: json.loads(form[key]) for key in _DEEP if key in form}
    form["capture"] = {key: value for key, value in form["capture"].items() if value is not None}
    return form | {"actor": row["actor"]}


class PartWriter:
    """Writes rows into a file that has its name only once it is whole and synced."""

    def __init__(self, path: Path, finder: Finder) -> None:
        self._path = path
        make_folders(path.parent)
        # Another process may be at the same file, whose engine took us for dead.
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._rows: list[Json] = []
        self._writer = pq.ParquetWriter(
            self._temporary, SCHEMA.with_metadata(_metadata(finder)), compression="zstd"
        )
        self.count = 0

    def add(self, findings: Iterable[Json], place: Place) -> None:
        """Add the findings of one answer."""
        where = msgspec.structs.asdict(place)
        for finding in findings:
            deep = {key: _text(finding[key]) for key in _DEEP if key in finding}
            row = {key: _sound(value) for key, value in (finding | deep).items()}
            self._rows.append(row | where)
            self.count += 1
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        if kind is not None:
            self._temporary.unlink()
            return
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        self._temporary.replace(self._path)
        sync_folder(self._path.parent)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows = []


def _sound(value: object) -> object:
    """Return a value without lone surrogates, which are no characters (RFC 8259, section 8.2)."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sound(one) for one in value]
    if isinstance(value, dict):
        return {key: _sound(one) for key, one in value.items()}
    return value


def _metadata(finder: Finder) -> dict[str, str]:
    return {
        "sousveil.version": __version__,
        "sousveil.engine": finder.engine.name,
        "sousveil.topics": finder.topics,
        "sousveil.matcher": finder.matcher,
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
