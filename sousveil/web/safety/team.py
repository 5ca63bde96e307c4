"""A team: who comes in by name and password, and whose session still stands.

The file of users is read again when it changes, so that whoever was removed is out at their next
request, whatever they have open.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sousveil.errors import InputError
from sousveil.index.reviews import person
from sousveil.web.safety.roles import User
from sousveil.web.safety.sessions import Session
from sousveil.web.safety.throttle import Throttle
from sousveil.web.safety.users import (
    Account,
    changing_users,
    code_step,
    hash_password,
    is_password,
    read_users,
)

# A check takes 64 MiB for some hundredth of a second; others wait for their turn.
CHECKS_AT_ONCE = 2


class Team:
    """The users of one case."""

    def __init__(self, path: Path) -> None:
        """Let in the users that the file names."""
        self._path = path
        self._read: tuple[int, dict[str, Account]] | None = None
        self._lock = threading.Lock()
        self._throttle = Throttle()
        self._turns = threading.BoundedSemaphore(CHECKS_AT_ONCE)

    def accounts(self) -> Mapping[str, Account]:
        """Return the accounts as the file has them now; CaseError as `read_users`."""
        changed = self._path.stat().st_mtime_ns if self._path.exists() else 0
        with self._lock:
            if self._read is None or self._read[0] != changed:
                self._read = (changed, read_users(self._path))
            return self._read[1]

    def wait(self, name: str, address: str, now: datetime) -> timedelta:
        """Return how long it is until a try to come in is heard."""
        return self._throttle.wait(name, address, now)

    def let_in(
        self, name: str, password: str, code: str, address: str, now: datetime
    ) -> User | None:
        """Return who has this name, password and code; None when nobody does.

        Whatever is wrong, the same is done and told: neither the answer nor the time that it takes
        tells which names there are. To be called when `wait` is over.
        """
        account = self.accounts().get(person(name))
        with self._turns:
            is_theirs = is_password(account, password)
        if account is None or not is_theirs or not self._takes(account, code, now):
            self._throttle.failed(name, address, now)
            return None
        self._throttle.succeeded(name)
        return User(account.name, account.role)

    def change_password(self, name: str, password: str, now: datetime) -> None:
        """Give somebody another password: whatever they have open is over.

        Raises InputError for one that is too short or too long, and when they were removed.
        """
        with self._turns:
            hashed = hash_password(password)
        with changing_users(self._path) as accounts:
            account = accounts.get(person(name))
            if account is None:
                raise InputError(f"{name}: there is no such user any more.")
            accounts[person(name)] = replace(account, password=hashed, since=now)

    def _takes(self, account: Account, code: str, now: datetime) -> bool:
        """Whether the second factor is right, where there is one; its code is used up then."""
        if not account.second_factor:
            return True
        with changing_users(self._path) as accounts:
            current = accounts.get(person(account.name))
            step = code_step(current, code, now) if current else None
            if current is None or step is None:
                return False
            accounts[person(account.name)] = replace(current, last_code=step)
            return True

    def stands(self, session: Session) -> bool:
        """Whether a session's user is still one, with the role and password of its beginning."""
        account = self.accounts().get(person(session.user.name))
        return account is not None and account.since <= session.begun
