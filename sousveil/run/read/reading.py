"""Reading without a case: claims in files, and judgements on single passages.

For one-off checks and pipelines. Nothing is kept: a finding made here has the file's path and
digest for evidence, and no log entry.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sousveil.actors import attributed, shipped_register
from sousveil.claims import engine_for, judge
from sousveil.errors import InputError
from sousveil.jsonform import finding_json, instant
from sousveil.model import Capture, Finding, Json, RecordRef
from sousveil.run.read.findings import Place
from sousveil.run.read.payloads import Payload, read_payload
from sousveil.topics import Topic

# A file of more than this is no page or source file; web archives have `import` and `scan`.
MAX_FILE_BYTES = 64 * 2**20

# A line of JSON Lines is one passage; a longer one is a mistake or an attack.
MAX_LINE_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What was found in one file, or why it could not be read."""

    path: Path
    findings: tuple[Finding, ...]
    problem: str | None  # one line: what, where, what to do


def read_paths(paths: Sequence[Path], topics: Sequence[Topic]) -> Iterator[ReadFile]:
    """Yield what is found in each file, folders walked in order, `.git` and the like left out.

    Raises InputError for a path that is not there, before anything is read.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder.")
    for path in paths:
        for file in sorted(_files_below(path)) if path.is_dir() else [path]:
            yield read_file(file, topics)


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inner = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in inner):
            yield path


def read_file(path: Path, topics: Sequence[Topic]) -> ReadFile:
    """Return what is found in one file; what cannot be read is a problem, not an exception."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES >> 20
            return ReadFile(
                path, (), f"{path}: {size} bytes, over the limit of {limit} MB. Split it."
            )
        data = path.read_bytes()
    except OSError as error:
        return ReadFile(path, (), f"{path}: cannot be read ({error.strerror}). Check its rights.")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    capture = Capture(
        str(path), datetime.now(UTC), None, "", RecordRef("", 0, len(data), "", digest)
    )
    place = Place(str(path), capture, 0, None)
    found = read_payload(Payload(data, "", None, str(path)), engine_for(topics), place)
    problem = found.note and found.note.replace("; the capture itself is kept", "")
    register = shipped_register()
    told = (attributed(one, watch_actor=None, register=register) for one in found.findings)
    return ReadFile(path, tuple(told), problem)


def file_finding_json(finding: Finding) -> Json:
    """Return a finding as JSON, with the file as its only evidence."""
    evidence = {
        "url": finding.url,
        "captured_at": instant(finding.capture.captured_at),
        "warc": None,
        "record_digest": finding.capture.record.digest,
    }
    return finding_json(finding) | {"capture": evidence}


def read_lines(stream: BinaryIO, topics: Sequence[Topic]) -> Iterator[Json]:
    """Judge each line `{"id", "text", "lang"}` of JSON; yield a line for each, in order.

    A line that cannot be judged yields `{"id", "error"}`, and the next one is read.
    """
    for number, line in _lines(stream):
        row: object = None
        try:
            row = json.loads(line) if len(line) <= MAX_LINE_BYTES else None
        except (ValueError, RecursionError) as error:
            yield {"id": None, "error": f"line {number}: not JSON ({error})"}
            continue
        row_id = row.get("id") if isinstance(row, dict) else None
        if len(line) > MAX_LINE_BYTES:
            yield {"id": None, "error": f"line {number}: longer than {MAX_LINE_BYTES} bytes"}
        elif not isinstance(row, dict) or not isinstance(row.get("text"), str):
            yield {"id": row_id, "error": f'line {number}: no text; give {{"id", "text", "lang"}}'}
        else:
            # A lone surrogate is no character (RFC 8259 section 8.2): it is read as a mark for one.
            text = row["text"].encode("utf-8", "replace").decode()
            judged = judge(text, str(row.get("lang") or ""), topics)
            yield {
                "id": row_id,
                "label": judged.label,
                "trait": judged.trait,
                "score": judged.score,
                "spans": list(judged.spans),
            }


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line that holds something with its number, cut after the limit and one byte."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES + 1)
        if line.strip():
            yield number, line
