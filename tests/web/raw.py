"""Requests as no browser would send them: bytes over a socket."""

import socket
import time


def ask(host: str, request: bytes, *, seconds: float = 10.0) -> bytes:
    """Send bytes to the desk and return all that it answers until it hangs up, or time is over."""
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port)), timeout=seconds) as connection:
        connection.sendall(request)
        return _rest(connection)


def _rest(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while data := connection.recv(65_536):
            answer += data
    except (TimeoutError, ConnectionResetError):
        return answer
    return answer


def drip(host: str, head: bytes, *, every: float, most: float) -> float:
    """Send a head byte by byte; return after how many seconds the desk hung up."""
    name, _, port = host.rpartition(":")
    begun = time.monotonic()
    with socket.create_connection((name, int(port)), timeout=every) as connection:
        for byte in head:
            if time.monotonic() - begun > most:
                break
            try:
                connection.sendall(bytes([byte]))
                if not connection.recv(1):
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
    return time.monotonic() - begun
