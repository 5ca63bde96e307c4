"""One request of a browser, and the exchange that it becomes.

Takes what events told of a request, its answer's body and certificates, and gives an `Exchange`.

What is exact and what is not: the answer's head is the server's own where HTTP/1.1 was spoken
(`headersText`), else written from its fields (`is_rebuilt`). The request's head is always written
from the fields sent; their order is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urljoin, urlsplit

from sousveil.capture.browser.bodies import NO_BODY, Body
from sousveil.capture.http.head import parse_head
from sousveil.model import Exchange, Failure, FailureKind, Json, TlsSession

# What a browser says of itself to be known again. That it was said is evidence; with the value,
# whoever gets the archive could go on in its place.
SECRET_FIELDS = frozenset({"cookie", "authorization", "proxy-authorization"})
LEFT_OUT = "(left out)"

GIVEN_UP = "net::ERR_ABORTED"
_KINDS: tuple[tuple[str, FailureKind, str], ...] = (
    # The browser tells no more of why our proxy made no connection: the lane's record does.
    ("ERR_SOCKS_", FailureKind.CONNECT, "no connection"),
    ("ERR_CONNECTION_TIMED_OUT", FailureKind.TIMEOUT, "too slow"),
    ("ERR_TIMED_OUT", FailureKind.TIMEOUT, "too slow"),
    ("ERR_CONNECTION_REFUSED", FailureKind.CONNECT, "no connection"),
    ("ERR_ADDRESS_", FailureKind.CONNECT, "no connection"),
    ("ERR_PROXY_", FailureKind.CONNECT, "no connection"),
    ("ERR_CERT_", FailureKind.TLS, "the certificate is not to be trusted"),
    ("ERR_SSL_", FailureKind.TLS, "no TLS session"),
    ("ERR_TOO_MANY_REDIRECTS", FailureKind.TOO_MANY_REDIRECTS, "too many redirects"),
    ("ERR_UNSAFE_REDIRECT", FailureKind.BAD_REDIRECT, "a redirect that is not followed"),
    ("ERR_CONNECTION_", FailureKind.DISCONNECT, "the connection broke"),
    ("ERR_EMPTY_RESPONSE", FailureKind.DISCONNECT, "closed without an answer"),
    ("ERR_CONTENT_LENGTH", FailureKind.DISCONNECT, "closed in the middle of the answer"),
    ("ERR_INCOMPLETE_", FailureKind.DISCONNECT, "closed in the middle of the answer"),
    ("ERR_ABORTED", FailureKind.DISCONNECT, "given up by the page"),
)


@dataclass(slots=True)
class Hop:
    """One request under way."""

    url: str
    method: str
    kind: str  # resource type as CDP names it: "Document", "Script", "Preflight"
    frame: str
    initiator: str
    started_at: datetime
    begun: float  # CDP's monotonic seconds
    fields: Json
    post: bytes = b""
    response: Json | None = None
    has_extra: bool | None = None  # whether …ExtraInfo events exist; None while not known
    ended: float | None = None
    error: str = ""
    is_inside: bool = False  # answered by a cache or a service worker


def exchange_of(
    hop: Hop,
    sent: Json | None,
    received: Json | None,
    body: Body | None,
    *,
    address: str | None,
    chain: tuple[bytes, ...],
) -> Exchange:
    """Return what a request was, and what came back.

    `sent` and `received` are what its …ExtraInfo events told, `address` is the IP address that was
    connected to, and `chain` the certificates of its origin; any may be unknown.
    """
    head, is_rebuilt = _response_head(hop.response, received)
    parsed = parse_head(head)
    location = parsed.get("Location")
    failure = _failure(hop)
    return Exchange(
        url=hop.url,
        started_at=hop.started_at,
        elapsed_seconds=max(0.0, (hop.ended or hop.begun) - hop.begun),
        request_head=_request_head(hop, sent),
        response_head=head,
        body=body.path if body else None,
        status=parsed.status,
        ip_address=address,
        tls=_tls(hop, chain),
        truncated=_truncated(hop, head, body),
        failure=failure,
        location=urljoin(hop.url, location) if location else None,
        request_body=hop.post,
        seen_by="browser",
        is_decoded=bool(body and body.size and _codings(head)),
        is_rebuilt=is_rebuilt,
        resource_type=hop.kind,
        protocol=(hop.response or {}).get("protocol", ""),
        initiator=hop.initiator,
    )


def _tls(hop: Hop, chain: tuple[bytes, ...]) -> TlsSession | None:
    details = (hop.response or {}).get("securityDetails")
    if not details:
        return None
    return TlsSession(
        details["protocol"].replace("TLS ", "TLSv"),
        details["cipher"],
        chain,
        verified=(hop.response or {}).get("securityState") == "secure",
    )


def origin(url: str) -> str:
    """Return the origin of `url`: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _request_head(hop: Hop, sent: Json | None) -> bytes:
    if sent is None and hop.response is None:
        return b""  # nothing tells that it left the browser
    fields = dict(sent if sent is not None else hop.fields)
    parts = urlsplit(hop.url)
    host = fields.pop(":authority", None) or parts.netloc.rpartition("@")[2]
    if not any(name.lower() == "host" for name in fields):
        fields = {"Host": host, **fields}
    fields = {
        name: LEFT_OUT if name.lower() in SECRET_FIELDS else value for name, value in fields.items()
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _head(f"{hop.method} {target} HTTP/1.1", fields)


def _response_head(response: Json | None, received: Json | None) -> tuple[bytes, bool]:
    """Return the answer's head, and whether it is written from its fields."""
    told = received or response
    if response is None or told is None:
        return b"", False
    if text := told.get("headersText") or response.get("headersText"):
        head = text.rstrip("\r\n") + "\r\n\r\n"
        # Of an answer in parts, the browser's cache puts the fields in an order of its own.
        is_in_parts = response["status"] == HTTPStatus.PARTIAL_CONTENT
        return _bytes(_mended(head, response["headers"])), is_in_parts
    status = told.get("statusCode") or response["status"]
    words = response.get("statusText") or _phrase(status)
    return _head(f"HTTP/1.1 {status} {words}", told["headers"]), True


def _mended(head: str, fields: Mapping[str, str]) -> str:
    """Return `head` with the bytes that `headersText` leaves out: those that are no UTF-8.

    `fields` has them, as ISO 8859-1.
    """
    for name, value in fields.items():
        if not value.isascii() and "\n" not in value:
            bare = "".join(character for character in value if character.isascii())
            head = head.replace(f"\r\n{name}: {bare}\r\n", f"\r\n{name}: {value}\r\n")
    return head


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _head(first: str, fields: Mapping[str, str]) -> bytes:
    """Return a head; a field's value has one line for each time the field was there."""
    lines = [
        f"{name}: {value}"
        for name, values in fields.items()
        if not name.startswith(":")
        for value in values.split("\n")
    ]
    return _bytes("\r\n".join([first, *lines, "", ""]))


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _codings(head: bytes) -> list[str]:
    parsed = parse_head(head)
    codings = parsed.get_list("Content-Encoding") + parsed.get_list("Transfer-Encoding")
    return [coding for coding in codings if coding != "identity"]


def _failure(hop: Hop) -> Failure | None:
    if not hop.error or (hop.error == GIVEN_UP and hop.response):
        return None
    host = urlsplit(hop.url).hostname or hop.url
    for mark, kind, meaning in _KINDS:
        if mark in hop.error:
            return Failure(kind, f"{host}: {meaning} ({hop.error})")
    return Failure(FailureKind.PROTOCOL, f"{host}: the browser gave up ({hop.error})")


def _truncated(
    hop: Hop, head: bytes, body: Body | None
) -> Literal["length", "time", "disconnect", "unspecified"] | None:
    """Return WARC-Truncated (WARC 1.1, section 5.15): why the body is not all there, if so."""
    parsed = parse_head(head)
    if not head or parsed.status in NO_BODY or hop.method == "HEAD":
        return None
    if body is None:
        has_none = parsed.get("Content-Length").strip() == "0"
        return None if has_none else "unspecified"  # a redirect's; the browser throws it away
    if body.cut:
        return body.cut
    if body.is_whole:
        return None
    return "disconnect" if hop.error else "time"
