"""Reads what is archived: one record's block or payload, or a whole file against its digests.

Takes a case folder and a `RecordRef` and gives bytes. Nothing in a record makes this raise except
that the record is not there or is not the one that was noted (`ArchiveError`): what servers did
wrong is in the payload's notes. Follows WARC 1.1, sections 5 and 6.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from sousveil.archive.coding import MAX_DECODED_BYTES, Notes, decode_body
from sousveil.archive.digests import Digests
from sousveil.archive.frames import is_frame
from sousveil.archive.records import MAX_START_BYTES, Record, RecordHead, RecordReader
from sousveil.archive.unpack import GZIP_MAGIC, LZ4_MAGIC, Unpacked, begins_record
from sousveil.capture.http.head import HttpHead, charset, media_type, parse_head, split_head
from sousveil.errors import ArchiveError
from sousveil.model import RecordRef

# Twice what a visit takes of a head; what has no end by then is no HTTP.
MAX_HTTP_HEAD_BYTES = 2**19
# Decompressed bytes passed over at a time on the way to a record within a member.
SKIP_BYTES = 2**20
# WARC 1.1, section 5.1; Content-Length is the fourth, and no record is read without it.
MANDATORY_FIELDS = ("WARC-Record-ID", "WARC-Date", "WARC-Type")
NO_HEAD = HttpHead(None, ())


@dataclass(frozen=True, slots=True)
class Payload:
    """What an answer carried, with its codings undone."""

    body: bytes
    status: int | None  # None when the record is no HTTP answer
    headers: tuple[tuple[str, str], ...]
    media_type: str  # without parameters, "" when not told
    charset: str  # the parameter as written, "" when not told
    truncated: bool  # whether something of the answer is missing, then or now
    notes: tuple[str, ...]  # what did not go by the book, in words


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record that was held against its own head."""

    http: HttpHead
    payload: Digests  # of what follows the HTTP head, transfer coding included; see `check_record`
    problems: tuple[str, ...]  # one line each


def payload(
    case_root: Path,
    ref: RecordRef,
    limit: int = MAX_DECODED_BYTES,
    *,
    refers_to: RecordRef | None = None,
) -> Payload:
    """Return the payload of the record at `ref`, at most `limit` bytes of it.

    `refers_to` is the record that holds the payload of a revisit; what the revisit says of it
    (status, fields) is what its own visit was told. A body that breaks off, is wrongly coded or too
    long gives what can be had, and a note. Raises ArchiveError when a record is not there, its
    block does not have the digest noted, or the payload is not the one that the revisit means.
    """
    if refers_to is not None:
        return _revisited(case_root, ref, refers_to, limit)
    with open_record(case_root / ref.warc, ref) as record:
        digests = Digests()
        answer = answer_in(record, hashed(record.pieces(), digests), limit)
    _check_digest(case_root, ref, digests)
    return answer


def answer_in(record: Record, pieces: Iterator[bytes], limit: int = MAX_DECODED_BYTES) -> Payload:
    """Read a record to its end and return its payload as `payload` does.

    `pieces` are those of its block (`Record.pieces`), on their way through `hashed` where a digest
    is wanted.
    """
    head, body = split_http(record, pieces)
    decoded, notes = _decode(head, body, limit)
    for _ in pieces:
        pass  # what the decoder did not want counts for the digest all the same
    if was_cut := record.head.get("WARC-Truncated"):
        notes.lost(f"the answer was cut when it was captured ({was_cut[:40]})")
    if record.missing:
        notes.lost(f"the record ends {record.missing} bytes early")
    return _payload(decoded, notes, head, head.get("Content-Type") or _content_type(record))


