"""One transfer of libcurl's: how it is set up, what it hands over, and the exchange it becomes.

Takes a URL and limits, and gives a handle that is ready to run and the `Incoming` that keeps what
comes, byte for byte, chunk framing and content coding included; then the `Exchange` of what came.
Who runs the handle is another's business: one at a time (`request.py`) or many (`many.py`). Every
connection that libcurl opens is put to the guard first, or leads to the case's exit.

HTTP/1.1 (RFC 9112) is forced, for HTTP/2 has no wire form in a WARC. Two things are not as on
the wire: libcurl joins folded header lines (RFC 9112, section 5.2), and a last header line that
the server never ended is lost.
"""

import os
import re
import socket
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Literal, Self, TypeAlias
from urllib.parse import urlsplit

import pycurl

from sousveil.capture.guard.addresses import check_address
from sousveil.capture.guard.exits import EXIT_SECONDS, Exit, exit_url, reach
from sousveil.capture.http.codes import failure_of
from sousveil.capture.http.head import parse_head
from sousveil.model import Exchange, Failure, FailureKind, TlsSession

# Vendors' manuals and SDK archives reach tens of megabytes; what is longer is cut and marked.
MAX_BODY_BYTES = 128 * 2**20
# Chromium's own bound on an answer's head.
MAX_HEAD_BYTES = 256 * 2**10
# Real answers carry some dozens of fields; each costs a later reader time.
MAX_HEAD_FIELDS = 1000
# Fetch standard, section 4.4: a browser gives up after 20 redirects.
MAX_REDIRECTS = 20
# A far server answers a handshake within seconds; a lost packet or two are forgiven.
CONNECT_SECONDS = 20.0
# A whole chain of redirects with its bodies; bounds what a slow drip can cost a round of visits.
TOTAL_SECONDS = 300.0
# Fewer bytes a second than a 1970s modem, for this long, is a server that has stopped.
LOW_SPEED_BYTES = 30
LOW_SPEED_SECONDS = 60

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPT_ENCODING = "gzip, deflate, br"
# No language is asked for above another: the vendor's own default is what we want to see.
ACCEPT_LANGUAGE = "en;q=0.9,zh;q=0.9,*;q=0.9"

_Target: TypeAlias = tuple[int, int, int, tuple[str, int]]  # family, type, protocol, address

_TLS_LINE = re.compile(rb"SSL connection using (\S+)(?: / (\S+))?")


@dataclass(frozen=True, slots=True)
class WireSettings:
    """How to ask, and how much to take. `ca_file` replaces the system's trusted roots."""

    user_agent: str
    accept_language: str = ACCEPT_LANGUAGE
    max_body_bytes: int = MAX_BODY_BYTES
    max_head_bytes: int = MAX_HEAD_BYTES
    max_head_fields: int = MAX_HEAD_FIELDS
    max_redirects: int = MAX_REDIRECTS
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS
    low_speed_seconds: int = LOW_SPEED_SECONDS
    ca_file: Path | None = None


