"""The ledger: the one way in which evidence enters a case, and how its events are read back.

An entry of the log is RFC 8785 JSON: `{"body": "sha256:...", "time": ..., "type": ..., "v": 1}`
and, if the event brought a file, `"warc": {"bytes", "path", "sha256"}`. The body, the matching line
of `events/`, carries a random salt, so that whoever sees the log cannot test guesses of what is
watched.

Trust: who can write to a case's folder can add to it, and can throw away its newest part; without
the signing key (kept outside, settings.py) they cannot make `verify` accept a changed past, nor
make the key's holder write elsewhere.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature

from sousveil.case import SETTINGS_FILE, Case, Wait, locked, never, save_settings
from sousveil.durable import file_sha256, make_folders, sync_folder, write_durably
from sousveil.errors import CaseError, EvidenceError, LogError
from sousveil.model import Event, Json
from sousveil.settings import Settings, head_path, key_path
from sousveil.tlog.checkpoint import open_checkpoint
from sousveil.tlog.keys import create_signer, load_signer
from sousveil.tlog.log import append, consistency, entries, read_checkpoint
from sousveil.tlog.merkle import verify_consistency
from sousveil.tlog.note import Signer, parse_vkey

JOURNAL_FILE = "pending/commit.json"
ENTRY_VERSION = 1

# A body lies beside the log, whose own bound is 65,535 bytes an entry. More than this is a capture
# that was put in the wrong place.
MAX_BODY_BYTES = 16 * 2**20

SALT_BYTES = 16  # as many guesses as a 128-bit key


def create_case(root: Path, *, title: str, operator: str, now: datetime) -> Case:
    """Make a new case in `root`, which may exist if it is empty, with a new signing key.

    The first entry of its log, `case.opened`, names the log and its key. Raises CaseError when
    `root` holds something already.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise CaseError(f"{root}: already exists and is not empty. Choose another folder.")
    origin = f"sousveil.case/{secrets.token_hex(8)}"
    signer = create_signer(key_path(origin), origin)
    settings = Settings(title, operator, ("ethnicity",), origin, signer.verifier_key)
    root.mkdir(parents=True, exist_ok=True)
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
        writer = Writer(case, _signer_of(case))
        writer.refuse_older_log()
        writer.recover()
        yield writer


