"""Opening a case: a new one is made, or the one writing place of one is held.

Takes a folder and gives a case, or a `Writer` for as long as its lock is held. What an interrupted
commit left is finished first.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sousveil.case import Case, Wait, locked, never, save_settings
from sousveil.durable import make_folders
from sousveil.errors import CaseError, LogError
from sousveil.ledger.journal import JOURNAL_FILE, Draft
from sousveil.ledger.writer import Writer
from sousveil.model import Event
from sousveil.settings import Settings, key_path
from sousveil.signing import following_path, signer_of, take_key
from sousveil.tlog.keychain import KeyChange, read_key_entry
from sousveil.tlog.keys import create_signer, load_signer


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
def writing(case: Case, wait: Wait = never) -> Iterator[Writer]:
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
