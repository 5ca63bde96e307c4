"""Archives made by others: what is in them, whole or damaged.

Takes a WARC (of any version, plain, gzip, Zstandard or LZ4), an ARC or a WACZ file, which the case
keeps byte for byte so that its digest is the donor's, and gives a capture for every answer in it
with its own date and place, and one line for each fault: what, where, how much is lost. Nothing in
the file is changed, and nothing in it makes this raise. A WACZ (1.1.1) is a ZIP whose archives are
stored uncompressed, so records are found in it by their place in the whole file.

A revisit (WARC 1.1, section 6.7) says that an address gave again what an older record holds: it
becomes a capture at its own date whose record is the older one, when that is in the same file.
"""

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from sousveil.archive.digests import Digests
from sousveil.archive.packed import ZIP_MAGIC, packed_archives
from sousveil.archive.read import hashed, split_http
from sousveil.archive.records import Record, RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.capture.http.head import HttpHead, media_type
from sousveil.model import Capture, RecordRef

_KINDS = (".warc", ".arc", ".warc.wet", ".warc.wat")
# As crawlers name their files; `.open` and `.bad` are Heritrix's for unfinished and damaged ones.
SUFFIXES: tuple[str, ...] = (
    *(kind + end for kind in _KINDS for end in ("", ".gz", ".gz.open", ".open", ".gz.bad", ".bad")),
    ".warc.lz4",
    *(kind + ".zst" for kind in _KINDS),
    ".wacz",
)

# WARC-Date: W3C date and time, from the year to nine digits of a second (WARC 1.1, section 5.4).
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|\+00:?00)?)?)?)?"
)
# CDX, CDXJ with its comments, and lines of either: key, timestamp, the rest.
_CDX_LINE = re.compile(rb"(?: ?CDX |[!@][a-z]+ [{\[\"]|\S+ [0-9]{14,17} \S)")
# Names for records that have none: the same file always gives the same.
_NAMESPACE = uuid.UUID("7e0a4c1e-1c43-5a8e-9d0c-5b8f2a6f3f10")

ANSWERS = frozenset({"response", "resource"})


