"""Projection: whatever an archive of others holds, it ends in the index."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.archive.foreign import scan_archive
from sousveil.index.pace import paces
from sousveil.index.project import project
from sousveil.index.store import Index
from sousveil.model import Event

NOW = datetime(2026, 3, 4, tzinfo=UTC)
WATCH = "0123456789ab"


def record(
    target: bytes, *, date: bytes = b"2020-01-01T00:00:00Z", status: bytes = b"200"
) -> bytes:
    block = b"HTTP/1.1 " + status + b" OK\r\nContent-Type: text/html\r\n\r\n<p>page</p>"
    return (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: " + date
        + b"\r\nWARC-Target-URI: " + target
        + b"\r\nContent-Type: application/http;msgtype=response\r\nContent-Length: "
        + str(len(block)).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"
    )  # fmt: skip


def take_in(folder: Path, data: bytes, index: Index, at: datetime = NOW) -> None:
    (folder / "a.warc").write_bytes(data)
    event = Event(index.next_event(), "import", at, {}, warc="a.warc", warc_sha256="00")
    project(index, event, lambda warc: scan_archive(folder / warc, warc).captures)


def visit(index: Index, at: datetime, *, tls_verified: bool | None = None) -> None:
    body = {
        "watch_id": WATCH,
        "target": "https://halden.example/",
        "started_at": at.isoformat(),
        "probes": [{"url": "https://halden.example/", "status": 200, "failure": None}],
        "requests": [{"tls_verified": tls_verified}],
        "captures": [],
    }
    project(index, Event(index.next_event(), "visit", at, body), lambda _: [])


def looks_of(index: Index) -> list[tuple[str, str, float, str]]:
    return index.rows("SELECT address, verdict, confidence, outcome FROM look ORDER BY id")


@pytest.mark.parametrize(
    "target", [b"http://[::1/", b"http://[x]/", b"http://h:99999999/", b"//[", "http://℀/".encode()]
)
def test_an_address_that_cannot_be_taken_apart_is_an_address(tmp_path: Path, target: bytes) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    take_in(tmp_path, record(target), index)
    ((_, verdict, confidence, _),) = looks_of(index)
    assert (verdict, confidence) == ("present", 0.6)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.one_of(
        st.binary(max_size=40),
        st.text(max_size=30).map(lambda text: f"http://{text}".encode("utf-8", "surrogatepass")),
    ),
    date=st.sampled_from([b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59.999999Z", b"2014"]),
    status=st.sampled_from(
        [b"000", b"200", b"206", b"302", b"404", b"999", b"99999999999999999999"]
    ),
)
def test_any_record_of_others_is_projected_or_left_out(
    tmp_path: Path, target: bytes, date: bytes, status: bytes
) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    take_in(tmp_path, record(target, date=date, status=status), index)
    index.close()


def test_an_import_counts_no_later_than_it_was_taken_in(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    for date in (b"2030-01-01T00:00:00Z", b"2014-01-01T00:00:00Z"):
        take_in(tmp_path, record(b"http://h/", date=date), index)
    years = [at[:4] for (at,) in index.rows("SELECT at FROM look ORDER BY id")]
    assert years == ["2026", "2014"]
    claimed = [at[:4] for (at,) in index.rows("SELECT captured_at FROM capture ORDER BY id")]
    assert claimed == ["2030", "2014"]


def test_a_certificate_that_did_not_hold_is_told_of_the_look(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    for verified in (None, True, False):
        visit(index, NOW, tls_verified=verified)
    assert [confidence for _, _, confidence, _ in looks_of(index)] == [0.95, 0.95, 0.3]
    assert looks_of(index)[-1][3] == "HTTP 200, the server's certificate did not hold"


def test_the_last_visit_is_the_last_of_the_log(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    for at in (NOW + timedelta(days=900), NOW):
        visit(index, at)
    assert paces(index)[WATCH].last_at == NOW
