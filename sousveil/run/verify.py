"""Verification: whether every byte of the evidence is what the log says it is.

Reads a whole case and gives every fault it finds, not just the first: the log against its own
hashes and signature, the events against the log, each archive file against the digest that was
logged and each of its records against its own digests, and files that nobody logged. (The index is
held against all that by `evidence/findings.py`.) Writes nothing. Needs neither the network nor the
signing key.
"""

import base64
import json
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

from sousveil.alerts.atom import FEED_FILE
from sousveil.bodies import read_line
from sousveil.case import LOCKS, SETTINGS_FILE, Case
from sousveil.errors import LogError
from sousveil.index.file import INDEX_FILE
from sousveil.ledger import JOURNAL_FILE, event_lines, head_problem
from sousveil.model import Event, Fault, Stamp
from sousveil.review.casemodel import FILE
from sousveil.run.evidence.archives import Archives, Progress
from sousveil.run.evidence.entries import Entries, read_entries
from sousveil.run.evidence.pool import workers
from sousveil.run.evidence.promises import Promises
from sousveil.run.lists import EVENT as LIST_EVENT
from sousveil.run.lists import check_lists, is_leftover, unlisted
from sousveil.settings import key_path
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.keychain import KeyChange, key_chain
from sousveil.tlog.keys import is_protected, load_signer
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.successions import check_keys
from sousveil.tlog.timestamps.anchors import Anchor, check_anchors
from sousveil.tlog.timestamps.audit import check_stamps
from sousveil.tlog.witnesses import Seen, check_witnesses

ASIDE_FOLDER = "set-aside"  # what `sousveil doctor --repair` moved out of the way

# What a case folder holds beside its evidence; anything else is mentioned, but is no fault.
_KNOWN = {
    SETTINGS_FILE,
    "archive",
    "events",
    "log",
    "pending",
    ASIDE_FOLDER,
    "cache",
    "lists",
    "actors.toml",
    FEED_FILE,
    "dossier.md",  # a person's text on it (run/publish/written.py)
    FILE,
}


EVENTS_NAME = re.compile(r"\d{4}-\d\d\.jsonl")


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
    stamps: tuple[Stamp, ...] = ()  # that hold, the earliest first
    anchors: tuple[Anchor, ...] = ()  # OpenTimestamps proofs that hold, the smallest log first
    witnessed: tuple[Seen, ...] = ()  # cosignatures that hold, the smallest log first
    keys: tuple[KeyChange, ...] = ()  # by which one key followed another, the oldest first


def verify_evidence(
    case: Case, progress: Progress, meanwhile: Callable[[Progress], None] = lambda _: None
) -> Verification:
    """Check log, events, archive, time stamps and cosignatures of a case.

    Of a large case, other processes read the archive files. While they do, `meanwhile` is called,
    with a way to tell how far it is: for what else is to be checked, and takes long.
    """
    notes, promises = list(_notes(case)), Promises()
    with workers(case.root / "archive") as pool:
        archives = Archives(pool, case.root, promises)
        tell = archives.telling(progress)
        of_log = pool.submit(check, case.log, case.settings.key)
        checkpoint, read = _read_all(case, promises, tell)
        beside = list(_check_places(case, read)) if read.count else read.faults
        meanwhile(tell)
        in_archive = archives.faults(progress) if read.count else []
        faults = of_log.result()
    # `check` names the file; this makes sure that a verdict never rests on an empty log.
    if read.unread and not faults:
        faults.append(Fault("log/checkpoint", read.unread))
    faults += [*beside, *in_archive]
    if not read.count:
        notes.append("events and archive were not checked: the log that names them cannot be read")
    elif not read.faults:
        notes += _left_lists(case, read.events)
    keys, unkept = check_keys(case.log, case.settings.key, checkpoint, read.key_sizes)
    faults += [*unkept, *_check_lost(case, keys)]
    stamps, unfit = check_stamps(case.log, case.settings.key, checkpoint)
    anchors, loose, unread = check_anchors(case.log, case.settings.key, checkpoint)
    notes += unread
    seen, unseen = check_witnesses(case.log, case.settings.key, checkpoint)
    return Verification(
        origin=case.settings.origin,
        key=case.settings.key,
        entries=read.count,
        root=base64.b64encode(checkpoint.root).decode() if checkpoint else "",
        files=read.promises.count,
        size_bytes=read.promises.bytes,
        faults=tuple(dict.fromkeys([*faults, *unfit, *loose, *unseen])),
        notes=tuple(notes),
        stamps=tuple(stamps),
        anchors=tuple(anchors),
        witnessed=tuple(seen),
        keys=tuple(keys),
    )


