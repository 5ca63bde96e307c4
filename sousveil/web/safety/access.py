"""Access: by which names the desk is reached, how people come in, and who is in.

Alone, on one's own computer, a link that works once lets the operator in; only who sees their
terminal has it.
"""

import hashlib
import secrets
import threading
from collections.abc import Collection
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from sousveil.web.safety.roles import User
from sousveil.web.safety.sessions import Limits, Sessions

# One person at their own computer: a working day's pauses, and a week.
ALONE = Limits(idle=timedelta(hours=12), longest=timedelta(days=7))

LINK_BYTES = 32
MAX_LINKS = 16  # unused at once; a person needs one or two


class Access:
    """Who may come in, and who is in."""

    way_in = ""  # where people without a session are sent; "" when only a link lets them in

    def __init__(self, operator: User, hosts: Collection[str], *, scheme: str = "http") -> None:
        """Let in `operator`, at `hosts`: each a name with its port, as a Host header has it."""
        self.operator = operator
        self.hosts = frozenset(host.lower() for host in hosts)
        self.origins = frozenset(f"{scheme}://{host}" for host in self.hosts)
        self.sessions = Sessions(ALONE)
        self._is_tls = scheme == "https"
        self._links: set[bytes] = set()
        self._lock = threading.Lock()

    @property
    def cookie(self) -> str:
        """The name of the session's cookie, bound to the host where a browser can do that.

        RFC 6265bis section 4.1.3.2: that needs TLS. Without, the port in the name keeps two desks
        on one computer apart, for cookies know no ports.
        """
        return "__Host-sousveil" if self._is_tls else f"sousveil-{min(self.hosts).split(':')[-1]}"

    def new_link(self) -> str:
        """Return a secret that lets the operator in once."""
        secret = secrets.token_urlsafe(LINK_BYTES)
        with self._lock:
            if len(self._links) >= MAX_LINKS:
                self._links.clear()
            self._links.add(_name(secret))
        return secret

    def take_link(self, secret: str) -> bool:
        """Use up a link; False when it is none, or was used before.

        It is found by its SHA-256, so how long that takes tells nothing of those there are.
        """
        name = _name(secret)
        with self._lock:
            if name not in self._links:
                return False
            self._links.remove(name)
            return True

    def let_in(self, response: Response, session: str) -> None:
        """Give a browser the secret of its session, which no script sees and no disk keeps."""
        response.set_cookie(
            self.cookie, session, secure=self._is_tls, httponly=True, samesite="strict"
        )

    def knows_form(self, request: Request, csrf: str) -> bool:
        """Whether a form's token is that of the request's session."""
        session = request.scope["session"]
        return session is not None and session.accepts(csrf)


def _name(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
