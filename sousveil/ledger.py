"""The ledger: the one way in which evidence enters a case, and how its events are read back.

An entry of the log is RFC 8785 JSON: `{"body": "sha256:...", "time": ..., "type": ..., "v": 1}`
and, if the event brought a file, `"warc": {"bytes", "path", "sha256"}`. The body, at the beginning
of the matching line of `events/` (`bodies.py`), carries a random salt, so that whoever sees the log
cannot test guesses of what is watched.

Trust: who can write to a case's folder can add to it, and can throw away its newest part; without
the signing key (kept outside, settings.py) they cannot make `verify` accept a changed past, nor
make the key's holder write elsewhere.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from sousveil.bodies import disclosure_problem, merged, read_line, write_line
from sousveil.case import Case, Wait, locked, never, save_settings
from sousveil.durable import file_sha256, make_folders, sync_folder, write_durably
from sousveil.errors import CaseError, EvidenceError, LogError
from sousveil.model import Event, Json
from sousveil.settings import Settings, head_path, key_path
from sousveil.signing import following_path, signer_of, take_key
from sousveil.tlog.keychain import KeyChange, key_chain, read_key_entry
from sousveil.tlog.keys import create_signer, load_signer
from sousveil.tlog.log import append, consistency, entries, hand_over, read_checkpoint
from sousveil.tlog.merkle import verify_consistency
from sousveil.tlog.note import Signer

JOURNAL_FILE = "pending/commit.json"
ENTRY_VERSION = 1

# A body lies beside the log, whose own bound is 65,535 bytes an entry. More than this is a capture
# that was put in the wrong place.
MAX_BODY_BYTES = 16 * 2**20

# A journal takes one body of any size, or smaller ones together: some 40,000 of a watch each.
MAX_JOURNAL_BYTES = MAX_BODY_BYTES

SALT_BYTES = 16  # as many guesses as a 128-bit key

_ASIDE = (
    "What was reported as done is in the log. `sousveil doctor --repair` moves it out of the way."
)


class StrayJournalError(EvidenceError):
    """A journal that no commit of this log left: forged, damaged, or of another log."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is to be committed."""

    type: str
    body: Mapping[str, Any]
    time: datetime
    warc: Path | None = None  # the archive file that it brings, synced, in `pending/`
    warc_path: str | None = None  # where that goes, below the case folder
    keys: Mapping[str, str] | None = None  # that the entry names, where the log's key changes