def _read_all(
    case: Case, promises: Promises, progress: Progress
) -> tuple[Checkpoint | None, Entries]:
    """Return the head, and what the entries and events say; nothing when the log cannot be read."""
    try:
        checkpoint = read_checkpoint(case.log, case.settings.key)
        if checkpoint is None:
            missing = Fault("log/checkpoint", "is missing: nothing vouches for this case")
            return None, Entries(faults=[missing])
        return checkpoint, read_entries(case, checkpoint, {LIST_EVENT}, promises, progress)
    except LogError as error:
        return None, Entries(unread=str(error))


def _check_places(case: Case, read: Entries) -> Iterator[Fault]:
    """Find what lies where evidence does, or should, and is not as the entries say."""
    yield from _check_head(case)
    yield from _check_opening(case)
    yield from read.faults
    # Of lists the events alone tell: where one of those is damaged, nothing is said of them.
    if not read.faults:
        yield from check_lists(case.root, read.events)
    yield from read.promises.faults()
    yield from unlisted_files(case, read.promises)


def _check_head(case: Case) -> Iterator[Fault]:
    """Compare with the newest head that this user's key signed: a log must not shrink or fork."""
    problem = head_problem(case)
    if problem is not None:
        yield Fault("log/checkpoint", problem)


def _check_opening(case: Case) -> Iterator[Fault]:
    """Hold the log's first event against what case.toml says of the log."""
    _, _, data = next(event_lines(case), (None, 0, b""))
    try:
        body = json.loads(read_line(data).body)
        named = (body.get("origin"), body.get("key"))
    except (ValueError, AttributeError, RecursionError):
        named = (None, None)
    first = str(key_chain(case.log, case.settings.key).first)
    if named != (case.settings.origin, first):
        yield Fault(SETTINGS_FILE, "its [log] is not the one that the first event of the log names")


def _check_lost(case: Case, changes: Sequence[KeyChange]) -> Iterator[Fault]:
    """Find a key that was told to be lost, though it lies here: somebody else may have told so."""
    path = key_path(case.settings.origin)
    lost = {one.former: one for one in changes if one.is_lost}
    try:
        is_open = bool(lost) and path.exists() and not is_protected(path)
        one = lost.get(load_signer(path).verifier) if is_open else None
    except LogError:
        return  # a key that cannot be used is lost
    if one is not None:
        yield Fault(
            f"log/keys/{one.size}.json",
            f"says that the former key was lost, yet it lies in {path}. Unless you said so on"
            " another computer, somebody else put their key in its place",
        )


def unlisted_files(case: Case, promised: Container[str]) -> Iterator[Fault]:
    """Yield a fault for each file where evidence lies that the log does not know.

    `promised` are the archive files that it knows.
    """
    for path in sorted((case.root / "archive").rglob("*")):
        name = path.relative_to(case.root).as_posix()
        if path.is_symlink() or (not path.is_dir() and name not in promised):
            yield Fault(name, "is not in the log: nobody captured it with this case")
    events = case.root / "events"
    for path in sorted(events.iterdir()) if events.is_dir() else ():
        if path.is_symlink() or not path.is_file() or not EVENTS_NAME.fullmatch(path.name):
            yield Fault(f"events/{path.name}", "is no file of this case")
        elif path.stat().st_size == 0:
            yield Fault(f"events/{path.name}", "is empty; no event was written to it")


def _left_lists(case: Case, added: list[Event]) -> Iterator[str]:
    for path in unlisted(case.root, added):
        if is_leftover(path):
            yield f"lists/{path.name}: left by an interrupted import; it is no evidence"


def _notes(case: Case) -> Iterator[str]:
    present = key_chain(case.log, case.settings.key).keys[-1]
    if str(present) != case.settings.key:
        yield (
            f"{SETTINGS_FILE}: log.key is a former key; {present} follows it. The next command that"
            " writes puts that right"
        )
    if not key_path(case.settings.origin).exists():
        yield (
            "this computer does not hold the log's key: ask its holder, by another way, whether it"
            " is theirs"
        )
    if (case.root / JOURNAL_FILE).exists():
        yield f"{JOURNAL_FILE}: a commit was interrupted; the next command that writes finishes it"
    for path in sorted(case.pending.glob("*")) if case.pending.is_dir() else ():
        if f"pending/{path.name}" not in LOCKS | {JOURNAL_FILE}:
            yield f"pending/{path.name}: left by an interrupted visit; it is no evidence"
    for path in sorted(case.root.iterdir()):
        if path.name not in _KNOWN and not path.name.startswith(INDEX_FILE):
            yield f"{path.name}: not part of the evidence, not checked"
