"""The DevTools protocol over two pipes: commands out, answers and events in.

Messages are JSON and end with a zero byte (--remote-debugging-pipe). One connection carries many
sessions, one for each page, frame and worker ("flat" mode: each message names its session; the
browser's own session is ""). Everything here runs in one asyncio loop.
"""

import asyncio
import json
import os
from collections.abc import Callable
from typing import TypeAlias

from sousveil.errors import BrowserError
from sousveil.model import Json

# A layout snapshot of the largest page we take is some tens of megabytes, a body at most six.
MAX_MESSAGE_BYTES = 256 * 2**20

Handler: TypeAlias = Callable[[str, str, Json], None]  # session, event, parameters


class CommandError(BrowserError):
    """The browser refused a command; mostly the page it was for is gone."""


class Connection(asyncio.Protocol):
    """An open pipe to a browser. `ended` is done when the browser is gone."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._out: asyncio.WriteTransport | None = None
        self._in: asyncio.BaseTransport | None = None
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._handlers: dict[str, Handler] = {}
        self._last_id = 0
        self._pieces: list[bytes] = []
        self._size = 0

    @classmethod
    async def open(cls, commands: int, answers: int) -> "Connection":
        """Return the connection over the two file descriptors, which are its to close."""
        loop, connection = asyncio.get_running_loop(), cls()
        connection._out, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(commands, "wb", buffering=0)
        )
        connection._in, _ = await loop.connect_read_pipe(
            lambda: connection, os.fdopen(answers, "rb", buffering=0)
        )
        return connection

    def send(self, method: str, session: str = "", **parameters: object) -> asyncio.Future[Json]:
        """Send a command at once; the future brings its result.

        It brings CommandError when the browser refuses, BrowserError when the browser is gone.
        """
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_look_at)
        if self._out is None or self.ended.done():
            answer.set_exception(BrowserError(_GONE))
            return answer
        self._last_id += 1
        message: Json = {"id": self._last_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._answers[self._last_id] = answer
        self._out.write(json.dumps(message).encode() + b"\0")
        return answer

    def listen(self, session: str, handler: Handler) -> None:
        """Hand the events of `session` to `handler` from now on."""
        self._handlers[session] = handler

    def forget(self, session: str) -> None:
        """Hand no more events of `session` to anybody."""
        self._handlers.pop(session, None)

    def check(self) -> None:
        """Raise BrowserError when the browser is gone."""
        if self.ended.done():
            raise BrowserError(_GONE)

    def close(self) -> None:
        """Close both pipes; the browser leaves when it sees it."""
        for transport in (self._out, self._in):
            if transport:
                transport.close()

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answers (asyncio.Protocol)."""
        *ends, rest = data.split(b"\0")
        for piece in ends:
            self._pieces.append(piece)
            message = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            self._take(json.loads(message))
        self._pieces.append(rest)
        self._size += len(rest)
        if self._size > MAX_MESSAGE_BYTES:
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Tell everybody who waits that the browser is gone (asyncio.Protocol)."""
        if not self.ended.done():
            self.ended.set_result(None)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BrowserError(_GONE))
        self._answers.clear()
        self.close()

    def _take(self, message: Json) -> None:
        if "id" not in message:
            handler = self._handlers.get(message.get("sessionId", ""))
            if handler:
                handler(message.get("sessionId", ""), message["method"], message["params"])
            return
        answer = self._answers.pop(message["id"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            said = message["error"].get("message", "")
            answer.set_exception(CommandError(f"the browser refused ({said})"))
        else:
            answer.set_result(message["result"])


_GONE = "The browser ended. Capture the page again; if it ends each time, update the browser."


def _look_at(answer: asyncio.Future[Json]) -> None:
    # Many a command needs no answer; asyncio must not complain of errors nobody asked for.
    if not answer.cancelled():
        answer.exception()
