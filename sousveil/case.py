"""A case: the folder of one investigation, opened, and its one writing place.

    case.toml              settings, edited by people                    (settings.py)
    archive/YYYY/MM/...    WARC files, immutable, each named by one entry of the log
    events/YYYY-MM.jsonl   what happened, in full: the n-th line over all files is entry n's body
    log/                   C2SP tile log; an entry holds digests only, so it can be shown to others
    pending/               captures under way, and the journal of a commit under way
    index.sqlite, cache/   derived

What enters it, and how, is told in ledger/.
"""

import fcntl
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sousveil.durable import write_durably
from sousveil.errors import BusyError, CaseError, LogError
from sousveil.settings import Settings, format_settings, parse_settings
from sousveil.tlog.note import parse_vkey

SETTINGS_FILE = "case.toml"
LOCK_FILE = "pending/lock"
WATCH_FILE = "pending/watch.lock"
TELL_FILE = "pending/tell.lock"
LOCKS = frozenset({LOCK_FILE, WATCH_FILE, TELL_FILE})
ORIGIN = re.compile(r"sousveil\.case/[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Case:
    """An opened case, for reading."""

    root: Path
    settings: Settings

    @property
    def log(self) -> Path:
        """The folder of the tile log."""
        return self.root / "log"

    @property
    def pending(self) -> Path:
        """The folder for captures under way."""
        return self.root / "pending"

    @property
    def cache(self) -> Path:
        """The folder for derived files that are slow to make, such as git mirrors."""
        return self.root / "cache"


def save_settings(case: Case, settings: Settings) -> None:
    """Replace what `case.toml` says; it may hold passwords, so it is its owner's alone."""
    write_durably(case.root / SETTINGS_FILE, format_settings(settings).encode(), private=True)


def open_case(root: Path) -> Case:
    """Open the case in `root`; raises CaseError when there is none or its settings are wrong."""
    if not root.is_dir():
        raise CaseError(f"{root}: no such folder. Make a case with `sousveil init {root}`.")
    where = root / SETTINGS_FILE
    if not where.is_file():
        raise CaseError(
            f"{root}: not a case, it has no {SETTINGS_FILE}. Go into a case's folder, name one with"
            " --case, or make one with `sousveil init PATH`."
        )
    try:
        text = where.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CaseError(f"{where}: not UTF-8 text ({error.reason}). Mend it.") from error
    settings = parse_settings(text, where)
    try:
        named = parse_vkey(settings.key).name
    except LogError as error:
        raise CaseError(f"{where}: log.key: {error}") from error
    if named != settings.origin or not ORIGIN.fullmatch(settings.origin):
        raise CaseError(f"{where}: log.origin is not the name of log.key. Restore both lines.")
    return Case(root.resolve(), settings)


Wait = Callable[[], bool]
"""Called when another process holds the lock: waits a moment; False to give up."""


Taken = Callable[[], AbstractContextManager[None]]
"""Holds the case's lock for as long as something is written; `nullcontext` for its holder."""


def never() -> bool:
    """Wait for nobody."""
    return False


@contextmanager
def locked(case: Case, wait: Wait = never) -> Iterator[None]:
    """Hold the case's one writing place; for work on derived files, which needs no key.

    Raises BusyError when another process holds it and `wait` has waited long enough.
    """
    case.pending.mkdir(exist_ok=True)
    with (case.root / LOCK_FILE).open("a") as lock:
        while not _taken(lock):
            if not wait():
                raise BusyError(
                    f"{case.root}: another sousveil is writing to this case, or checking it. Wait"
                    " until it is done."
                )
        yield


@contextmanager
def watched(case: Case) -> Iterator[None]:
    """Be the one service that keeps watch over a case; it writes by turns, as `locked` lets it.

    Raises BusyError when another one does.
    """
    case.pending.mkdir(exist_ok=True)
    with (case.root / WATCH_FILE).open("a") as lock:
        if not _taken(lock):
            raise BusyError(
                f"{case.root}: `sousveil watch` runs on this case already. Stop that one first, or"
                " leave it at work; `sousveil targets` shows how it fares."
            )
        yield


def is_watched(case: Case) -> bool:
    """Tell whether a service keeps watch over the case at this moment."""
    path = case.root / WATCH_FILE
    if not path.exists():
        return False
    with path.open("rb") as lock:
        return not _taken(lock)


@contextmanager
def telling(case: Case) -> Iterator[bool]:
    """Be the one who tells people what happened; gives False while another process does.

    Whoever tells may wait for a service far away, so nobody's turn to write depends on it.
    """
    case.pending.mkdir(exist_ok=True)
    with (case.root / TELL_FILE).open("a") as lock:
        yield _taken(lock)


def _taken(lock: IO[Any]) -> bool:
    """Take a lock, unless another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def undisturbed(case: Case) -> Iterator[None]:
    """Keep writers out while a case is checked; on media that cannot be written, just go on.

    Raises BusyError when a writer is at work.
    """
    try:
        lock = (case.root / LOCK_FILE).open("rb")
    except OSError:
        yield
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"{case.root}: another sousveil is writing to this case. Check it when it is done."
            ) from error
        yield
