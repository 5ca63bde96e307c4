"""The result of a scan: the findings of all files in one, in the order of the inputs.

Takes the parts that `scan_file` wrote and gives one Parquet file of the same columns; it is there
whole or not at all, and equal parts in equal order give equal bytes. Parts are read a batch at a
time, so that memory does not grow with their number or size.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sousveil.durable import sync_folder
from sousveil.errors import InputError
from sousveil.scan.file.table import SCHEMA

# Rows of a row group: some 25 MB, of which readers need one at a time.
ROWS_A_GROUP = 5_000
_BATCH_ROWS = 500


def merge(parts: Sequence[Path], result: Path) -> int:
    """Write the rows of `parts`, in order, into `result`; return how many there are.

    Raises InputError for a part that is damaged, or is not of the same scan as the first.
    """
    temporary = result.with_name(f".{result.name}.tmp")
    count = 0
    schema = _schema(parts[0]) if parts else SCHEMA
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in _groups(_batches(parts, schema)):
            writer.write_table(table)
            count += table.num_rows
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(result)
    sync_folder(result.parent)
    return count


def _schema(part: Path) -> pa.Schema:
    try:
        return pq.read_schema(part)
    except pa.ArrowException as error:
        raise _damaged(part, str(error)) from error


def _batches(parts: Iterable[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for part in parts:
        if not _schema(part).equals(schema, check_metadata=True):
            raise _damaged(part, "it is of another scan")
        try:
            with pq.ParquetFile(part) as file:
                yield from file.iter_batches(_BATCH_ROWS)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(part, str(error)) from error


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Gather batches into row groups; where one ends follows from the rows alone."""
    gathered: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        gathered.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_A_GROUP:
            yield pa.Table.from_batches(gathered)
            gathered, rows = [], 0
    if rows:
        yield pa.Table.from_batches(gathered)


def _damaged(part: Path, why: str) -> InputError:
    return InputError(
        f"{part}: the findings of a file cannot be read ({why}). Remove this file and run the same"
        " command again; its archive is then scanned again."
    )