def create_case(
    root: Path, *, title: str, operator: str, now: datetime, passphrase: str | None = None
) -> Case:
    """Make a new case in `root`, which may exist if it is empty, with a new signing key.

    The first entry of its log, `case.opened`, names the log and its key, which `passphrase`
    protects. Raises CaseError when `root` holds something already.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise CaseError(f"{root}: already exists and is not empty. Choose another folder.")
    origin = f"sousveil.case/{secrets.token_hex(8)}"
    signer = create_signer(key_path(origin), origin, passphrase=passphrase)
    settings = Settings(title, operator, ("ethnicity",), origin, signer.verifier_key)
    make_folders(root)
    for folder in ("archive", "events", "log", "pending"):
        (root / folder).mkdir()
    case = Case(root, settings)
    with writing(case) as writer:
        body = {"title": title, "operator": operator, "origin": origin, "key": settings.key}
        writer.commit("case.opened", body, now=now)
    # Written last: a folder without it is no case yet, so a crash before here leaves nothing that
    # looks like one.
    save_settings(case, settings)
    return case


@contextmanager
def writing(case: Case, wait: Wait = never) -> Iterator["Writer"]:
    """Hold the case's one writing place; a commit that was interrupted is finished first.

    Raises CaseError when another process holds it and `wait` has waited long enough, LogError when
    the signing key is not on this machine, EvidenceError when the key signed a newer log than this
    one.
    """
    with locked(case, wait):
        finish_key_change(case)
        writer = Writer(*take_key(case))
        writer.refuse_older_log()
        writer.recover()
        yield writer


def finish_key_change(case: Case) -> None:
    """Finish the commit by which another key follows, if it was interrupted; it comes first.

    Until then no key file is that of the log. The caller holds the case's lock.
    """
    change = _change_under_way(case)
    if change is not None and following_path(change.key).exists():
        path = following_path(change.key) if change.is_lost else key_path(change.key.name)
        Writer(case, load_signer(path)).recover()


def _change_under_way(case: Case) -> KeyChange | None:
    """Return the change of keys that a journal tells of, whoever wrote that; None for none."""
    try:
        journal = json.loads(json.loads((case.root / JOURNAL_FILE).read_bytes())["journal"])
        return read_key_entry(journal["parts"][0]["entry"].encode(), journal["index"] + 1)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, LogError):
        return None  # `recover` names it


class Writer:
    """The one writer of a case, while its lock is held."""

    scratch = "visit"  # with which the names of its working files in `pending/` begin

    def __init__(self, case: Case, signer: Signer) -> None:
        self.case = case
        self._signer = signer

    def new_warc_path(self, now: datetime, suffix: str = ".warc.gz") -> str:
        """Return an unused path for a new archive file, below the case folder."""
        stamp = now.astimezone(UTC)
        return f"archive/{stamp:%Y/%m/%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{suffix}"

    def commit(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        now: datetime,
        warc: Path | None = None,
        warc_path: str | None = None,
    ) -> Event:
        """Make `body`, and the synced file `warc`, part of the evidence; return when they are.

        As `commit_all` does with several.
        """
        (event,) = self.commit_all([Draft(kind, body, now, warc, warc_path)])
        return event

    def commit_all(self, drafts: Sequence[Draft]) -> list[Event]:
        """Make events part of the evidence, in their order; return when all are.

        They share journals, each of MAX_JOURNAL_BYTES at most, and what is synced for each: so
        many together cost little more than one. Raises CaseError, before anything is added, when a
        body is too large. A crash before step 3 leaves files in `pending/` that are no evidence;
        after it, all that `recover` needs for the journal's events.

        1. The names of the archive files are synced; what is in them was.
        2. The journal is written and synced: which entries, which bodies, which files.
        3. It is renamed to its name: from here on its events have happened.
        4. The steps of `_apply`, each of which may be done twice.
        """
        parts = [_part(draft) for draft in drafts]
        if any(draft.warc for draft in drafts):
            sync_folder(self.case.pending)
        done: list[Event] = []
        for share in _shares(parts):
            journal = self._journal(share, drafts[len(done)].time)
            self._write_journal(journal)
            self._apply(journal)
            done += [
                make_event(
                    index, json.loads(part["entry"]), merged(read_line(part["line"].encode()))
                )
                for index, part in enumerate(share, journal["index"])
            ]
        return done

    def _journal(self, parts: Sequence[Json], now: datetime) -> Json:
        events = self._events_file(now)
        return {
            "index": log_size(self.case),
            "parts": parts,
            "events": events.name,
            "events_size": events.stat().st_size if events.exists() else 0,
        }

    def _write_journal(self, journal: Json) -> None:
        text = json.dumps(journal)
        sealed = {"journal": text, "signature": self._signer.sign(_sealed(text)).hex()}
        write_durably(self.case.root / JOURNAL_FILE, json.dumps(sealed).encode())

    def _events_file(self, now: datetime) -> Path:
        """Return the month's file; never one before the newest, even when the clock goes back."""
        folder = self.case.root / "events"
        newest = max((path.name for path in folder.glob("*.jsonl")), default="")
        return folder / max(newest, f"{now.astimezone(UTC):%Y-%m}.jsonl")

    def recover(self) -> None:
        """Finish a commit that was interrupted, if there is one.

        Only a journal that this key signed is followed: whoever can write to the folder must not
        be able to make us write elsewhere. One whose entries are in the log is done already.
        Raises StrayJournalError for any other journal, and EvidenceError when a file that it
        promised is lost.
        """
        path = self.case.root / JOURNAL_FILE
        if not path.exists():
            return
        journal = self._open_journal(path)
        size, first = log_size(self.case), journal["index"]
        wanted = [part["entry"].encode() for part in _parts_of(journal)]
        if first < size:
            logged = entries(self.case.log, min(size, first + len(wanted)), first)
            if list(logged) != wanted:
                raise StrayJournalError(f"{path}: is of another log. {_ASIDE}")
            # Who was killed may not have come to sync the checkpoint, or to remember it.
            sync_folder(self.case.log)
            self._remember_head()
            path.unlink()
            return
        if first > size:
            raise EvidenceError(f"{path}: follows {first} entries, the log has {size}.")
        self._sync_archive_folders(journal)
        self._apply(journal)

    def _sync_archive_folders(self, journal: Json) -> None:
        """Make durable what the interrupted commit may have made, and not come to sync."""
        files = (self.case.root / path for path, _ in _warcs_of(journal))
        folders = {one for file in files for one in file.parents}
        for folder in sorted(folders, reverse=True):
            if folder.is_relative_to(self.case.root) and folder.exists():
                sync_folder(folder)

    def _open_journal(self, path: Path) -> Json:
        try:
            sealed = json.loads(path.read_bytes())
            text = sealed["journal"]
            signature = bytes.fromhex(sealed["signature"])
            is_ours = self._signer.verifier.has_signed(_sealed(text), signature)
            journal: Json = json.loads(text if is_ours else "")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StrayJournalError(
                f"{path}: was not written by this case's key, or is damaged. {_ASIDE}"
            ) from error
        return journal

    def _apply(self, journal: Json) -> None:
        """Bring the journal's events into their places.

        1. The archive files go into `archive/`.    Crash: `recover` does the rest.
        2. The bodies are appended to `events/`.    Crash: the lines are written again, whole.
        3. The entries go into the signed log.      Crash: appended again, the same bytes.
        4. The journal is removed.                  Crash before: steps 1 to 3 change nothing.

        Each of 1 to 3 is synced before the next begins, for what the log says must be there to be
        verified, and all before 4. That the journal went is not synced: one that comes back is done
        already, and the next takes its place.
        """
        self._place_warcs(journal)
        self._append_bodies(journal)
        self._append_entries(journal)
        self._remember_head()
        (self.case.root / JOURNAL_FILE).unlink()

    def _place_warcs(self, journal: Json) -> None:
        """Move the archive files to their places; none when one is lost."""
        moves = [
            (self.case.pending / name, self.case.root / warc["path"], warc)
            for name, warc in _warcs_of(journal)
        ]
        for pending, final, warc in moves:
            self._refuse_lost(pending if pending.exists() else final, final, warc)
        folders = set()
        for pending, final, _ in moves:
            if pending.exists():
                make_folders(final.parent)
                _move(pending, final)
                folders.add(final.parent)
        for folder in folders:
            sync_folder(folder)

    def _refuse_lost(self, path: Path, final: Path, promised: Json) -> None:
        if not path.is_file() or path.stat().st_size != promised["bytes"]:
            journal = self.case.root / JOURNAL_FILE
            aside = journal.with_name(f"lost-{promised['sha256'][:12]}.json")
            journal.replace(aside)
            raise EvidenceError(
                f"{final}: a commit was interrupted and its file is gone or cut short. It was never"
                f" reported as done; its journal now is {aside.name}. Run the command again."
            )

    def _append_bodies(self, journal: Json) -> None:
        path, before = self.case.root / "events" / journal["events"], journal["events_size"]
        lines = b"".join(part["line"].encode() + b"\n" for part in _parts_of(journal))
        with path.open("ab") as file:
            if not 0 <= file.tell() - before <= len(lines):
                raise EvidenceError(
                    f"{path}: has {file.tell()} bytes where an interrupted commit left {before}."
                    " Restore it from a copy."
                )
            file.truncate(before)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        if before == 0:  # else its name was synced when the first body was
            sync_folder(path.parent)

    def _append_entries(self, journal: Json) -> None:
        wanted = [part["entry"].encode() for part in _parts_of(journal)]
        change = read_key_entry(wanted[0], journal["index"] + 1)
        if change is None:
            append(self.case.log, wanted, self._signer)
            return
        following = load_signer(following_path(change.key))
        signers = (following,) if change.is_lost else (self._signer, following)
        hand_over(self.case.log, wanted[0], journal["index"], *signers)

    def _remember_head(self) -> None:
        checkpoint = read_checkpoint(self.case.log, self.case.settings.key)
        if checkpoint is not None:
            write_durably(head_path(self.case.settings.origin), checkpoint.note)

    def refuse_older_log(self) -> None:
        """Raise EvidenceError when the log does not go on from the newest one this key signed.

        A log that goes on from an older copy would sign two different trees of one size, and no
        reader could tell which of them was cut (C2SP tlog-checkpoint, "Signatures").
        """
        problem = head_problem(self.case)
        if problem is not None:
            raise EvidenceError(f"{self.case.log}: {problem}. Nothing may be added here.")


