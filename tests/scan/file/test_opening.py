"""Files far away are read as those at hand are, in parts where a server gives them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from sousveil.scan.file import FileReport, Source, Span, opening, scan_file
from sousveil.scan.file.part import part_path
from tests.scan.file.archives import CLAIM, JOB, OTHER, members, page, record

BYTES = members(
    record(number, page((CLAIM if number % 50 == 0 else OTHER) + b"%d" % number))
    for number in range(200)
)


@contextmanager
def server(
    content: bytes, *, gives_parts: bool, busy: frozenset[int] = frozenset()
) -> Iterator[tuple[str, list[str]]]:
    """Serve one file; give its address, and the ranges that are asked for as they come."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_HEAD(self) -> None:
            self._answer(200, content, {}, is_head=True)

        def do_GET(self) -> None:
            span = self.headers.get("Range", "")
            asked.append(span)
            if len(asked) in busy:
                self._answer(503, b"", {})
            elif span and gives_parts:
                start, _, end = span.removeprefix("bytes=").partition("-")
                part = content[int(start) : int(end) + 1]
                told = f"bytes {start}-{int(start) + len(part) - 1}/{len(content)}"
                self._answer(206, part, {"Content-Range": told})
            else:
                self._answer(200, content, {})

        def _answer(
            self, status: int, body: bytes, fields: dict[str, str], *, is_head: bool = False
        ) -> None:
            self.send_response(status)
            for name, value in (fields | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            if not is_head:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.socket.settimeout(10)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/a.warc.gz", asked
        finally:
            http.shutdown()
            thread.join()


def of_bytes(report: FileReport) -> FileReport:
    return replace(report, seconds=0.0, cpu_seconds=0.0)


@pytest.fixture
def at_hand(tmp_path: Path) -> tuple[FileReport, bytes]:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(BYTES)
    report = scan_file(Source("a", str(path)), tmp_path, JOB)
    assert (report.records, report.findings, report.ended) == (200, 4, "read")
    return of_bytes(report), part_path(tmp_path, "a").read_bytes()


@pytest.mark.parametrize("gives_parts", [True, False])
def test_a_file_far_away_gives_the_same_bytes_of_findings(
    tmp_path: Path,
    at_hand: tuple[FileReport, bytes],
    monkeypatch: pytest.MonkeyPatch,
    *,
    gives_parts: bool,
) -> None:
    monkeypatch.setattr(opening, "BLOCK_BYTES", 4096)
    with server(BYTES, gives_parts=gives_parts) as (address, asked):
        report = scan_file(Source("a", address), tmp_path / "far", JOB)
    assert (of_bytes(report), part_path(tmp_path / "far", "a").read_bytes()) == at_hand
    assert (len(asked) > 5) is gives_parts


def test_a_server_that_is_busy_is_asked_again(
    tmp_path: Path, at_hand: tuple[FileReport, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(opening, "BLOCK_BYTES", 4096)
    with server(BYTES, gives_parts=True, busy=frozenset({3, 4, 7})) as (address, asked):
        report = scan_file(Source("a", address), tmp_path / "far", JOB)
    assert of_bytes(report) == at_hand[0]
    assert len(asked) > 7


def test_a_file_that_breaks_off_far_away_is_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(opening, "BLOCK_BYTES", 4096)
    monkeypatch.setattr("sousveil.scan.file.members.READ_BYTES", 4096)
    with server(BYTES, gives_parts=True, busy=frozenset(range(6, 99))) as (address, _):
        report = scan_file(Source("a", address), tmp_path, JOB)
    assert report.ended == "partly"
    assert 0 < report.records < 200
    assert "503" in report.problems[-1]
    assert "from byte" in report.problems[-1]


def test_of_chosen_records_only_their_bytes_are_asked_for(tmp_path: Path) -> None:
    sizes = [
        len(members([record(n, page((CLAIM if n % 50 == 0 else OTHER) + b"%d" % n))]))
        for n in range(200)
    ]
    spans = tuple(Span(sum(sizes[:n]), sizes[n]) for n in (50, 51, 100))
    with server(BYTES, gives_parts=True) as (address, asked):
        report = scan_file(Source("a", address, spans), tmp_path, JOB)
    assert (report.records, report.findings, report.ended) == (3, 2, "read")
    assert report.bytes == sum(sizes[n] for n in (50, 51, 100))
    assert len(asked) <= 2


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    report = scan_file(Source("a", str(tmp_path / "none.warc")), tmp_path, JOB)
    assert report.ended == "refused"
    assert "no such file" in report.problems[0]
    with server(BYTES, gives_parts=True) as (address, _):
        pass
    report = scan_file(Source("a", address), tmp_path, JOB)
    assert report.ended == "refused"


def test_a_server_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    report = scan_file(Source("a", "http://127.0.0.1:9/a.warc.gz"), tmp_path, JOB)
    assert report.ended == "refused"
    assert "Cannot connect to host 127.0.0.1:9" in report.problems[0]
