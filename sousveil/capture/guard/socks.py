"""SOCKS5: what a client and a server say to each other before a tunnel stands (RFC 1928, 1929).

Does no I/O. A talk is a generator that yields what to send and how many bytes it wants to hear
next, is sent exactly those, and returns what was agreed. `serve_connect` is the server's side and
knows the command CONNECT alone; `ask_connect` is the client's. What breaks the protocol ends in
a `SocksError`.
"""

import ipaddress
import re
from collections.abc import Generator
from enum import IntEnum
from typing import TypeAlias, TypeVar

from sousveil.errors import SousveilError

T = TypeVar("T")
Talk: TypeAlias = Generator[tuple[bytes, int], bytes, T]

_VERSION = 5
_NO_AUTHENTICATION = 0
_PASSWORD = 2
_NO_METHOD = 0xFF
_PASSWORD_VERSION = 1  # RFC 1929, section 2
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_VISIBLE = re.compile(rb"[!-~]+")
_NOWHERE = bytes((0, _IPV4, 0, 0, 0, 0, 0, 0))  # reserved, and a bound address that we do not tell


class Reply(IntEnum):
    """How a server answers a request (RFC 1928, section 6)."""

    SUCCEEDED = 0
    GENERAL_FAILURE = 1
    NOT_ALLOWED = 2
    NETWORK_UNREACHABLE = 3
    HOST_UNREACHABLE = 4
    CONNECTION_REFUSED = 5
    TTL_EXPIRED = 6
    COMMAND_NOT_SUPPORTED = 7
    ADDRESS_NOT_SUPPORTED = 8


class SocksError(SousveilError):
    """The other side broke the protocol, or said no.

    `answer` is what a server still sends before it hangs up; `reply` what a server said to us.
    """

    def __init__(self, message: str, *, answer: bytes = b"", reply: int | None = None) -> None:
        super().__init__(message)
        self.answer = answer
        self.reply = reply


def reply_message(reply: Reply) -> bytes:
    """Return a server's answer to a request."""
    return bytes((_VERSION, reply)) + _NOWHERE


def serve_connect() -> Talk[tuple[str, int]]:
    """Hear a client out; return the host (name or address, as text) and port that it wants.

    The answer (`reply_message`) is the caller's to send. Raises SocksError for another protocol,
    command or kind of address, and for a name that is not visible ASCII.
    """
    version, count = yield b"", 2
    if version != _VERSION:
        raise SocksError(f"the client speaks version {version} of SOCKS, or something else.")
    methods = yield b"", count
    if _NO_AUTHENTICATION not in methods:
        raise SocksError(
            "the client wants to log in; there is nothing to log in to.",
            answer=bytes((_VERSION, _NO_METHOD)),
        )
    version, command, _, kind = yield bytes((_VERSION, _NO_AUTHENTICATION)), 4
    if version != _VERSION:
        raise SocksError(f"the client's request is of version {version}, not {_VERSION}.")
    host = yield from _hear_address(kind)
    port = int.from_bytes((yield b"", 2))
    if command != _CONNECT:
        raise SocksError(
            f"the client asks for command {command}; only CONNECT is served.",
            answer=reply_message(Reply.COMMAND_NOT_SUPPORTED),
        )
    return host, port


def ask_connect(host: str, port: int, credentials: tuple[str, str] | None) -> Talk[None]:
    """Ask a server for a tunnel to `host` and `port`; a name is left to the server to resolve.

    `credentials` are a user and a password, of 1 to 255 bytes each. Raises SocksError when the
    server says no (`reply` tells its code, if it got that far) or is no SOCKS5 server.
    """
    methods = (_NO_AUTHENTICATION, _PASSWORD) if credentials else (_NO_AUTHENTICATION,)
    version, method = yield bytes((_VERSION, len(methods), *methods)), 2
    if version != _VERSION:
        raise SocksError("it is no SOCKS5 server.")
    if credentials and method == _PASSWORD:
        user, password = (text.encode() for text in credentials)
        login = bytes((_PASSWORD_VERSION, len(user))) + user + bytes((len(password),)) + password
        _, status = yield login, 2
        if status:
            raise SocksError("it refuses the user and password.")
    elif method != _NO_AUTHENTICATION:
        raise SocksError("it wants a user and password.")
    request = bytes((_VERSION, _CONNECT, 0)) + _address(host) + port.to_bytes(2)
    version, reply, _, kind = yield request, 4
    if version != _VERSION:
        raise SocksError("it is no SOCKS5 server.")
    if reply != Reply.SUCCEEDED:
        raise SocksError(f"it says {reply_words(reply)}.", reply=reply)
    yield from _hear_address(kind)
    yield b"", 2


def reply_words(reply: int) -> str:
    """Return what a server's reply means, for a person."""
    known = reply in list(Reply)
    return f"'{Reply(reply).name.lower().replace('_', ' ')}'" if known else f"no (code {reply})"


def _hear_address(kind: int) -> Talk[str]:
    if kind in _ADDRESS_BYTES:
        return str(ipaddress.ip_address((yield b"", _ADDRESS_BYTES[kind])))
    if kind != _NAME:
        raise SocksError(
            f"an address of kind {kind}, which RFC 1928 does not know.",
            answer=reply_message(Reply.ADDRESS_NOT_SUPPORTED),
        )
    (length,) = yield b"", 1
    name = yield b"", length
    if not _VISIBLE.fullmatch(name):
        raise SocksError(
            "a name that is empty or not visible ASCII.",
            answer=reply_message(Reply.GENERAL_FAILURE),
        )
    return name.decode("ascii")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        name = host.encode("ascii")
        return bytes((_NAME, len(name))) + name
    kind = _IPV4 if isinstance(address, ipaddress.IPv4Address) else _IPV6
    return bytes((kind,)) + address.packed
