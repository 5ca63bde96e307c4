"""The folder of cosignatures: what witnesses said of this log, and whether it holds; offline.

    witnesses/keys                  a verifier key a line, of each witness that said something
    witnesses/<size>.checkpoint     the log's note of that size, with the cosignatures under it

Takes the log's folder and gives what is in it, and writes there. No byte may change unnoticed: each
line is the log's own signature or a cosignature by one of the keys.

Trust: who can write here can take cosignatures away, or add those of a witness of their own. They
cannot make a known witness vouch for another log.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.errors import LogError
from sousveil.model import Fault
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.compare import compare
from sousveil.tlog.cosignature import cosignatures, parse_witness_key
from sousveil.tlog.files import make_folder, read_file, replace_file, sync_folder
from sousveil.tlog.keychain import KeyChain, key_chain
from sousveil.tlog.note import MAX_NOTE_BYTES, VerifierKey, split_note

FOLDER = "witnesses"
KEYS_FILE = "keys"

# A case has a few witnesses; over the years some close and others come.
MAX_KEYS = 1_000
MAX_KEYS_BYTES = MAX_KEYS * 2_200  # of 512 characters of 4 bytes each, and the rest of the line

_NAME = re.compile(r"([1-9][0-9]{0,18})\.checkpoint", re.ASCII)
_CUT = (
    "counts {held:,} entries, and the log has {head:,}: the newest were taken away, or an old copy"
    " was put in its place"
)
_FORKED = (
    "is not the beginning of this log: one of them was forked, or changed after it was witnessed"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The word of a witness that holds: at that time the log had no more entries it knew of."""

    file: str  # from the case's folder
    witness: str  # the name of its key
    key: str  # its verifier key
    at: datetime  # by the witness's clock
    entries: int  # of the log, from its beginning


def last_seen(log: Path, key: VerifierKey) -> int:
    """Return the largest size under which a witness's cosignature was kept; 0 when there is none.

    No signature is verified. Raises LogError when a note there is malformed.
    """
    for size in sorted(_sizes(log), reverse=True):
        _, lines = split_note(cosigned_note(log, size) or b"")
        if any(line.is_of(key) for line in lines):
            return size
    return 0


def cosigned_note(log: Path, size: int) -> bytes | None:
    """Return the log's note of a size with its cosignatures; None when there are none."""
    return read_file(log / FOLDER / f"{size}.checkpoint", MAX_NOTE_BYTES)


def known_keys(log: Path) -> list[VerifierKey]:
    """Return the keys of the witnesses that said something of this log.

    Raises LogError when the list is malformed.
    """
    data = read_file(log / FOLDER / KEYS_FILE, MAX_KEYS_BYTES) or b""
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        raise LogError("is no list of keys: it is not text") from None
    if data and lines.pop():
        raise LogError("is cut short")
    return [parse_witness_key(line) for line in lines if data]


def keep_cosignature(log: Path, head: Checkpoint, key: VerifierKey, line: str) -> None:
    """Write a cosignature of the log's head that was verified, beside those of other witnesses.

    1. The witness's key is listed.            Crash: a key under which nothing stands yet.
    2. The note with the new line replaces the one without.   Crash: the old one, whole.
    """
    folder = log / FOLDER
    make_folder(folder)
    sync_folder(log)
    keys = known_keys(log)
    if key not in keys:
        text = "".join(f"{one}\n" for one in [*keys, key])
        replace_file(folder / KEYS_FILE, text.encode())
    there = cosigned_note(log, head.size) or head.note
    replace_file(folder / f"{head.size}.checkpoint", there + line.encode())


def check_witnesses(
    log: Path, vkey: str, head: Checkpoint | None
) -> tuple[list[Seen], list[Fault]]:
    """Return what witnesses say that holds, the smallest log first, and a fault for what does not.

    `head` is the log's signed head; without it notes are held against their signatures alone.
    Raises LogError when `vkey` is malformed.
    """
    own, folder = key_chain(log, vkey), log / FOLDER
    faults = [
        _fault(log, path.name, "is no checkpoint with cosignatures, nor what belongs to one")
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if path.is_symlink() or not path.is_file() or not _is_ours(path.name)
    ]
    seen: list[Seen] = []
    keys: list[VerifierKey] = []
    try:
        keys = known_keys(log)
    except LogError as error:
        faults.append(_fault(log, KEYS_FILE, str(error)))
    for size in sorted(_sizes(log)):
        name = f"{size}.checkpoint"
        try:
            seen += _checked(log, size, own, keys, head)
        except LogError as error:
            faults.append(_fault(log, name, str(error)))
    return seen, faults


def newest_word(log: Path, vkey: str, head: Checkpoint) -> Seen | None:
    """Return what a witness said that covers most of the log, of what holds; None for nothing.

    What does not hold `check_witnesses` names. Raises LogError when `vkey` is malformed.
    """
    own = key_chain(log, vkey)
    for size in sorted(_sizes(log), reverse=True):
        with suppress(LogError):
            told = _checked(log, size, own, known_keys(log), head)
            if told:
                return max(told, key=lambda one: one.at)
    return None


def _checked(
    log: Path, size: int, own: KeyChain, keys: Sequence[VerifierKey], head: Checkpoint | None
) -> list[Seen]:
    note = cosigned_note(log, size) or b""
    held = own.open(note)
    if held.size != size:
        raise LogError(f"is the checkpoint of {held.size:,} entries, under another's name")
    _, lines = split_note(note)
    told, signers = cosignatures(note, keys), own.of(size)
    is_ours = all(line.is_of(key) for line, key in zip(lines, signers, strict=False))
    if len(lines) != len(signers) + len(told) or not is_ours or len(set(lines)) < len(lines):
        raise LogError(f"has a signature of none of the witnesses in {KEYS_FILE}, or one twice")
    relation = compare(log, held, head) if head is not None else "same"
    if relation == "rolled back" and head is not None:
        raise LogError(_CUT.format(held=held.size, head=head.size))
    if relation == "forked":
        raise LogError(_FORKED)
    where = f"{log.name}/{FOLDER}/{size}.checkpoint"
    return [Seen(where, one.key.name, str(one.key), one.at, size) for one in told]


def told(seen: Sequence[Seen], size: int) -> Iterator[str]:
    """Yield in sentences what witnesses say of a log of `size` entries; nothing for none.

    Of each witness, what covers most is told.
    """
    widest = {one.key: one for one in sorted(seen, key=lambda one: one.entries)}
    for one in widest.values():
        if one.entries == size:
            what = "All of the log was"
        elif one.entries == 1:
            what = "The first entry of the log was"
        else:
            what = f"The first {one.entries:,} entries of the log were"
        yield (
            f"{what} seen by {one.witness} at {one.at:%Y-%m-%d %H:%M:%S} UTC, and went on from all"
            f" it had seen of this log before. Its key, to be compared with its owner's: {one.key}"
        )


def _sizes(log: Path) -> Iterator[int]:
    folder = log / FOLDER
    for path in folder.iterdir() if folder.is_dir() else ():
        found = _NAME.fullmatch(path.name)
        if found is not None:
            yield int(found[1])


def _is_ours(name: str) -> bool:
    # What an interrupted writing left says nothing, and the next one replaces it.
    own = name.removesuffix(".new")
    return own == KEYS_FILE or _NAME.fullmatch(own) is not None


def _fault(log: Path, name: str, problem: str) -> Fault:
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Fault(f"{log.name}/{FOLDER}/{shown}", problem)
