"""Takes the bodies of answers out of a browser, as bytes, into files.

An answer is held at its head (Fetch domain, Response stage) and one of three ways is chosen:
- *whole*: a body that is known to be small comes in one message;
- *flowing*: the answer goes on, and its bytes are told as they come (streamResourceContent of the
  Network domain): any length, server-sent events too, and the page notices nothing;
- *handed on*: where the browser can tell no bytes (a page before it is shown, a worker's requests)
  the body is read piece by piece, and then given to the page.
None of them touches the bytes: not even GBK, which Network.getResponseBody would turn into UTF-8.
All of them come with content and transfer coding undone.
"""

import asyncio
import base64
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from sousveil.capture.browser.cdp import CommandError, Connection
from sousveil.capture.browser.settings import BrowserSettings
from sousveil.model import Json

# Comes in one message, as Base64.
MAX_WHOLE_BYTES = 4 * 2**20
# Handed on in one message; no page is larger, and it is in memory three times for a moment.
MAX_HANDED_BYTES = 32 * 2**20
PIECE_BYTES = 2**20
# A read waits until it is filled: of a page that drips, much must not be asked for at once.
FIRST_PIECE_BYTES = 2**6
FAST_SECONDS = 0.05
# The part of the whole time that a page without end may take before it is shown as far as it came.
HANDED_SHARE = 1 / 3
# Commands to a frame that is busy or ending may have no answer at all.
ANSWER_SECONDS = 3.0

NO_BODY = frozenset({101, 204, 205, 304})
_FLOWING = frozenset(
    {"Stylesheet", "Image", "Media", "Font", "Script", "XHR", "Fetch", "EventSource"}
)
# Fields that would have the browser undo a coding twice, or take a cookie twice.
_NOT_HANDED = frozenset({"content-encoding", "transfer-encoding", "content-length", "set-cookie"})


@dataclass(slots=True)
class Body:
    """A body as far as it has come."""

    path: Path | None = None
    size: int = 0
    is_whole: bool = False  # nothing more will come
    cut: Literal["length", "time"] | None = None  # why no more was taken
    file: BinaryIO | None = None

    def close(self) -> None:
        """Write down what is buffered."""
        if self.file:
            self.file.close()
            self.file = None


