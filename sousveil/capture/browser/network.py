"""What a browser asked for and what came back, from the events of its Network domain.

Takes events of all sessions of one capture and gives `Exchange`s, in the order in which they were
asked for. A redirect chain has one request id and one exchange for each hop. Heads come in events
of their own (…ExtraInfo) that may be early or late, so all is put together in the end.

What is exact and what is not: the answer's head is the server's own where HTTP/1.1 was spoken
(`headersText`), else written from its fields (`is_rebuilt`). The request's head is always written
from the fields sent; their order is lost. What never left the browser (data:, blob:, its cache,
a service worker's own answers) is no exchange.
"""

import base64
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urljoin, urlsplit

from sousveil.capture.browser.bodies import NO_BODY, Bodies, Body
from sousveil.capture.http.head import parse_head
from sousveil.model import Exchange, Failure, FailureKind, Json, TlsSession

SCHEMES = ("http://", "https://", "ws://", "wss://")
# Requests that stay open by nature: no page waits for them to end.
ENDLESS = frozenset({"EventSource", "WebSocket", "Ping"})
# What a browser says of itself to be known again. That it was said is evidence; with the value,
# whoever gets the archive could go on in its place.
SECRET_FIELDS = frozenset({"cookie", "authorization", "proxy-authorization"})
LEFT_OUT = "(left out)"

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


