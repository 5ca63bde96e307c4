"""Who signs a case's log: the key file, kept in step with what the log says of its keys.

The log tells which key signs it (`tlog/keychain.py`), and `[log]` of case.toml repeats it. A key
that is to follow lies beside the present one, under its own id, until the log's signed head counts
the entry that names it; then it takes the present one's place. Each step may be done twice.
"""

from dataclasses import replace
from pathlib import Path

from sousveil.case import SETTINGS_FILE, Case
from sousveil.durable import sync_folder, write_durably
from sousveil.errors import CaseError
from sousveil.settings import key_path
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.keys import is_protected, load_signer
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import Signer, VerifierKey, parse_vkey

_GIVEN_UP = (
    "That one was given up. Bring a copy of the new one from where it was made, with `sousveil key"
    " backup` there. If none of you changed it, somebody else did."
)
_STRANGE = (
    "Restore the line as `init` wrote it. An older copy of the case, from before its key changed,"
    " takes nothing more."
)


def present_key(case: Case) -> VerifierKey:
    """Return the key that signs the case's log by now.

    Raises LogError when the log's head cannot be read.
    """
    head = read_checkpoint(case.log, case.settings.key)
    if head is None:
        return parse_vkey(case.settings.key)
    return key_chain(case.log, case.settings.key).of(head.size)[-1]


def following_path(key: VerifierKey) -> Path:
    """Return where a key lies that is to follow the present one."""
    return key_path(key.name).with_suffix(f".{key.key_id.hex()}.key")


def package_key_path(case: Case) -> Path:
    """Return where the key lies that signs the case's packages, without a name (WACZ-auth)."""
    return key_path(case.settings.origin).with_suffix(".wacz.pem")


def unlock(case: Case) -> None:
    """Ask for the passphrase of the case's key, if it has one, before it is needed.

    Raises LogError when it is wrong or cannot be had.
    """
    path = key_path(case.settings.origin)
    if path.exists() and is_protected(path):
        load_signer(path)


def signer_of(case: Case) -> Signer:
    """Return who signs the case's log; raises LogError and CaseError when it is not this user."""
    path, present = key_path(case.settings.origin), present_key(case)
    signer = load_signer(path)
    if signer.verifier != present:
        former = key_chain(case.log, case.settings.key).keys
        why = _GIVEN_UP if signer.verifier in former else _STRANGE
        raise CaseError(
            f"{case.root / SETTINGS_FILE}: log.key is not the key in {path}: {present} signs the"
            f" log, and there lies {signer.verifier}. {why}"
        )
    return signer


def take_key(case: Case) -> tuple[Case, Signer]:
    """Return the case and who signs it, once a change of keys that was interrupted is finished.

    The caller holds the case's lock. Raises as `signer_of`.

    1. That the journal of the change went is synced.   Crash: the change is finished again.
    2. The key that signs packages goes; the next package makes another.    Crash: as before.
    3. The key that follows takes the former one's place.    Crash: done but for step 4.
    4. case.toml names the key.    Crash before: it names a former one, by which readers find the
       present one, and the next writer comes here again.
    """
    present = present_key(case)
    path, following = key_path(case.settings.origin), following_path(present)
    if following.exists():
        sync_folder(case.pending)
        package_key_path(case).unlink(missing_ok=True)
        following.replace(path)
        sync_folder(path.parent)
    signer = signer_of(case)
    if str(present) == case.settings.key:
        return case, signer
    where = case.root / SETTINGS_FILE
    if where.exists():
        text = where.read_text(encoding="utf-8").replace(case.settings.key, str(present))
        write_durably(where, text.encode(), private=True)
    return replace(case, settings=replace(case.settings, key=str(present))), signer