def _revisited(case_root: Path, ref: RecordRef, original: RecordRef, limit: int) -> Payload:
    """Return what a revisit stands for: the body of another record, with its own head.

    What was not modified (304) has the head of that record, too.
    """
    of_block = Digests()
    with open_record(case_root / ref.warc, ref) as revisit:
        head, rest = split_http(revisit, hashed(revisit.pieces(), of_block))
        for _ in rest:
            pass
    _check_digest(case_root, ref, of_block)
    labelled = revisit.head.get("WARC-Payload-Digest")
    of_original, of_payload = Digests(), Digests(labelled)
    with open_record(case_root / original.warc, original) as record:
        answered, body = split_http(record, hashed(record.pieces(), of_original))
        if head.status == HTTPStatus.NOT_MODIFIED:
            head = (
                answered  # which codings its payload has, it alone says (RFC 9111, section 4.3.4)
            )
        entity = hashed(body, of_payload)
        decoded, notes = _decode(head, entity, limit)
        for _ in chain(entity, hashed(hashed(record.pieces(), of_original), of_payload)):
            pass
    _check_digest(case_root, original, of_original)
    # What a server says is not modified has no digest where its original has none.
    has_digest = bool(labelled) or head is not answered
    if has_digest and of_payload.agrees(labelled) is not True:
        raise ArchiveError(
            f"{case_root / original.warc}: the record at byte {original.offset} does not hold the"
            f" payload that the revisit at byte {ref.offset} of {ref.warc} means. Restore both"
            " files from a copy."
        )
    return _payload(decoded, notes, head, head.get("Content-Type"))


def _decode(head: HttpHead, body: Iterator[bytes], limit: int) -> tuple[bytes, Notes]:
    transfer, content = head.get_list("Transfer-Encoding"), head.get_list("Content-Encoding")
    return decode_body(body, transfer, content, limit)


def _payload(body: bytes, notes: Notes, head: HttpHead, content_type: str) -> Payload:
    return Payload(
        body=body,
        status=head.status,
        headers=head.fields,
        media_type=media_type(content_type),
        charset=charset(content_type),
        truncated=notes.is_cut,
        notes=tuple(notes.words),
    )


def read_block(case_root: Path, ref: RecordRef) -> Iterator[bytes]:
    """Yield the block of the record at `ref` in pieces, as stored; none is kept in memory.

    Raises ArchiveError when the record is not there, and at the end when its digest is another.
    """
    digests = Digests()
    with open_record(case_root / ref.warc, ref) as record:
        yield from hashed(record.pieces(), digests)
    _check_digest(case_root, ref, digests)


@contextmanager
def open_record(path: Path, ref: RecordRef) -> Iterator[Record]:
    """Open the record at `ref` in the file at `path`.

    `ref.offset` is taken as an offset in the stored file first, then in the decompressed bytes
    (see `records`). Raises ArchiveError when no record, or another one, is there.
    """
    if not path.is_file():
        raise ArchiveError(f"{path}: no such file. Restore it from a copy.")
    with path.open("rb") as file:
        yield record_in(file, ref, str(path))


def record_in(file: BinaryIO, ref: RecordRef, name: str) -> Record:
    """Return the record at `ref` in an open file; raises ArchiveError as `open_record`.

    `name` is what the message calls the file.
    """
    file.seek(0)
    magic = file.read(len(LZ4_MAGIC))
    record = _record_at(Unpacked(file, ref.offset), ref) if magic != LZ4_MAGIC else None
    if record is None and (magic.startswith((GZIP_MAGIC, LZ4_MAGIC)) or is_frame(magic)):
        stream = Unpacked(file)
        _skip(stream, ref.offset)
        record = _record_at(stream, ref)
    if record is None:
        raise ArchiveError(
            f"{name}: no record {ref.record_id} at byte {ref.offset}. The file was changed or "
            "cut short; restore it from a copy."
        )
    return record


def split_http(record: Record, pieces: Iterator[bytes]) -> tuple[HttpHead, Iterator[bytes]]:
    """Return the HTTP head that a record's block begins with, if any, and the rest."""
    # Some crawlers write the body's type where "application/http" belongs.
    if record.head.type not in {"response", "revisit"} and not _is_http(record):
        return NO_HEAD, pieces
    begin, end = _begin(pieces)
    head = parse_head(begin[:end] if end >= 0 else begin)
    if head.status is None:
        return NO_HEAD, chain([begin], pieces)
    return head, chain([begin[end:] if end >= 0 else b""], pieces)


def _begin(pieces: Iterator[bytes]) -> tuple[bytes, int]:
    """Take a block's beginning; return it, and where the HTTP head in it ends, or -1."""
    begin = next(pieces, b"")
    while (end := split_head(begin)) < 0 and len(begin) < MAX_HTTP_HEAD_BYTES:
        piece = next(pieces, b"")
        if not piece:
            break
        begin += piece
    return begin, end


