"""Reading without a case: claims in files, and judgements on single passages.

For one-off checks and pipelines. Nothing is kept: a finding made here has the file's path and
digest for evidence, and no log entry.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sousveil.claims import find, judge
from sousveil.errors import ExtractError, InputError
from sousveil.extract import extract
from sousveil.jsonform import finding_json
from sousveil.model import Capture, Finding, Json, RecordRef
from sousveil.run.findings import Place, make_findings
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

    In a folder, files that hold no text are passed over; a file that was named is complained about.
    Raises InputError for a path that is not there.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder.")
        if path.is_dir():
            for file in sorted(_files_below(path)):
                result = read_file(file, topics)
                if result.findings or (result.problem and not _holds_no_text(file)):
                    yield result
        else:
            yield read_file(path, topics)


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inner = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in inner):
            yield path


def _holds_no_text(path: Path) -> bool:
    """Tell a picture, archive or program: a NUL near the start, as git does it."""
    with path.open("rb") as file:
        return b"\0" in file.read(8_000)


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
        document = extract(data, media_type="", charset=None, name=path.name)
    except OSError as error:
        return ReadFile(path, (), f"{path}: cannot be read ({error.strerror}). Check its rights.")
    except ExtractError as error:
        return ReadFile(path, (), f"{path}: {error}")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    capture = Capture(
        str(path), datetime.now(UTC), None, "", RecordRef("", 0, len(data), "", digest)
    )
    place = Place(str(path), capture, 0, None, None)
    return ReadFile(path, tuple(make_findings(document, find(document, topics), place)), None)


def file_finding_json(finding: Finding) -> Json:
    """Return a finding as JSON, with the file as its only evidence."""
    evidence = {"url": finding.url, "record_digest": finding.capture.record.digest}
    return finding_json(finding) | {"capture": evidence}


def read_lines(stream: BinaryIO, topics: Sequence[Topic]) -> Iterator[Json]:
    """Judge each line `{"id", "text", "lang"}` of JSON; yield a line for each, in order.

    A line that cannot be judged yields `{"id", "error"}`.
    """
    for number, line in enumerate(_bounded_lines(stream), start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            yield {"id": None, "error": f"line {number}: not JSON ({error})"}
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            yield {"id": None, "error": f'line {number}: no text; give {{"id", "text", "lang"}}'}
            continue
        judged = judge(row["text"], str(row.get("lang") or ""), topics)
        yield {
            "id": row.get("id"),
            "label": judged.label,
            "trait": judged.trait,
            "score": judged.score,
            "spans": list(judged.spans),
        }


def _bounded_lines(stream: BinaryIO) -> Iterable[bytes]:
    while line := stream.readline(MAX_LINE_BYTES):
        if line.strip():
            yield line
