"""Verification: whether every byte of the evidence is what the log says it is.

Reads a whole case and gives every fault it finds, not just the first: the log against its own
hashes and signature, the events against the log, each archive file against the digest that was
logged and each of its records against its own digests, files that nobody logged, and each finding's
quote against its capture. Writes nothing. Needs neither the network nor the signing key.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sousveil.archive.read import verify_warc
from sousveil.case import JOURNAL_FILE, SETTINGS_FILE, Case, event_lines, file_sha256
from sousveil.errors import LogError, SousveilError
from sousveil.index.query import findings
from sousveil.index.store import INDEX_FILE, Index
from sousveil.model import Fault, Finding, Json
from sousveil.settings import head_path
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint, open_checkpoint
from sousveil.tlog.log import entries as log_entries
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import parse_vkey

Progress = Callable[[int, int, str], None]

LINE_END = b"\n"

# What a case folder holds beside its evidence; anything else is mentioned, but is no fault.
_KNOWN = {SETTINGS_FILE, "archive", "events", "log", "pending", "cache"}


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and what was wrong."""

    origin: str
    key: str
    entries: int  # of the log, all of them checked
    root: str  # base64, of the signed tree; "" when there is no valid checkpoint
    files: int  # archive files checked
    size_bytes: int  # of those
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]  # not wrong, but worth knowing


def verify_evidence(case: Case, progress: Progress) -> Verification:
    """Check log, events and archive of a case."""
    faults = list(check(case.log, case.settings.key))
    notes = list(_notes(case))
    checkpoint, entries = _signed_entries(case, faults)
    faults += _check_head(case, checkpoint)
    promised = {
        entry["warc"]["path"]: (i, entry) for i, entry in enumerate(entries) if "warc" in entry
    }
    if entries:
        faults += _check_events(case, entries)
        faults += _check_unlisted(case, promised)
    else:
        notes.append("events and archive were not checked: the log that names them cannot be read")
    for done, (path, (index, entry)) in enumerate(sorted(promised.items())):
        progress(done, len(promised), path)
        faults += _check_file(case, path, index, entry)
    return Verification(
        origin=case.settings.origin,
        key=case.settings.key,
        entries=len(entries),
        root=base64.b64encode(checkpoint.root).decode() if checkpoint else "",
        files=len(promised),
        size_bytes=sum(entry["warc"]["bytes"] for _, entry in promised.values()),
        faults=tuple(dict.fromkeys(faults)),
        notes=tuple(notes),
    )


def verify_findings(
    index: Index, read_quote: Callable[[Finding], str | None], progress: Progress
) -> Iterator[Fault]:
    """Yield a fault for each finding of the index whose quote is not in its capture.

    `read_quote` extracts the capture again and returns what stands at the finding's place.
    """
    found = findings(index)
    for done, finding in enumerate(found):
        progress(done, len(found), finding.url)
        try:
            quote = read_quote(finding)
        except SousveilError as error:
            yield Fault(INDEX_FILE, f"finding {finding.id}: its capture cannot be read: {error}")
            continue
        if quote != finding.quote:
            yield Fault(
                INDEX_FILE,
                f"finding {finding.id}: its quote is not in its capture. The index was changed, or"
                " made by another version; make it again with `sousveil reindex`.",
            )


def _signed_entries(case: Case, faults: list[Fault]) -> tuple[Checkpoint | None, list[Json]]:
    """Return the head and the parsed entries; neither when the log cannot be read."""
    try:
        checkpoint = read_checkpoint(case.log, case.settings.key)
        if checkpoint is None:
            return None, []
        return checkpoint, [json.loads(entry) for entry in log_entries(case.log, checkpoint.size)]
    except (LogError, ValueError) as error:
        # `check` names the file; this makes sure that a verdict never rests on an empty log.
        if not faults:
            faults.append(Fault("log/checkpoint", str(error)))
        return None, []


