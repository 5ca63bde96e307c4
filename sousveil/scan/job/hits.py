"""Hits brought home: the records in which a scan found claims, taken into a case.

Takes the result of a scan and fetches each record from the archive that it was found in, by its
place. What comes must have the digest that the scan saw. The bytes, as they are, are put into
archive files of their own, which are imported as any donor's (`run/visit/imports.py`); the event
tells of each record which archive it was taken from, where it lay there and lies now. A result is
a file like any other, perhaps a stranger's: what it names is opened and compared, nothing more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs

from sousveil.archive.digests import Digests
from sousveil.archive.frames import ZSTD_MAGIC, is_frame
from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import GZIP_MAGIC, Unpacked
from sousveil.errors import InputError
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Json
from sousveil.run.visit.imports import Imported, import_file
from sousveil.scan.file.opening import opened
from sousveil.scan.job.inputs import FAULTS, unreadable

# One archive file of ours: its event tells a line of each record.
MAX_RECORDS = 1_000
MAX_BYTES = 2**26
# A record is held in memory. Crawlers cut pages at some megabytes; larger ones are films.
MAX_RECORD_BYTES = 2**28
_STEP_BYTES = 2**20

_COLUMNS = ("file", "offset", "length", "is_stored", "revisit_offset", "revisit_length", "capture")


class Place(NamedTuple):
    """Where a record lies, as a result tells."""

    archive: str
    offset: int
    length: int
    is_stored: bool  # False: both count decompressed bytes
    digest: str  # of its block; "" for a revisit, of which the result tells none


@dataclass(frozen=True, slots=True)
class _Fetched:
    place: Place
    data: bytes
    kind: str  # how the name of a file of such records ends: ".warc.gz"


def import_hits(writer: Writer, index: Index, hits: Path, now: datetime) -> Iterator[Imported]:
    """Take the records of a scan's result into the case; yield what became of each file of them.

    A record that cannot be had, or is not the one that the scan saw, is a fault of its file.
    Raises InputError when `hits` is no result of a scan.
    """
    faults: list[str] = []
    fetched = _fetch_all(places_in(hits), hits.parent, faults)
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
    digest = row["capture"]["record_digest"]
    yield Place(archive, int(row["offset"]), int(row["length"]), is_stored, digest)
    if row["revisit_offset"] is not None:
        length = int(row["revisit_length"])
        yield Place(archive, int(row["revisit_offset"]), length, is_stored, "")


def _fetch_all(places: Iterable[Place], beside: Path, faults: list[str]) -> Iterator[_Fetched]:
    """Yield the records that can be had and are those of the scan; `faults` tells of the others."""
    for archive, of_archive in groupby(places, lambda place: place.archive):
        for place, came in _fetched(_address(archive, beside), of_archive):
            told = came if isinstance(came, str) else _checked(place, came)
            if isinstance(told, str):
                faults.append(f"{archive}, byte {place.offset}: {told}")
            else:
                yield told


def _address(archive: str, beside: Path) -> str:
    """Return what opens an archive: as it was named, or from where the result lies."""
    if "://" in archive or Path(archive).exists():
        return archive
    return str(beside / archive)


def _fetched(address: str, places: Iterable[Place]) -> Iterator[tuple[Place, bytes | str]]:
    """Yield each record's bytes, or why they cannot be had."""
    unpacked: list[Place] = []
    for place in places:
        if place.offset < 0 or not 0 < place.length <= MAX_RECORD_BYTES:
            yield place, f"no record, or one of more than {MAX_RECORD_BYTES:,} bytes"
        elif not place.is_stored:
            unpacked.append(place)
        else:
            try:
                yield place, _stored(address, place)
            except FAULTS as error:
                yield place, unreadable(error)
    if unpacked:
        yield from _unpacked(address, unpacked)


def _stored(address: str, place: Place) -> bytes:
    """Return a record's bytes as they are stored, b"" when there are not so many.

    Decompressed are records that share their gzip member, and those of Zstandard frames.
    """
    system, path = url_to_fs(address)
    end = place.offset + place.length
    data: bytes = system.cat_file(path, start=place.offset, end=end)
    if len(data) != place.length:
        return b""  # the archive ends before it
    if is_frame(data[: len(ZSTD_MAGIC)]):
        # Its dictionary stands at the beginning of the archive.
        with opened(address) as (file, _):
            return _taken(Unpacked(file, place.offset, end), MAX_RECORD_BYTES)
    if data.startswith(GZIP_MAGIC) and isinstance(_checked(place, data), str):
        # The first record of a member has a stored place, but a length of decompressed bytes.
        with opened(address) as (file, _):
            return _taken(Unpacked(file, place.offset), place.length)
    return data


def _unpacked(address: str, places: Iterable[Place]) -> Iterator[tuple[Place, bytes | str]]:
    """Yield records that share a gzip member, or lie in an LZ4 file: it is read up to them."""
    try:
        with opened(address) as (file, _):
            stream = Unpacked(file)
            for place in places:
                while stream.position < place.offset:
                    if not stream.take(min(place.offset - stream.position, _STEP_BYTES)):
                        break
                yield place, _taken(stream, place.length)
    except FAULTS as error:
        yield from ((place, unreadable(error)) for place in places)


def _taken(stream: Unpacked, size: int) -> bytes:
    pieces = []
    while size and (piece := stream.take(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _checked(place: Place, data: bytes) -> _Fetched | str:
    """Return a record that is the one of the scan, or in words what is wrong with it."""
    reader = RecordReader(Unpacked(BytesIO(data)))
    record = next(reader.records(), None)
    if record is None:
        return "no such record is there now"
    digests = Digests()
    for piece in record.pieces():
        digests.update(piece)
    is_whole = not record.missing
    reader.finish(record)
    is_it = record.head.type == "revisit" if not place.digest else digests.sha256() == place.digest
    if not is_whole or not is_it or next(reader.records(), None) is not None:
        return "the record that is there now is not the one that was scanned"
    kind = ".arc" if record.head.version == "ARC" else ".warc"
    return _Fetched(place, data, kind + (".gz" if data.startswith(GZIP_MAGIC) else ""))


def _batches(fetched: Iterable[_Fetched]) -> Iterator[list[_Fetched]]:
    """Yield records that go into one file: of one kind, and not too many."""
    gathered: dict[str, list[_Fetched]] = {}
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


def _offsets(batch: Iterable[_Fetched]) -> Iterator[tuple[_Fetched, int]]:
    at = 0
    for one in batch:
        yield one, at
        at += len(one.data)


def _told(one: _Fetched, at: int) -> Json:
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