@dataclass(slots=True)
class Bodies:
    """The bodies of one capture, by the Network domain's request id."""

    connection: Connection
    folder: Path
    settings: BrowserSettings
    held: dict[str, Body] = field(default_factory=dict)
    disk_error: OSError | None = None
    total: int = 0

    async def take(self, session: str, paused: Json, *, is_frame: bool) -> None:
        """Take the body of an answer that is held at its head, and let the answer go on.

        `is_frame` says that `session` is a page's or a frame's, not a worker's.
        """
        fields = {f["name"].lower(): f["value"] for f in paused.get("responseHeaders", ())}
        request_id = paused.get("networkId", "")
        if not request_id or not _has_body(paused, fields):
            self._go_on(session, paused)
        elif _is_small(fields):
            await self._take_whole(session, paused)
        elif not (is_frame and await self._let_flow(session, paused)):
            await self._hand_on(session, paused)

    def flow(self, request_id: str, data: str) -> None:
        """Keep Base64 bytes that the browser told (Network.dataReceived)."""
        if request_id in self.held:
            self._keep(request_id, base64.b64decode(data))

    def finish(self, request_id: str) -> None:
        """Note that a body is complete (Network.loadingFinished)."""
        if body := self.held.get(request_id):
            body.is_whole = True
            body.close()

    def close(self) -> None:
        """Close all files; raises the OSError that kept a body from being written, if any."""
        for body in self.held.values():
            body.close()
        if self.disk_error:
            raise self.disk_error

    def _go_on(self, session: str, paused: Json) -> None:
        self.connection.send("Fetch.continueRequest", session, requestId=paused["requestId"])

    async def _take_whole(self, session: str, paused: Json) -> None:
        answer = await self.connection.send(
            "Fetch.getResponseBody", session, requestId=paused["requestId"]
        )
        data = answer["body"]
        self._keep(
            paused["networkId"],
            base64.b64decode(data) if answer["base64Encoded"] else data.encode(),
        )
        self.finish(paused["networkId"])
        self._go_on(session, paused)

    async def _let_flow(self, session: str, paused: Json) -> bool:
        """Have the bytes told from now on; False when the browser cannot for this request."""
        if paused["resourceType"] not in _FLOWING:
            return False
        request_id = paused["networkId"]
        self.held[request_id] = Body()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self.connection.send(
                    "Network.streamResourceContent", session, requestId=request_id
                )
        except (CommandError, TimeoutError):
            del self.held[request_id]
            return False
        self._keep(request_id, base64.b64decode(answer["bufferedData"]))
        self._go_on(session, paused)
        return True

    async def _hand_on(self, session: str, paused: Json) -> None:
        """Read the body, then give the page what was read: a stream once taken cannot go on."""
        send, request_id = self.connection.send, paused["networkId"]
        stream = (
            await send("Fetch.takeResponseBodyAsStream", session, requestId=paused["requestId"])
        )["stream"]
        content, cut = await self._read(session, stream)
        self._keep(request_id, content)
        body = self.held[request_id]
        body.cut = body.cut or cut
        self.finish(request_id)
        fields = paused["responseHeaders"]
        send(
            "Fetch.fulfillRequest",
            session,
            requestId=paused["requestId"],
            responseCode=paused["responseStatusCode"],
            responseHeaders=[f for f in fields if f["name"].lower() not in _NOT_HANDED],
            body=base64.b64encode(content).decode(),
        )

    async def _read(
        self, session: str, stream: str
    ) -> tuple[bytes, Literal["length", "time"] | None]:
        """Read a stream to its end or to our limits; return its bytes and which limit it met."""
        content, is_last, size = bytearray(), False, FIRST_PIECE_BYTES
        try:
            async with asyncio.timeout(self.settings.total_seconds * HANDED_SHARE):
                while not is_last and len(content) < MAX_HANDED_BYTES:
                    begun = time.monotonic()
                    piece = await self.connection.send("IO.read", session, handle=stream, size=size)
                    data, is_last = piece["data"], piece["eof"]
                    is_coded = piece.get("base64Encoded", False)
                    content += base64.b64decode(data) if is_coded else data.encode()
                    is_fast = time.monotonic() - begun < FAST_SECONDS
                    size = min(2 * size, PIECE_BYTES) if is_fast else FIRST_PIECE_BYTES
        except TimeoutError:
            return bytes(content), "time"
        finally:
            self.connection.send("IO.close", session, handle=stream)
        return bytes(content), None if is_last else "length"

    def _keep(self, request_id: str, data: bytes) -> None:
        body = self.held.setdefault(request_id, Body())
        room = min(
            self.settings.max_body_bytes - body.size, self.settings.max_total_bytes - self.total
        )
        if len(data) > room:
            body.cut = "length"
        data = data[: max(room, 0)]
        try:
            if body.file is None:
                handle, name = tempfile.mkstemp(dir=self.folder, suffix=".body")
                body.path, body.file = Path(name), os.fdopen(handle, "wb")
            body.file.write(data)
        except OSError as error:
            self.disk_error = error  # raised when the capture ends, not into the protocol
        body.size += len(data)
        self.total += len(data)


def _has_body(paused: Json, fields: dict[str, str]) -> bool:
    status = paused.get("responseStatusCode")
    if status is None or status in NO_BODY or paused["request"]["method"] == "HEAD":
        return False
    return not (300 <= status < 400 and "location" in fields)  # noqa: PLR2004  # RFC 9110, 15.4


def _is_small(fields: dict[str, str]) -> bool:
    length = fields.get("content-length", "")
    is_coded = "content-encoding" in fields or "transfer-encoding" in fields
    return not is_coded and length.isdigit() and int(length) <= MAX_WHOLE_BYTES
