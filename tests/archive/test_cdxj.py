"""Each line of an index leads to its record, and says of it what other indexers say."""

import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.cdxj import index_warc
from sousveil.archive.write import WarcWriter
from sousveil.model import Exchange

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
)
REVISIT = (
    "WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:{id}>\r\n"
    "WARC-Date: 2026-03-01T12:30:15Z\r\nWARC-Target-URI: https://vendor.example/again\r\n"
    "WARC-Payload-Digest: sha256:{digest}\r\nContent-Type: application/http;msgtype=response\r\n"
    "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n"
    "Content-Length: {length}\r\n\r\n"
)


@pytest.fixture
def warc(
    tmp_path: Path,
    new_warc: Callable[[], WarcWriter],
    answer: Callable[..., Exchange],
) -> Path:
    """A file of ours, with a page, a chunked answer and a resource; then a revisit."""
    with new_warc() as records:
        records.write_exchange(answer(HEAD, b"<title>One</title>", "https://www.vendor.example/A"))
        records.write_exchange(
            answer(CHUNKED, b"3\r\nabc\r\n0\r\n\r\n", "https://vendor.example/b")
        )
        records.write_resource("urn:test", NOW, "text/plain", b"kept")
    path = tmp_path / "pending.warc.gz"
    head = REVISIT.format(id="0" * 36, digest="0" * 64, length=len(HEAD)).encode()
    with path.open("ab") as file:
        file.write(gzip.compress(head + HEAD + b"\r\n\r\n"))
    return path


def parsed(line: bytes) -> tuple[str, str, dict[str, Any]]:
    key, timestamp, fields = line.decode("ascii").split(" ", 2)
    assert fields.endswith("}\n")
    return key, timestamp, json.loads(fields)


def test_each_line_leads_to_its_record(warc: Path) -> None:
    index = index_warc(warc, "a.warc.gz")
    data = warc.read_bytes()
    assert (len(index.lines), index.left_out) == (4, 0)
    for line in index.lines:
        _, timestamp, fields = parsed(line)
        stored = data[fields["offset"] : fields["offset"] + fields["length"]]
        assert fields["recordDigest"] == f"sha256:{hashlib.sha256(stored).hexdigest()}"
        (record,) = ArchiveIterator(BytesIO(stored), parse_http=True)
        assert record.headers["WARC-Target-URI"] == fields["url"]
        assert timestamp == "20260301123015"
        status = record.http_headers.status_code if record.http_headers else "-"
        assert fields["status"] == status


def test_requests_and_metadata_have_no_line(warc: Path) -> None:
    types = [record.headers["WARC-Type"] for record in ArchiveIterator(BytesIO(warc.read_bytes()))]
    assert types.count("request") == types.count("metadata") == 2
    kinds = [parsed(line)[2]["mime"] for line in index_warc(warc, "a.warc.gz").lines]
    assert kinds == ["text/html", "text/plain", "text/plain", "warc/revisit"]


def test_cdxj_indexer_says_the_same(warc: Path) -> None:
    referee = Path(sys.executable).with_name("cdxj-indexer")
    done = subprocess.run(
        [referee, "--digest-records", "--post-append", warc], capture_output=True, check=True
    )
    theirs = {}
    for line in done.stdout.splitlines(keepends=True):
        key, timestamp, fields = parsed(line)
        theirs[int(fields["offset"])] = (key, timestamp, fields)
    ours = index_warc(warc, "pending.warc.gz").lines
    for key, timestamp, fields in map(parsed, ours):
        their_key, their_timestamp, their_fields = theirs[fields["offset"]]
        assert (key, timestamp) == (their_key, their_timestamp)
        for name in ("url", "mime", "length", "filename", "recordDigest"):
            assert str(fields[name]) == their_fields[name]
        if fields["status"] != "-":
            assert str(fields["status"]) == their_fields["status"]
        if their_fields["digest"].startswith("sha256:"):
            assert fields["digest"] == their_fields["digest"]


def test_records_that_share_a_gzip_member_are_counted_not_indexed(warc: Path) -> None:
    warc.write_bytes(gzip.compress(gzip.decompress(warc.read_bytes())))
    index = index_warc(warc, "a.warc.gz")
    assert (index.lines, index.left_out) == ((), 4)


def test_a_plain_file_is_indexed_by_its_bytes(warc: Path) -> None:
    warc.write_bytes(gzip.decompress(warc.read_bytes()))
    index = index_warc(warc, "a.warc")
    assert (len(index.lines), index.left_out) == (4, 0)
    for line in index.lines:
        fields = parsed(line)[2]
        record = warc.read_bytes()[fields["offset"] :][: fields["length"]]
        assert record.startswith(b"WARC/1.1\r\n")
        assert record.endswith(b"\r\n\r\n")
        assert record.count(b"WARC/1.1") == 1


def test_a_record_that_breaks_off_is_counted_not_indexed(warc: Path) -> None:
    last = parsed(index_warc(warc, "a.warc.gz").lines[-1])[2]
    warc.write_bytes(warc.read_bytes()[: last["offset"] + last["length"] - 20])
    index = index_warc(warc, "a.warc.gz")
    assert (len(index.lines), index.left_out) == (3, 1)


def test_an_answer_without_a_date_is_counted_not_indexed(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"
    path.write_bytes(head + b"Content-Length: 2\r\n\r\nok\r\n\r\n")
    assert index_warc(path, "a.warc").left_out == 1


@given(st.binary() | st.binary().map(lambda data: b"WARC/1.1\r\nWARC-Type: response\r\n" + data))
def test_any_bytes_are_indexed_or_left_out(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc"
        path.write_bytes(data)
        index = index_warc(path, "a.warc")
        assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in index.lines)
