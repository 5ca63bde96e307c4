from dataclasses import replace
from pathlib import Path

from sousveil.archive.decoded import browser_facts, with_fitting_head
from sousveil.model import Exchange
from tests.conftest import NOW

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-encoding: gzip\r\n"
    b"Content-Length: 31\r\nX-Name: J\xfcrgen\r\n\r\n"
)


def seen(body: Path, *, is_decoded: bool) -> Exchange:
    return Exchange(
        url="http://vendor.example/",
        started_at=NOW,
        elapsed_seconds=0.1,
        request_head=b"GET / HTTP/1.1\r\n\r\n",
        response_head=HEAD,
        body=body,
        status=200,
        ip_address=None,
        tls=None,
        truncated=None,
        failure=None,
        location=None,
        seen_by="browser",
        is_decoded=is_decoded,
    )


def test_the_head_of_a_decoded_body_tells_of_its_codings_under_other_names(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"decoded")
    assert with_fitting_head(seen(body, is_decoded=True)).response_head == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Orig-content-encoding: gzip\r\n"
        b"X-Orig-Content-Length: 31\r\nX-Name: J\xfcrgen\r\nContent-Length: 7\r\n\r\n"
    )


def test_the_head_as_it_was_is_told_with_the_facts(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"decoded")
    facts = browser_facts(seen(body, is_decoded=True))
    assert facts["response_head"].encode("latin-1") == HEAD
    assert facts["codings"] == ["gzip"]
    assert facts["body_is_decoded"] is True


def test_every_other_head_stays_as_it_is(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"\x1f\x8b")
    exchange = seen(body, is_decoded=False)
    assert with_fitting_head(exchange) == exchange
    assert "response_head" not in browser_facts(exchange)
    assert browser_facts(replace(exchange, seen_by="wire")) == {}
