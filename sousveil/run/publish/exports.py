"""Exports: a case's captures, with the proof that they were logged, as one file for others.

Reads the evidence alone, not the index: the log says which archive files there are, and events and
files which captures are in them. Writes nothing into the case. The package holds, beside what WACZ
1.1.1 asks for, a folder `sousveil/` with the log's checkpoint, the entry of each archive file and
the proof that the entry is in the log (C2SP tlog-proof), and how to check them without us.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from sousveil.archive.foreign import scan_archive
from sousveil.archive.records import PIECE_BYTES
from sousveil.archive.unpack import Unpacked
from sousveil.archive.wacz import SUFFIX, About, PackedWarc, Page, Written, write_wacz
from sousveil.archive.wacz_signature import own_key, public_key
from sousveil.case import Case
from sousveil.durable import file_sha256
from sousveil.errors import EvidenceError, InputError, SousveilError
from sousveil.ledger import read_events
from sousveil.model import RENDERING_TYPE, SNAPSHOT_URN, Capture, Event, Watch
from sousveil.run.read.looks import read_document
from sousveil.run.visit.records import SOFTWARE
from sousveil.settings import key_path
from sousveil.tlog import Checkpoint, Proof, entries, format_proof, inclusion, read_checkpoint
from sousveil.watch.targets import find_watches

Progress = Callable[[int, int, str], None]

_WARC = b"WARC/"
_ENDINGS = {"": ".warc", "gzip": ".warc.gz"}  # WACZ 1.1.1, "archive", by compression
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/pdf"})  # players show them
_SUCCESS = range(200, 300)  # RFC 9110, section 15.3
_README = """\
# What is in `sousveil/`

The WARC files in `archive/` are byte for byte those that were logged. For each of them:

- `entry-N.json`: entry N of the log, which names the file's path and SHA-256 when it came in,
- `entry-N.tlog-proof`: the proof that this entry is in the log (c2sp.org/tlog-proof@v1).

`checkpoint` is the log's signed head (c2sp.org/tlog-checkpoint), the same as in each proof. The log
is signed by

    {key}

Ask the people who gave you this file, by another way, whether that is their key. To check a file:
its SHA-256 is the one in its entry; the SHA-256 of a zero byte and the entry is a leaf of the tree
(RFC 6962, section 2.1); the hashes in the proof lead from that leaf to the root in the checkpoint;
the checkpoint is signed by the key (Ed25519, c2sp.org/signed-note).

This shows that nothing was changed since it was logged. It does not show what the servers sent to
others, nor the time to anybody who doubts the clock of the computer that logged it.
"""


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


def export_wacz(
    case: Case, targets: Sequence[str], output: Path, *, now: datetime, progress: Progress
) -> Exported:
    """Write the captures of the watches named, or of the whole case, to the new file `output`.

    Imports belong to no watch: they are in the package of a whole case only. Raises InputError when
    `output` exists or is not named *.wacz, and when there is nothing to export; TargetError for a
    target that is not watched; EvidenceError or ArchiveError when a file is not what was logged.
    """
    _require_new(output)
    head = read_checkpoint(case.log, case.settings.key)
    if head is None:
        raise EvidenceError(f"{case.log}: the log has no checkpoint. Run `sousveil verify`.")
    notes: list[str] = []
    packed = [(e, warc) for e in _chosen(case, head, targets) if (warc := _packed(case, e, notes))]
    if not packed:
        raise InputError("nothing to export: no visit brought a WARC file. `sousveil visit --all`")
    chosen = [event for event, _ in packed]
    key = own_key(key_path(case.settings.origin).with_suffix(".wacz.pem"))
    written = write_wacz(
        output,
        about=_about(case, now),
        warcs=_told([warc for _, warc in packed], progress),
        pages=_pages(case, chosen),
        others=_proofs(case, head, [event.index for event in chosen]),
        key=key,
    )
    return Exported(
        file=str(output),
        size_bytes=written.size_bytes,
        archive_files=len(chosen),
        records=written.records,
        pages=written.pages,
        log_size=head.size,
        public_key=public_key(key),
        notes=(*notes, *_unindexed(written)),
    )


def _require_new(output: Path) -> None:
    if output.suffix != SUFFIX:
        raise InputError(f"{output}: the name of a WACZ file ends in {SUFFIX}. Name it so.")
    if output.exists():
        raise InputError(f"{output}: exists already, and is not overwritten. Choose another name.")
    if not output.absolute().parent.is_dir():
        raise InputError(f"{output}: there is no folder {output.absolute().parent}. Make it first.")


def _chosen(case: Case, head: Checkpoint, targets: Sequence[str]) -> list[Event]:
    """Return the events that brought an archive file, of the watches named or of all."""
    watches: dict[str, Watch] = {}
    brought = []
    for event in read_events(case):
        if event.index >= head.size:
            break
        if "watch" in event.body:
            watch = msgspec.convert(event.body["watch"], Watch)
            watches[watch.id] = watch
        if event.warc is not None:
            brought.append(event)
    if not targets:
        return brought
    wanted = {watch.id for watch in find_watches(watches.values(), targets)}
    return [event for event in brought if event.body.get("watch_id") in wanted]


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


def _about(case: Case, now: datetime) -> About:
    return About(
        title=case.settings.title,
        description="Captures of a sousveil case, with the proof that they were logged. See"
        " sousveil/README.md in this package.",
        software=SOFTWARE,
        created=now,
    )


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
                title = _title(case, shown.get(capture.url, capture)) or _title(case, capture)
                yield Page(capture.url, capture.captured_at, title)


def _captures(case: Case, event: Event) -> Iterable[Capture]:
    if event.type == "import":
        return scan_archive(case.root / (event.warc or ""), event.warc or "").captures
    return msgspec.convert(event.body.get("captures", []), list[Capture])


def _title(case: Case, capture: Capture) -> str:
    try:
        return " ".join(read_document(case, capture).title.split())
    except SousveilError:
        return ""  # a page whose text cannot be read is a page all the same


def _proofs(case: Case, head: Checkpoint, indexes: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Yield the files with which a stranger checks that the archive files were logged."""
    yield "sousveil/README.md", _README.format(key=case.settings.key).encode()
    yield "sousveil/checkpoint", head.note
    wanted = set(indexes)
    for index, entry in enumerate(entries(case.log, head.size)):
        if index in wanted:
            hashes = tuple(inclusion(case.log, index, head.size))
            yield f"sousveil/entry-{index}.json", entry
            yield (
                f"sousveil/entry-{index}.tlog-proof",
                format_proof(Proof(index, hashes, head.note)),
            )


def _unindexed(written: Written) -> Iterator[str]:
    for name, count in written.unindexed:
        yield (
            f"archive/{name}: answers without a line in the package's index: {count} (damaged, or"
            " without address or date, or several in one gzip member)"
        )
