"""The result of a scan: the findings of all files in one, in the order of the inputs.

Takes the parts that `scan_file` wrote and gives one Parquet file; it is there whole or not at all,
and equal parts in equal order give equal bytes. Parts are read a batch at a time, so that memory
does not grow with their number or size.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sousveil.durable import sync_folder
from sousveil.errors import InputError
from sousveil.model import Json
from sousveil.scan.file.part import read_makings, read_part
from sousveil.scan.file.table import SCHEMA, row_of

# Rows of a row group: some 25 MB, of which readers need one at a time.
ROWS_A_GROUP = 5_000
_BATCH_ROWS = 500  # as Python's objects, which take more


def merge(parts: Sequence[Path], result: Path) -> int:
    """Write the findings of `parts`, in order, into `result`; return how many there are.

    Raises InputError for a part that is damaged, or is not of the same scan as the first.
    """
    temporary = result.with_name(f".{result.name}.tmp")
    count = 0
    makings = read_makings(parts[0]) if parts else {}
    schema = SCHEMA.with_metadata(makings)
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in _groups(_batches(_rows(parts, makings), schema)):
            writer.write_table(table)
            count += table.num_rows
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(result)
    sync_folder(result.parent)
    return count


def _rows(parts: Iterable[Path], makings: Mapping[str, str]) -> Iterator[Json]:
    for part in parts:
        if read_makings(part) != makings:
            raise InputError(
                f"{part}: the findings of a file are of another scan. Remove this file and run the"
                " same command again; its archive is then scanned again."
            )
        yield from map(row_of, read_part(part))


def _batches(rows: Iterator[Json], schema: pa.Schema) -> Iterator[pa.Table]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield pa.Table.from_pylist(batch, schema=schema)


def _groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Gather batches into row groups; where one ends follows from the rows alone."""
    gathered: list[pa.Table] = []
    rows = 0
    for batch in batches:
        gathered.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_A_GROUP:
            yield pa.concat_tables(gathered)
            gathered, rows = [], 0
    if rows:
        yield pa.concat_tables(gathered)
