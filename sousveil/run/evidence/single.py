"""The evidence of one finding, checked now: what `sousveil verify` does of a case, for one entry.

Takes a case, its index and a finding, and gives a list of checks, each with what it showed or what
is wrong. Reads the log and the archive again; believes nothing that the index says. Writes nothing.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sousveil.archive.read import read_block
from sousveil.bodies import disclosure_problem, merged, read_line
from sousveil.case import Case
from sousveil.durable import file_sha256
from sousveil.errors import EvidenceError, LogError, SousveilError
from sousveil.ledger import event_lines, make_event
from sousveil.model import Capture, Event, Finding, Stamp
from sousveil.run.evidence.entries import Entry
from sousveil.run.quotes import Reread
from sousveil.tlog import merkle
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.log import entries, inclusion, read_checkpoint
from sousveil.tlog.timestamps.anchors import Anchor, check_anchors
from sousveil.tlog.timestamps.audit import check_stamps, covering
from sousveil.tlog.witnesses import Seen, check_witnesses


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked."""

    what: str  # a sentence that is true when it holds
    told: str  # what was seen, or what is wrong, in words
    holds: bool


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who besides us says that the log existed, of what covers one entry."""

    stamps: Sequence[Stamp]
    anchors: Sequence[Anchor]
    witnesses: Sequence[Seen]
    faults: Sequence[str]  # of the folders of stamps and cosignatures, in words
    notes: Sequence[str]  # what was not looked at


@dataclass(frozen=True, slots=True)
class Proved:
    """Where an entry stands in the log, and the hashes that show it."""

    head: Checkpoint
    index: int
    entry: bytes
    hashes: Sequence[bytes]  # inclusion proof, the lowest level first

    @property
    def root(self) -> str:
        """The root of the signed head, in base64."""
        return base64.b64encode(self.head.root).decode()


def prove(case: Case, index: int) -> Proved:
    """Return an entry with its inclusion proof, which is verified; raises LogError."""
    head = read_checkpoint(case.log, case.settings.key)
    if head is None or index >= head.size:
        raise LogError(f"{case.log}: no signed checkpoint covers entry {index}. Restore the log.")
    (entry,) = entries(case.log, index + 1, index)
    hashes = inclusion(case.log, index, head.size)
    merkle.verify_inclusion(merkle.leaf_hash(entry), index, head.size, hashes, head.root)
    return Proved(head, index, entry, hashes)


def vouched(case: Case, head: Checkpoint, index: int) -> Vouched:
    """Return who vouches for an entry; every stamp and cosignature is verified now."""
    stamps, unfit = check_stamps(case.log, case.settings.key, head)
    anchors, loose, notes = check_anchors(case.log, case.settings.key, head)
    seen, unseen = check_witnesses(case.log, case.settings.key, head)
    return Vouched(
        list(covering(stamps, index)),
        [one for one in anchors if one.entries > index],
        [one for one in seen if one.entries > index],
        [f"{one.path}: {one.problem}" for one in (*unfit, *loose, *unseen)],
        notes,
    )


def check_finding(
    case: Case, finding: Finding, reread: Callable[[Finding, Event], Reread]
) -> list[Check]:
    """Check the entry, body, archive file, record and quote of a finding, in this order.

    `reread` extracts its capture again. What fails ends the list: the rest would rest on it.
    """
    checks = list[Check]()
    try:
        for what, told in _steps(case, finding, reread):
            checks.append(Check(what, told, holds=True))
    except SousveilError as error:
        checks.append(Check(_STEPS[len(checks)], str(error), holds=False))
    return checks


_STEPS = (
    "The log’s head is signed, and the entry is in the log",
    "What the event says is what was logged",
    "The archive file is the one that was logged",
    "The record in it is the one that is cited",
    "The words stand in that record",
)


def _steps(
    case: Case, finding: Finding, reread: Callable[[Finding, Event], Reread]
) -> Iterator[tuple[str, str]]:
    proof = prove(case, finding.log_index)
    way = f"Entry {proof.index:,} leads by {len(proof.hashes)} hashes to the root"
    yield _STEPS[0], f"{way} of {proof.head.size:,} entries that the key signed."
    event, entry = _event(case, proof)
    yield _STEPS[1], f"SHA-256 {entry.body} is in the entry."
    yield _STEPS[2], _check_file(case.root, entry, finding)
    yield _STEPS[3], _check_record(case, event, finding)
    again = reread(finding, event)
    if again.quote != finding.quote:
        raise EvidenceError(
            "other words stand at that place of the record. The index was changed, or made by"
            " another version: `sousveil reindex`."
        )
    judged = " This version finds the claim there again." if again.is_found else ""
    yield _STEPS[4], f"They were read from the record again, character by character.{judged}"


def _event(case: Case, proof: Proved) -> tuple[Event, Entry]:
    try:
        entry = msgspec.json.decode(proof.entry, type=Entry)
    except msgspec.DecodeError as error:
        raise EvidenceError(f"entry {proof.index} is no entry of a case: {error}") from error
    path, _, data = next(event_lines(case, proof.index), (case.root / "events", 0, b""))
    line = read_line(data)
    problem = disclosure_problem(line)
    if line.digest != entry.body or problem is not None:
        raise EvidenceError(
            f"{path}: the body of log entry {proof.index} is missing or changed. Run `sousveil"
            " verify`, and restore the file from a copy."
        )
    return make_event(proof.index, json.loads(proof.entry), merged(line)), entry


def _check_file(root: Path, entry: Entry, finding: Finding) -> str:
    promised, name = entry.warc, finding.capture.record.warc
    if promised is None or promised.path != name:
        raise EvidenceError(f"{name}: log entry {finding.log_index} did not bring this file.")
    path = root / name
    if path.is_symlink() or not path.is_file():
        raise EvidenceError(f"{name}: is missing. Restore it from a copy.")
    if path.stat().st_size != promised.bytes or file_sha256(path) != promised.sha256:
        raise EvidenceError(
            f"{name}: was changed: its SHA-256 is not the one in log entry {finding.log_index}."
            " Restore it from a copy."
        )
    return f"{name}: {promised.bytes:,} bytes, SHA-256 {promised.sha256}."


def _check_record(case: Case, event: Event, finding: Finding) -> str:
    captures = event.body.get("captures")
    if event.type in {"visit", "handed-in"} and finding.capture not in msgspec.convert(
        captures, list[Capture]
    ):
        raise EvidenceError("its capture is not the one that was logged. Run `sousveil reindex`.")
    record = finding.capture.record
    size, digest = 0, hashlib.sha256()
    for piece in read_block(case.root, record):
        size += len(piece)
        digest.update(piece)
    return f"{record.record_id}: {size:,} bytes, SHA-256 {digest.hexdigest()}."
