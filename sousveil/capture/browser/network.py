"""What a browser asked for and what came back, from the events of its Network domain.

Takes events of all sessions of one capture and gives `Exchange`s, in the order in which they were
asked for. A redirect chain has one request id and one exchange for each hop. Heads come in events
of their own (…ExtraInfo) that may be early or late, so all is put together in the end (`hops.py`).
What never left the browser (data:, blob:, its cache, a service worker's own answers) is no
exchange.
"""

import base64
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sousveil.capture.browser.bodies import Bodies
from sousveil.capture.browser.hops import GIVEN_UP, Hop, exchange_of, origin
from sousveil.model import Exchange, Json

SCHEMES = ("http://", "https://", "ws://", "wss://")
# Requests that stay open by nature: no page waits for them to end.
ENDLESS = frozenset({"EventSource", "WebSocket", "Ping"})


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
            chain = self.certificates.get(origin(hop.url), ())
            address = addresses.get(urlsplit(hop.url).hostname or "")
            found.append(exchange_of(hop, sent, received, body, address=address, chain=chain))
            if hop.kind != "Document" or hop.frame != main_frame:
                continue
            if hop.error == GIVEN_UP:  # a download, or an answer without content
                given_up = len(found) - 1
            else:
                shown = len(found) - 1
        return tuple(found), given_up if shown is None else shown

    def _extra(self, events: dict[str, list[Json]], request_id: str, hop: Hop) -> Json | None:
        waiting = events[request_id]
        return waiting.pop(0) if waiting and hop.has_extra is not False else None


def _initiator(p: Json) -> str:
    """Return the address of the document or script that asked."""
    told = p.get("initiator", {})
    frames = (told.get("stack") or {}).get("callFrames") or [{}]
    return str(told.get("url") or frames[0].get("url") or "")


def _post(request: Json) -> bytes:
    entries = request.get("postDataEntries") or ()
    return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)
