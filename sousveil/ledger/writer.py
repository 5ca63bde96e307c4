"""The writer: events, and the archive files that they bring, made part of the evidence.

Takes drafts, with files in `pending/`, and moves, appends and signs in an order that survives a
crash at any point: what was reported as done is there, and what was not can be done again.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sousveil.bodies import merged, read_line
from sousveil.case import Case
from sousveil.durable import make_folders, sync_folder, write_durably
from sousveil.errors import EvidenceError
from sousveil.ledger.events import log_size, make_event
from sousveil.ledger.head import head_problem
from sousveil.ledger.journal import (
    ASIDE,
    JOURNAL_FILE,
    Draft,
    StrayJournalError,
    open_journal,
    part_of,
    parts_of,
    shares,
    warcs_of,
    write_journal,
)
from sousveil.model import Event, Json
from sousveil.settings import head_path
from sousveil.signing import following_path
from sousveil.tlog.keychain import read_key_entry
from sousveil.tlog.keys import load_signer
from sousveil.tlog.log import append, entries, hand_over, read_checkpoint
from sousveil.tlog.note import Signer


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
        parts = [part_of(draft) for draft in drafts]
        if any(draft.warc for draft in drafts):
            sync_folder(self.case.pending)
        done: list[Event] = []
        for share in shares(parts):
            journal = self._journal(share, drafts[len(done)].time)
            write_journal(self.case.root / JOURNAL_FILE, journal, self._signer)
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
        journal = open_journal(path, self._signer)
        size, first = log_size(self.case), journal["index"]
        wanted = [part["entry"].encode() for part in parts_of(journal)]
        if first < size:
            logged = entries(self.case.log, min(size, first + len(wanted)), first)
            if list(logged) != wanted:
                raise StrayJournalError(f"{path}: is of another log. {ASIDE}")
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
        files = (self.case.root / path for path, _ in warcs_of(journal))
        folders = {one for file in files for one in file.parents}
        for folder in sorted(folders, reverse=True):
            if folder.is_relative_to(self.case.root) and folder.exists():
                sync_folder(folder)

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
            for name, warc in warcs_of(journal)
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
        lines = b"".join(part["line"].encode() + b"\n" for part in parts_of(journal))
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
        wanted = [part["entry"].encode() for part in parts_of(journal)]
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
