"""Records fetched from the archives that a scan found them in, by their place.

Takes places and gives each record's bytes, or in words why it cannot be had. The result that names
the places is a file like any other, perhaps a stranger's: opened is only what a scan opens, files
and addresses, and what comes must be a record with the digest that the result tells. Addresses are
asked for from here: those of private networks where the case allows them, and none where the case
goes out by an exit, which they would bypass.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from sousveil.archive.digests import Digests
from sousveil.archive.frames import ZSTD_MAGIC, is_frame
from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import GZIP_MAGIC, Unpacked
from sousveil.capture.guard.addresses import resolve_checked
from sousveil.model import Failure
from sousveil.scan.file.opening import FAR, FarFile, opened
from sousveil.scan.job.inputs import FAULTS, unreadable
from sousveil.settings import Settings

# A record is held in memory. Crawlers cut pages at some megabytes; larger ones are films.
MAX_RECORD_BYTES = 2**28
_STEP_BYTES = 2**20
_PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a record lies, as a result tells."""

    archive: str
    offset: int
    length: int
    is_stored: bool  # False: both count decompressed bytes
    digest: str  # of its block; "" for a revisit, of which the result tells none
    record_id: str  # WARC-Record-ID; made up where the record has none; "" for a revisit


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record that is the one of the scan."""

    place: Place
    data: bytes
    kind: str  # how the name of a file of such records ends: ".warc.gz"


def fetch(
    places: Iterable[Place], beside: Path, settings: Settings, faults: list[str]
) -> Iterator[Fetched]:
    """Yield the records that can be had and are those of the scan; `faults` tells of the others.

    `places` are in order; `beside` is the folder that names of archives may count from.
    """
    for archive, of_archive in groupby(places, lambda place: place.archive):
        address, wanted = _address(archive, beside), list(of_archive)
        refusal = _refusal(address, settings)
        came = ((one, refusal) for one in wanted) if refusal else _taken(address, wanted)
        for place, data in came:
            told = data if isinstance(data, str) else _checked(place, data)
            if isinstance(told, str):
                faults.append(f"{archive}, byte {place.offset}: {told}")
            else:
                yield told


def _address(archive: str, beside: Path) -> str:
    """Return what opens an archive: as it was named, or from where the result lies."""
    if archive.lower().startswith(FAR) or Path(archive).exists():
        return archive
    return str(beside / archive)


def _refusal(address: str, settings: Settings) -> str:
    """Return why an address is not asked for, "" when it may be."""
    if not address.lower().startswith(FAR):
        return ""
    if settings.exit:
        return (
            f"it is far away, and asking for it would bypass this case's exit ({settings.exit})."
            " Download the archive by that way, and put it where the scan's result lies"
        )
    try:
        url = urlsplit(address)
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError as error:
        return f"it is no address ({error})"
    if not port:
        return ""  # a bucket: whose host is asked, the user's own settings for it tell
    resolved = resolve_checked(url.hostname or "", port, settings.allow_hosts)
    return resolved.message if isinstance(resolved, Failure) else ""


def _taken(address: str, places: Iterable[Place]) -> Iterator[tuple[Place, bytes | str]]:
    """Yield each record's bytes, or why they cannot be had; those that share a member come last."""
    left = sorted(places, key=lambda place: not place.is_stored)
    try:
        with opened(address) as (file, _):
            stream: Unpacked | None = None
            while left:
                place = left[0]
                if place.offset < 0 or not 0 < place.length <= MAX_RECORD_BYTES:
                    data: bytes | str = f"no record, or one of more than {MAX_RECORD_BYTES:,} bytes"
                elif place.is_stored:
                    data = _stored(file, place)
                else:
                    stream = stream or Unpacked(file)
                    data = _unpacked(stream, place)
                yield left.pop(0), data
    except FAULTS as error:
        yield from ((place, unreadable(error)) for place in left)


def _stored(file: BinaryIO, place: Place) -> bytes:
    """Return a record's bytes as they are stored, b"" when there are not so many.

    Decompressed are records that share their gzip member, and those of Zstandard frames.
    """
    end = place.offset + place.length
    if isinstance(file, FarFile):
        file.load(place.offset, end)
    file.seek(place.offset)
    data = file.read(place.length)
    is_there = len(data) == place.length
    if is_there and is_frame(data[: len(ZSTD_MAGIC)]):
        # Its dictionary stands at the archive's beginning.
        return _next_bytes(Unpacked(file, place.offset, end), MAX_RECORD_BYTES)
    if data.startswith(GZIP_MAGIC) and not (
        is_there and isinstance(_checked(place, data), Fetched)
    ):
        # The first record of a member has a stored place, but a length of decompressed bytes.
        return _next_bytes(Unpacked(file, place.offset), place.length)
    return data if is_there else b""


def _unpacked(stream: Unpacked, place: Place) -> bytes:
    """Return a record that shares a gzip member, or lies in an LZ4 file, which is read up to it."""
    while stream.position < place.offset:
        if not stream.take(min(place.offset - stream.position, _STEP_BYTES)):
            return b""
    return _next_bytes(stream, place.length)


def _next_bytes(stream: Unpacked, size: int) -> bytes:
    pieces = []
    while size and (piece := stream.take(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _checked(place: Place, data: bytes) -> Fetched | str:
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
    if place.digest:
        is_named = record.head.get("WARC-Record-ID") in {"", place.record_id}
        is_it = is_named and digests.sha256() == place.digest
    else:
        is_it = record.head.type == "revisit"
    if not is_whole or not is_it or next(reader.records(), None) is not None:
        return "the record that is there now is not the one that was scanned"
    kind = ".arc" if record.head.version == "ARC" else ".warc"
    return Fetched(place, data, kind + (".gz" if data.startswith(GZIP_MAGIC) else ""))