@dataclass(frozen=True, slots=True)
class ForeignArchive:
    """What an archive file holds. Captures are in the order of the file."""

    captures: tuple[Capture, ...]
    revisits: tuple[RecordRef, ...]  # the revisit records among what became captures
    faults: tuple[str, ...]  # one line each: place, what, how much is lost
    records: int
    by_type: dict[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record's answer, or a revisit's claim to one."""

    capture: Capture
    keys: tuple[tuple[str, ...], ...]  # what a revisit may call it by
    refers_to: tuple[tuple[str, ...], ...]  # what a revisit calls its original, the surest first


@dataclass(slots=True)
class _Scan:
    """What was found so far."""

    warc_name: str
    entries: list[Entry] = field(default_factory=list)
    by_type: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def scan_archive(path: Path, warc_name: str) -> ForeignArchive:
    """Return what the archive file at `path` holds; it is known to the case as `warc_name`.

    Streams the file once, in bounded memory but for the list of captures. A file that is no
    archive gives no captures and a fault that says so. Raises OSError when it cannot be read.
    """
    scan = _Scan(warc_name)
    with path.open("rb") as file:
        is_zip = file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
        if is_zip:
            _scan_wacz(scan, file)
        else:
            _scan_stream(scan, Unpacked(file), in_zip=False)
        if not scan.by_type and not is_zip:
            scan.faults[:] = [what_it_is(file)]
    captures, revisits = _resolve(scan)
    _note_left_out(scan)
    return ForeignArchive(
        captures=tuple(captures),
        revisits=tuple(revisits),
        faults=tuple(scan.faults),
        records=scan.by_type.total(),
        by_type=dict(scan.by_type),
    )


def parse_date(text: str) -> datetime | None:
    """Return a WARC-Date in UTC, what it does not tell at its least; None when it is no date.

    Digits beyond the microsecond are dropped.
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    microsecond = int((found[7] or "")[:6].ljust(6, "0"))
    try:
        return datetime(year, month or 1, day or 1, hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        return None


def _scan_wacz(scan: _Scan, file: BinaryIO) -> None:
    for found in packed_archives(file):
        if isinstance(found, str):
            scan.faults.append(found)
        else:
            _scan_stream(scan, Unpacked(file, *found), in_zip=True)


def _scan_stream(scan: _Scan, stream: Unpacked, *, in_zip: bool) -> None:
    reader = RecordReader(stream)
    for record in reader.records():
        scan.by_type[record.head.type or "unknown"] += 1
        entry = _read_entry(scan, reader, record)
        if entry is not None and in_zip and not record.head.is_stored:
            reader.fault(
                record.head.offset, "several records share a gzip member; unzip the WACZ first"
            )
        elif entry is not None:
            scan.entries.append(entry)
    scan.faults += reader.faults
    if reader.faults_left_out:
        scan.faults.append(f"and {reader.faults_left_out} more faults of these kinds")


def _read_entry(scan: _Scan, reader: RecordReader, record: Record) -> Entry | None:
    """Read a record to its end; return its answer, or None when it is none."""
    head = record.head
    labelled = head.get("WARC-Block-Digest")
    digests = Digests(labelled)
    http, body = split_http(record, hashed(record.pieces(), digests))
    for _ in body:
        pass
    was_whole = not record.missing
    reader.finish(record)
    if was_whole and digests.agrees(labelled) is False:
        reader.fault(
            head.offset, f"the block does not have the digest the record gives it: {labelled}"
        )
    entry = entry_of(record, http, digests, scan.warc_name)
    if isinstance(entry, str):
        reader.fault(head.offset, entry)
        return None
    return entry


def entry_of(
    record: Record,
    http: HttpHead,
    block: Digests,
    warc_name: str,
    kinds: frozenset[str] = ANSWERS,
) -> Entry | str | None:
    """Return the answer that a record, read to its end and finished, holds; None when it is none.

    `http` is the head that its block begins with, `block` has the digest of the whole block;
    `kinds` are the types of records that hold answers. What is called an answer and is none, for
    it has no address or date, gives a sentence that says so.
    """
    head = record.head
    is_revisit = head.type == "revisit"
    if head.type not in kinds and not is_revisit:
        return None
    url = head.get("WARC-Target-URI").strip("<>")
    date = parse_date(head.get("WARC-Date"))
    if not url or date is None:
        what = "address" if not url else f"date ('{head.get('WARC-Date')[:40]}' is none)"
        return f"a {head.type} record without {what}; it is not taken as a capture"
    ref = RecordRef(
        warc=warc_name,
        offset=head.offset,
        length=record.length,
        record_id=head.get("WARC-Record-ID") or _made_up_id(head.offset, block),
        digest=block.sha256(),
    )
    capture = Capture(_plain_url(url), date, http.status, _media_type(record, http), ref)
    return _entry(record, capture, is_revisit=is_revisit)


def _entry(record: Record, capture: Capture, *, is_revisit: bool) -> Entry:
    head = record.head
    payload_digest = head.get("WARC-Payload-Digest").lower()
    if not is_revisit:
        url, date = head.get("WARC-Target-URI").strip("<>"), head.get("WARC-Date")
        keys = [("id", capture.record.record_id), ("place", url, date)]
        if payload_digest:
            keys.append(("payload", payload_digest))
        return Entry(capture, tuple(keys), ())
    refers = [("id", head.get("WARC-Refers-To"))] if head.get("WARC-Refers-To") else []
    url = head.get("WARC-Refers-To-Target-URI").strip("<>")
    place = ("place", url, head.get("WARC-Refers-To-Date"))
    return Entry(capture, (), (*refers, place, ("payload", payload_digest)))


def _resolve(scan: _Scan) -> tuple[list[Capture], list[RecordRef]]:
    """Return all captures in order, revisits with their originals' records where those are here."""
    originals: dict[tuple[str, ...], Capture] = {}
    for entry in scan.entries:
        for key in entry.keys:
            originals.setdefault(key, entry.capture)
    captures, revisits = [], []
    for entry in scan.entries:
        capture = entry.capture
        if entry.refers_to:
            found = next((originals[k] for k in entry.refers_to if k in originals), None)
            if found is None:
                scan.faults.append(
                    f"byte {capture.record.offset}: a revisit of {capture.url} whose original is "
                    "not in this file; it is not taken as a capture"
                )
                continue
            revisits.append(capture.record)
            status = capture.status or found.status
            capture = Capture(
                capture.url, capture.captured_at, status, found.media_type, found.record
            )
        captures.append(capture)
    return captures, revisits


def _note_left_out(scan: _Scan) -> None:
    if made := scan.by_type["conversion"]:
        scan.faults.append(
            f"{made} conversion records hold what a tool made of pages, not what servers sent; "
            "none is taken as a capture"
        )
    if parts := scan.by_type["continuation"]:
        scan.faults.append(f"{parts} continuation records of cut-up answers were not joined")


def what_it_is(file: BinaryIO) -> str:
    """Return in words what a file is in which no record was found."""
    stream = Unpacked(file)
    begin = stream.peek(2**12)
    if _CDX_LINE.match(begin):
        return "an index of an archive (CDX), not an archive; import the files that it points to"
    if stream.damage:
        return f"no record can be read: {stream.damage}"
    return "empty" if not begin else "neither WARC, ARC nor WACZ: no record was found in it"


def _media_type(record: Record, http: HttpHead) -> str:
    told = http.get("Content-Type") or record.head.get("ARC-Content-Type")
    if not told and http.status is None:
        told = record.head.get("Content-Type")
    return media_type(told)


def _plain_url(url: str) -> str:
    # Some crawlers copy addresses as authors wrote them, spaces included.
    return (
        quote(url, safe="".join(map(chr, range(33, 127))))
        if not url.isascii() or " " in url
        else url
    )


def _made_up_id(offset: int, digests: Digests) -> str:
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, f'{offset} {digests.sha256()}')}>"
