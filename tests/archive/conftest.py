"""Makes exchanges and small WARC files for the archive's tests."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.model import Exchange

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def answer(tmp_path: Path) -> Callable[[bytes, bytes], Exchange]:
    """Return a maker of exchanges from a response head and a body."""
    count = 0

    def make(head: bytes, body: bytes, url: str = "https://vendor.example/") -> Exchange:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}.body"
        path.write_bytes(body)
        return Exchange(
            url=url,
            started_at=NOW,
            elapsed_seconds=0.25,
            request_head=b"GET / HTTP/1.1\r\nHost: vendor.example\r\n\r\n",
            response_head=head,
            body=path if body else None,
            status=200,
            ip_address="192.0.2.7",
            tls=None,
            truncated=None,
            failure=None,
            location=None,
        )

    return make


@pytest.fixture
def new_warc(tmp_path: Path) -> Callable[[], WarcWriter]:
    """Return an opener of `pending.warc.gz`, to be known as `archive/a.warc.gz`."""

    def make() -> WarcWriter:
        return WarcWriter(
            tmp_path / "pending.warc.gz",
            "archive/a.warc.gz",
            software="sousveil/test",
            user_agent="agent/1\nof tests",
            now=NOW,
        )

    return make
