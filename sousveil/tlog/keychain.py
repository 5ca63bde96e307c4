"""The keys of a log: which may sign a checkpoint of which size, when one followed another.

    keys/<size>.json          entry `size - 1` of the log, the first that the new key signed
    keys/<size>.tlog-proof    that it is in the log, under the checkpoint with which the key began
    keys/<size>.former        where the former key was lost: the last checkpoint that it signed

An entry that changes the key is a JSON object with `type`, `former` and `key`, and `stolen_since`
where the former was stolen. The checkpoint that first counts it is signed by both keys, unless the
former was lost; larger ones by the new key alone.

Takes a log's folder and gives its `KeyChain`, and writes there; `successions.py` checks every byte.
Without the folder a log has one key.

Trust: who can write here can claim that another key followed. Without the former key, that is only
the claim that it was lost, which is told as such wherever the log is verified.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from sousveil.errors import LogError
from sousveil.tlog.checkpoint import Checkpoint, read_checkpoint_text
from sousveil.tlog.files import make_folder, read_file, sync_folder, write_file
from sousveil.tlog.note import VerifierKey, parse_vkey, split_note, verify

FOLDER = "keys"
MAX_ENTRY_BYTES = 65_535  # of any entry of the log

Kind: TypeAlias = Literal["key.rotated", "key.revoked", "key.lost"]

_FILE = re.compile(r"([1-9][0-9]{0,18})\.(json|tlog-proof|former)", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that follows another."""

    size: int  # of the log with the entry that says so: the first size that `key` signs
    kind: Kind
    former: VerifierKey
    key: VerifierKey
    at: datetime  # by the clock of the computer that logged it
    stolen_since: datetime | None = None  # of a key that was revoked: by when it may have been

    @property
    def is_lost(self) -> bool:
        """Tell whether the former key was lost, so that it did not sign for the new one."""
        return self.kind == "key.lost"

    @property
    def signers(self) -> tuple[VerifierKey, ...]:
        """The keys that sign the checkpoint with which the new one begins, in their order."""
        return (self.key,) if self.is_lost else (self.former, self.key)


@dataclass(frozen=True, slots=True)
class KeyChain:
    """The keys of one log, the oldest first."""

    first: VerifierKey
    changes: tuple[KeyChange, ...] = ()

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All keys, the oldest first."""
        return (self.first, *(one.key for one in self.changes))

    def of(self, size: int) -> tuple[VerifierKey, ...]:
        """Return the keys that sign the checkpoint of `size` entries, each of them."""
        signers: tuple[VerifierKey, ...] = (self.first,)
        for one in self.changes:
            if size == one.size:
                return one.signers
            if size > one.size:
                signers = (one.key,)
        return signers

    def open(self, signed: bytes) -> Checkpoint:
        """Return the checkpoint in a note that the keys of its size signed.

        Raises LogError when the note is malformed, is no checkpoint of this log, or one of those
        keys did not sign it. A key that was given up before is told by name.
        """
        text, lines = split_note(signed)
        head = read_checkpoint_text(text, signed)
        if head.origin != self.first.name:
            raise LogError(
                f"The checkpoint is of the log {head.origin[:200]!r}, but the key is of "
                f"{self.first.name!r}. It belongs to another log."
            )
        wanted = self.of(head.size)
        others = [key for key in self.keys if key not in wanted]
        for key in wanted:
            late = [one for one in others for line in lines if line.is_of(one)]
            if late and not any(line.is_of(key) for line in lines):
                verify(signed, late[0])
                raise LogError(_not_its_time(self, late[0], head.size))
            verify(signed, key)
        return head


def _not_its_time(chain: KeyChain, key: VerifierKey, size: int) -> str:
    ended = next((one for one in chain.changes if one.former == key and one.size <= size), None)
    if ended is None:
        return f"The checkpoint of {size:,} entries is signed by a key that came later: {key}."
    return (
        f"The checkpoint of {size:,} entries is signed by {key}, which was given up at entry"
        f" {ended.size - 1:,} and may not sign it. Whoever signed it has that key still."
    )


def read_key_entry(entry: bytes, size: int) -> KeyChange | None:
    """Return the change of keys that entry `size - 1` of a log tells of; None if of none.

    Raises LogError when it is malformed.
    """
    try:
        told = json.loads(entry)
        kind = next((one for one in get_args(Kind) if one == told["type"]), None)
        if kind is None:
            return None
        stolen_since = told.get("stolen_since")
        return KeyChange(
            size,
            kind,
            parse_vkey(told["former"]),
            parse_vkey(told["key"]),
            datetime.fromisoformat(told["time"]),
            datetime.fromisoformat(stolen_since) if stolen_since is not None else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LogError(
            f"Entry {size - 1} of the log, on its keys, is malformed: {error}."
        ) from error


def key_chain(log: Path, vkey: str) -> KeyChain:
    """Return the keys of the log in `log`, of which `vkey` is one.

    What lies in `keys/` is taken as it is: no signature there is verified, and what is malformed,
    or leads to other keys than `vkey`, is passed over; `successions.check_keys` names it. Raises
    LogError only when `vkey` is malformed or the system refuses to read.
    """
    own = parse_vkey(vkey)
    changes: list[KeyChange] = []
    for size in sorted({size for size, _ in key_files(log)}):
        try:
            change = read_change(log, size)
        except LogError:
            continue
        before = changes[-1].key if changes else change.former
        if before == change.former and {own.name} == {change.former.name, change.key.name}:
            changes.append(change)
    chain = KeyChain(changes[0].former, tuple(changes)) if changes else KeyChain(own)
    return chain if own in chain.keys else KeyChain(own)


def key_files(log: Path) -> Iterator[tuple[int, str]]:
    """Yield size and kind of each file in `keys/` that has the name of one."""
    folder = log / FOLDER
    for path in folder.iterdir() if folder.is_dir() else ():
        found = _FILE.fullmatch(path.name)
        if found is not None:
            yield int(found[1]), found[2]


def read_change(log: Path, size: int) -> KeyChange:
    """Return the change of keys in `keys/<size>.json`; raises LogError when it is none."""
    entry = read_part(log, size, "json", MAX_ENTRY_BYTES)
    change = read_key_entry(entry, size)
    if change is None:
        raise LogError("tells of no change of keys")
    return change


def read_part(log: Path, size: int, kind: str, limit: int) -> bytes:
    """Return a file of `keys/`; raises LogError when it is missing or longer than `limit`."""
    data = read_file(log / FOLDER / f"{size}.{kind}", limit)
    if data is None:
        raise LogError("is missing")
    return data


def keep_change(log: Path, size: int, parts: dict[str, bytes]) -> None:
    """Write the files of a change of keys, by kind, and sync them; the same again does no harm.

    `json` comes last: by it the change is known.
    """
    folder = log / FOLDER
    make_folder(folder)
    sync_folder(log)
    for kind in sorted(parts, key=lambda one: one == "json"):
        write_file(folder / f"{size}.{kind}", parts[kind])
    sync_folder(folder)
