"""CDXJ: the lines by which a reader of an archive finds a record without reading the file.

Takes a WARC file and gives a line for each answer in it: SURT key, 14-digit timestamp, JSON.
Follows CDXJ 0.1.0; `recordDigest`, over the record's stored bytes, is what WACZ-auth 0.1.0
("Verification of Partially loaded WACZ") holds a single record against. Requests, and the
`metadata` records that tell of a page under the page's own address, are in the file but have no
line: a reader would show them in the page's place.
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
from sousveil.archive.surt import surt
from sousveil.archive.unpack import Unpacked
from sousveil.capture.http_head import HttpHead, media_type
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
            key = _key(head)
            if key is None or record.missing or not has_place:
                left_out += 1
                continue
            fields = _fields(head, http, payload_digest) | {
                "filename": filename,
                "offset": head.offset,
                "length": record.length,
                "recordDigest": _digest(_range(stored, head.offset, record.length)),
            }
            lines.append(f"{key} {json.dumps(fields)}\n".encode())
    return WarcIndex(tuple(lines), left_out)


def _read(record: Record) -> tuple[HttpHead, str]:
    """Read a record's block; return its HTTP head and the digest of what follows it."""
    http, body = split_http(record, record.pieces())
    return http, _digest(body)


def _key(head: RecordHead) -> str | None:
    """Return the record's SURT key and timestamp, or None when it lacks address or date."""
    url, date = _url(head), parse_date(head.get("WARC-Date"))
    if not url or date is None:
        return None
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
