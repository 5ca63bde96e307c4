"""CDXJ: the lines by which a reader of an archive finds a record without reading the file.

Takes a WARC file and gives a line for each answer in it: SURT key, 14-digit timestamp, JSON.
Follows CDXJ 0.1.0; `recordDigest`, over the record's stored bytes, is what WACZ-auth 0.1.0
("Verification of Partially loaded WACZ") holds a single record against. Requests, and the
`metadata` records that tell of a page under the page's own address, are in the file but have no
line: a reader would show them in the page's place. The answer to a request that is no GET has the
request's method and body in its key (`request_body.py`), where the two records name each other.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sousveil.archive.foreign import parse_date
from sousveil.archive.read import split_http
from sousveil.archive.records import PIECE_BYTES, Record, RecordHead, RecordReader
from sousveil.archive.request_body import MAX_REQUEST_BYTES, Asked, asked
from sousveil.archive.surt import surt
from sousveil.archive.unpack import Unpacked
from sousveil.capture.http.head import HttpHead, media_type
from sousveil.model import Json

REVISIT = "warc/revisit"  # the media type that indexers give a revisit
NOT_TOLD = "-"  # as CDX files write what a record does not tell

_ANSWERS = frozenset({"response", "resource", "revisit"})


@dataclass(frozen=True, slots=True)
class WarcIndex:
    """The lines of one WARC file, in the order of its records."""

    lines: tuple[bytes, ...]  # each with its line feed
    left_out: int  # answers without a line: damaged, undated, or amid a gzip member


def index_warc(path: Path, filename: str) -> WarcIndex:
    """Return the CDXJ lines of the WARC file at `path`, known to its readers as `filename`.

    Streams the file, in bounded memory but for the lines (some 400 bytes each). An answer without
    address, date or end, or without a place of its own in the stored file (several records in one
    gzip member), is counted as left out. Raises OSError when the file cannot be read.
    """
    lines: list[bytes] = []
    left_out = 0
    requests = _requests(path)
    with path.open("rb") as file, path.open("rb") as stored:
        stream = Unpacked(file)
        reader = RecordReader(stream)
        for record in reader.records():
            http, payload_digest = _read(record)
            reader.finish(record)
            head = record.head
            if head.type not in _ANSWERS:
                continue
            has_place = head.is_stored and stream.stored_offset() is not None
            request = next((requests[name] for name in _names(head) if name in requests), None)
            key = _key(head, request)
            if key is None or record.missing or not has_place:
                left_out += 1
                continue
            fields = _fields(head, http, payload_digest) | {
                "filename": filename,
                "offset": head.offset,
                "length": record.length,
                "recordDigest": _digest(_range(stored, head.offset, record.length)),
            }
            if request is not None:
                fields |= {"method": request.method, "requestBody": request.query}
            lines.append(f"{key} {json.dumps(fields)}\n".encode())
    return WarcIndex(tuple(lines), left_out)


def _requests(path: Path) -> dict[str, Asked]:
    """Return the requests that are no GET, by their own name and by those that they name.

    A request may stand before its answer or after it, and either may name the other (WARC 1.1,
    section 5.7), so the file is read for them first.
    """
    found: dict[str, Asked] = {}
    with path.open("rb") as file:
        reader = RecordReader(Unpacked(file))
        for record in reader.records():
            if record.head.type == "request":
                block = b"".join(_begin(record.pieces(), MAX_REQUEST_BYTES))
                if (request := asked(block)) is not None:
                    found |= dict.fromkeys(_names(record.head), request)
            reader.finish(record)
    return found


def _names(head: RecordHead) -> list[str]:
    """Return a record's own id and those of the records that it says belong to it."""
    names = {"warc-record-id", "warc-concurrent-to"}
    return [value for name, value in head.fields if name.lower() in names]


def _begin(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return


def _read(record: Record) -> tuple[HttpHead, str]:
    """Read a record's block; return its HTTP head and the digest of what follows it."""
    http, body = split_http(record, record.pieces())
    return http, _digest(body)


def _key(head: RecordHead, request: Asked | None) -> str | None:
    """Return the record's SURT key and timestamp, or None when it lacks address or date."""
    url, date = _url(head), parse_date(head.get("WARC-Date"))
    if not url or date is None:
        return None
    if request is not None:
        url = request.address(url)
    return f"{surt(url)} {date.year:04}{date:%m%d%H%M%S}"


def _fields(head: RecordHead, http: HttpHead, payload_digest: str) -> Json:
    """Return what the line tells of the answer itself.

    A digest that the record does not give is that of the body as recorded, transfer coding
    included, as warcio computes it; a revisit has no body of its own.
    """
    is_revisit = head.type == "revisit"
    mime = media_type(http.get("Content-Type") or head.get("Content-Type"))
    told = head.get("WARC-Payload-Digest")
    return {
        "url": _url(head),
        "digest": told or (NOT_TOLD if is_revisit else payload_digest),
        "mime": REVISIT if is_revisit else mime,
        "status": http.status or NOT_TOLD,
    }


def _url(head: RecordHead) -> str:
    return head.get("WARC-Target-URI").strip("<>")


def _range(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    file.seek(offset)
    while length and (piece := file.read(min(length, PIECE_BYTES))):
        length -= len(piece)
        yield piece


def _digest(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
