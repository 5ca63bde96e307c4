"""Access: by which names the desk is reached, how people come in, and who is in.

Alone, on one's own computer, a link that works once lets the operator in: only who sees their
terminal has it. In a team, people come in by name and password (team.py).
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Collection
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from sousveil.web.safety.roles import User
from sousveil.web.safety.sessions import Limits, Session, Sessions
from sousveil.web.safety.team import Team

# One person at their own computer: a working day's pauses, and a week.
ALONE = Limits(idle=timedelta(hours=12), longest=timedelta(days=7))
# People whose computers others may come near: a long meeting, and a working day.
TOGETHER = Limits(idle=timedelta(hours=2), longest=timedelta(hours=12))

SECRET_BYTES = 32
MAX_LINKS = 16  # unused at once; a person needs one or two


class Access:
    """Who may come in, and who is in."""

    def __init__(
        self,
        hosts: Collection[str],
        *,
        scheme: str = "http",
        operator: User | None = None,
        team: Team | None = None,
    ) -> None:
        """Let in the operator by links, or a team by passwords.

        `hosts` are what a Host header may say, each a name with its port unless that is the
        scheme's own; `scheme` is what browsers see.
        """
        self.team = team
        self.origins = {host.lower(): f"{scheme}://{host.lower()}" for host in hosts}
        self.sessions = Sessions(TOGETHER if team else ALONE)
        self._operator = operator
        self._is_tls = scheme == "https"
        self._links: set[bytes] = set()
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(SECRET_BYTES)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie, bound to the host where a browser can do that.

        RFC 6265bis section 4.1.3.2: that needs TLS. Without, the port in the name keeps two desks
        on one computer apart, for cookies know no ports.
        """
        return "__Host-sousveil" if self._is_tls else f"sousveil-{min(self.origins).split(':')[-1]}"

    # ------------------------------------------------------------ coming in

    def new_link(self) -> str:
        """Return a secret that lets the operator in once."""
        link = secrets.token_urlsafe(SECRET_BYTES)
        with self._lock:
            if len(self._links) >= MAX_LINKS:
                self._links.clear()
            self._links.add(_digest(link))
        return link

    def take_link(self, link: str) -> User | None:
        """Use up a link, and return whom it lets in; None when it is none, or was used before.

        It is found by its SHA-256, so how long that takes tells nothing of those there are.
        """
        name = _digest(link)
        with self._lock:
            if name not in self._links:
                return None
            self._links.remove(name)
            return self._operator

    def let_in(self, request: Request, response: Response, user: User, now: datetime) -> None:
        """Begin a session for a browser, and end the one that it had.

        Its secret is new, whatever cookie came with the request (no fixation). No script sees the
        cookie, no other site sends it, and it goes when the browser is closed.
        """
        self.sessions.end(self.offered(request))
        secret = self.sessions.begin(user, now)
        response.set_cookie(
            self.cookie, secret, secure=self._is_tls, httponly=True, samesite="strict"
        )

    def let_out(self, request: Request, response: Response) -> None:
        """End a browser's session."""
        self.sessions.end(self.offered(request))
        response.delete_cookie(self.cookie, secure=self._is_tls, httponly=True, samesite="strict")

    def offered(self, request: Request) -> str:
        """Return what a browser says its session is; "" for nothing."""
        return request.cookies.get(self.cookie, "")

    def session_of(self, request: Request, now: datetime) -> Session | None:
        """Return the session of a request; None when there is none, or it stands no more."""
        secret = self.offered(request)
        session = self.sessions.find(secret, now) if secret else None
        if session is not None and self.team is not None and not self.team.stands(session):
            self.sessions.end(secret)
            return None
        return session

    # ------------------------------------------------------------ forms

    def knows_form(self, request: Request, token: str) -> bool:
        """Whether a form's token is the session's, or that of the form by which people come in."""
        session: Session | None = request.scope["session"]
        if session is not None:
            return session.accepts(token)
        wanted = self._token(request.cookies.get(self._seed_cookie, ""))
        return hmac.compare_digest(wanted, token.encode("utf-8", "replace"))

    def new_seed(self) -> tuple[str, str]:
        """Return a cookie's value, and the token of the form that goes with it.

        So nobody is made to come in as somebody else by a form of another site's.
        """
        seed = secrets.token_urlsafe(SECRET_BYTES)
        return seed, self._token(seed).decode()

    def give_seed(self, response: Response, seed: str) -> None:
        """Let a browser keep a seed."""
        response.set_cookie(
            self._seed_cookie, seed, secure=self._is_tls, httponly=True, samesite="strict"
        )

    @property
    def _seed_cookie(self) -> str:
        return f"{self.cookie}-form"

    def _token(self, seed: str) -> bytes:
        data = seed.encode("utf-8", "replace")
        return hmac.new(self._secret, data, "sha256").hexdigest().encode()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
