"""Users: the people of a team, in a file of the configuration folder.

Not in the case: who gets a copy of that gets no hash to try passwords on. Passwords are hashed with
Argon2id (RFC 9106 section 4, the second recommended option); a second factor is TOTP (RFC 6238),
each code of which works once.

Trust: who can write this file can come in as anybody, and decide in their name.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import argon2
import msgspec
import pyotp
from argon2.exceptions import VerificationError
from pyotp.exceptions import OTPVerificationError

from sousveil.durable import write_durably
from sousveil.errors import CaseError, InputError
from sousveil.index.reviews import person
from sousveil.settings import config_folder
from sousveil.web.safety.roles import Role

# NIST SP 800-63B-4 section 3.1.1.2: fifteen where the password may be all there is.
MIN_PASSWORD = 15
MAX_PASSWORD = 256  # characters; hashing more costs time and helps nobody
MAX_NAME = 80
MAX_FILE_BYTES = 2**20  # some thousand users

# Codes of the half minute before and after count, too: telephones' clocks are off by as much.
CODE_WINDOW = 1

_HASHER = argon2.PasswordHasher()


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may come in."""

    name: str  # as decisions name them
    role: Role
    password: str  # Argon2id, encoded
    since: datetime  # of role and password: what began before is over
    second_factor: str = ""  # TOTP secret in base 32; "" for none
    last_code: int = 0  # time step of the newest code that was used


def users_file(origin: str) -> Path:
    """Return where the users of the case lie whose log is named `origin`."""
    return config_folder() / "desk" / origin.replace("/", "-") / "users.json"


def read_users(path: Path) -> dict[str, Account]:
    """Return the accounts, by `person` of their names; none when there is no file.

    Raises CaseError when it cannot be understood.
    """
    if not path.exists():
        return {}
    if path.stat().st_size > MAX_FILE_BYTES:
        raise CaseError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes. Restore the file.")
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=list[Account])
    except msgspec.MsgspecError as error:
        raise CaseError(f"{path}: no list of users ({error}). Restore the file.") from error
    return {person(account.name): account for account in listed}


@contextmanager
def changing_users(path: Path) -> Iterator[dict[str, Account]]:
    """Give the accounts as `read_users`, and write what the block makes of them.

    Who changes them at the same time waits; the file is its owner's alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        accounts = read_users(path)
        yield accounts
        write_durably(path, msgspec.json.encode(list(accounts.values())), private=True)


def checked_name(name: str) -> str:
    """Return a name as it is kept; raises InputError for what is none."""
    kept = " ".join(name.split())
    if not kept or len(kept) > MAX_NAME or not kept.isprintable():
        raise InputError(f"a user's name is a line of 1 to {MAX_NAME} characters.")
    return kept


def hash_password(password: str) -> str:
    """Return a password's hash; raises InputError when it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(
            f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters. Take a few words that"
            " nobody would put together."
        )
    return _HASHER.hash(password)


def is_password(account: Account | None, password: str) -> bool:
    """Whether a password is the account's; takes the same time when there is no such account."""
    try:
        is_right = _HASHER.verify(account.password if account else _nobodys(), password)
    except VerificationError:
        return False
    return is_right and account is not None


def code_step(account: Account, code: str, now: datetime) -> int | None:
    """Return the time step of a code that is right and was not used before; None for others.

    RFC 6238 section 5.2: a code must not be accepted a second time.
    """
    try:
        step = pyotp.TOTP(account.second_factor).verify_and_get_timecode(
            "".join(code.split()), for_time=now, valid_window=CODE_WINDOW
        )
    except OTPVerificationError:
        return None
    return step if step > account.last_code else None


@cache  # made at the first attempt, for it takes a tenth of a second
def _nobodys() -> str:
    """Return the hash of a password that nobody has, to check for names that are nobody's."""
    return _HASHER.hash(pyotp.random_base32())
