"""Durable files: written so that after a crash the old content or the new one is there, whole.

Plain functions on the disk; they raise OSError, which the command line tells in one line.
"""

import hashlib
import os
from pathlib import Path


def write_durably(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace `path` by `data`: after a crash the file is the old one or the new one, whole.

    A `private` file is readable by its owner alone, from its first byte on.
    """
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        if private:
            os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def make_folders(folder: Path) -> None:
    """Make `folder` and those above it, each synced into its parent."""
    if folder.exists():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
