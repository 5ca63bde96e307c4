"""Hits brought home: the records in which a scan found claims, taken into a case.

Takes the result of a scan and fetches each record from the archive that it was found in
(`fetching.py`). What comes must have the digest that the scan saw. The bytes, as they are, are put
into archive files of their own, which are imported as any donor's (`run/visit/imports.py`); the
event tells of each record which archive it was taken from, where it lay there and lies now.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from sousveil.errors import InputError
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Json
from sousveil.run.visit.imports import Imported, import_file
from sousveil.scan.job.fetching import Fetched, Place, fetch

# One archive file of ours: its event tells a line of each record.
MAX_RECORDS = 1_000
MAX_BYTES = 2**26

_COLUMNS = ("file", "offset", "length", "is_stored", "revisit_offset", "revisit_length", "capture")


def import_hits(writer: Writer, index: Index, hits: Path, now: datetime) -> Iterator[Imported]:
    """Take the records of a scan's result into the case; yield what became of each file of them.

    A record that cannot be had, or is not the one that the scan saw, is a fault of its file.
    Raises InputError when `hits` is no result of a scan.
    """
    faults: list[str] = []
    fetched = fetch(places_in(hits), hits.parent, writer.case.settings, faults)
    number = 0
    with TemporaryDirectory(prefix="sousveil-hits-") as folder:
        for batch in _batches(fetched):
            number += 1
            name = hits.stem + (f"-{number}" if number > 1 else "") + batch[0].kind
            path = Path(folder) / name
            with path.open("wb") as file:
                file.writelines(one.data for one in batch)
            taken_from = [_told(one, at) for one, at in _offsets(batch)]
            imported = import_file(writer, index, path, now, taken_from)
            path.unlink()
            yield replace(imported, file=name, faults=(*imported.faults, *faults))
            faults.clear()
    if faults:
        yield Imported(str(hits), "", 0, 0, tuple(faults), None)


def places_in(hits: Path) -> list[Place]:
    """Return where the records of a scan's result lie, each once, in order of archive and offset.

    Raises InputError when `hits` is no result of a scan.
    """
    found: set[Place] = set()
    try:
        with pq.ParquetFile(hits) as file:
            for batch in file.iter_batches(columns=list(_COLUMNS)):
                for row in batch.to_pylist():
                    found.update(_places_of(row))
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise InputError(f"{hits}: no result of a scan ({error}).") from error
    return sorted(found)


def _places_of(row: Json) -> Iterator[Place]:
    archive, is_stored = row["file"], row["is_stored"]
    digest, record_id = row["capture"]["record_digest"], row["capture"]["record_id"]
    yield Place(archive, int(row["offset"]), int(row["length"]), is_stored, digest, record_id)
    if row["revisit_offset"] is not None:
        length = int(row["revisit_length"])
        yield Place(archive, int(row["revisit_offset"]), length, is_stored, "", "")


def _batches(fetched: Iterable[Fetched]) -> Iterator[list[Fetched]]:
    """Yield records that go into one file: of one kind, and not too many."""
    gathered: dict[str, list[Fetched]] = {}
    sizes: dict[str, int] = {}
    for one in fetched:
        size = sizes.get(one.kind, 0)
        batch = gathered.get(one.kind, [])
        if batch and (len(batch) == MAX_RECORDS or size + len(one.data) > MAX_BYTES):
            yield gathered.pop(one.kind)
            size = 0
        gathered.setdefault(one.kind, []).append(one)
        sizes[one.kind] = size + len(one.data)
    yield from gathered.values()


def _offsets(batch: Iterable[Fetched]) -> Iterator[tuple[Fetched, int]]:
    at = 0
    for one in batch:
        yield one, at
        at += len(one.data)


def _told(one: Fetched, at: int) -> Json:
    """Return where a record came from, and where it lies in its new file."""
    place = one.place
    told: Json = {
        "archive": place.archive,
        "offset": place.offset,
        "length": place.length,
        "is_stored": place.is_stored,
        "at": at,
    }
    return told | ({"digest": place.digest} if place.digest else {})