@dataclass(slots=True)
class Network:
    """All that was asked for in one capture."""

    clock: Callable[[], datetime]
    bodies: Bodies
    hops: dict[str, list[Hop]] = field(default_factory=lambda: defaultdict(list))
    order: list[tuple[str, Hop]] = field(default_factory=list)
    sent: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    received: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    frames_heard: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # WebSocket
    certificates: dict[str, tuple[bytes, ...]] = field(default_factory=dict)  # by origin
    last_change: float = 0.0  # when anything happened that a page may wait for; ours, monotonic

    def hear(self, event: str, p: Json, now: float) -> None:
        """Take one event of the Network domain; `now` is monotonic."""
        handlers = {
            "requestWillBeSent": self._request,
            "requestWillBeSentExtraInfo": self._sent,
            "responseReceived": self._response,
            "responseReceivedExtraInfo": self._received,
            "requestServedFromCache": self._cached,
            "dataReceived": self._data,
            "loadingFinished": self._finished,
            "loadingFailed": self._failed,
            "webSocketCreated": self._socket_opens,
            "webSocketWillSendHandshakeRequest": self._socket_asks,
            "webSocketHandshakeResponseReceived": self._socket_answered,
            "webSocketFrameReceived": self._socket_heard,
            "webSocketFrameError": self._socket_failed,
        }
        handler = handlers.get(event.removeprefix("Network."))
        if handler is None:
            return
        handler(p)
        hops = self.hops.get(p.get("requestId", ""))
        if hops and hops[-1].kind not in ENDLESS:
            self.last_change = now

    def waiting(self, now: datetime, patience_seconds: float) -> int:
        """Return how many requests the page seems to wait for: open, and not for too long."""
        return sum(
            hop.ended is None
            and hop.kind not in ENDLESS
            and (now - hop.started_at).total_seconds() < patience_seconds
            for _, hop in self.order
        )

    def _request(self, p: Json) -> None:
        request, request_id = p["request"], p["requestId"]
        if not request["url"].startswith(SCHEMES):
            return
        hops = self.hops[request_id]
        if before := p.get("redirectResponse"):
            has_extra = p.get("redirectHasExtraInfo")
            self._answered(hops, before, p["timestamp"], has_extra=has_extra)
        elif hops:
            return  # told by two sessions
        hop = Hop(
            request["url"],
            request["method"],
            p.get("type", "Other"),
            p.get("frameId", ""),
            _initiator(p),
            self.clock(),
            p["timestamp"],
            request["headers"],
            _post(request),
        )
        hops.append(hop)
        self.order.append((request_id, hop))

    def posted(self, request_id: str, request: Json) -> None:
        """Take a request's body from where it is told whole, blobs too (Fetch.requestPaused)."""
        for hop in self.hops[request_id][-1:]:
            hop.post = max(hop.post, _post(request), key=len)

    def _answered(
        self, hops: list[Hop], response: Json, ended: float | None, *, has_extra: bool | None
    ) -> None:
        if not hops:
            return
        hop = hops[-1]
        hop.response, hop.has_extra, hop.ended = response, has_extra, ended
        # Answers of caches and service workers come with no bytes from outside.
        hop.is_inside = bool(
            response.get("fromDiskCache")
            or response.get("fromServiceWorker")
            or response.get("fromPrefetchCache")
        )

    def _response(self, p: Json) -> None:
        hops, has_extra = self.hops[p["requestId"]], p.get("hasExtraInfo")
        self._answered(hops, p["response"], None, has_extra=has_extra)

    def _cached(self, p: Json) -> None:
        for hop in self.hops[p["requestId"]][-1:]:
            hop.is_inside = True

    def _data(self, p: Json) -> None:
        if data := p.get("data"):
            self.bodies.flow(p["requestId"], data)

    def _finished(self, p: Json) -> None:
        for hop in self.hops[p["requestId"]][-1:]:
            hop.ended = p["timestamp"]
        self.bodies.finish(p["requestId"])

    def _failed(self, p: Json) -> None:
        reason = p.get("blockedReason") or (p.get("corsErrorStatus") or {}).get("corsError")
        for hop in self.hops[p["requestId"]][-1:]:
            hop.ended = p["timestamp"]
            hop.error = p["errorText"] + (f" ({reason})" if reason else "")

    def _sent(self, p: Json) -> None:
        self.sent[p["requestId"]].append(p["headers"])

    def _received(self, p: Json) -> None:
        self.received[p["requestId"]].append(p)

    def _socket_opens(self, p: Json) -> None:
        hop = Hop(p["url"], "GET", "WebSocket", "", _initiator(p), self.clock(), 0.0, {})
        self.hops[p["requestId"]].append(hop)
        self.order.append((p["requestId"], hop))

    def _socket_asks(self, p: Json) -> None:
        for hop in self.hops[p["requestId"]][-1:]:
            hop.fields, hop.begun = p["request"]["headers"], p["timestamp"]

    def _socket_answered(self, p: Json) -> None:
        response = p["response"]
        for hop in self.hops[p["requestId"]][-1:]:
            hop.fields = response.get("requestHeaders") or hop.fields
        self._answered(self.hops[p["requestId"]], response, p["timestamp"], has_extra=None)

    def _socket_heard(self, p: Json) -> None:
        self.frames_heard[p["requestId"]] += 1

    def _socket_failed(self, p: Json) -> None:
        for hop in self.hops[p["requestId"]][-1:]:
            hop.ended, hop.error = p["timestamp"], p["errorMessage"]

    def exchanges(
        self, addresses: Mapping[str, str], main_frame: str
    ) -> tuple[tuple[Exchange, ...], int | None]:
        """Return what was asked for and answered, and which one is the main frame's own."""
        found: list[Exchange] = []
        shown, given_up = None, None
        for request_id, hop in self.order:
            sent = self._extra(self.sent, request_id, hop)
            received = self._extra(self.received, request_id, hop)
            if hop.is_inside:
                continue
            is_last = hop is self.hops[request_id][-1]
            body = self.bodies.held.get(request_id) if is_last else None
            found.append(self._exchange(hop, sent, received, body, addresses))
            if hop.kind != "Document" or hop.frame != main_frame:
                continue
            if hop.error == _GIVEN_UP:  # a download, or an answer without content
                given_up = len(found) - 1
            else:
                shown = len(found) - 1
        return tuple(found), given_up if shown is None else shown

    def _extra(self, events: dict[str, list[Json]], request_id: str, hop: Hop) -> Json | None:
        waiting = events[request_id]
        return waiting.pop(0) if waiting and hop.has_extra is not False else None

    def _exchange(
        self,
        hop: Hop,
        sent: Json | None,
        received: Json | None,
        body: Body | None,
        addresses: Mapping[str, str],
    ) -> Exchange:
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
            ip_address=addresses.get(urlsplit(hop.url).hostname or ""),
            tls=self._tls(hop),
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

    def _tls(self, hop: Hop) -> TlsSession | None:
        details = (hop.response or {}).get("securityDetails")
        if not details:
            return None
        return TlsSession(
            details["protocol"].replace("TLS ", "TLSv"),
            details["cipher"],
            self.certificates.get(origin(hop.url), ()),
            verified=(hop.response or {}).get("securityState") == "secure",
        )


_GIVEN_UP = "net::ERR_ABORTED"


def origin(url: str) -> str:
    """Return the origin of `url`: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _initiator(p: Json) -> str:
    """Return the address of the document or script that asked."""
    told = p.get("initiator", {})
    frames = (told.get("stack") or {}).get("callFrames") or [{}]
    return str(told.get("url") or frames[0].get("url") or "")


def _post(request: Json) -> bytes:
    entries = request.get("postDataEntries") or ()
    return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)


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
    if not hop.error or (hop.error == _GIVEN_UP and hop.response):
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
