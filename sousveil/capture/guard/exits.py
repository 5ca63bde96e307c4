"""Exits: the ways out into the network that a case names, such as a Tor client.

Takes the URL under which a case names an exit, `socks5h://[user:password@]host:port`, and gives
an `Exit`. Through an exit a name is resolved at its far end and never here, so the guard judges
the name (`guard.check_name`) where it otherwise judges addresses. Who cannot be reached through
its exit is not reached at all: nothing ever falls back to a direct connection.

User and password (RFC 1929) serve Tor to keep circuits apart. They are written into `case.toml`
and given to the exit, and appear in no message, no `repr` and no evidence.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from sousveil.capture.guard.addresses import check_name, resolve_checked
from sousveil.capture.guard.socks import Reply
from sousveil.errors import InputError
from sousveil.model import Failure, FailureKind

DIRECT = "direct"  # what a watch writes that goes by no exit, whatever the case's own is
# Until an exit has connected: Tor itself gives up on a circuit after 60 seconds.
EXIT_SECONDS = 60.0
MAX_CREDENTIAL_BYTES = 255  # RFC 1929, section 2

# What an exit's reply tells of the target. Any other may be the exit's own trouble: Tor answers
# TTL_EXPIRED for a server that is silent, but also when it finds no way into its network at all.
TARGET_REPLIES: Mapping[int, FailureKind] = {
    Reply.NETWORK_UNREACHABLE: FailureKind.CONNECT,
    Reply.HOST_UNREACHABLE: FailureKind.DNS,  # so Tor says that it cannot resolve a name
    Reply.CONNECTION_REFUSED: FailureKind.CONNECT,
}

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOST = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class Exit:
    """A SOCKS5 server that connects for us and resolves names for us."""

    name: str
    host: str  # without brackets
    port: int
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"exit '{self.name}' (socks5h://{_bracketed(self.host)}:{self.port})"

    def addresses(self) -> list[str]:
        """Return where the exit itself is to be reached; raises OSError when its name is not known.

        The guard is not asked: who runs the case named the exit, and it is mostly on loopback.
        """
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(info[4][0]) for info in found))


def parse_exit(name: str, url: str) -> Exit:
    """Return the exit that a case calls `name` and describes by `url`.

    Raises InputError for a name or a URL that cannot be used; the message never holds the URL,
    for there may be a password in it.
    """
    if not _NAME.fullmatch(name) or name == DIRECT:
        raise InputError(
            f"exits: '{name}' cannot be an exit's name: write up to 40 small letters, digits, '-' "
            f"and '_', and not '{DIRECT}', which means no exit."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not _HOST.fullmatch(host) or not port or parts.scheme != "socks5h" or _has_more(url):
        raise InputError(
            f"exits: {name} must be of the form 'socks5h://host:port', such as "
            "'socks5h://127.0.0.1:9050' for Tor; user:password@ may stand before the host. Names "
            "are resolved by the exit, hence socks5h alone."
        )
    credentials = None
    if parts.username is not None:
        credentials = (unquote(parts.username), unquote(parts.password or ""))
        if not all(0 < len(text.encode()) <= MAX_CREDENTIAL_BYTES for text in credentials):
            raise InputError(
                f"exits: the user and the password of {name} must have 1 to "
                f"{MAX_CREDENTIAL_BYTES} bytes each. Write user:password@ before the host."
            )
    return Exit(name, host, port, credentials)


def exit_url(exit_: Exit) -> str:
    """Return the URL of an exit, with its password; `parse_exit` reads it back."""
    login = ""
    if exit_.credentials:
        login = ":".join(quote(text, safe="") for text in exit_.credentials) + "@"
    return f"socks5h://{login}{_bracketed(exit_.host)}:{exit_.port}"


def reach(host: str, port: int, allowed: frozenset[str], exit_: Exit | None) -> list[str] | Failure:
    """Return the addresses of `host` that may be connected to, or the failure to record.

    Through an exit the list is empty: the name was judged, the exit finds its address. Resolves
    nothing then. Otherwise, and for what is raised, see `guard.resolve_checked`.
    """
    if exit_ is None:
        return resolve_checked(host, port, allowed)
    reason = check_name(host, port, allowed)
    return Failure(FailureKind.REFUSED_ADDRESS, reason) if reason else []


def _has_more(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.path.strip("/") or parts.query or parts.fragment)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
