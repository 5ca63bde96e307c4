"""Imports: archives made by others, kept byte for byte, so that their digest is the donor's.

A file is copied into `pending/`, scanned for what is intact, and committed with what was found
wrong with it. The same bytes are taken in once.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.archive.foreign import SUFFIXES, scan_archive
from sousveil.durable import file_sha256
from sousveil.index.query import event_body, imported_before
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Json
from sousveil.run.visit.pending import clear_pending
from sousveil.run.visit.records import SOFTWARE


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    file: str
    sha256: str  # hexadecimal
    records: int
    captures: int
    faults: tuple[str, ...]
    log_index: int | None  # None when it was not taken in
    is_new: bool = True  # False: the same bytes were in the case already


def import_file(
    writer: Writer, index: Index, path: Path, now: datetime, taken_from: Sequence[Json] = ()
) -> Imported:
    """Take one archive file into the case and return what is in it.

    `taken_from` tells which archives its records were taken from, if it was put together of some
    (`scan/job/hits.py`). A file that is no archive at all is not taken in: its one fault says why.
    """
    sha256 = file_sha256(path)
    name = _as_text(path)
    known = imported_before(index, sha256)
    if known is not None:
        body = event_body(index, known)
        return Imported(name, sha256, body["records"], body["captures"], (), known, is_new=False)
    clear_pending(writer.case)
    folder = Path(tempfile.mkdtemp(prefix="import-", dir=writer.case.pending))
    try:
        return _take_in(writer, path, folder, now, sha256=sha256, taken_from=taken_from)
    finally:
        clear_pending(writer.case)


def _take_in(
    writer: Writer,
    path: Path,
    folder: Path,
    now: datetime,
    *,
    sha256: str,
    taken_from: Sequence[Json],
) -> Imported:
    warc_path = writer.new_warc_path(now, _suffix(path))
    copy = folder.with_name(f"{folder.name}.copy")
    _copy_durably(path, copy)
    scanned = scan_archive(copy, warc_path)
    if not scanned.records:
        return Imported(_as_text(path), sha256, 0, 0, scanned.faults, None)
    body: Json = {
        "file": _as_text(Path(path.name)),
        "sha256": sha256,
        "bytes": path.stat().st_size,
        "records": scanned.records,
        "types": scanned.by_type,
        "captures": len(scanned.captures),
        "faults": list(scanned.faults),
        "software": SOFTWARE,
    }
    body |= {"taken_from": list(taken_from)} if taken_from else {}
    event = writer.commit("import", body, now=now, warc=copy, warc_path=warc_path)
    return Imported(
        _as_text(path), sha256, scanned.records, len(scanned.captures), scanned.faults, event.index
    )


def _as_text(path: Path) -> str:
    """Return a path as text that can be logged: what is not UTF-8 is written in hexadecimal."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _suffix(path: Path) -> str:
    """Return how the copy's name ends: as the file's did, so that tools know it."""
    known = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), ".warc")
    return f"-import{known}"


def _copy_durably(path: Path, copy: Path) -> None:
    with path.open("rb") as source, copy.open("xb") as target:
        shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())
