"""A part: the findings of one file, as lines of JSON, until those of all files are put together.

Takes findings as `jsonform` writes them and gives a gzip file: a first line that tells what found
them, then one for each finding, with the place of the record that holds it. The result is Parquet
(`table.py`), whose library would take 45 MB of each process. Equal findings give equal bytes.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import Self

import msgspec

from sousveil import __version__
from sousveil.durable import make_folders, sync_folder
from sousveil.errors import InputError
from sousveil.model import Json
from sousveil.scan.file.finder import Finder

# Of the name of a part: no two files of a crawl of a million share it by chance.
_NAME_DIGITS = 32
PARTS = "parts"


class Place(msgspec.Struct, frozen=True):
    """Where the record that holds a finding lies."""

    file: str  # as the scan was given it
    offset: int  # of the record, in bytes of the stored file if `is_stored`
    length: int
    is_stored: bool  # False: both count decompressed bytes, for records share a gzip member
    revisit_offset: int | None = None  # of the revisit that says the record was met again
    revisit_length: int | None = None


def part_path(folder: Path, name: str) -> Path:
    """Return where the findings of the file called `name` are written, below a scan's folder."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return folder / PARTS / f"{digest[:_NAME_DIGITS]}.jsonl.gz"


class PartWriter:
    """Writes findings into a file that has its name only once it is whole and synced."""

    def __init__(self, path: Path, finder: Finder) -> None:
        self._path = path
        make_folders(path.parent)
        # Another process or thread may be at the same file, whose engine took us for dead.
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
        self._file = self._temporary.open("wb")
        self._lines = gzip.GzipFile("", "wb", fileobj=self._file, mtime=0)
        self._write(_makings(finder))
        self.count = 0

    def add(self, findings: Iterable[Json], place: Place) -> None:
        """Add the findings of one answer."""
        where = msgspec.structs.asdict(place)
        for finding in findings:
            self._write({key: _sound(value) for key, value in finding.items()} | where)
            self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file:
            self._lines.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        if kind is not None:
            self._temporary.unlink()
            return
        self._temporary.replace(self._path)
        sync_folder(self._path.parent)

    def _write(self, line: Mapping[str, object]) -> None:
        self._lines.write(msgspec.json.encode(line) + b"\n")


def read_makings(part: Path) -> dict[str, str]:
    """Return what found the findings of a part; raises InputError when it is damaged."""
    with _opened(part) as lines:
        return _first_line(lines)


def read_part(part: Path) -> Iterator[Json]:
    """Yield the findings of a part, each with its `Place`; raises InputError when it is damaged."""
    with _opened(part) as lines:
        _first_line(lines)
        for line in lines:
            yield msgspec.json.decode(line)


@contextmanager
def _opened(part: Path) -> Iterator[gzip.GzipFile]:
    try:
        with gzip.open(part) as lines:
            yield lines
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise InputError(
            f"{part}: the findings of a file cannot be read ({error}). Remove this file and run"
            " the same command again; its archive is then scanned again."
        ) from error


def _first_line(lines: gzip.GzipFile) -> dict[str, str]:
    return msgspec.json.decode(lines.readline(), type=dict[str, str])


def _sound(value: object) -> object:
    """Return a value without lone surrogates, which are no characters (RFC 8259, section 8.2)."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sound(one) for one in value]
    if isinstance(value, dict):
        return {key: _sound(one) for key, one in value.items()}
    return value


def _makings(finder: Finder) -> dict[str, str]:
    return {
        "sousveil.version": __version__,
        "sousveil.engine": finder.engine.name,
        "sousveil.topics": finder.topics,
        "sousveil.matcher": finder.matcher,
    }
