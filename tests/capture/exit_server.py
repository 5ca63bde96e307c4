"""A SOCKS5 server (RFC 1928, 1929) that plays an exit: every name leads to this computer."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from sousveil.capture.guard.exits import Exit

PATIENCE = 30.0


@dataclass
class ExitServer:
    """What an exit was asked for, and how it answers."""

    listener: socket.socket
    reply: int = 0  # to every request; 0 connects
    login: tuple[str, str] | None = None  # asked of every client
    leads_to: int | None = None  # port on this computer, whatever was asked for
    asked: list[tuple[str, str, int]] = field(default_factory=list)  # "name" or "address", it, port
    logins: list[tuple[str, str]] = field(default_factory=list)

    @property
    def exit(self) -> Exit:
        return Exit("tor", "127.0.0.1", self.listener.getsockname()[1], self.login)

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._attend, args=(client,), daemon=True).start()

    def _attend(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE)
            _, count = _exactly(client, 2)
            methods = _exactly(client, count)
            method = 2 if self.login else 0
            if method not in methods:
                client.sendall(b"\x05\xff")
                return
            client.sendall(bytes((5, method)))
            if self.login and not self._log_in(client):
                return
            _, _, _, kind = _exactly(client, 4)
            if kind == 3:
                host = _exactly(client, _exactly(client, 1)[0]).decode()
            else:
                family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
                host = socket.inet_ntop(family, _exactly(client, size))
            (port,) = struct.unpack("!H", _exactly(client, 2))
            self.asked.append(("name" if kind == 3 else "address", host, port))
            if self.reply:
                client.sendall(bytes((5, self.reply, 0, 1)) + bytes(6))
                return
            with socket.socket() as server:
                server.settimeout(PATIENCE)
                server.connect(("127.0.0.1", self.leads_to or port))
                client.sendall(b"\x05\x00\x00\x03\x04exit\x00\x00")  # a bound address may be a name
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join()

    def _log_in(self, client: socket.socket) -> bool:
        _, size = _exactly(client, 2)
        user = _exactly(client, size).decode()
        password = _exactly(client, _exactly(client, 1)[0]).decode()
        self.logins.append((user, password))
        client.sendall(b"\x01\x00" if (user, password) == self.login else b"\x01\x01")
        return (user, password) == self.login


@contextmanager
def exit_server(reply: int = 0, login: tuple[str, str] | None = None) -> Iterator[ExitServer]:
    """Run an exit until the block ends."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(300)
        server = ExitServer(listener, reply, login)
        threading.Thread(target=server.serve, daemon=True).start()
        yield server


def unused_exit() -> Exit:
    """Return an exit where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Exit("tor", "127.0.0.1", listener.getsockname()[1])


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