def _signer_of(case: Case) -> Signer:
    signer = load_signer(key_path(case.settings.origin))
    if signer.verifier_key != case.settings.key:
        raise CaseError(
            f"{case.root / SETTINGS_FILE}: log.key is not the key in"
            f" {key_path(case.settings.origin)}. Restore the line as `init` wrote it."
        )
    return signer


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

        `warc` must lie in `pending/`; it becomes `warc_path`. A crash before step 2 leaves a file
        in `pending/` that is no evidence; after step 2, all that `recover` needs.

        1. The journal is written and synced: which entry, which body, which file.
        2. It is renamed to its name: from here on the event has happened.
        3. The steps of `_apply`, each of which may be done twice.
        """
        index = log_size(self.case)
        line = rfc8785.dumps({**body, "salt": secrets.token_hex(SALT_BYTES)})
        if len(line) > MAX_BODY_BYTES:
            raise CaseError(
                f"{kind}: the event's body has {len(line)} bytes, over the limit of"
                f" {MAX_BODY_BYTES}. Nothing was added; take it in in smaller parts."
            )
        entry: Json = {
            "v": ENTRY_VERSION,
            "type": kind,
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "body": f"sha256:{hashlib.sha256(line).hexdigest()}",
        }
        if warc is not None:
            entry["warc"] = {
                "path": warc_path,
                "sha256": file_sha256(warc),
                "bytes": warc.stat().st_size,
            }
        events = self._events_file(now)
        journal = {
            "index": index,
            "entry": rfc8785.dumps(entry).decode(),
            "body": line.decode(),
            "warc": warc.name if warc is not None else None,
            "events": events.name,
            "events_size": events.stat().st_size if events.exists() else 0,
        }
        text = json.dumps(journal)
        sealed = {"journal": text, "signature": self._signer.private_key.sign(_sealed(text)).hex()}
        write_durably(self.case.root / JOURNAL_FILE, json.dumps(sealed).encode())
        self._apply(journal)
        return make_event(index, entry, json.loads(line))

    def _events_file(self, now: datetime) -> Path:
        """Return the month's file; never one before the newest, even when the clock goes back."""
        folder = self.case.root / "events"
        newest = max((path.name for path in folder.glob("*.jsonl")), default="")
        return folder / max(newest, f"{now.astimezone(UTC):%Y-%m}.jsonl")

    def recover(self) -> None:
        """Finish a commit that was interrupted, if there is one.

        Only a journal that this key signed is followed: whoever can write to the folder must not
        be able to make us write elsewhere. One whose entry is in the log is done already. Raises
        EvidenceError for any other journal, and when the file it promised is lost.
        """
        path = self.case.root / JOURNAL_FILE
        if not path.exists():
            return
        journal = self._open_journal(path)
        size = log_size(self.case)
        if journal["index"] < size:
            logged = next(entries(self.case.log, journal["index"] + 1, journal["index"]))
            if logged != journal["entry"].encode():
                raise EvidenceError(f"{path}: is of another log. Move it out of the case.")
            path.unlink()
            return
        if journal["index"] > size:
            raise EvidenceError(f"{path}: follows {journal['index']} entries, the log has {size}.")
        self._apply(journal)

    def _open_journal(self, path: Path) -> Json:
        try:
            sealed = json.loads(path.read_bytes())
            text = sealed["journal"]
            key = self._signer.private_key.public_key()
            key.verify(bytes.fromhex(sealed["signature"]), _sealed(text))
            journal: Json = json.loads(text)
        except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature) as error:
            raise EvidenceError(
                f"{path}: was not written by this case's key, or is damaged. Move it out of the"
                " case; what was reported as done is in the log."
            ) from error
        return journal

    def _apply(self, journal: Json) -> None:
        """Bring the journal's event into its places.

        1. The archive file goes into `archive/`.   Crash: `recover` does the rest.
        2. The body is appended to `events/`.       Crash: the line is written again, whole.
        3. The entry goes into the signed log.      Crash: appended again, the same bytes.
        4. The journal is removed.                  Crash before: steps 1 to 3 change nothing.
        """
        entry = json.loads(journal["entry"])
        if journal["warc"] is not None:
            self._place_warc(self.case.pending / journal["warc"], entry["warc"])
        self._append_body(journal)
        append(self.case.log, [journal["entry"].encode()], self._signer)
        self._remember_head()
        (self.case.root / JOURNAL_FILE).unlink()
        sync_folder(self.case.pending)

    def _place_warc(self, pending: Path, promised: Json) -> None:
        final = self.case.root / promised["path"]
        if pending.exists():
            if pending.is_symlink() or os.path.lexists(final):
                raise EvidenceError(f"{final}: is there already. Move it out of the case.")
            make_folders(final.parent)
            pending.replace(final)
            sync_folder(final.parent)
            sync_folder(self.case.pending)
        if not final.is_file() or final.stat().st_size != promised["bytes"]:
            journal = self.case.root / JOURNAL_FILE
            aside = journal.with_name(f"lost-{promised['sha256'][:12]}.json")
            journal.replace(aside)
            raise EvidenceError(
                f"{final}: a commit was interrupted and its file is gone or cut short. It was never"
                f" reported as done; its journal now is {aside.name}. Run the command again."
            )

    def _append_body(self, journal: Json) -> None:
        path = self.case.root / "events" / journal["events"]
        line = journal["body"].encode() + b"\n"
        with path.open("ab") as file:
            written = file.tell() - journal["events_size"]
            if not 0 <= written <= len(line):
                raise EvidenceError(
                    f"{path}: has {file.tell()} bytes where an interrupted commit left"
                    f" {journal['events_size']}. Restore it from a copy."
                )
            file.truncate(journal["events_size"])
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)

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
        super().__init__(case, _signer_of(case))
        self._wait, self._then = wait, then

    def commit(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        now: datetime,
        warc: Path | None = None,
        warc_path: str | None = None,
    ) -> Event:
        """Commit as `Writer` does, when it is our turn.

        Raises CaseError when `wait` has waited long enough for it.
        """
        with locked(self.case, self._wait):
            self.refuse_older_log()
            self.recover()
            event = super().commit(kind, body, now=now, warc=warc, warc_path=warc_path)
            self._then(event)
        return event


def head_problem(case: Case) -> str | None:
    """Return how the log contradicts the newest head that this user's key signed, if it does."""
    remembered = head_path(case.settings.origin)
    if not remembered.exists():
        return None
    try:
        head = open_checkpoint(remembered.read_bytes(), parse_vkey(case.settings.key))
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


def read_events(case: Case, start: int = 0) -> Iterator[Event]:
    """Yield the events from entry `start` on, in order, bodies checked against the log.

    Raises EvidenceError, naming the file, when a body is missing or is not the one that was logged.
    """
    lines = islice(event_lines(case), start, None)
    for index, entry in enumerate(entries(case.log, log_size(case), start), start):
        path, _, line = next(lines, (case.root / "events", 0, b""))
        fields = json.loads(entry)
        line = line.removesuffix(b"\n")
        if fields["body"] != f"sha256:{hashlib.sha256(line).hexdigest()}":
            raise EvidenceError(
                f"{path}: the body of log entry {index} ({fields['type']}) is missing or changed."
                " Run `sousveil verify`."
            )
        yield make_event(index, fields, json.loads(line))


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