class TurnWriter(Writer):
    """Writes as `Writer` does, but holds the case's lock only while it commits.

    So other commands get their turn between two commits. `then` is called with each event while
    the lock is still held: what must not be done by two processes at once, such as taking the
    event into the index.
    """

    scratch = "watch"

    def __init__(self, case: Case, wait: Wait, then: Callable[[Event], None]) -> None:
        """Make ready; raises LogError and CaseError for the key, as `writing` does."""
        super().__init__(case, signer_of(case))
        self._wait, self._then = wait, then

    def commit_all(self, drafts: Sequence[Draft]) -> list[Event]:
        """Commit as `Writer` does, when it is our turn.

        Raises CaseError when `wait` has waited long enough for it.
        """
        with locked(self.case, self._wait):
            finish_key_change(self.case)
            self.case, self._signer = take_key(self.case)  # it may have changed meanwhile
            self.refuse_older_log()
            self.recover()
            events = super().commit_all(drafts)
            for event in events:
                self._then(event)
        return events


def _part(draft: Draft) -> Json:
    """Return what a journal says of an event: its entry, the line of it, and its file's name."""
    salted = {**draft.body, "salt": _new_salt()}
    line = write_line(draft.type, salted, _new_salt)
    if len(line) > MAX_BODY_BYTES:
        raise CaseError(
            f"{draft.type}: the event's body has {len(line)} bytes, over the limit of"
            f" {MAX_BODY_BYTES}. Nothing was added; take it in in smaller parts."
        )
    entry: Json = {
        "v": ENTRY_VERSION,
        "type": draft.type,
        "time": draft.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "body": read_line(line).digest,
    }
    if draft.warc is not None:
        entry["warc"] = {
            "path": draft.warc_path,
            "sha256": file_sha256(draft.warc),
            "bytes": draft.warc.stat().st_size,
        }
    entry |= draft.keys or {}
    name = draft.warc.name if draft.warc is not None else None
    return {"entry": rfc8785.dumps(entry).decode(), "line": line.decode(), "warc": name}


