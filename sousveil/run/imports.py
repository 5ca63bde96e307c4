"""Imports: archives made by others, kept byte for byte, so that their digest is the donor's.

A file is copied into `pending/`, scanned for what is intact, and committed with what was found
wrong with it. The same bytes are taken in once.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.archive.foreign import SUFFIXES
from sousveil.case import Writer, file_sha256, read_events
from sousveil.errors import InputError


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    file: str
    sha256: str  # hexadecimal
    records: int
    captures: int
    faults: tuple[str, ...]
    log_index: int | None  # None when it was not taken in


def archives_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, and the archives in the folders named, in order.

    Raises InputError for a path that is not there, and for a folder that holds no archive.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_archive(p))
            if not inside:
                raise InputError(f"{path}: no WARC or ARC file in this folder.")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(f"{path}: no such file or folder.")
    return list(dict.fromkeys(files))


def _is_archive(path: Path) -> bool:
    return any(path.name.lower().endswith(suffix) for suffix in SUFFIXES)


def import_file(writer: Writer, path: Path, now: datetime) -> Imported:
    """Take one archive file into the case and return what is in it.

    A file that is no archive at all is not taken in: its one fault says why.
    """
    sha256 = file_sha256(path)
    known = imported_before(index, sha256)
    if known is not None:
        body = event_body(index, known)
        return Imported(str(path), sha256, body["records"], body["captures"], (), known)
    suffix = "".join(path.suffixes[-2:]) or ".warc"
    warc_path = writer.new_warc_path(now, f"-import{suffix.lower()}")
    with tempfile.TemporaryDirectory(prefix="import-", dir=writer.case.pending) as folder:
        copy = Path(folder) / "copy"
        shutil.copyfile(path, copy)


"""
"""
