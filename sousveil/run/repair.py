"""Repair: what an accident left in a case is set aside, and what can be made again is.

Takes a case whose `verify` finds faults, and leaves one that it finds whole, wherever nothing that
was logged is lost; what is lost is named, with the next step. Nothing is ever deleted: what is not
as it should be moves into `set-aside/TIME/` in the case, at its own path there, with a note that
says why. Evidence that verifies is not touched. Steps may be cut short anywhere and done again.

Trust: nothing is made up. Tiles are worked out from entries that give the signed root, a checkpoint
is the one that the signing key remembers, the index comes from the evidence.
"""

import os
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec

from sousveil.bodies import disclosure_problem, read_line
from sousveil.case import LOCKS, Case, Wait, is_watched, locked
from sousveil.durable import make_folders, sync_folder, write_durably
from sousveil.errors import CaseError, EvidenceError, LogError, SousveilError
from sousveil.index.file import INDEX_FILE
from sousveil.index.store import Index
from sousveil.ledger import (
    JOURNAL_FILE,
    StrayJournalError,
    TurnWriter,
    event_lines,
    log_size,
    read_events,
    writing,
)
from sousveil.model import Fault
from sousveil.review.casemodel import FILE as MODEL_FILE
from sousveil.run.alerting import keep_feed
from sousveil.run.evidence.archives import Progress
from sousveil.run.evidence.entries import LINE_END
from sousveil.run.evidence.findings import verify_findings
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.learning import model_file_problem, write_model_file
from sousveil.run.lists import EVENT as LIST_EVENT
from sousveil.run.lists import FOLDER as LIST_FOLDER
from sousveil.run.lists import unlisted
from sousveil.run.quotes import quote_reader
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.verify import ASIDE_FOLDER, unlisted_files, verify_evidence
from sousveil.settings import head_path
from sousveil.tlog import merkle, tiles
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.files import make_folder, read_file, replace_file, write_file
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.log import CHECKPOINT_FILE, read_checkpoint
from sousveil.tlog.log import entries as log_entries
from sousveil.tlog.tiles import ENTRIES

NOTE_FILE = "README.txt"

