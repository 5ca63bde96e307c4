"""A post passes the guard, takes what the server meant, and gives up when it must."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sousveil.capture.guard.exits import Exit
from sousveil.capture.http.post import post
from sousveil.capture.http.transfer import WireSettings
from sousveil.model import Exchange, FailureKind

SETTINGS = WireSettings(user_agent="t", total_seconds=3, max_body_bytes=1_000)
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def send(url: str, folder: Path, *, allowed: bool = True, exit_: Exit | None = None) -> Exchange:
    return post(
        url,
        b"\x00question",
        "application/timestamp-query",
        settings=SETTINGS,
        allowed=frozenset({"127.0.0.1"}) if allowed else frozenset(),
        folder=folder,
        clock=lambda: datetime.now(UTC),
        exit_=exit_,
        stop=threading.Event(),
    )


def echo(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    told = f"{handler.headers['Content-Type']} {handler.headers.get('Expect')} ".encode() + body
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for part in (told[:5], told[5:], b""):
        handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")


def test_the_body_arrives_as_it_is_and_the_answer_without_its_chunks(tmp_path: Path) -> None:
    with answering(echo) as url:
        sent = send(url, tmp_path)
    assert (sent.status, sent.failure) == (200, None)
    assert sent.request_body == b"\x00question"
    assert sent.body is not None
    assert sent.body.read_bytes() == b"application/timestamp-query None \x00question"


def test_a_private_address_is_sent_nothing_unless_the_case_allows_it(tmp_path: Path) -> None:
    asked: list[bytes] = []
    with answering(lambda _, body: asked.append(body)) as url:
        sent = send(url, tmp_path, allowed=False)
    assert sent.failure is not None
    assert sent.failure.kind is FailureKind.REFUSED_ADDRESS
    assert asked == []


def test_an_exit_that_is_down_sends_nothing(tmp_path: Path) -> None:
    sent = send("http://tsa.example/", tmp_path, exit_=Exit("tor", "127.0.0.1", 9))
    assert sent.failure is not None
    assert sent.failure.kind is FailureKind.EXIT


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    def away(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with answering(away) as url:
        assert send(url, tmp_path).status == 302


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_an_answer_without_end_is_cut(length: int, tmp_path: Path) -> None:
    def long(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(bytes(length))

    with answering(long) as url:
        failure = send(url, tmp_path).failure
    assert (failure.kind if failure else None) is (
        FailureKind.TOO_LARGE if length > SETTINGS.max_body_bytes else None
    )
