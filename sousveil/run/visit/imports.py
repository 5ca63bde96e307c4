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
from pathlib import Path, PurePosixPath

import msgspec

from sousveil.archive.foreign import SUFFIXES, scan_archive
from sousveil.durable import file_sha256
from sousveil.errors import InputError
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


def archives_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, the archives in folders, and those that manifests list, in order.

    A manifest is the JSON file of a collection of Browsertrix. Raises InputError for a path that is
    not there, a folder that holds no archive, and a manifest one of whose files is not beside it,
    or is another than it says.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_archive(p))
            if not inside:
                raise InputError(f"{path}: no WARC or ARC file in this folder.")
            files += inside
        elif path.is_file():
            files += _listed_by(path) if path.suffix == ".json" else [path]
        else:
            raise InputError(f"{path}: no such file or folder.")
    return list(dict.fromkeys(files))


def _listed_by(manifest: Path) -> list[Path]:
    """Return the archives that a manifest lists (Frictionless Data Package, "Resource").

    Their `path` is below it, or an address from which the file of that `name` was fetched.
    """
    try:
        told = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{manifest}: no manifest of a collection ({error}). A list of addresses is added with"
            f" `sousveil add --from {manifest.name}`."
        ) from error
    return [_resource(manifest, one) for one in told.resources]


def _resource(manifest: Path, one: "_Resource") -> Path:
    place = PurePosixPath(one.name if "://" in one.path else one.path or one.name)
    path = manifest.parent / place
    if place.is_absolute() or ".." in place.parts or not path.is_file():
        raise InputError(
            f"{manifest}: {one.name}: no such file beside it. Fetch it first: {one.path[:200]}"
        )
    sha256 = one.hash.removeprefix("sha256:")
    if sha256 and file_sha256(path) != sha256:
        raise InputError(
            f"{path}: its SHA-256 is not the one that {manifest.name} tells, {sha256}. Fetch it"
            " again, or import the file by itself."
        )
    return path


class _Resource(msgspec.Struct):
    """A file of a collection."""

    name: str
    path: str = ""
    hash: str = ""  # SHA-256, with "sha256:" before it or without


class _Manifest(msgspec.Struct):
    """What a collection consists of."""

    resources: list[_Resource]


def _is_archive(path: Path) -> bool:
    return any(path.name.lower().endswith(suffix) for suffix in SUFFIXES)


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
