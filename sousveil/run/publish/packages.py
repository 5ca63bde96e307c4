"""Packages: archive files of a case, with the proof that they were logged, on the way into a WACZ.

What `exports/wacz.py` and `bundles.py` share. Reads the evidence alone; writes nothing into the
case.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import msgspec

from sousveil.archive.foreign import scan_archive
from sousveil.archive.records import PIECE_BYTES
from sousveil.archive.unpack import Unpacked
from sousveil.archive.wacz import (
    SUFFIX,
    About,
    PackedWarc,
    Page,
    Written,
    write_wacz,
)
from sousveil.archive.wacz_signature import own_key, public_key
from sousveil.case import Case
from sousveil.durable import file_sha256
from sousveil.errors import EvidenceError, InputError, SousveilError
from sousveil.model import RENDERING_TYPE, SNAPSHOT_URN, Capture, Event
from sousveil.run.publish.contacts import contacts_told
from sousveil.run.publish.leaks import Leak, Wanted, in_package
from sousveil.run.publish.output import Output, Piece, put, require_new, sealed_ending
from sousveil.run.publish.succession import keys_of
from sousveil.run.read.looks import read_document
from sousveil.run.visit.records import SOFTWARE
from sousveil.signing import package_key_path
from sousveil.tlog import Checkpoint, Proof, entries, format_proof, inclusion, read_checkpoint
from sousveil.tlog.note import signed_by
from sousveil.tlog.timestamps.anchors import Anchor, check_anchors, kept_header
from sousveil.tlog.timestamps.audit import check_stamps, covering
from sousveil.tlog.timestamps.blocks import format_header
from sousveil.tlog.timestamps.files import FOLDER, read_subject
from sousveil.tlog.witnesses import check_witnesses, cosigned_note

Progress = Callable[[int, int, str], None]

_WARC = b"WARC/"
_ENDINGS = {"": ".warc", "gzip": ".warc.gz"}  # WACZ 1.1.1, "archive", by compression
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/pdf"})  # players show them
_SUCCESS = range(200, 300)  # RFC 9110, section 15.3


@dataclass(frozen=True, slots=True)
class Exported:
    """What came into a package, and what did not."""

    file: str
    size_bytes: int
    archive_files: int
    records: int  # that the package's index leads to
    pages: int
    log_size: int  # entries of the log that the proofs are of
    public_key: str  # that the package is signed with, SPKI in base64
    notes: tuple[str, ...]  # what is not in the package, or not in its index, and why


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive file that goes into a package, and the event that brought it."""

    event: Event
    warc: PackedWarc


def signed_head(case: Case) -> Checkpoint:
    """Return the log's signed head; raises EvidenceError when there is none."""
    head = read_checkpoint(case.log, case.settings.key)
    if head is None:
        raise EvidenceError(f"{case.log}: the log has no checkpoint. Run `sousveil verify`.")
    return head


def write_package(
    case: Case,
    output: Output,
    chosen: Iterable[Event],
    *,
    title: str,
    description: str,
    others: Callable[[Sequence[Packed]], Iterable[tuple[str, bytes]]],
    log_size: int,
    now: datetime,
    progress: Progress,
) -> Exported:
    """Write the archive files that the events `chosen` brought to a new WACZ file.

    `others` gives further files, by path, once it is known what is packed. Raises InputError when
    the output exists or is not named *.wacz (sealed *.wacz.age), when there is nothing to export,
    and when something of ours would leak (`leaks.py`); EvidenceError or ArchiveError when a file is
    not what was logged.
    """
    require_new(output.path, SUFFIX + sealed_ending(output))
    notes: list[str] = []
    packed = [Packed(event, warc) for event in chosen if (warc := _packed(case, event, notes))]
    if not packed:
        raise InputError("nothing to export: no visit brought a WARC file. `sousveil visit --all`")
    key = own_key(package_key_path(case))

    def write(file: BinaryIO) -> Written:
        return write_wacz(
            file,
            about=About(
                title=title,
                description=f"{description} See sousveil/README.md in this package.",
                software=SOFTWARE,
                created=now,
            ),
            warcs=_told([one.warc for one in packed], progress),
            pages=_pages(case, [one.event for one in packed]),
            others=others(packed),
            key=key,
        )

    def leaks(file: BinaryIO, wanted: Wanted) -> Iterator[Leak]:
        yield from in_package(file, wanted)
        file.seek(0)
        yield from contacts_told(file)

    (written,), told = put(case, output, [Piece(output.path, write, leaks)])
    return Exported(
        file=str(output.path),
        size_bytes=written.size_bytes,
        archive_files=len(packed),
        records=written.records,
        pages=written.pages,
        log_size=log_size,
        public_key=public_key(key),
        notes=(*notes, *_unindexed(written), *told),
    )


def _packed(case: Case, event: Event, notes: list[str]) -> PackedWarc | None:
    """Return an archive file as it can stand in a WACZ; None, and a note, when it cannot.

    What the file is, its bytes say: donors name a gzip file `.warc`, and unfinished ones `.open`.
    A damaged gzip file, which only an import can be, makes the package's readers fail.
    """
    path = case.root / (event.warc or "")
    if not path.is_file():
        raise EvidenceError(
            f"{path}: is missing; log entry {event.index} brought it. Nothing was exported. Restore"
            " it from a copy."
        )
    with path.open("rb") as file:
        stream = Unpacked(file)
        is_warc = stream.peek(len(_WARC)) == _WARC and stream.compression in _ENDINGS
        while event.type == "import" and stream.compression == "gzip" and stream.take(PIECE_BYTES):
            pass
    if is_warc and not stream.damage:
        name = path.name.partition(".warc")[0] + _ENDINGS[stream.compression]
        return PackedWarc(path, name, event.warc_sha256 or "")
    if file_sha256(path) != event.warc_sha256:
        raise EvidenceError(
            f"{path}: its SHA-256 is not the one that was logged, {event.warc_sha256}. Nothing was"
            " exported. Run `sousveil verify`, and restore the file from a copy."
        )
    why = stream.damage or "a WACZ holds WARC files only, plain or gzip, and to rewrite this one"
    why += "" if stream.damage else " would make another file than the one that was logged"
    notes.append(f"{event.warc} ({event.body.get('file') or path.name}) is left out: {why}")
    return None


