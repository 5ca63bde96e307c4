"""A payload that was kept before is told again by a revisit, which other tools can follow."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from fastwarc.warc import ArchiveIterator

from sousveil.archive.fields import SAME_PAYLOAD, Original
from sousveil.archive.foreign import scan_archive
from sousveil.archive.read import payload, verify_warc
from sousveil.archive.revisits import Noted, Revisits
from sousveil.archive.write import MIN_REVISIT_BYTES, Seen, WarcWriter
from sousveil.errors import ArchiveError
from sousveil.model import Capture, Exchange, TlsSession
from tests.archive.conftest import NOW
from tests.capture.test_wire import Authority

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Visit: 1\r\n\r\n"
LATER_HEAD = HEAD.replace(b"X-Visit: 1", b"X-Visit: 2")
BODY = b"<p>all of the page</p>" * 100
URL = "https://vendor.example/"

Answer = Callable[..., Exchange]


def kept(capture: Capture) -> Seen:
    """Return the lookup of an archive that holds one capture."""

    def seen(_url: str, digest: str) -> Original | None:
        if digest != capture.payload_digest:
            return None
        return Original(capture.url, capture.captured_at, capture.record)

    return seen


def write(folder: Path, name: str, exchanges: list[Exchange], seen: Seen | None) -> list[Capture]:
    (folder / "archive").mkdir(exist_ok=True)
    path = f"archive/{name}.warc.gz"
    with WarcWriter(folder / path, path, software="s", user_agent="u", now=NOW, seen=seen) as warc:
        return [capture for one in exchanges for capture in warc.write_exchange(one)]


def later(exchange: Exchange, url: str = URL) -> Exchange:
    at = exchange.started_at + timedelta(days=1)
    return replace(exchange, url=url, started_at=at, response_head=LATER_HEAD)


def types_in(folder: Path, name: str) -> list[str]:
    records = ArchiveIterator(str(folder / f"archive/{name}.warc.gz"), parse_http=False)
    return [record.headers["WARC-Type"] for record in records]


@pytest.fixture
def two_visits(tmp_path: Path, answer: Answer) -> tuple[Capture, Capture]:
    """Write the same page twice, the second time as a revisit."""
    exchange = answer(HEAD, BODY)
    (first,) = write(tmp_path, "one", [exchange], lambda *_: None)
    (second,) = write(tmp_path, "two", [later(exchange)], kept(first))
    return first, second


@pytest.mark.usefixtures("two_visits")
def test_a_revisit_says_what_warc_1_1_section_6_7_2_asks_for(
    tmp_path: Path, two_visits: tuple[Capture, Capture]
) -> None:
    first, second = two_visits
    records = ArchiveIterator(
        str(tmp_path / second.record.warc), parse_http=False, verify_digests=True
    )
    fields = [dict(record.headers.items()) for record in records][1]
    assert fields["WARC-Type"] == "revisit"
    assert fields["WARC-Profile"] == SAME_PAYLOAD
    assert fields["WARC-Payload-Digest"] == first.payload_digest == second.payload_digest
    assert fields["WARC-Refers-To"] == first.record.record_id
    assert fields["WARC-Refers-To-Target-URI"] == URL
    assert fields["WARC-Refers-To-Date"] == "2026-03-01T12:30:15.123456Z"
    assert fields["WARC-Truncated"] == "length"
    assert int(fields["Content-Length"]) == len(LATER_HEAD)


def test_a_revisit_is_read_with_its_own_head_and_the_body_it_refers_to(
    tmp_path: Path, two_visits: tuple[Capture, Capture]
) -> None:
    first, second = two_visits
    assert second.refers_to == first.record
    read = payload(tmp_path, second.record, refers_to=second.refers_to)
    assert read.body == BODY
    assert ("X-Visit", "2") in read.headers
    assert not read.truncated
    assert read.notes == ()


@pytest.mark.usefixtures("two_visits")
def test_warcio_finds_nothing_wrong_with_a_revisit(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(tmp_path / "archive/two.warc.gz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert list(verify_warc(tmp_path / "archive/two.warc.gz")) == []


@pytest.mark.usefixtures("two_visits")
def test_a_file_with_both_gives_both_captures_when_it_is_imported(tmp_path: Path) -> None:
    joined = tmp_path / "joined.warc.gz"
    names = ("archive/one.warc.gz", "archive/two.warc.gz")
    joined.write_bytes(b"".join((tmp_path / name).read_bytes() for name in names))
    archive = scan_archive(joined, "joined.warc.gz")
    assert archive.faults == ()
    assert [payload(tmp_path, one.record).body for one in archive.captures] == [BODY, BODY]


def test_a_payload_repeated_in_one_file_is_kept_once(tmp_path: Path, answer: Answer) -> None:
    exchange = answer(HEAD, BODY)
    copies = [exchange, later(exchange, "https://vendor.example/copy"), later(exchange)]
    first, *others = write(tmp_path, "one", copies, lambda *_: None)
    assert types_in(tmp_path, "one").count("response") == 1
    assert [one.refers_to for one in others] == [first.record, first.record]
    assert payload(tmp_path, others[1].record, refers_to=first.record).body == BODY


def test_without_a_lookup_every_answer_is_kept_whole(tmp_path: Path, answer: Answer) -> None:
    exchange = answer(HEAD, BODY)
    write(tmp_path, "one", [exchange, exchange], None)
    assert types_in(tmp_path, "one").count("response") == 2


def unlike(name: str, exchange: Exchange) -> Exchange:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return {
        "chunked": replace(exchange, response_head=chunked),
        "cut": replace(exchange, truncated="time"),
        "post": replace(exchange, request_head=b"POST / HTTP/1.1\r\n\r\n"),
    }[name]


@pytest.mark.parametrize("name", ["chunked", "cut", "post"])
def test_what_no_tool_could_look_up_is_kept_whole_each_time(
    tmp_path: Path, answer: Answer, name: str
) -> None:
    exchange = unlike(name, answer(HEAD, BODY))
    captures = write(tmp_path, "one", [exchange, exchange], lambda *_: None)
    assert types_in(tmp_path, "one").count("response") == 2
    assert {(one.payload_digest, one.refers_to) for one in captures} == {("", None)}


def test_a_body_smaller_than_what_refers_to_it_is_kept_whole(
    tmp_path: Path, answer: Answer
) -> None:
    small = answer(HEAD, b"x" * (MIN_REVISIT_BYTES - 1))
    write(tmp_path, "one", [small, small], lambda *_: None)
    assert "revisit" not in types_in(tmp_path, "one")


def test_another_record_than_the_one_meant_is_refused(tmp_path: Path, answer: Answer) -> None:
    exchange = answer(HEAD, BODY)
    first, other = write(tmp_path, "one", [exchange, answer(HEAD, BODY[:-1])], lambda *_: None)
    (second,) = write(tmp_path, "two", [later(exchange)], kept(first))
    with pytest.raises(ArchiveError, match="does not hold the payload that the revisit at byte"):
        payload(tmp_path, second.record, refers_to=other.record)


def faults_of(folder: Path, *names: str) -> list[tuple[str, str]]:
    noted, revisits = Noted(), Revisits()
    for name in names:
        path = folder / f"archive/{name}.warc.gz"
        assert list(verify_warc(path, partial(noted.note, name))) == []
    revisits.take(noted)
    return [(fault.path, fault.problem) for fault in revisits.faults()]


@pytest.mark.usefixtures("two_visits")
def test_a_revisit_is_held_against_the_record_it_refers_to(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "two", "one") == []
    ((path, problem),) = faults_of(tmp_path, "two")
    assert path == "two"
    assert "no whole file here holds" in problem


def test_a_revisit_of_another_payload_is_a_fault(tmp_path: Path, answer: Answer) -> None:
    first, other = write(
        tmp_path, "one", [answer(HEAD, BODY), answer(HEAD, BODY[:-1])], lambda *_: None
    )
    wrong = replace(first, record=other.record)
    write(tmp_path, "two", [later(answer(HEAD, BODY))], kept(wrong))
    ((_, problem),) = faults_of(tmp_path, "one", "two")
    assert "does not hold the payload it means" in problem


def not_modified(exchange: Exchange) -> Exchange:
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
    at = exchange.started_at + timedelta(days=1)
    return replace(exchange, started_at=at, response_head=head, status=304, body=None)


@pytest.mark.parametrize("coding", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_what_a_server_says_is_not_modified_is_read_as_it_was(
    tmp_path: Path, answer: Answer, coding: bytes
) -> None:
    head = HEAD.replace(b"X-Visit: 1\r\n", coding)
    wire = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) if coding else BODY
    whole = answer(head, wire)
    (first,) = write(tmp_path, "one", [whole], None)
    of = Original(first.url, first.captured_at, first.record, first.payload_digest)
    path = "archive/two.warc.gz"
    with WarcWriter(tmp_path / path, path, software="s", user_agent="u", now=NOW) as warc:
        (again,) = warc.write_exchange(not_modified(whole), of)
    assert types_in(tmp_path, "two") == ["warcinfo", "revisit", "request", "metadata"]
    told = payload(tmp_path, again.record, refers_to=again.refers_to)
    assert (told.body, told.status, told.media_type) == (BODY, 200, "text/html")
    assert again.payload_digest == first.payload_digest
    assert bool(first.payload_digest) != bool(coding)
    noted, revisits = Noted(), Revisits()
    for name in ("one", "two"):
        file = tmp_path / f"archive/{name}.warc.gz"
        assert list(verify_warc(file, partial(noted.note, name))) == []
    revisits.take(noted)
    assert list(revisits.faults()) == []


def test_of_polls_the_certificates_are_kept_once_in_a_file(tmp_path: Path, answer: Answer) -> None:
    certificate = Authority().certificate.public_bytes(serialization.Encoding.DER)
    tls = TlsSession("TLSv1.3", "", (certificate,), verified=True)
    whole = replace(answer(HEAD, BODY), tls=tls)
    (first,) = write(tmp_path, "one", [whole], None)
    of = Original(first.url, first.captured_at, first.record, first.payload_digest)
    path = tmp_path / "polls.warc.gz"
    with WarcWriter(path, "p", software="s", user_agent="u", now=NOW) as warc:
        for _ in range(2):
            warc.write_exchange(not_modified(whole), of)
    records = ArchiveIterator(str(path), parse_http=False)
    told = [
        (record.headers["WARC-Record-ID"], json.loads(record.reader.read())["tls"])
        for record in records
        if record.headers["WARC-Type"] == "metadata"
    ]
    (record_id, one), (_, other) = told
    assert one["certificates"][0].startswith("-----BEGIN CERTIFICATE-----")
    assert other["certificates_in"] == record_id
    assert "certificates" not in other


def test_a_server_s_word_that_nothing_changed_need_tell_no_digest(
    tmp_path: Path, answer: Answer
) -> None:
    whole = answer(HEAD, BODY)
    (first,) = write(tmp_path, "one", [whole], None)
    assert first.payload_digest
    path = "archive/two.warc.gz"
    with WarcWriter(tmp_path / path, path, software="s", user_agent="u", now=NOW) as warc:
        warc.write_exchange(
            not_modified(whole), Original(first.url, first.captured_at, first.record)
        )
    assert faults_of(tmp_path, "one", "two") == []
    ((_, problem),) = faults_of(tmp_path, "two")
    assert "no whole file here holds" in problem