def _new_salt() -> str:
    return secrets.token_hex(SALT_BYTES)


def _shares(parts: Iterable[Json]) -> Iterator[list[Json]]:
    """Part events among journals: each at least one, and what fits in MAX_JOURNAL_BYTES."""
    share: list[Json] = []
    size = 0
    for part in parts:
        more = len(part["entry"]) + len(part["line"])
        if share and size + more > MAX_JOURNAL_BYTES:
            yield share
            share, size = [], 0
        share.append(part)
        size += more
    if share:
        yield share


def _parts_of(journal: Json) -> list[Json]:
    """Return the events of a journal; before commits came together it was of one."""
    parts: list[Json] = journal.get("parts", [journal])
    return parts


def _warcs_of(journal: Json) -> Iterator[tuple[str, Json]]:
    """Yield the name in `pending/` of each archive file, with what its entry says of it."""
    for part in _parts_of(journal):
        if part["warc"] is not None:
            yield part["warc"], json.loads(part["entry"])["warc"]


def _move(pending: Path, final: Path) -> None:
    """Move an archive file to its place, where another may not be.

    That it left `pending/` is never synced; so after a power cut it may have both names.
    """
    if pending.is_symlink() or (
        os.path.lexists(final) and not os.path.samestat(final.lstat(), pending.lstat())
    ):
        raise EvidenceError(f"{final}: is there already. Move it out of the case.")
    if final.exists():
        pending.unlink()
    else:
        pending.replace(final)


def head_problem(case: Case) -> str | None:
    """Return how the log contradicts the newest head that this user's key signed, if it does."""
    remembered = head_path(case.settings.origin)
    if not remembered.exists():
        return None
    try:
        head = key_chain(case.log, case.settings.key).open(remembered.read_bytes())
    except LogError as error:
        return f"the head remembered in {remembered} is damaged: {error}"
    now = read_checkpoint(case.log, case.settings.key)
    size = now.size if now else 0
    if now is None or size < head.size:
        return (
            f"has {size} entries, but its key signed {head.size} before: the newest"
            f" {head.size - size} were taken away, or a copy of this case was continued elsewhere"
        )
    try:
        proof = consistency(case.log, head.size, size)
        verify_consistency(head.size, size, head.root, now.root, proof)
    except LogError:
        return (
            f"is not a continuation of the {head.size} entries that its key signed before: a copy"
            " of this case was continued elsewhere, or its past was changed"
        )
    return None


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
    lines = islice(event_lines(case), start, None)
    for index, entry in enumerate(entries(case.log, log_size(case), start), start):
        path, _, data = next(lines, (case.root / "events", 0, b""))
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


def _sealed(journal: str) -> bytes:
    """Return what is signed for a journal; no checkpoint begins like this."""
    return b"sousveil journal v1\n" + journal.encode()


def event_lines(case: Case) -> Iterator[tuple[Path, int, bytes]]:
    """Yield each line of the events: its file, its number in it from 1, and its bytes.

    A line of more than any body's length is cut; it is no body of an entry then.
    """
    for path in sorted((case.root / "events").glob("*.jsonl")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_BODY_BYTES + 2):
                number += 1
                yield path, number, line
