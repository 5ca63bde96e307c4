"""The witness as a server: two addresses over HTTP, for logs that ask and for anybody who looks.

    POST /add-checkpoint                     cosigns, or refuses (C2SP tlog-witness)
    GET  /<SHA-256 of origin>/checkpoint     the newest that was cosigned

Takes a folder, a key and a clock; answers until it is stopped. One request is judged at a time, and
what is cosigned is durable before the cosignature leaves. Whoever asks is a stranger: the size of a
request, the time of a connection and the number of connections have bounds. It speaks plain HTTP;
for the internet, put a server before it that speaks TLS.
"""

import io
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from sousveil.errors import LogError
from sousveil.tlog.cosignature import cosign
from sousveil.tlog.note import Signer
from sousveil.tlog.witness import MAX_REQUEST_BYTES, SIZE_TYPE, RefusalError, judge
from sousveil.witness.folder import keep, keep_fork, latest_note, log_named

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A request has some kilobytes: whoever is slower than this is broken, or means to hold us up.
CONNECTION_SECONDS = 30.0
# Logs ask after each visit, for a moment; a witness of hundreds does with few.
MAX_CONNECTIONS = 32

TEXT_TYPE = "text/plain; charset=utf-8"

_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a request."""

    status: HTTPStatus
    body: bytes
    media_type: str = TEXT_TYPE


class Witness:
    """Cosigns what goes on from what it cosigned last, one request after the other."""

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        clock: Callable[[], datetime],
        told: Callable[[str], None],
    ) -> None:
        """Make ready; `told` is given a line for each request, which strangers had a hand in."""
        self.folder = folder
        self._signer = signer
        self._clock = clock
        self._told = told
        self._turn = threading.Lock()

    def add_checkpoint(self, request: bytes) -> Answer:
        """Answer a request to cosign.

        1. The request is held against what was cosigned last.   Crash: nothing happened.
        2. The checkpoint, cosigned, takes the old one's place.  Crash: whoever asked does not know,
           asks again, is told the new size (409), and then gets a cosignature for it.
        3. The cosignature leaves.
        """
        with self._turn:
            try:
                head = judge(request, lambda origin: log_named(self.folder, origin))
                line = cosign(head.note, self._signer, self._clock())
                keep(self.folder, head.origin, head.note + line.encode())
            except RefusalError as refusal:
                return self._refused(refusal)
            except LogError as error:
                self._told(f"failed: {error}")
                words = "this witness is out of order\n"
                return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, words.encode())
        self._told(f"cosigned {head.size:,} entries of {head.origin}")
        return Answer(HTTPStatus.OK, line.encode())

    def _refused(self, refusal: RefusalError) -> Answer:
        self._told(f"refused ({refusal.status.value}): {refusal}")
        if refusal.of is not None:
            keep_fork(self.folder, refusal.of)
        if refusal.status == HTTPStatus.CONFLICT:
            return Answer(refusal.status, f"{refusal.size}\n".encode(), SIZE_TYPE)
        return Answer(refusal.status, f"{refusal}\n".encode())

    def checkpoint(self, digest: str) -> Answer:
        """Answer a request for the newest checkpoint of the log whose origin has that SHA-256."""
        note = latest_note(self.folder, digest)
        if note is None:
            return Answer(HTTPStatus.NOT_FOUND, b"nothing was cosigned for that log\n")
        return Answer(HTTPStatus.OK, note)


class WitnessServer(ThreadingHTTPServer):
    """Answers for a witness; each connection has a thread, and there are only so many."""

    request_queue_size = MAX_CONNECTIONS  # as many may wait to be let in

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        """Listen at an address; raises OSError when that cannot be had."""
        self.witness = witness
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Begin to answer, or hang up when all places are taken."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer, then free the place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Pass over a connection that broke; anything else is our fault, and shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: WitnessServer
    server_version = "sousveil-witness"
    sys_version = ""
    protocol_version = "HTTP/1.1"  # several requests a connection, as the standard asks for

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        until = time.monotonic() + CONNECTION_SECONDS
        self.rfile = io.BufferedReader(_Timed(self.connection, until))

    def do_POST(self) -> None:
        body = self._body() if self.path == "/add-checkpoint" else None
        if self.path != "/add-checkpoint":
            self._send(Answer(HTTPStatus.NOT_FOUND, b"post to /add-checkpoint\n"), is_last=True)
        elif body is not None:
            self._send(self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        asked = _CHECKPOINT.fullmatch(self.path)
        if asked is None:
            self._send(Answer(HTTPStatus.NOT_FOUND, b"ask for /<origin hash>/checkpoint\n"))
        else:
            self._send(self.server.witness.checkpoint(asked[1]))

    def _body(self) -> bytes | None:
        """Return the body of a request; None, once that was answered, when it may not be read."""
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]) or self._is_coded():
            told = b"name the length of the request, once\n"
            self._send(Answer(HTTPStatus.LENGTH_REQUIRED, told), is_last=True)
            return None
        length = int(lengths[0])
        if length > MAX_REQUEST_BYTES:
            told = f"a request has {MAX_REQUEST_BYTES} bytes at most\n".encode()
            self._send(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told), is_last=True)
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _is_coded(self) -> bool:
        return self.headers.get("Transfer-Encoding") is not None

    def _send(self, answer: Answer, *, is_last: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if is_last:  # what follows on this connection is not a request
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the witness tells what it did, and strangers may ask what they like."""


class _Timed(io.RawIOBase):
    """What comes over a connection, all of which must be there by a time."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