def _is_http(record: Record) -> bool:
    return record.head.get("Content-Type").lower().startswith("application/http")


def verify_warc(path: Path, note: Callable[[RecordHead], None] = lambda _: None) -> Iterator[str]:
    """Yield what is wrong with a WARC file, one line each; nothing when it is whole.

    Every record's block and payload digests are computed again, every gzip member is read to its
    checksum, every byte belongs to a record. `note` is told of each record. Raises OSError when
    the file cannot be read.
    """
    with path.open("rb") as file:
        stream = Unpacked(file)
        reader = RecordReader(stream)
        count = 0
        for record in reader.records():
            count += 1
            note(record.head)
            problems = check_record(record).problems
            reader.finish(record)
            for problem in problems if not record.missing else ():
                yield f"byte {record.head.offset}: {problem}"
        yield from reader.faults
        if stream.padding_bytes:
            yield f"{stream.padding_bytes} bytes of zeros at the end belong to no record"
        if not count:
            yield "no record in it"


def _check_digest(case_root: Path, ref: RecordRef, digests: Digests) -> None:
    if digests.sha256() != ref.digest:
        raise ArchiveError(
            f"{case_root / ref.warc}: the record at byte {ref.offset} was changed: its digest is "
            f"not {ref.digest}. Restore the file from a copy."
        )


def check_record(record: Record, *labelled: str) -> CheckedRecord:
    """Read a record's block to its end and hold it against what its own head says.

    Of the payload the digests that `labelled` ones need are computed, too; none where there are no
    such and the record itself gives none. What is said of a record that ends early
    (`record.missing`) is not to be relied on.
    """
    head = record.head
    of_block, of_payload = head.get("WARC-Block-Digest"), head.get("WARC-Payload-Digest")
    block, entity = Digests(of_block), Digests(of_payload, *labelled)
    http, body = _payload_of(record, hashed(record.pieces(), block))
    if of_payload or labelled:
        body = hashed(body, entity)
    for _ in body:
        pass
    problems = [f"the record has no {name}" for name in MANDATORY_FIELDS if not head.get(name)]
    if of_block and block.agrees(of_block) is not True:
        problems.append(f"the record's block does not have the digest {of_block}")
    # A revisit's payload lies elsewhere (WARC 1.1, section 6.7); what is meant by the payload of a
    # body with a transfer coding, tools do not agree on.
    has_payload = head.type != "revisit" and not http.get("Transfer-Encoding")
    if of_payload and has_payload and entity.agrees(of_payload) is not True:
        problems.append(f"the record's payload does not have the digest {of_payload}")
    return CheckedRecord(http, entity, tuple(problems))


def _payload_of(record: Record, pieces: Iterator[bytes]) -> tuple[HttpHead, Iterator[bytes]]:
    """Return what `split_http` does; of a request, too, the payload is what follows its head."""
    if record.head.type != "request" or not _is_http(record):
        return split_http(record, pieces)
    begin, end = _begin(pieces)
    return NO_HEAD, chain([begin[end:] if end >= 0 else begin], pieces)


def hashed(pieces: Iterator[bytes], digests: Digests) -> Iterator[bytes]:
    """Yield `pieces`, each once `digests` has taken it."""
    for piece in pieces:
        digests.update(piece)
        yield piece


def _record_at(stream: Unpacked, ref: RecordRef) -> Record | None:
    """Return the record that begins at the stream's position if it is the one noted."""
    if not begins_record(stream.peek(MAX_START_BYTES)):
        return None
    record = next(RecordReader(stream).records(), None)
    if record is None or record.head.offset != ref.offset:
        return None
    named = record.head.get("WARC-Record-ID")
    return record if named in {"", ref.record_id} else None


def _skip(stream: Unpacked, position: int) -> None:
    while stream.position < position:
        if not stream.take(min(position - stream.position, SKIP_BYTES)) and not stream.resync():
            return


def _content_type(record: Record) -> str:
    return record.head.get("ARC-Content-Type") or record.head.get("Content-Type")
