"""A site of many pages on loopback for bench/watch.py, run as a process of its own.

Prints its address, then serves until it is ended. What it answers never changes. Of three pages one
has an ETag, one a Last-Modified date, and one neither; conditions are answered with 304 (RFC 9110,
section 13.1). Written on asyncio's streams' lower half, so that it is faster than all who ask it.
"""

import asyncio
import re
from functools import cache

PARAGRAPH = (
    "<p>Module {0} of the manual, part {1}: the terminal counts visitors at the gate, stores one"
    " record for each hour, and sends a report to the office each evening at seven.</p>\n"
)
PARAGRAPHS = 40  # 7 kB, half of what a page on the web has without its scripts
DATE = "Mon, 02 Mar 2026 08:00:00 GMT"

_PATH = re.compile(rb"GET /page-(\d{1,7})\.html HTTP/1\.1\r\n")
_CONDITION = re.compile(rb"\r\nIf-(?:None-Match|Modified-Since):", re.IGNORECASE)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@cache
def _answers(number: int) -> tuple[bytes, bytes]:
    """Return what page `number` answers, whole and to a condition that holds."""
    validator = (f'ETag: "v1-{number}"\r\n', f"Last-Modified: {DATE}\r\n", "")[number % 3]
    text = "".join(PARAGRAPH.format(number, part) for part in range(PARAGRAPHS))
    body = f"<!doctype html><html lang=en><title>Page {number}</title>\n<h1>Page</h1>\n{text}"
    head = f"Date: {DATE}\r\n{validator}"
    whole = (
        f"HTTP/1.1 200 OK\r\n{head}Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    unchanged = f"HTTP/1.1 304 Not Modified\r\n{head}\r\n" if validator else whole
    return whole.encode(), unchanged.encode()


class Connection(asyncio.Protocol):
    """One connection, kept open from request to request."""

    def __init__(self) -> None:
        self._waiting = b""
        self._out: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where answers go."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._waiting += data
        while b"\r\n\r\n" in self._waiting and self._out is not None:
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            asked = _PATH.match(head + b"\r\n")
            if asked is None:
                self._out.write(_NOT_FOUND)
                continue
            whole, unchanged = _answers(int(asked[1]))
            self._out.write(unchanged if _CONDITION.search(head) else whole)


async def serve() -> None:
    """Serve until ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
