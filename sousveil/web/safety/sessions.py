"""Sessions: who came in, remembered under a secret that only their browser holds.

In memory alone: when the desk ends, everybody is out. A session is found by the SHA-256 of its
secret, so neither the time of a look-up nor a picture of the memory tells one. It ends after some
time unused, and at the latest after its longest time, whatever happens.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sousveil.web.safety.roles import User

SECRET_BYTES = 32

# Nobody has this many browsers open; what comes in beyond ends the session that is unused longest.
MAX_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts."""

    idle: timedelta
    longest: timedelta


@dataclass(slots=True)
class Session:
    """Somebody's stay."""

    user: User
    begun: datetime
    used: datetime
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(SECRET_BYTES), repr=False)

    def accepts(self, csrf: str) -> bool:
        """Whether a form carries this session's token; takes the same time for any other."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode("utf-8", "replace"))


class Sessions:
    """All that are open."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def begin(self, user: User, now: datetime) -> str:
        """Open a session, and return its secret: always a new one, never one that was offered."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        with self._lock:
            if len(self._open) >= MAX_SESSIONS:
                del self._open[min(self._open, key=lambda one: self._open[one].used)]
            self._open[_name(secret)] = Session(user, now, now)
        return secret

    def find(self, secret: str, now: datetime) -> Session | None:
        """Return the session with this secret, used now; None when there is none any more."""
        name = _name(secret)
        with self._lock:
            session = self._open.get(name)
            if session is None:
                return None
            if now - session.used > self.limits.idle or now - session.begun > self.limits.longest:
                del self._open[name]
                return None
            session.used = now
            return session

    def end(self, secret: str) -> None:
        """Close a session, if there is one with this secret."""
        with self._lock:
            self._open.pop(_name(secret), None)

    def end_all(self, user: str) -> None:
        """Close all sessions of a user."""
        with self._lock:
            theirs = [name for name, one in self._open.items() if one.user.name == user]
            for name in theirs:
                del self._open[name]


def _name(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
