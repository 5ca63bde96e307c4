"""A record is given as it was written, or refused when it is another."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.archive.read import Payload, payload, read_block, verify_warc
from sousveil.archive.write import WarcWriter
from sousveil.errors import ArchiveError
from sousveil.model import Exchange, RecordRef

NOW = datetime(2026, 3, 1, tzinfo=UTC)

Answer = Callable[[bytes, bytes], Exchange]
NewWarc = Callable[[], WarcWriter]


@pytest.fixture
def kept(new_warc: NewWarc) -> Callable[[Exchange], RecordRef]:
    """Return a function that writes one exchange and gives the place of its answer."""

    def keep(exchange: Exchange) -> RecordRef:
        with new_warc() as warc:
            (capture,) = warc.write_exchange(exchange)
        return replace(capture.record, warc=warc.path.name)

    return keep


Keep = Callable[[Exchange], RecordRef]


def test_a_payload_comes_decoded_with_what_the_server_said(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    head = (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML; Charset='GB2312'; x=y\r\n"
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    packed = gzip.compress(b"<p>gone</p>")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    found = payload(tmp_path, kept(answer(head, body)))
    assert found == Payload(
        body=b"<p>gone</p>",
        status=404,
        headers=(
            ("Content-Type", "Text/HTML; Charset='GB2312'; x=y"),
            ("Content-Encoding", "gzip"),
            ("Transfer-Encoding", "chunked"),
        ),
        media_type="text/html",
        charset="GB2312",
        truncated=False,
        notes=(),
    )


def test_a_cut_answer_and_a_bomb_say_what_is_missing(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    bomb = replace(answer(head, gzip.compress(bytes(10**6))), truncated="length")
    found = payload(tmp_path, kept(bomb), limit=1000)
    assert found.body == bytes(1000)
    assert found.truncated
    assert found.notes == (
        "the body is longer than 1000 bytes; the rest was not decoded",
        "the answer was cut when it was captured (length)",
    )


def test_a_resource_has_a_body_and_no_status(tmp_path: Path, new_warc: NewWarc) -> None:
    like_http = b"HTTP/1.1 200 OK\r\n\r\n"
    with new_warc() as warc:
        ref = warc.write_resource("urn:a", NOW, "text/plain; charset=big5", like_http)
    found = payload(tmp_path, replace(ref, warc=warc.path.name))
    assert (found.body, found.status) == (like_http, None)
    assert (found.media_type, found.charset) == ("text/plain", "big5")


def test_a_head_without_a_body_has_an_empty_payload(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    found = payload(tmp_path, kept(answer(b"HTTP/1.1 200 OK\r\nX: cut", b"")))
    assert (found.body, found.status, found.headers) == (b"", 200, (("X", "cut"),))


def test_a_record_that_is_not_there_is_refused_by_name(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    ref = kept(answer(b"HTTP/1.1 200 OK\r\n\r\n", b"x"))
    wrong = [
        replace(ref, offset=ref.offset + 1),
        replace(ref, offset=10**9),
        replace(ref, offset=0),
        replace(ref, record_id="<urn:uuid:0>"),
        replace(ref, warc="missing.warc.gz"),
    ]
    for other in wrong:
        with pytest.raises(ArchiveError, match=r"restore it from a copy|Restore it from a copy"):
            payload(tmp_path, other)
    with pytest.raises(ArchiveError, match="its digest is not sha256:0"):
        payload(tmp_path, replace(ref, digest="sha256:0"))
    with pytest.raises(ArchiveError, match="its digest is not sha256:0"):
        list(read_block(tmp_path, replace(ref, digest="sha256:0")))


def test_a_whole_file_has_no_faults(tmp_path: Path, answer: Answer, kept: Keep) -> None:
    ref = kept(answer(b"HTTP/1.1 200 OK\r\n\r\n", b"body"))
    assert list(verify_warc(tmp_path / ref.warc)) == []


def unpacked(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def test_every_changed_bit_of_the_content_is_noticed(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    ref = kept(answer(b"HTTP/1.1 200 OK\r\n\r\n", b"body that was here"))
    data = (tmp_path / ref.warc).read_bytes()
    changed = tmp_path / "changed.warc.gz"
    silent = 0
    for i in range(0, len(data), 3):
        other = data[:i] + bytes([data[i] ^ 16]) + data[i + 1 :]
        changed.write_bytes(other)
        if not list(verify_warc(changed)):
            # Times in a gzip head and padding bits say nothing; the log's digest covers them.
            assert unpacked(other) == unpacked(data), f"byte {i}"
            silent += 1
    assert silent < len(data) / 3 / 20


@pytest.mark.parametrize("cut", [1, 5, 9, 100, 400])
def test_a_file_cut_short_or_with_more_at_its_end_is_noticed(
    tmp_path: Path, answer: Answer, kept: Keep, cut: int
) -> None:
    ref = kept(answer(b"HTTP/1.1 200 OK\r\n\r\n", b"body"))
    data = (tmp_path / ref.warc).read_bytes()
    changed = tmp_path / "changed.warc.gz"
    changed.write_bytes(data[:-cut])
    assert any("cut short" in problem for problem in verify_warc(changed))
    for more in (b"garbage", bytes(cut), gzip.compress(b"more"), b"\x1f\x8b\x08"):
        changed.write_bytes(data + more)
        assert list(verify_warc(changed)), more
    changed.write_bytes(b"")
    assert list(verify_warc(changed)) == ["no record in it"]


def test_a_record_written_again_with_other_bytes_fails_its_digests(
    tmp_path: Path, answer: Answer, kept: Keep
) -> None:
    ref = kept(answer(b"HTTP/1.1 200 OK\r\n\r\n", b"offers it"))
    data = (tmp_path / ref.warc).read_bytes()
    member = gzip.decompress(data[ref.offset : ref.offset + ref.length])
    forged = gzip.compress(member.replace(b"offers", b"denies"))
    path = tmp_path / "forged.warc.gz"
    path.write_bytes(data[: ref.offset] + forged + data[ref.offset + ref.length :])
    problems = list(verify_warc(path))
    assert len(problems) == 2
    assert f"byte {ref.offset}: the record's block does not have the digest sha256:" in problems[0]
    assert "payload does not have" in problems[1]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), offset=st.integers(0, 500))
def test_any_bytes_are_refused_with_our_own_error(data: bytes, offset: int, tmp_path: Path) -> None:
    path = tmp_path / "any.warc"
    for prefix in (b"", b"\x1f\x8b\x08", b"WARC/1.0\r\n", b"WARC/1.1\r\nContent-Length: 9\r\n\r\n"):
        path.write_bytes(prefix + data)
        assert list(verify_warc(path))
        ref = RecordRef(path.name, offset, 1, "<urn:uuid:1>", "sha256:00")
        with pytest.raises(ArchiveError):
            payload(tmp_path, ref)
