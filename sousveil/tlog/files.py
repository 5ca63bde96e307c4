"""Files: reads that a hostile folder cannot stall or flood, and writes that survive a power cut.

Takes paths and gives bytes, and the reverse. What the system refuses becomes a LogError that names
the file.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sousveil.errors import LogError


def read_file(path: Path, limit: int) -> bytes | None:
    """Return the content of a file, or None when there is no such file.

    Raises LogError when it is longer than `limit` bytes, cannot be read, or is no regular file: a
    link could lead out of the case, and a pipe would never answer.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with _explained(path, "read"):
        try:
            descriptor = os.open(path, flags)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LogError(f"{path} is not a regular file. Put the file itself in its place.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(descriptor)
    if len(data) > limit:
        raise LogError(f"{path} is longer than the {limit:,} bytes it may have. Restore it.")
    return data


def write_file(path: Path, data: bytes) -> None:
    """Write and sync a file whose folder exists; a crash may leave it cut short.

    Raises LogError when the system refuses, a full disk included.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with _explained(path, "written"), os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file: after a crash the old or the new one is there, whole."""
    new = path.with_name(path.name + ".new")
    write_file(new, data)
    with _explained(path, "replaced"):
        new.replace(path)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises LogError when the system refuses."""
    with _explained(path, "made"):
        path.mkdir(parents=True, exist_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder of files, if it is there; a crash may bring some back, as nothing is synced.

    Raises LogError when the system refuses.
    """
    with _explained(path, "removed"):
        if path.is_dir():
            for one in path.iterdir():
                one.unlink()
            path.rmdir()


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable. Raises LogError when the system refuses."""
    with _explained(path, "synced"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _explained(path: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LogError(
            f"{path} could not be {verb}: {error.strerror}. Mend that and run it again; "
            "the log is as it was."
        ) from error
