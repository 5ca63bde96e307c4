"""The key of an answer tells what its request asked, in the words that players look it up with."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.cdxj import index_warc
from sousveil.archive.request_body import MAX_QUERY_LENGTH, Asked, asked
from sousveil.archive.write import WarcWriter
from sousveil.model import Exchange

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\n1 2\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="b"\r\n\r\n\xe6\xb0\x91\r\n--xx--\r\n'
)


def request(content_type: str, body: bytes, method: str = "POST") -> bytes:
    head = f"{method} /api HTTP/1.1\r\nHost: a.example\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("content_type", "body", "query"),
    [
        (FORM, b"a=1&b=%E6%B0%91+x", "a=1&b=民 x"),
        ("application/json", b'{"a": 1, "b": {"c": true, "d": null}}', "a=1&c=true&d=null"),
        ("application/json; charset=utf-8", b'{"a": [1.0, 2.5]}', "a=1&a.2_=2.5"),
        ("application/json", '{"q": "民族 x"}'.encode(), "q=%E6%B0%91%E6%97%8F+x"),
        ("application/json", b'[1, "x"]', ""),
        ("application/json", b"{", "__wb_post_data=ew=="),
        ("text/plain", b"hello", "__wb_post_data=aGVsbG8="),
        ("text/plain;charset=UTF-8", b'{"a": "b"}', "a=b"),
        ("multipart/form-data; boundary=xx", MULTIPART, "a=1+2&b=%E6%B0%91"),
        ("application/octet-stream", b"\x00", "__wb_post_data=AA=="),
        ("", b"", ""),
    ],
)
def test_a_body_becomes_a_query(content_type: str, body: bytes, query: str) -> None:
    assert asked(request(content_type, body)) == Asked("POST", query)


def test_a_get_asks_nothing_more() -> None:
    assert asked(request("", b"", method="GET")) is None
    assert asked(b"POST / HTTP/1.1\r\nno end") is None


def test_a_long_body_is_cut() -> None:
    found = asked(request(FORM, b"a=" + b"x" * 10_000))
    assert found is not None
    assert len(found.query) == MAX_QUERY_LENGTH


def test_deep_json_counts_as_bytes() -> None:
    found = asked(request("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000))
    assert found is not None
    assert found.query.startswith("__wb_post_data=")


@given(st.binary(), st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=x"]))
def test_any_body_has_a_query(body: bytes, content_type: str) -> None:
    found = asked(request(content_type, body))
    assert found is not None
    assert len(found.query) <= MAX_QUERY_LENGTH


def test_cdxj_indexer_makes_the_same_keys(
    new_warc: Callable[[], WarcWriter], answer: Callable[..., Exchange]
) -> None:
    bodies = [
        (FORM, b"a=1&b=%E6%B0%91"),
        ("application/json", '{"q": "民族 x", "deep": {"n": 3}, "all": ["a", "b"]}'.encode()),
        ("application/octet-stream", b"\x00\x01"),
    ]
    with new_warc() as records:
        for number, (content_type, body) in enumerate(bodies):
            made = answer(HEAD, b"{}", f"https://vendor.example/api?v={number}")
            head, _, _ = request(content_type, body).partition(b"\r\n\r\n")
            records.write_exchange(
                replace(made, request_head=head + b"\r\n\r\n", request_body=body)
            )
    done = subprocess.run(
        [Path(sys.executable).with_name("cdxj-indexer"), "--post-append", records.path],
        capture_output=True, check=True,
    )  # fmt: skip
    theirs = {line.split(b" ")[0] for line in done.stdout.splitlines()}
    lines = [line.split(b" ", 2) for line in index_warc(records.path, "a.warc.gz").lines]
    ours = {key for key, _, _ in lines}
    assert ours == {key for key in theirs if b"__wb_method=post" in key}
    assert len(ours) == len(bodies)
    assert {json.loads(fields)["method"] for _, _, fields in lines} == {"POST"}