class Incoming:
    """What libcurl hands over while a request runs; keeps the limits."""

    def __init__(
        self,
        url: str,
        settings: WireSettings,
        allowed: frozenset[str],
        folder: Path,
        exit_: Exit | None,
    ) -> None:
        parts = urlsplit(url)
        self.url, self.host = url, parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.settings, self.allowed, self.folder = settings, allowed, folder
        self.exit, self.exit_addresses = exit_, frozenset[str]()
        self.request_head = b""
        self.heads: list[bytes] = []  # one for each status line seen
        self.head_bytes = self.head_fields = self.body_bytes = 0
        self.body: BinaryIO | None = None
        self.body_path: Path | None = None
        self.tls: tuple[str, str] | None = None  # version, cipher
        self.refusals: list[str] = []
        self.too_large = ""
        self.disk_error: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file of the body, if there is one."""
        if self.body:
            self.body.close()

    def open_socket(self, _purpose: int, target: _Target) -> socket.socket | int:
        """Ask the guard; called by libcurl for every address it is about to connect to."""
        family, kind, protocol, address = target
        if reason := self._refusal(*address[:2]):
            self.refusals.append(reason)
            return int(pycurl.SOCKET_BAD)
        return socket.socket(family, kind, protocol)

    def find_exit(self, exit_: Exit) -> Failure | None:
        """Judge the host by its name, and note where the exit is; return why nothing is asked."""
        judged = reach(self.host, self.port, self.allowed, exit_)
        if isinstance(judged, Failure):
            return judged
        try:
            self.exit_addresses = frozenset(exit_.addresses())
        except OSError as error:
            return Failure(FailureKind.EXIT, f"{exit_} was not found ({error}); nothing was asked")
        return None

    def _refusal(self, address: str, port: int) -> str | None:
        if self.exit is None:
            return check_address(self.host, self.port, address, self.allowed)
        if address in self.exit_addresses and port == self.exit.port:
            return None
        return f"{address} is not {self.exit}"

    def debug(self, kind: int, data: bytes) -> None:
        """Take the request as sent, and the TLS session from libcurl's own notes."""
        if kind == pycurl.INFOTYPE_HEADER_OUT:
            self.request_head += data
        elif kind == pycurl.INFOTYPE_TEXT and (found := _TLS_LINE.match(data)):
            self.tls = (found[1].decode("latin-1"), (found[2] or b"").decode("latin-1"))

    def header(self, line: bytes) -> int:
        """Take one line of a head; return another number than its length to stop libcurl."""
        if self.body_bytes:
            return len(line)  # a trailer; its bytes are in the body too
        if not self.heads or (_ended(self.heads[-1]) and _is_interim(self.heads[-1])):
            self.heads.append(b"")
        self.head_bytes += len(line)
        self.head_fields += 1
        limits = self.settings
        if self.head_bytes > limits.max_head_bytes:
            self.too_large = f"a head of more than {limits.max_head_bytes} bytes"
        elif self.head_fields > limits.max_head_fields:
            self.too_large = f"a head of more than {limits.max_head_fields} fields"
        if self.too_large:
            return 0
        self.heads[-1] += line
        return len(line)

    def write(self, data: bytes) -> int:
        """Spool a part of the body; return another number than its length to stop libcurl."""
        room = self.settings.max_body_bytes - self.body_bytes
        try:
            if self.body is None:
                self.body_path, self.body = _new_file(self.folder)
            self.body.write(data[:room])
        except OSError as error:
            self.disk_error = error  # an exception must not cross libcurl's stack
            return 0
        self.body_bytes += min(room, len(data))
        if len(data) > room:
            self.too_large = f"a body of more than {self.settings.max_body_bytes} bytes"
            return 0
        return len(data)


def _new_file(folder: Path) -> tuple[Path, BinaryIO]:
    handle, name = tempfile.mkstemp(dir=folder, suffix=".body")
    return Path(name), os.fdopen(handle, "wb")


def _ended(head: bytes) -> bool:
    return head.endswith((b"\r\n\r\n", b"\n\n", b"\n\r\n"))


def _is_interim(head: bytes) -> bool:
    # 101 ends HTTP on this connection: it is final (RFC 9110, section 15.2.2).
    status = parse_head(head).status
    return status is not None and status // 100 == 1 and status != HTTPStatus.SWITCHING_PROTOCOLS


def prepare(
    curl: pycurl.Curl,
    incoming: Incoming,
    seconds_left: float,
    *,
    verify: bool = True,
    conditions: Sequence[str] = (),
) -> None:
    """Make a fresh handle ready to ask for what `incoming` takes.

    `conditions` are header fields that make the request conditional (RFC 9110, section 13.1).
    """
    settings = incoming.settings
    curl.setopt(curl.URL, incoming.url)
    curl.setopt(curl.PATH_AS_IS, 1)
    curl.setopt(curl.PROTOCOLS, curl.PROTO_HTTP | curl.PROTO_HTTPS)
    curl.setopt(curl.HTTP_VERSION, curl.CURL_HTTP_VERSION_1_1)
    curl.setopt(curl.FOLLOWLOCATION, 0)
    curl.setopt(curl.HTTP_TRANSFER_DECODING, 0)
    curl.setopt(curl.HTTP_CONTENT_DECODING, 0)
    curl.setopt(curl.USERAGENT, settings.user_agent)
    fields = (
        f"Accept: {ACCEPT}",
        f"Accept-Language: {settings.accept_language}",
        f"Accept-Encoding: {ACCEPT_ENCODING}",
        *conditions,
    )
    curl.setopt(curl.HTTPHEADER, list(fields))
    curl.setopt(curl.NOSIGNAL, 1)
    _go_out_by(curl, incoming.exit)
    curl.setopt(curl.NETRC, curl.NETRC_IGNORED)
    connect_seconds = EXIT_SECONDS if incoming.exit else settings.connect_seconds
    curl.setopt(curl.CONNECTTIMEOUT_MS, int(connect_seconds * 1000))
    curl.setopt(curl.TIMEOUT_MS, max(1, int(seconds_left * 1000)))
    curl.setopt(curl.LOW_SPEED_LIMIT, LOW_SPEED_BYTES)
    curl.setopt(curl.LOW_SPEED_TIME, settings.low_speed_seconds)
    curl.setopt(curl.OPT_CERTINFO, 1)
    curl.setopt(curl.SSL_VERIFYPEER, int(verify))
    curl.setopt(curl.SSL_VERIFYHOST, 2 if verify else 0)
    _trust(curl, settings.ca_file)
    curl.setopt(curl.VERBOSE, 1)
    curl.setopt(curl.DEBUGFUNCTION, incoming.debug)
    curl.setopt(curl.OPENSOCKETFUNCTION, incoming.open_socket)
    curl.setopt(curl.HEADERFUNCTION, incoming.header)
    curl.setopt(curl.WRITEFUNCTION, incoming.write)