def _told(warcs: Sequence[PackedWarc], progress: Progress) -> Iterator[PackedWarc]:
    for done, warc in enumerate(warcs):
        progress(done, len(warcs), warc.name)
        yield warc


def _pages(case: Case, chosen: Iterable[Event]) -> Iterator[Page]:
    """Yield each page and PDF that a server gave, in the order in which they came in.

    Its title is the one that a browser showed, where one did.
    """
    for event in chosen:
        captures = list(_captures(case, event))
        shown = {
            one.url.removeprefix(SNAPSHOT_URN): one
            for one in captures
            if one.media_type == RENDERING_TYPE
        }
        for capture in captures:
            if capture.media_type in _PAGES and (capture.status or 0) in _SUCCESS:
                title = title_of(case, shown.get(capture.url, capture)) or title_of(case, capture)
                yield Page(capture.url, capture.captured_at, title)


def _captures(case: Case, event: Event) -> Iterable[Capture]:
    if event.type == "import":
        return scan_archive(case.root / (event.warc or ""), event.warc or "").captures
    if event.type == "around":
        found = [capture for asked in event.body["asked"] for capture in asked["captures"]]
        return msgspec.convert(found, list[Capture])
    return msgspec.convert(event.body.get("captures", []), list[Capture])


def title_of(case: Case, capture: Capture) -> str:
    """Return the title of what was captured, on one line; "" when it has none, or no text."""
    try:
        return " ".join(read_document(case, capture).title.split())
    except SousveilError:
        return ""  # a page whose text cannot be read is a page all the same


def proof_files(
    case: Case, head: Checkpoint, wanted: Collection[int]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files with which a stranger checks that entries of the log are in it."""
    yield "sousveil/checkpoint", head.note
    for index in sorted(wanted):
        (entry,) = entries(case.log, index + 1, index)
        hashes = tuple(inclusion(case.log, index, head.size))
        yield f"sousveil/entry-{index}.json", entry
        yield (
            f"sousveil/entry-{index}.tlog-proof",
            format_proof(Proof(index, hashes, head.note)),
        )


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint of the log, and what others say of it."""

    head: Checkpoint
    stamps: tuple[tuple[str, bytes], ...] = ()  # path and content: each stamp, its certificates
    cosigned: bytes = b""  # the checkpoint's note with cosignatures; b"" for none
    witnesses: tuple[str, ...] = ()  # their verifier keys, in the order of the lines


def vouched_head(case: Case, newest: Checkpoint, last: int) -> Vouched:
    """Return the earliest checkpoint with a time stamp that covers the entries up to `last`.

    Without one, the earliest that is in a block of Bitcoin, then that was witnessed; without any,
    the `newest` of the log.
    """
    key, keys = case.settings.key, keys_of(case)
    stamps, _ = check_stamps(case.log, key, newest)
    seen, _ = check_witnesses(case.log, key, newest)
    anchors, _, _ = check_anchors(case.log, key, newest)
    covered = list(covering(stamps, last))
    in_block = [one for one in anchors if one.entries > last and one.height is not None]
    sizes = (
        {one.entries for one in covered}
        or {one.entries for one in in_block}
        or {one.entries for one in seen if one.entries > last}
    )
    size = min(sizes, default=newest.size)
    files: list[tuple[str, bytes]] = []
    for one in covered:
        if one.entries == size:
            response = case.root / one.file
            chain = response.with_suffix(".pem")
            files += [
                (f"sousveil/timestamps/{path.name}", path.read_bytes())
                for path in (response, chain)
            ]
    files += _anchor_files(case, [one for one in in_block if one.entries == size])
    witnesses = tuple(one.key for one in seen if one.entries == size)
    cosigned = cosigned_note(case.log, size) if witnesses else None
    note = newest.note
    if files:
        note = read_subject(case.log / FOLDER / f"{size}.checkpoint")
    elif cosigned is not None:
        note = signed_by(cosigned, *keys.of(size))
    head = keys.open(note)
    return Vouched(head, tuple(files), cosigned or b"", witnesses)


def _anchor_files(case: Case, anchors: Iterable[Anchor]) -> Iterator[tuple[str, bytes]]:
    """Yield proofs that lead to a block, and the headers of those that are here."""
    headers = {}
    for one in anchors:
        path = case.root / one.file
        yield f"sousveil/timestamps/{path.name}", path.read_bytes()
        header = kept_header(case.log, one.height) if one.height is not None else None
        if header is not None:
            headers[f"sousveil/timestamps/block-{one.height}.header"] = format_header(header)
    yield from headers.items()


def _unindexed(written: Written) -> Iterator[str]:
    for name, count in written.unindexed:
        yield (
            f"archive/{name}: answers without a line in the package's index: {count} (damaged, or"
            " without address or date, or several in one gzip member)"
        )
