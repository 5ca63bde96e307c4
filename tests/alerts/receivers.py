"""Third parties on loopback: a webhook and a mail server that keep all that they are told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 10


@dataclass
class Webhook:
    """What a webhook was sent, and with which status it answers."""

    port: int
    status: int = 200
    location: str | None = None
    heads: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its URL, as Apprise writes it: with a password, which nobody else is to see."""
        return f"json://someone:hushhush@127.0.0.1:{self.port}/hook"

    @property
    def heard(self) -> str:
        """All that it learnt."""
        return "\n".join([*self.heads, *self.bodies])


@contextmanager
def webhook(port: int = 0) -> Iterator[Webhook]:
    """Run a webhook until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.heads.append(f"{self.requestline}\n{self.headers}")
            # Escapes of JSON are undone, so that a test finds hanzi in it.
            kept.bodies.append(body.decode("unicode_escape"))
            self.send_response(kept.status)
            if kept.location is not None:
                self.send_header("Location", kept.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        kept = Webhook(server.server_port)
        with _running(server):
            yield kept


@dataclass
class MailServer:
    """What a mail server was told: each line of the client, and the messages."""

    port: int
    said: list[str] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1") -> str:
        """Return the server's URL, as Apprise writes it."""
        return (
            f"mailto://{host}:{self.port}/?smtp={host}&mode=insecure"
            "&from=alert@mail.example&to=reader@mail.example"
        )


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server (RFC 5321, the least of it) until the block ends."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = PATIENCE

        def handle(self) -> None:
            self.wfile.write(b"220 mail.example\r\n")
            while line := self.rfile.readline():
                kept.said.append(line.decode().strip())
                match line[:4].upper():
                    case b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        kept.messages.append(self._message())
                        self.wfile.write(b"250 taken\r\n")
                    case b"QUIT":
                        self.wfile.write(b"221 bye\r\n")
                        return
                    case _:
                        self.wfile.write(b"250 ok\r\n")

        def _message(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line.removeprefix(b"."))
            return message_from_bytes(b"".join(lines), policy=policy.default)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        kept = MailServer(server.server_address[1])
        with _running(server):
            yield kept


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[None]:
    server.socket.settimeout(PATIENCE)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
