"""Events read back: each body held against the entry of the log that has its digest.

Takes a case and gives its events in the order of the log, those of some kinds alone, or from some
number on. A line of `events/` belongs to the entry of its number; what a line is, `bodies.py` says.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from sousveil.bodies import disclosure_problem, merged, read_line
from sousveil.case import Case
from sousveil.errors import EvidenceError
from sousveil.model import Event, Json
from sousveil.tlog.log import entries, read_checkpoint

# A body lies beside the log, whose own bound is 65,535 bytes an entry. More than this is a capture
# that was put in the wrong place.
MAX_BODY_BYTES = 16 * 2**20

# Of lines that are passed over; read at a time.
_PASSED_BYTES = 2**20


def log_size(case: Case) -> int:
    """Return how many entries the log's signed head counts; 0 when nothing is signed yet."""
    checkpoint = read_checkpoint(case.log, case.settings.key)
    return checkpoint.size if checkpoint else 0


def read_events(
    case: Case, start: int = 0, wanted: Callable[[int, str], bool] = lambda *_: True
) -> Iterator[Event]:
    """Yield the events from entry `start` on, in order, bodies checked against the log.

    Those alone that are `wanted`, by their number and type: the others are checked and not parsed,
    which takes a tenth of the time. Raises EvidenceError, naming the file, when a body is missing
    or is not the one that was logged.
    """
    lines = event_lines(case, start)
    none = (case.root / "events", 0, b"")
    for index, entry in enumerate(entries(case.log, log_size(case), start), start):
        path, _, data = next(lines, none)
        fields, line = _entry_fields(case, index, entry), read_line(data)
        if fields["body"] != line.digest or disclosure_problem(line) is not None:
            raise EvidenceError(
                f"{path}: the body of log entry {index} ({fields['type']}) is missing or changed."
                " Run `sousveil verify`."
            )
        if wanted(index, fields["type"]):
            yield make_event(index, fields, merged(line))


def _entry_fields(case: Case, index: int, entry: bytes) -> Json:
    """Return what an entry says; raises EvidenceError for one that no commit wrote."""
    try:
        fields: Json = msgspec.json.decode(entry)
        datetime.fromisoformat(fields["time"])
        is_entry = isinstance(fields["body"], str) and isinstance(fields["type"], str)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError):
        is_entry = False
    if not is_entry:
        raise EvidenceError(
            f"{case.log}: entry {index} is no entry of a case; it was changed. Run `sousveil"
            " verify`."
        )
    return fields


def make_event(index: int, entry: Json, body: Json) -> Event:
    """Return the event of a log entry, parsed, and its body."""
    warc = entry.get("warc") or {}
    return Event(
        index=index,
        type=entry["type"],
        time=datetime.fromisoformat(entry["time"]),
        body=body,
        warc=warc.get("path"),
        warc_sha256=warc.get("sha256"),
    )


def event_lines(case: Case, start: int = 0) -> Iterator[tuple[Path, int, bytes]]:
    """Yield each line of the events but the first `start`: its file, its number in it, its bytes.

    Numbers count from 1. A line of more than any body's length is cut; it is no body of an entry
    then.
    """
    left = start
    for path in sorted((case.root / "events").glob("*.jsonl")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            number = _pass_over(file, left)
            left -= number
            while line := file.readline(MAX_BODY_BYTES + 2):
                number += 1
                yield path, number, line


def _pass_over(file: BinaryIO, most: int) -> int:
    """Go on behind lines, at most so many; return how many. One that breaks off counts, too."""
    passed, is_open = 0, False
    while passed < most and (piece := file.read(_PASSED_BYTES)):
        lines = piece.count(b"\n")
        if passed + lines >= most:
            end = 0
            for _ in range(most - passed):
                end = piece.index(b"\n", end) + 1
            file.seek(end - len(piece), os.SEEK_CUR)
            return most
        passed, is_open = passed + lines, not piece.endswith(b"\n")
    return passed + is_open
