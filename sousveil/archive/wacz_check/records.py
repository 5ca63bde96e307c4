"""The records: every WARC record of a package read to its end and held against its own digests.

Takes the files in `archive/` and fills the table that index and pages are then held against.
Follows WARC 1.1, sections 5 and 6.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from sousveil.archive.cdxj import NOT_TOLD
from sousveil.archive.digests import parse_digest
from sousveil.archive.foreign import parse_date
from sousveil.archive.read import CheckedRecord, check_record
from sousveil.archive.records import PIECE_BYTES, Record, RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.archive.wacz_check.container import Member, Package, opened
from sousveil.archive.wacz_check.layout import ARCHIVE, WARC_ENDS, within
from sousveil.archive.wacz_check.table import Records
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import ArchiveError

# Between one record and the next stand two empty lines (section 4), which some indexers do not
# count, where the file is not compressed.
ENDING_BYTES = 4

# Stored bytes of one record, on average: an empty gzip member has more. A file that unpacks to more
# records than that was made to keep us busy.
MIN_RECORD_BYTES, FREE_RECORDS = 16, 10_000

# Of two computers' clocks, when nobody lies: what WACZ-auth 0.1.0 grants a time stamp.
MAX_CLOCK_ERROR = timedelta(minutes=10)

_GZIP_END = ".warc.gz"
_ANY_SHA1 = "sha1:" + "0" * 40  # that SHA-1, which most indexers give, is computed too


def read_records(
    package: Package,
    records: Records,
    told: Told,
    progress: Callable[[int, int, str], None],
    *,
    donated: Collection[str],
) -> None:
    """Read every record of the package into `records` and tell what is wrong with it.

    `donated` files a case took in as others made them: what is wrong in those is only remarked.
    """
    archives = within(package.members, ARCHIVE, WARC_ENDS)
    for done, member in enumerate(archives):
        progress(done, len(archives), member.name)
        if not member.is_stored:
            told.fault(member.name, "is compressed within the package; its records were not read")
            continue
        note = told.remark if member.name in donated else told.fault
        try:
            for problem in _read_file(package.file, member, records):
                note(member.name, problem)
        except ArchiveError as error:
            told.fault("", f"{member.name}: {error}")
    if records.cut:
        told.remark("", f"records that were cut short when they were captured: {records.cut:,}")
    for name, count in records.same_names():
        told.fault("", f"{count:,} records bear the name {cited(name)}, which is to be of one")
    for name, offset, url in records.lone_revisits():
        told.remark(
            ARCHIVE + name,
            f"byte {offset}: says that {cited(url)} gave again what another record holds, which is"
            " not in this package",
        )
    for name, offset, url in records.false_revisits():
        told.fault(
            ARCHIVE + name, f"byte {offset}: the record that {cited(url)} refers to holds another"
        )


def check_dates(records: Records, created: datetime | None, now: datetime, told: Told) -> None:
    """Tell of dates that cannot be true: records of the future, a package before its records."""
    newest = records.newest
    if newest is None:
        return
    if newest > now + MAX_CLOCK_ERROR:
        told.fault("", f"holds a record of {moment(newest)}, which is still to come")
    if created is not None and created > now + MAX_CLOCK_ERROR:
        told.fault("", f"says that it was made at {moment(created)}, which is still to come")
    if created is not None and newest > created + MAX_CLOCK_ERROR:
        told.fault(
            "",
            f"says that it was made at {moment(created)}, before the capture of {moment(newest)}"
            " that it holds",
        )


def moment(at: datetime) -> str:
    """Return a time as people write it, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _read_file(file: BinaryIO, member: Member, records: Records) -> Iterator[str]:
    """Read one file's records into the table and yield what is wrong with them.

    Raises ArchiveError when it holds more of them than any real file.
    """
    stream = Unpacked(opened(file, member))
    stored = opened(file, member)
    if (stream.compression == "gzip") != member.name.lower().endswith(_GZIP_END):
        yield "is gzip and not named .warc.gz, or the other way round"
    reader, before = RecordReader(stream), records.count
    most = FREE_RECORDS + member.stored_bytes // MIN_RECORD_BYTES
    for record in reader.records():
        if records.count - before == most:
            raise ArchiveError(
                f"has more than {most:,} records for its size; the rest was not read"
            )
        checked = check_record(record, _ANY_SHA1)
        reader.finish(record)
        head, at = record.head, parse_date(record.head.get("WARC-Date"))
        for problem in _problems(record, checked, at):
            yield f"byte {head.offset}: {problem}"
        records.cut += bool(head.get("WARC-Truncated"))
        if at is not None:
            records.seen_at(at)
        has_place = head.is_stored and stream.stored_offset() is not None and not record.missing
        digests = ("", "")
        if has_place:
            is_plain = not stream.compression
            digests = _stored(stored, head.offset, record.length, is_plain=is_plain)
        place = (member.name.removeprefix(ARCHIVE), head.offset, record.length, has_place)
        records.add((*place, *_values(record, checked, at, digests)))
    yield from reader.faults
    if reader.faults_left_out:
        yield f"and {reader.faults_left_out:,} more faults of its records"
    if stream.padding_bytes:
        yield f"{stream.padding_bytes:,} zeros at its end belong to no record"
    if records.count == before:
        yield "holds no record"


def _problems(record: Record, checked: CheckedRecord, at: datetime | None) -> Iterator[str]:
    date = record.head.get("WARC-Date")
    if not record.missing:
        yield from checked.problems
    if date and at is None:
        yield f"'{cited(date)}' is no date"


def _values(
    record: Record, checked: CheckedRecord, at: datetime | None, stored: tuple[str, str]
) -> tuple[object, ...]:
    """Return a record's row, but for its place; `stored` are the digests of its stored bytes."""
    head = record.head
    return (
        *(head.type, head.get("WARC-Record-ID"), address(head.get("WARC-Target-URI"))),
        *(_digits(at), str(checked.http.status or NOT_TOLD)),
        *(plain_digest(head.get("WARC-Payload-Digest")), f"sha256:{_hex(checked, 'sha256')}"),
        *(f"sha1:{_hex(checked, 'sha1')}", *stored),
        *(head.get("WARC-Refers-To"), address(head.get("WARC-Refers-To-Target-URI"))),
        _digits(parse_date(head.get("WARC-Refers-To-Date"))),
    )


def _hex(checked: CheckedRecord, name: str) -> str:
    return checked.payload.hexadecimal(name)


def plain_digest(labelled: str) -> str:
    """Return a digest as `algorithm:hexadecimal`, however it is written; "" when it is none."""
    parsed = parse_digest(labelled)
    return f"{parsed[0]}:{parsed[1].hex()}" if parsed else ""


def address(url: str) -> str:
    """Return an address as it is compared: in UTF-8, without the brackets of WARC 1.0."""
    return url.strip("<>").encode("utf-8", "replace").decode()


def _digits(at: datetime | None) -> str:
    return f"{at.year:04}{at:%m%d%H%M%S}" if at is not None else ""


def _stored(file: BinaryIO, offset: int, length: int, *, is_plain: bool) -> tuple[str, str]:
    """Return the SHA-256 of a record as stored, and of it without the lines at its end."""
    digest, unended = hashlib.sha256(), ""
    at = offset
    file.seek(offset)
    for stop in (offset + max(0, length - ENDING_BYTES), offset + length):
        while at < stop and (piece := file.read(min(PIECE_BYTES, stop - at))):
            digest.update(piece)
            at += len(piece)
        unended = unended or digest.hexdigest()
    return digest.hexdigest(), unended if is_plain else ""