_OPENING = """\
`sousveil doctor --repair` put these files here, at the paths that they had in the case, for the
reasons below. They are no part of the evidence. None was deleted: look at them, and remove this
folder when nobody needs them any more.

"""
_INTERRUPTED = "left by work that was interrupted; nothing in it was reported as done"
_RESTORE = "Restore it from a copy of this case, then repair again; only a copy has what it held."


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did, and what it could not."""

    folder: str  # where things were set aside, from the case's folder; "" when nothing was
    aside: tuple[Fault, ...]  # what was set aside, and why
    made: tuple[str, ...]  # what was made again, from the case's folder
    lost: tuple[Fault, ...]  # what is still wrong, with the next step

    @property
    def is_whole(self) -> bool:
        """Tell whether `verify` finds no fault now."""
        return not self.lost


def repair(case: Case, now: datetime, wait: Wait, progress: Progress) -> Repaired:
    """Bring a case into order without deleting anything; return what was done.

    Takes the case's writing place; raises CaseError when another process holds it. Where nothing is
    wrong nothing is written.

    1. The log: its checkpoint, and tiles that its entries tell.   A later step reads it.
    2. The commit that was interrupted, if any, is finished.       It may need what lies about.
    3. What belongs to nothing that was logged is set aside.
    4. The index is made again where it contradicts the evidence, or is missing.
    """
    bench, has_bodies = _Bench(case, now), False
    with locked(case, wait):
        head, entries = _mend_log(bench)
    problem = _finish_commit(bench, wait)
    with locked(case, wait):
        if head is not None:
            head, entries = _mend_log(bench)
        if problem is None:
            _clear_pending(bench)
        _clear_root(bench)
        if head is not None and entries is not None:
            _clear_log(bench)
            has_bodies = _mend_events(bench, entries)
            _clear_unlisted(bench, entries, has_bodies=has_bodies)
        lost = [] if problem is None else [problem]
        lost += [_with_next_step(fault) for fault in verify_evidence(case, progress).faults]
        if has_bodies:
            lost += _mend_index(bench, progress, is_whole=not lost)
    return Repaired(bench.shown_folder, tuple(bench.aside), tuple(bench.made), tuple(lost))


@dataclass(slots=True)
class _Bench:
    """A case under repair, the folder for what is set aside, and what was done so far."""

    case: Case
    now: datetime
    folder: Path | None = None
    aside: list[Fault] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    @property
    def shown_folder(self) -> str:
        return self.folder.relative_to(self.case.root).as_posix() if self.folder else ""

    def set_aside(self, name: str, why: str) -> None:
        """Move a file or folder of the case; the note comes first, and names it."""
        source, target = self.case.root / name, self._place(name, why)
        source.rename(target)
        sync_folder(target.parent)
        sync_folder(source.parent)

    def keep_copy(self, name: str, data: bytes, why: str) -> None:
        """Write down a part of a file that is about to be cut off."""
        write_durably(self._place(name, why), data)

    def make(self, name: str, data: bytes, why: str) -> None:
        """Put a file of the log in its place, and what lies there aside."""
        path = self.case.root / name
        if os.path.lexists(path):
            self.set_aside(name, why)
        make_folder(path.parent)
        write_file(path, data)
        sync_folder(path.parent)
        self.made.append(name)

    def _place(self, name: str, why: str) -> Path:
        if self.folder is None:
            self.folder = _new_folder(self.case.root, self.now)
        self.aside.append(Fault(name, why))
        lines = "".join(f"{one.path}: {one.problem}\n" for one in self.aside)
        write_durably(
            self.folder / NOTE_FILE, (_OPENING + lines).encode("utf-8", "backslashreplace")
        )
        target = self.folder / name
        make_folders(target.parent)
        return target


def _new_folder(root: Path, now: datetime) -> Path:
    above = root / ASIDE_FOLDER
    if above.is_symlink():
        raise EvidenceError(f"{above}: leads out of the case. Remove this link.")
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1_000)))
    folder = next(above / name for name in names if not os.path.lexists(above / name))
    make_folders(folder)
    return folder


# ---------------------------------------------------------------- the log


def _mend_log(bench: _Bench) -> tuple[Checkpoint | None, list[bytes] | None]:
    """Mend checkpoint and tiles; return the head and the entries, None for what cannot be had.

    Nothing is mended unless the entries give the root that a checkpoint signs.
    """
    case = bench.case
    there, remembered = _checkpoint(case), _remembered(case)
    heads = sorted((one for one in (there, remembered) if one), key=lambda one: -one.size)
    for head in heads:
        entries = _entries(case, head)
        if entries is None:
            continue
        if there is None or head.size > there.size:
            name = f"log/{CHECKPOINT_FILE}"
            for left in (name, f"{name}.new"):
                if os.path.lexists(case.root / left):
                    bench.set_aside(left, "is not the newest checkpoint that the log's key signed")
            replace_file(case.root / name, head.note)
            bench.made.append(name)
        _mend_tiles(bench, entries)
        return head, entries
    return there, None


def _checkpoint(case: Case) -> Checkpoint | None:
    try:
        return read_checkpoint(case.log, case.settings.key)
    except LogError:
        return None


def _remembered(case: Case) -> Checkpoint | None:
    """Return the newest head that the signing key remembers, where this computer has it."""
    path = head_path(case.settings.origin)
    try:
        return key_chain(case.log, case.settings.key).open(path.read_bytes())
    except (LogError, FileNotFoundError):
        return None


def _entries(case: Case, head: Checkpoint) -> list[bytes] | None:
    """Return the entries that a checkpoint signs; None when they are not all there as they were."""
    try:
        entries = list(log_entries(case.log, head.size))
    except LogError:
        return None
    rows = tiles.grow([], tiles.leaf_hashes(entries))
    edge = tiles.new_edge(rows)
    root = merkle.root(head.size, tiles.node_reader(lambda level, _: edge[level]))
    return entries if root == head.root else None


def _mend_tiles(bench: _Bench, entries: list[bytes]) -> None:
    """Make again the tiles that are missing or damaged, from the entries."""
    rows = tiles.grow([], tiles.leaf_hashes(entries))
    plans = [tiles.new_tiles(ENTRIES, 0, entries)]
    plans += [tiles.new_tiles(level, 0, row) for level, row in enumerate(rows)]
    for tile, items in chain.from_iterable(plans):
        name, data = f"log/{tile.path}", tiles.encode(tile, items)
        if _content(bench.case.root / name, len(data)) != data:
            bench.make(name, data, "is not the tile that the entries give")


def _content(path: Path, size: int) -> bytes | None:
    """Return what a file of the log holds; None when it is none, or longer than `size`."""
    try:
        return read_file(path, size)
    except LogError:
        return None


def _clear_log(bench: _Bench) -> None:
    """Set aside what is in the log's folder and no part of a log of this size."""
    case = bench.case
    for fault in check(case.log, case.settings.key):
        path = case.root / fault.path
        is_folder = path.is_dir() and not path.is_symlink()
        if os.path.lexists(path) and not is_folder and path.name != CHECKPOINT_FILE:
            bench.set_aside(fault.path, fault.problem)