def _check_head(case: Case, checkpoint: Checkpoint | None) -> Iterator[Fault]:
    """Compare with the newest head that this user's key signed: a log must not shrink."""
    remembered = head_path(case.settings.origin)
    if not remembered.exists():
        return
    try:
        head = open_checkpoint(remembered.read_bytes(), parse_vkey(case.settings.key))
    except LogError as error:
        yield Fault("log/checkpoint", f"the remembered head in {remembered} is damaged: {error}")
        return
    size = checkpoint.size if checkpoint else 0
    if size < head.size:
        yield Fault(
            "log/checkpoint",
            f"has {size} entries, but its key signed {head.size} before: the newest"
            f" {head.size - size} were taken away, or a copy of this case was continued elsewhere",
        )
    elif checkpoint and size == head.size and checkpoint.root != head.root:
        yield Fault("log/checkpoint", f"its key signed another tree of {size} entries before")


def _check_events(case: Case, entries: list[Json]) -> Iterator[Fault]:
    """Hold each line of the events against the digest that was logged for it, in order."""
    lines = event_lines(case)
    for index, entry in enumerate(entries):
        try:
            path, number, line = next(lines)
        except StopIteration:
            yield Fault(
                "events",
                f"the bodies of log entries {index} to {len(entries) - 1} are missing",
            )
            return
        where = f"events/{path.name}"
        if not line.endswith(b"\n"):
            yield Fault(where, f"line {number} is cut short")
        if entry["body"] != f"sha256:{hashlib.sha256(line.removesuffix(LINE_END)).hexdigest()}":
            yield Fault(
                where, f"line {number} is not the body of log entry {index} ({entry['type']})"
            )
        if path.name < f"{entry['time'][:7]}.jsonl":
            yield Fault(where, f"line {number} stands in the wrong month's file")
    for path, number, _ in lines:
        yield Fault(f"events/{path.name}", f"line {number} is not in the log")


def _check_unlisted(case: Case, promised: dict[str, tuple[int, Json]]) -> Iterator[Fault]:
    """Find files where evidence lies that the log does not know."""
    for path in sorted((case.root / "archive").rglob("*")):
        name = path.relative_to(case.root).as_posix()
        if path.is_symlink() or (not path.is_dir() and name not in promised):
            yield Fault(name, "is not in the log: nobody captured it with this case")
    for path in sorted((case.root / "events").iterdir()):
        if path.is_dir() or path.suffix != ".jsonl":
            yield Fault(f"events/{path.name}", "is no file of this case")


def _check_file(case: Case, name: str, index: int, entry: Json) -> Iterator[Fault]:
    """Hold an archive file against the log, then its records against their own digests."""
    path = case.root / name
    if not path.is_file():
        yield Fault(name, f"is missing; log entry {index} ({entry['type']}) brought it")
        return
    size = path.stat().st_size
    if size != entry["warc"]["bytes"]:
        yield Fault(name, f"has {size} bytes, log entry {index} says {entry['warc']['bytes']}")
        return
    if file_sha256(path) != entry["warc"]["sha256"]:
        yield Fault(name, f"was changed: its SHA-256 is not the one in log entry {index}")
        return
    if entry["type"] == "visit":  # an import is kept as it came, faults and all
        for problem in verify_warc(path):
            yield Fault(name, problem)


def _notes(case: Case) -> Iterator[str]:
    if (case.root / JOURNAL_FILE).exists():
        yield f"{JOURNAL_FILE}: a commit was interrupted; the next command that writes finishes it"
    for path in sorted(case.pending.glob("*")) if case.pending.is_dir() else ():
        if path.name not in {"lock", Path(JOURNAL_FILE).name}:
            yield f"pending/{path.name}: left by an interrupted visit; it is no evidence"
    for path in sorted(case.root.iterdir()):
        if path.name not in _KNOWN and not path.name.startswith(INDEX_FILE):
            yield f"{path.name}: not part of the evidence, not checked"
