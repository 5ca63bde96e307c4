"""Verification: whether every byte of the evidence is what the log says it is.

Reads a whole case and gives every fault it finds, not just the first: the log against its own
hashes and signature, the events against the log, each archive file against the digest that was
logged and each of its records against its own digests, files that nobody logged, and each finding's
quote against its capture. Writes nothing. Needs neither the network nor the signing key.
"""

import base64
import json
import re
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import msgspec

from sousveil.alerts.atom import FEED_FILE
from sousveil.archive.revisits import Revisits
from sousveil.bodies import read_line
from sousveil.case import LOCKS, SETTINGS_FILE, Case
from sousveil.errors import LogError, SousveilError
from sousveil.index.file import INDEX_FILE
from sousveil.index.inquiries import EVENTS as INQUIRY_EVENTS
from sousveil.index.inquiries import inquiries, logged_inquiries
from sousveil.index.query import findings, watches
from sousveil.index.reviews import contradicts_log, logged_model, model_in
from sousveil.index.store import Index
from sousveil.ledger import JOURNAL_FILE, event_lines, head_problem, log_size, read_events
from sousveil.model import Capture, Event, Fault, Finding, Stamp
from sousveil.review.casemodel import DROPPED, FILE, TRAINED
from sousveil.review.decisions import EVENT as REVIEW
from sousveil.run.evidence.archives import check_archives, workers
from sousveil.run.evidence.entries import Entries, read_entries
from sousveil.run.learning import model_file_problem
from sousveil.run.lists import EVENT as LIST_EVENT
from sousveil.run.lists import check_lists, is_leftover, unlisted
from sousveil.run.quotes import Reread
from sousveil.run.visit.watches import EVENTS as WATCH_EVENTS
from sousveil.run.visit.watches import logged_watches
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

Progress = Callable[[int, int, str], None]

# Events that the index is held against.
_HELD = WATCH_EVENTS | INQUIRY_EVENTS | {REVIEW, TRAINED, DROPPED}

BYTES_SHOWN = 10**6  # how far it is is told in megabytes

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


def verify_evidence(case: Case, progress: Progress) -> Verification:
    """Check log, events, archive, time stamps and cosignatures of a case."""
    checkpoint, read = _read_all(case, progress)
    notes = list(_notes(case))
    with workers(read.promises.bytes) as pool:
        of_log = pool.submit(check, case.log, case.settings.key)
        beside = list(_check_places(case, read)) if read.count else read.faults
        in_archive = _check_archives(case, read, pool, progress)
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


def verify_findings(
    case: Case,
    index: Index,
    reread: Callable[[Finding, Event], Reread],
    progress: Progress,
    *,
    engine: str,
) -> Iterator[Fault]:
    """Yield a fault for what the index says and the evidence does not.

    `reread` extracts and judges a finding's capture again. A finding that another engine
    than `engine` made is held to its quote alone.
    """
    found = findings(index)
    kept: list[Event] = []
    yield from _contradictions(case, index, {finding.log_index for finding in found}, kept)
    problem = model_file_problem(case, index)
    if problem is not None:
        yield Fault(FILE, problem)
    logged = {event.index: event for event in kept}
    for done, finding in enumerate(found):
        progress(done, len(found), finding.url)
        event = logged.get(finding.log_index)
        if event is None or event.warc != finding.capture.record.warc:
            yield Fault(
                INDEX_FILE,
                f"finding {finding.id}: entry {finding.log_index} of the log did not bring its"
                " archive file. The index was changed; make it again with `sousveil reindex`.",
            )
            continue
        contradiction = _problem(finding, event, reread, engine)
        if contradiction is not None:
            yield Fault(INDEX_FILE, f"finding {finding.id}: {contradiction}")


def _contradictions(
    case: Case, index: Index, brought: Container[int], kept: list[Event]
) -> Iterator[Fault]:
    """Find where the index tells otherwise than the log, but for findings.

    The events with the numbers `brought` are put into `kept`, with others.
    """
    known, size = index.next_event(), log_size(case)
    if known > size:
        yield Fault(
            INDEX_FILE,
            f"knows {known} events, the log has {size}: the newest were taken away",
        )

    def decisions() -> Iterator[Event]:
        for event in read_events(case, wanted=lambda at, kind: at in brought or kind in _HELD):
            if event.type == REVIEW and event.index < known:
                yield event
            elif event.type != REVIEW:
                kept.append(event)

    if contradicts_log(index, decisions()):
        yield Fault(INDEX_FILE, "its decisions are not those of the log: run `sousveil reindex`")
    # An index that lags behind the log, as after a crash, is no fault: `analyse` brings it up.
    told = [event for event in kept if event.index < known]
    if watches(index) != logged_watches(told, with_retired=True):
        yield Fault(INDEX_FILE, "its watches are not those of the log: run `sousveil reindex`")
    if inquiries(index) != logged_inquiries(told):
        yield Fault(INDEX_FILE, "its inquiries are not those of the log: run `sousveil reindex`")
    if logged_model(index) != model_in(told):
        yield Fault(INDEX_FILE, "its model is not that of the log: run `sousveil reindex`")


def _problem(
    finding: Finding, event: Event, reread: Callable[[Finding, Event], Reread], engine: str
) -> str | None:
    """Return how a finding contradicts the event that brought its capture, or the capture."""
    if event.type == "visit" and finding.capture not in msgspec.convert(
        event.body["captures"], list[Capture]
    ):
        return "its capture is not the one that was logged. Run `sousveil reindex`."
    try:
        again = reread(finding, event)
    except SousveilError as error:
        return f"its capture cannot be read: {error}"
    if again.quote != finding.quote:
        return (
            "its quote is not in its capture. The index was changed, or made by another version;"
            " make it again with `sousveil reindex`."
        )
    if finding.claim.engine == engine and not again.is_found:
        return "what the index says of it is not what this version finds. Run `sousveil reindex`."
    return None


def _read_all(case: Case, progress: Progress) -> tuple[Checkpoint | None, Entries]:
    """Return the head, and what the entries and events say; nothing when the log cannot be read."""
    try:
        checkpoint = read_checkpoint(case.log, case.settings.key)
        if checkpoint is None:
            missing = Fault("log/checkpoint", "is missing: nothing vouches for this case")
            return None, Entries(faults=[missing])
        return checkpoint, read_entries(case, checkpoint, {LIST_EVENT}, progress)
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


def _check_archives(case: Case, read: Entries, pool: Executor, progress: Progress) -> list[Fault]:
    """Return what is wrong with archive files, and with revisits from one to another."""
    faults, revisits, done = list[Fault](), Revisits(), 0
    for checked in check_archives(pool, case.root, read.promises):
        faults += checked.faults
        revisits.take(checked.noted)
        done += checked.bytes
        progress(done // BYTES_SHOWN, read.promises.bytes // BYTES_SHOWN, f"MB, {checked.last}")
    return [*faults, *revisits.faults()]


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