# ---------------------------------------------------------------- work that was interrupted


def _finish_commit(bench: _Bench, wait: Wait) -> Fault | None:
    """Finish an interrupted commit; return why it could not be, if so.

    A journal that no commit of this log wrote is set aside.
    """
    case = bench.case
    if not (case.root / JOURNAL_FILE).exists():
        return None
    try:
        with writing(case, wait):
            bench.made.append("what an interrupted commit had begun")
    except StrayJournalError as error:
        with locked(case, wait):
            bench.set_aside(JOURNAL_FILE, str(error))
    except (SousveilError, OSError) as error:
        return Fault(JOURNAL_FILE, f"holds a commit that could not be finished: {error}")
    return None


def _clear_pending(bench: _Bench) -> None:
    """Set aside working files, but those of a service that is at work now."""
    case = bench.case
    busy = f"{TurnWriter.scratch}-" if is_watched(case) else None
    for path in sorted(case.pending.iterdir()):
        name = f"pending/{path.name}"
        if name not in LOCKS and not (busy and path.name.startswith(busy)):
            bench.set_aside(name, _INTERRUPTED)


def _clear_root(bench: _Bench) -> None:
    for path in sorted(bench.case.root.glob("*.tmp")):
        bench.set_aside(path.name, _INTERRUPTED)


# ---------------------------------------------------------------- events and files


def _mend_events(bench: _Bench, entries: list[bytes]) -> bool:
    """Cut off what stands behind the last body that was logged; end its line if it does not end.

    Nothing is done unless every body is there; returns whether it is.
    """
    case = bench.case
    ends = _ends_of_bodies(case, entries)
    if ends is None:
        return False
    for path in sorted((case.root / "events").glob("*.jsonl")):
        name, end = f"events/{path.name}", ends.get(path, 0)
        size = path.lstat().st_size
        if end == 0:
            bench.set_aside(name, "holds nothing that is in the log")
        elif size > end:
            _cut(bench, path, end)
        elif size < end:  # all but the last line's end
            with path.open("ab") as file:
                file.write(LINE_END)
                file.flush()
                os.fsync(file.fileno())
            bench.made.append(f"{name}: the end of its last line")
    return True


