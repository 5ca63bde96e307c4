"""The key of a case: shown, followed by another, given up, protected, copied.

Each change is an event of the log, and the checkpoint that first counts it is signed by the former
key and the new one, or by the new one alone where the former is lost. The new key is on the disk
before anything names it: whatever dies when, one of the two can go on.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sousveil.case import Case, Wait, locked
from sousveil.errors import InputError, LogError
from sousveil.ledger import Draft, Writer, finish_key_change, writing
from sousveil.settings import key_path
from sousveil.signing import following_path, present_key, take_key
from sousveil.tlog.files import sync_folder
from sousveil.tlog.keychain import KeyChange, key_chain
from sousveil.tlog.keys import (
    MAX_KEY_FILE_BYTES,
    is_protected,
    key_file,
    load_signer,
    new_signer,
    protect,
    store_signer,
)
from sousveil.tlog.log import entries
from sousveil.tlog.note import KeySigner, VerifierKey
from sousveil.tlog.passphrase import new_passphrase, passphrase_of


@dataclass(frozen=True, slots=True)
class KeyState:
    """Which key signs a case's log, and how it came to that."""

    key: VerifierKey
    since: datetime  # by the clock of the computer that logged it
    path: Path  # where it belongs on this computer
    is_here: bool  # whether a key file lies there
    is_protected: bool  # by a passphrase
    changes: tuple[KeyChange, ...]  # the oldest first; as the log tells, not verified


def key_state(case: Case) -> KeyState:
    """Return how it stands with a case's key; no passphrase is asked for.

    Raises LogError when the log's head cannot be read, or the key file is open to others.
    """
    path, key = key_path(case.settings.origin), present_key(case)
    changes = key_chain(case.log, case.settings.key).changes
    opened = json.loads(next(entries(case.log, 1)))
    since = changes[-1].at if changes else datetime.fromisoformat(opened["time"])
    is_here = path.exists()
    return KeyState(key, since, path, is_here, is_here and is_protected(path), changes)


def rotate(
    case: Case, reason: str, now: datetime, wait: Wait, *, stolen_since: datetime | None = None
) -> KeyState:
    """Let a new key follow the present one, which signs for it; return how it stands then.

    `stolen_since` is the time from which somebody else may have had the present one. The new one
    has the same passphrase, if any. Raises InputError for a time to come, and what `writing` does.

    1. The new key is written and synced, under its own id.      Crash: a stray file, never used.
    2. The event that names it is committed, signed by both.     Crash: by turns (`ledger`) not
       done, or finished by the next writer.
    3. The new key takes the present one's place (signing.py).   Crash: the next writer does it.
    """
    if stolen_since is not None and stolen_since > now:
        raise InputError("--stolen-since: is still to come. Say when it may have been stolen.")
    with writing(case, wait) as writer:
        path = key_path(case.settings.origin)
        passphrase = passphrase_of(path) if is_protected(path) else None
        following = _stored(writer.case, passphrase)
        more = {} if stolen_since is None else {"stolen_since": _instant(stolen_since)}
        kind = "key.rotated" if stolen_since is None else "key.revoked"
        draft = _draft(writer.case, kind, following, reason=reason, now=now, more=more)
        writer.commit_all([draft])
        case, _ = take_key(writer.case)
    return key_state(case)


def replace_lost(
    case: Case, reason: str, now: datetime, wait: Wait, *, passphrase: str | None
) -> KeyState:
    """Let a new key follow one that is gone, and did not sign for it; return how it stands then.

    Raises InputError when the present key can be used here; otherwise as `rotate`, whose steps it
    takes, but that the new key alone signs. What lies in the lost one's place is replaced.
    """
    with locked(case, wait):
        finish_key_change(case)
        if following_path(present_key(case)).exists():  # somebody was cut off when it was done
            case, _ = take_key(case)
            return key_state(case)
        if _is_usable(case):
            raise InputError(
                f"{key_path(case.settings.origin)}: the key is here, and has no passphrase that"
                " could be forgotten. Let another follow it with `sousveil key rotate`, which the"
                " old one signs, too."
            )
        following = _stored(case, passphrase)
        writer = Writer(case, following)
        writer.refuse_older_log()
        writer.recover()
        draft = _draft(case, "key.lost", following, reason=reason, now=now, more={})
        writer.commit_all([draft])
        case, _ = take_key(case)
    return key_state(case)


def set_passphrase(case: Case, wait: Wait, *, remove: bool) -> None:
    """Set, change or remove the passphrase of the case's key file; the key stays the same.

    Raises LogError when the present one is wrong, or none can be had.
    """
    path = key_path(case.settings.origin)
    with locked(case, wait):
        signer = load_signer(path)
        protect(path, signer, None if remove else new_passphrase())


def back_up(case: Case, output: Path) -> None:
    """Write a copy of the key to the new file `output`, under a passphrase in any case.

    That is the key file's own, or a new one where it has none. Raises InputError when the file
    exists or cannot be written, LogError when no passphrase can be had.
    """
    path = key_path(case.settings.origin)
    if is_protected(path):
        with path.open("rb") as file:
            data = file.read(MAX_KEY_FILE_BYTES)
    else:
        data = key_file(load_signer(path), new_passphrase())
    try:
        # Not by way of a link, as the key's own file: a stick may know none.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(output, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise InputError(f"{output}: exists already. Choose another name.") from error
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}.") from error
    sync_folder(output.absolute().parent)


def _stored(case: Case, passphrase: str | None) -> KeySigner:
    """Return a new key of the case, which is on the disk by then."""
    signer = new_signer(case.settings.origin)
    store_signer(following_path(signer.verifier), signer, passphrase)
    return signer


def _draft(
    case: Case,
    kind: str,
    following: KeySigner,
    *,
    reason: str,
    now: datetime,
    more: Mapping[str, str],
) -> Draft:
    named = {"former": str(present_key(case)), "key": following.verifier_key, **more}
    return Draft(kind, named | {"reason": reason}, now, keys=named)


def _is_usable(case: Case) -> bool:
    """Tell whether the present key lies here and needs no passphrase."""
    path = key_path(case.settings.origin)
    try:
        is_open = path.exists() and not is_protected(path)
        return is_open and load_signer(path).verifier == present_key(case)
    except LogError:
        return False  # damaged: that is a way to lose it


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
