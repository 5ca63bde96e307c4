"""The manifest: what a scan was told, what became of each file, and that it came to its end.

A file of JSON Lines beside the result. Its first line tells what was asked; then comes one line for
each file, synced as it is done, so that a file is done or not done, never half; at last one with
the totals. Who runs the same scan again goes on from here. When that tries files again that were
refused, lines are added: the last one of a file counts, and the last totals.

Nothing in it tells of the machine but the paths that the user typed. Whoever can edit it can make
a scan look whole that is not.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from sousveil.durable import sync_folder
from sousveil.errors import InputError
from sousveil.scan.file.values import FileReport

FORMAT = 1


class AskedTopic(Struct, frozen=True):
    """A topic as it was when the scan began."""

    name: str
    sha256: str  # hexadecimal, of its file


class Asked(Struct, frozen=True, kw_only=True, tag_field="line", tag="scan"):
    """What a scan was told: its first line."""

    format: int = FORMAT
    sousveil: str  # version
    matcher: str  # version: of the terms, and of how they are sought
    topics: tuple[AskedTopic, ...]
    actors: str = ""  # digest of those that a case names besides ours; "" without a case
    inputs: tuple[str, ...]  # as given
    prefix: str = ""
    indexes: tuple[str, ...] = ()  # as given
    filters: dict[str, tuple[str, ...]] = {}
    files: int  # that were found
    selected: int | None = None  # records that indexes named; None: all
    sources: str  # SHA-256 over names, sizes of local files, and spans, in order; hexadecimal
    started: str  # RFC 3339


class Totals(Struct, frozen=True, kw_only=True, tag_field="line", tag="totals"):
    """What a scan came to: its last line, the statement of completeness."""

    files: int
    read: int
    partly: int
    refused: int
    bytes: int
    unpacked_bytes: int
    lost_bytes: int
    records: int
    looked_at: int
    skipped: dict[str, int]  # why -> how many records
    documents: int
    findings: int
    cpu_seconds: float
    sha256: str  # hexadecimal, of the result
    ended: str  # RFC 3339


@dataclass(slots=True)
class Told:
    """What a manifest says."""

    asked: Asked
    reports: dict[str, FileReport] = field(default_factory=dict)  # by name, the last of each
    totals: Totals | None = None  # None while the scan is not at its end


class Manifest:
    """A manifest that is open for writing; `told` is what it says by now."""

    def __init__(self, file: IO[bytes], told: Told) -> None:
        self.told = told
        self._file = file

    def begin(self) -> None:
        """Write the first line."""
        self._write(self.told.asked)

    def add(self, report: FileReport) -> None:
        """Write down that a file is done; return when that is on disk."""
        self._write({"line": "file"} | msgspec.to_builtins(report))
        self.told.reports[report.name] = report
        self.told.totals = None

    def close(self, totals: Totals) -> None:
        """Write down that the scan came to its end."""
        self._write(totals)
        self.told.totals = totals

    def _write(self, value: object) -> None:
        self._file.write(msgspec.json.encode(value) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def open_manifest(path: Path, asked: Asked) -> Iterator[Manifest]:
    """Begin a manifest at `path`, or go on with the one that is there.

    A last line that a crash cut short is taken away. Raises InputError when another process writes
    to it, when it is none, and when it is that of another scan: of other topics, files or filters,
    or of another version, whose findings would not be these.
    """
    with path.open("ab+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{path}: another scan is at work on it. Wait until it is done."
            ) from error
        told, end = _read(path, file)
        if told is None:
            file.truncate(0)
            manifest = Manifest(file, Told(asked))
            manifest.begin()
            sync_folder(path.parent)
        else:
            _refuse_another(path, told.asked, asked)
            file.truncate(end)
            manifest = Manifest(file, told)
        yield manifest


def read_manifest(path: Path) -> Told:
    """Return what a manifest says; raises InputError when it is none."""
    with path.open("rb") as file:
        told, _ = _read(path, file)
    if told is None:
        raise InputError(f"{path}: empty; no scan has begun to write it.")
    return told


def _read(path: Path, file: IO[bytes]) -> tuple[Told | None, int]:
    """Return what the whole lines of a manifest say, and where they end."""
    file.seek(0)
    told, end = None, 0
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):  # a crash cut it short
            break
        end += len(line)
        try:
            told = _with_line(told, msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}, line {number}: no line of a scan's manifest ({error}). Move the file"
                " away, or choose another output."
            ) from error
    return told, end


def _with_line(told: Told | None, value: dict[str, Any]) -> Told:
    if told is None:
        return Told(msgspec.convert(value, Asked))
    if value.get("line") == "totals":
        told.totals = msgspec.convert(value, Totals)
    else:
        report = msgspec.convert(value, FileReport)
        told.reports[report.name] = report
        told.totals = None
    return told


def _refuse_another(path: Path, there: Asked, asked: Asked) -> None:
    differences = list(_differences(there, asked))
    if differences:
        raise InputError(
            f"{path}: is of another scan ({', '.join(differences)}). Choose another output with -o,"
            " or remove that file to begin anew."
        )


def _differences(there: Asked, asked: Asked) -> Iterator[str]:
    if (there.format, there.sousveil) != (asked.format, asked.sousveil):
        yield f"made by sousveil {there.sousveil}, this is {asked.sousveil}"
    if there.topics != asked.topics:
        yield f"other topics: {_names(there.topics)}"
    elif there.actors != asked.actors:
        yield "other actors"
    elif there.matcher != asked.matcher:
        yield "terms sought in another way"
    if (there.inputs, there.prefix, there.indexes) != (asked.inputs, asked.prefix, asked.indexes):
        yield "other inputs"
    elif there.filters != asked.filters:
        yield "other filters"
    elif there.sources != asked.sources:
        yield f"its {there.files:,} files are not the {asked.files:,} that are there now"


def _names(topics: Sequence[AskedTopic]) -> str:
    return ", ".join(f"{one.name} {one.sha256[:8]}" for one in topics)