def _ends_of_bodies(case: Case, entries: list[bytes]) -> dict[Path, int] | None:
    """Return where the last logged body in each file ends; None when one is missing or changed."""
    ends: dict[Path, int] = {}
    lines = event_lines(case)
    for entry in entries:
        path, _, data = next(lines, (None, 0, b""))
        line, logged = read_line(data), msgspec.json.decode(entry)["body"]
        if path is None or line.digest != logged or disclosure_problem(line) is not None:
            return None
        ends[path] = ends.get(path, 0) + len(data.removesuffix(LINE_END)) + len(LINE_END)
    return ends


def _cut(bench: _Bench, path: Path, end: int) -> None:
    """Cut a file of events; what is cut off is written down first."""
    name = f"events/{path.name}"
    with path.open("r+b") as file:
        file.seek(end)
        bench.keep_copy(f"{name}.tail", file.read(), f"stood in {name} behind all that was logged")
        file.truncate(end)
        os.fsync(file.fileno())


def _clear_unlisted(bench: _Bench, entries: list[bytes], *, has_bodies: bool) -> None:
    """Set aside files that lie where evidence does, and that nobody logged.

    Which lists were logged the bodies alone tell.
    """
    case = bench.case
    logged = (msgspec.json.decode(entry).get("warc") for entry in entries)
    strays = list(unlisted_files(case, {warc["path"] for warc in logged if warc}))
    for stray in strays:
        bench.set_aside(stray.path, stray.problem)
    if has_bodies:
        added = list(read_events(case, wanted=lambda _, kind: kind == LIST_EVENT))
        for path in unlisted(case.root, added):
            bench.set_aside(f"{LIST_FOLDER}/{path.name}", "is not in the log")


def _with_next_step(fault: Fault) -> Fault:
    return Fault(fault.path, f"{fault.problem}. {_RESTORE}")


# ---------------------------------------------------------------- the index


def _mend_index(bench: _Bench, progress: Progress, *, is_whole: bool) -> list[Fault]:
    """Make the index again, and the case's model beside it, where they contradict the evidence.

    Where that is not whole, an index that can be read is left alone: it may know what is lost.
    Returns why something could not be made, if so.
    """
    case = bench.case
    problem = _index_problem(case, progress, is_whole=is_whole)
    if problem is not None:
        for left in sorted(case.root.glob(f"{INDEX_FILE}*")):
            bench.set_aside(left.name, problem)
    try:
        if problem is not None or _is_behind(case):
            with open_index(case, create=True) as index:
                sync_index(case, index)
                analyse(case, index, load_engine(case, index), progress)
                keep_feed(case, index)
            bench.made.append(INDEX_FILE)
        with open_index(case) as index:
            _mend_model(bench, index)
    except SousveilError as error:
        return [Fault(INDEX_FILE, f"could not be made again: {error}")]
    return []


def _mend_model(bench: _Bench, index: Index) -> None:
    wrong = model_file_problem(bench.case, index)
    if wrong is not None:
        if (bench.case.root / MODEL_FILE).exists():
            bench.set_aside(MODEL_FILE, wrong)
        write_model_file(bench.case, index)
        bench.made.append(MODEL_FILE)


def _is_behind(case: Case) -> bool:
    with open_index(case) as index:
        return index.next_event() < log_size(case)


def _index_problem(case: Case, progress: Progress, *, is_whole: bool) -> str | None:
    """Return what is wrong with the index, if anything; it may lag behind the log."""
    try:
        with open_index(case) as index:
            ((state,), *_) = index.rows("PRAGMA quick_check")
            if state != "ok":
                return f"SQLite says: {state}"
            if not is_whole:
                return None
            engine = load_engine(case, index)
            reread = quote_reader(case, index, engine)
            faults = verify_findings(case, index, reread, progress, engine=engine.name)
            return next((one.problem for one in faults if one.path == INDEX_FILE), None)
    except (CaseError, sqlite3.Error, msgspec.MsgspecError) as error:
        return str(error)
