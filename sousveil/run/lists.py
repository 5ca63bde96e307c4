"""Official lists in a case: taken in whole, and held against the log.

A list is copied into `lists/` under a name that its digest makes its own, then logged as
`list.added`. A crash between the two leaves a file that no event names, and that nothing reads;
taking the list in again writes the same file. An older list stays when a newer one takes its place.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.actors.lists import MAX_LIST_BYTES, read_list
from sousveil.actors.sources import LIST_PATH
from sousveil.durable import file_sha256, make_folders, write_durably
from sousveil.errors import EvidenceError, InputError
from sousveil.index.query import official_lists
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Event, Fault

EVENT = "list.added"
FOLDER = "lists"
MAX_NAME_CHARACTERS = 100
_SLUG_CHARACTERS = 40  # of a list's name in its file's name, for people who look into the folder
_DIGEST_CHARACTERS = 12  # no two lists of a case share these by chance


@dataclass(frozen=True, slots=True)
class AddedList:
    """What became of a list."""

    name: str
    path: str  # POSIX path below the case folder
    sha256: str  # hexadecimal
    rows: int  # companies it names
    is_new: bool  # False: the same list was the newest of this name already


def add_list(
    writer: Writer, index: Index, path: Path, *, name: str, source: str, now: datetime
) -> AddedList:
    """Take a CSV file into the case as the official list `name`.

    Raises ActorError when the file is no list, InputError for a name or a source that cannot be
    used, OSError when the file cannot be read or copied.
    """
    _check_words(name, source)
    if path.stat().st_size > MAX_LIST_BYTES:
        raise InputError(f"{path}: larger than {MAX_LIST_BYTES} bytes. Give the part you need.")
    data = path.read_bytes()
    rows = sum(not row.is_sentence for row in read_list(data, str(path)))
    sha256 = hashlib.sha256(data).hexdigest()
    place = f"{FOLDER}/{_slug(name)}-{sha256[:_DIGEST_CHARACTERS]}.csv"
    known = {one.name: one for one in official_lists(index)}.get(name)
    if known is not None and (known.sha256, known.source) == (sha256, source):
        return AddedList(name, known.path, sha256, rows, is_new=False)
    folder = writer.case.root / FOLDER
    if folder.is_symlink():
        raise EvidenceError(f"{folder}: leads out of the case. Remove this link.")
    make_folders(folder)
    write_durably(writer.case.root / place, data)
    body = {
        "name": name,
        "source": source,
        "path": place,
        "sha256": sha256,
        "bytes": len(data),
        "rows": rows,
    }
    writer.commit(EVENT, body, now=now)
    return AddedList(name, place, sha256, rows, is_new=True)


def _check_words(name: str, source: str) -> None:
    if not 0 < len(name.strip()) <= MAX_NAME_CHARACTERS or name != " ".join(name.split()):
        raise InputError(f"--list {name!r}: is no name. Give a short one, such as “NDAA 889”.")
    if source and not source.startswith(("https://", "http://")):
        raise InputError(f"--source {source}: is no web address. Begin it with https://.")
    for option, value in (("list", name), ("source", source)):
        if not value.isprintable():
            raise InputError(f"--{option} {value!r}: holds what is no text. Write it in UTF-8.")


def _slug(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_SLUG_CHARACTERS].strip("-")
    return words or "list"


def check_lists(root: Path, added: Sequence[Event]) -> Iterator[Fault]:
    """Yield a fault for each list that is not what was logged, and each that nobody logged.

    `added` are the log's events of this type. What an interrupted import left is no fault.
    """
    logged: set[str] = set()
    for event in added:
        place = str(event.body.get("path"))
        if not LIST_PATH.fullmatch(place):
            yield Fault(place, "is no place for a list; the entry that names it is forged")
            continue
        if place in logged:
            continue
        logged.add(place)
        path = root / place
        if path.is_symlink() or not path.is_file():
            yield Fault(place, f"is missing; log entry {event.index} ({EVENT}) brought it")
        elif file_sha256(path) != event.body.get("sha256"):
            yield Fault(
                place, f"was changed: its SHA-256 is not the one in log entry {event.index}"
            )
    for path in unlisted(root, added):
        if not is_leftover(path):
            yield Fault(f"{FOLDER}/{path.name}", "is not in the log: no command took it in")


def unlisted(root: Path, added: Iterable[Event]) -> Iterator[Path]:
    """Yield each file among the lists that no event brought."""
    logged = {str(event.body.get("path")) for event in added}
    folder = root / FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if f"{FOLDER}/{path.name}" not in logged:
            yield path


def is_leftover(path: Path) -> bool:
    """Tell whether an import that was interrupted left this file, which bears its own digest."""
    if path.is_symlink() or not path.is_file():
        return False
    begin = path.name.removesuffix(".tmp").removesuffix(".csv").rpartition("-")[2]
    return path.suffix == ".tmp" or file_sha256(path)[:_DIGEST_CHARACTERS] == begin