def _go_out_by(curl: pycurl.Curl, exit_: Exit | None) -> None:
    """Set the way out; never one from the environment, for the guard must know what it sees."""
    curl.setopt(curl.NOPROXY, "")
    if exit_ is None:
        curl.setopt(curl.PROXY, "")
        return
    curl.setopt(curl.PROXY, exit_url(replace(exit_, credentials=None)))
    if exit_.credentials:
        user, password = exit_.credentials
        curl.setopt(curl.PROXYUSERNAME, user)
        curl.setopt(curl.PROXYPASSWORD, password)


def _trust(curl: pycurl.Curl, ca_file: Path | None) -> None:
    """Set the trusted roots: those given, or the system's (libcurl's wheel brings none)."""
    system = ssl.get_default_verify_paths()
    if ca_file or system.cafile:
        curl.setopt(curl.CAINFO, str(ca_file or system.cafile))
    elif system.capath:
        curl.setopt(curl.CAPATH, system.capath)
    else:
        curl.setopt(curl.SSL_OPTIONS, curl.SSLOPT_NATIVE_CA)


def exchange_of(
    curl: pycurl.Curl,
    incoming: Incoming,
    started_at: datetime,
    code: int,
    words: str,
    *,
    verify: bool,
) -> Exchange:
    """Return what became of a transfer that ended with libcurl's `code` and `words`.

    Raises OSError when its body could not be written.
    """
    if incoming.disk_error:
        raise incoming.disk_error
    head = incoming.heads[-1] if incoming.heads else b""
    failure = _failure(curl, incoming, code, words)
    if failure is None and not _ended(head):
        failure = Failure(FailureKind.DISCONNECT, f"{incoming.host}: closed within the head")
    return Exchange(
        url=incoming.url,
        started_at=started_at,
        elapsed_seconds=float(curl.getinfo(pycurl.TOTAL_TIME)),
        request_head=incoming.request_head,
        response_head=head,
        body=incoming.body_path,
        status=parse_head(head).status,
        # Through an exit libcurl tells the exit's, and nobody the server's.
        ip_address=None if incoming.exit else curl.getinfo(pycurl.PRIMARY_IP) or None,
        tls=_tls(curl, incoming, verify=verify),
        truncated=_truncated(failure) if head else None,
        failure=failure,
        location=None,
        interim_heads=tuple(incoming.heads[:-1]),
    )


def unasked(url: str, started_at: datetime, failure: Failure) -> Exchange:
    """Return the exchange of a request that was not made, and why."""
    return Exchange(
        url=url,
        started_at=started_at,
        elapsed_seconds=0.0,
        request_head=b"",
        response_head=b"",
        body=None,
        status=None,
        ip_address=None,
        tls=None,
        truncated=None,
        failure=failure,
        location=None,
    )


def _failure(curl: pycurl.Curl, incoming: Incoming, code: int, words: str) -> Failure | None:
    if incoming.too_large:
        message = f"{incoming.host} sent {incoming.too_large}; the rest was not taken"
        return Failure(FailureKind.TOO_LARGE, message)
    if code == pycurl.E_COULDNT_CONNECT and incoming.refusals:
        return Failure(FailureKind.REFUSED_ADDRESS, "; ".join(incoming.refusals))
    return failure_of(curl, code, words, host=incoming.host, exit_=incoming.exit)


def _truncated(failure: Failure | None) -> Literal["length", "time", "disconnect"] | None:
    """Return WARC-Truncated (WARC 1.1, section 5.15) for an answer that failed after its start."""
    if failure is None:
        return None
    if failure.kind is FailureKind.TOO_LARGE:
        return "length"
    return "time" if failure.kind is FailureKind.TIMEOUT else "disconnect"


def _tls(curl: pycurl.Curl, incoming: Incoming, *, verify: bool) -> TlsSession | None:
    if incoming.tls is None:
        return None
    version, cipher = incoming.tls
    fields = (
        field for certificate in curl.getinfo_raw(pycurl.INFO_CERTINFO) for field in certificate
    )
    pems = (value.decode("ascii") for name, value in fields if name == b"Cert")
    chain = tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in pems)
    return TlsSession(version, cipher, chain, verified=verify)
