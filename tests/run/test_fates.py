"""Fates from real visits and imports: what cannot tell that a quote is gone does not say so."""

import hashlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.changes.answer import Kind, Standing
from sousveil.changes.looks import Look
from sousveil.changes.rewording import Pair
from sousveil.extract import extract
from sousveil.extract.ocr.process import Recogniser
from sousveil.index.looks import put_capture, put_event, put_look
from sousveil.index.query import fates, unread
from sousveil.index.sightings import put_sightings
from sousveil.index.store import Index
from sousveil.index.verdicts import judged_looks
from sousveil.ledger import create_case
from sousveil.model import (
    BlockKind,
    Capture,
    Claim,
    Document,
    Event,
    Fate,
    Finding,
    RecordRef,
    Source,
    Verdict,
)
from sousveil.run.indexing import open_index
from sousveil.run.read.fates import AddressTold, tell_fates
from sousveil.run.read.judging import MAX_REWORDINGS, Address
from tests.commands import sousveil
from tests.extract.pictures import draw, encoded
from tests.sites import Page, case_for, serve

REST = "".join(f"<p>Part {n} tells of lens {n * n} and how it is mounted.</p>" for n in range(9))
CLAIM = b"<p>Our camera infers the ethnicity of every face it sees.</p>" + REST.encode()
OTHER = b"<p>Contact our offices for a quotation today, or write us.</p>" + REST.encode()
PARKED = b"<p>This is a page about something else altogether, such as tea.</p>" * 12
NOW = datetime(2026, 3, 4, tzinfo=UTC)
NOISE = hashlib.shake_256(b"noise").digest(6_000)


@contextmanager
def server(context: ssl.SSLContext | None = None) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Answer every request with the bytes in the dictionary's "answer", then close."""
    answers: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            self.wfile.write(answers["answer"])

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us hangs up."""

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        if context is not None:
            httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        scheme = "http" if context is None else "https"
        try:
            yield f"{scheme}://127.0.0.1:{httpd.server_port}", answers
        finally:
            httpd.shutdown()
            thread.join()


def answer(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    told |= dict(field.split(": ", 1) for field in fields)
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n".encode() + body


def allow(case: Case, *urls: str) -> Case:
    hosts = frozenset(url.partition("://")[2] for url in urls)
    save_settings(case, replace(case.settings, allow_hosts=hosts, delay_seconds=0.0))
    return open_case(case.root)


def fate_of(case: Case) -> Fate:
    """Return the fate of the one finding of a case."""
    with open_index(case) as index:
        (fate,) = fates(index).values()
    return fate


def told(case: Case) -> dict[str, Any]:
    """Return the one finding of a case as the command line tells it."""
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    return dict(finding)


UNTELLING = {
    "random bytes": answer(NOISE),
    "a coding we do not undo": answer(OTHER * 9, "Content-Encoding: zstd"),
    "a coding we do not undo, really in it": answer(
        bytes.fromhex("28b52ffd") + NOISE[:900], "Content-Encoding: zstd"
    ),
    "compressed and not told": answer(brotli.compress(CLAIM + OTHER * 40)),
    "a body that breaks off": answer(OTHER * 9, "Content-Length: 99999"),
    "gzip that is none": answer(OTHER * 9, "Content-Encoding: gzip"),
    "a part": answer(OTHER * 9, status="206 Partial Content"),
    "accepted, later perhaps": answer(OTHER * 9, status="202 Accepted"),
    "nothing": answer(b"", status="204 No Content"),
}


@pytest.mark.parametrize("second", UNTELLING.values(), ids=UNTELLING.keys())
def test_an_answer_that_cannot_tell_makes_no_quote_gone(case: Case, second: bytes) -> None:
    with server() as (url, answers):
        allow(case, url)
        answers["answer"] = answer(CLAIM)
        assert sousveil("add", "--case", case.root, f"{url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        assert told(case)["verdict"] == "present"
        answers["answer"] = second
        ran = sousveil("visit", "--all", "--case", case.root, "--json")
        assert not [line for line in ran.json() if line["event"] == "gone"]
        assert (fate_of(case).gone_by, fate_of(case).pending) == (None, None)
        answers["answer"] = answer(OTHER)
        assert sousveil("visit", "--all", "--case", case.root).status == 0
    assert fate_of(case).pending is Verdict.QUOTE_REMOVED


def test_a_claim_in_an_answer_that_broke_off_is_still_found(case: Case) -> None:
    with server() as (url, answers):
        allow(case, url)
        answers["answer"] = answer(CLAIM, "Content-Length: 99999")
        assert sousveil("add", "--case", case.root, f"{url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    assert told(case)["verdict"] == "present"


def test_the_same_path_on_another_host_is_no_sure_removal(tmp_path: Path) -> None:
    with serve() as vendor, serve() as parked:
        case = allow(case_for(tmp_path / "case", vendor), vendor.url, parked.url)
        vendor.pages["/product"], parked.pages["/product"] = Page(CLAIM), Page(PARKED)
        assert sousveil("add", "--case", case.root, f"{vendor.url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        vendor.pages["/product"] = Page(b"", status=302, location=f"{parked.url}/product")
        assert sousveil("visit", "--all", "--case", case.root).status == 0
    fate = fate_of(case)
    assert (fate.verdict, fate.pending) == (Verdict.UNKNOWN, Verdict.REDIRECTED_AWAY)
    assert "sent to another host" in fate.evidence
    assert fate.looks_left == 3


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=halden.example"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_behind_a_certificate_that_does_not_hold_nothing_is_gone(
    case: Case, tmp_path: Path
) -> None:
    with server(self_signed(tmp_path)) as (url, answers):
        allow(case, url)
        answers["answer"] = answer(CLAIM)
        assert sousveil("add", "--case", case.root, f"{url}/product").status == 0
        first = sousveil("visit", "--case", case.root, "--json").json()
        assert told(case)["verdict"] == "present"
        for second in (answer(OTHER), answer(b"", status="404 Not Found")):
            answers["answer"] = second
            ran = sousveil("visit", "--all", "--case", case.root, "--json").json()
            assert not [line for line in ran if line["event"] == "gone"]
            assert (fate_of(case).verdict, fate_of(case).pending) == (Verdict.UNKNOWN, None)
    (visited,) = [line for line in first if line["event"] == "visit"]
    assert visited["outcome"] == "HTTP 200, the server's certificate did not hold"


def archive(path: Path, url: str, date: str, block: bytes) -> Path:
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        f"WARC-Date: {date}\r\nWARC-Target-URI: {url}\r\n"
        "Content-Type: application/http;msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    path.write_bytes(head.encode() + block + b"\r\n\r\n")
    return path


def test_an_archive_with_a_hostile_address_leaves_the_case_in_use(
    case: Case, tmp_path: Path
) -> None:
    hostile = archive(tmp_path / "a.warc", "http://[::1/", "2020-01-01T00:00:00Z", answer(CLAIM))
    assert sousveil("import", "--case", case.root, hostile).status == 0
    assert sousveil("analyse", "--case", case.root).status == 0
    assert told(case)["verdict"] == "present"
    assert sousveil("reindex", "--case", case.root).status == 0
    assert told(case)["verdict"] == "present"


@pytest.mark.parametrize("date", ["2030-01-01T00:00:00Z", "2014-01-01T00:00:00Z"])
def test_an_archive_without_a_quote_that_we_saw_takes_nothing_away(
    case: Case, tmp_path: Path, date: str
) -> None:
    with server() as (url, answers):
        allow(case, url)
        answers["answer"] = answer(CLAIM)
        assert sousveil("add", "--case", case.root, f"{url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        donated = archive(tmp_path / "a.warc", f"{url}/product", date, answer(OTHER))
        assert sousveil("import", "--case", case.root, donated).status == 0
        assert sousveil("analyse", "--case", case.root).status == 0
        assert told(case)["verdict"] == "present"
        assert sousveil("visit", "--all", "--case", case.root).status == 0
        assert told(case)["verdict"] == "present"
        answers["answer"] = answer(OTHER)
        assert sousveil("visit", "--all", "--case", case.root).status == 0
    assert fate_of(case).pending is Verdict.QUOTE_REMOVED


def test_pictures_of_an_archive_are_neither_searched_nor_read_to_tell_what_came(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Recogniser, "read", lambda _, __, name, ___=None: asked.append(name))
    url, dates = "https://halden.example/logo.png", ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]
    for number, date in enumerate(dates):
        block = answer(encoded(draw(["Infers ethnicity"])), "Content-Type: image/png")
        donated = archive(tmp_path / f"{number}.warc", url, date, block)
        assert sousveil("import", "--case", case.root, donated).status == 0
    assert asked == []
    with open_index(case) as index:
        came = [one.came for one in judged_looks(index, url)]
    assert [one and one.kind for one in came] == [Kind.PAGE, Kind.PAGE]
    assert all(one and "a picture that came with an import" in one.reasons[0] for one in came)


# ---------------------------------------------------------------- many quotes at once

MANY = 2_000


def html(verb: str) -> Document:
    body = "".join(f"<p>Camera {n} {verb} ethnicity of face {n * n}.</p>" for n in range(MANY))
    return extract(body.encode(), media_type="text/html", charset="utf-8", name="x")


def put_page(index: Index, number: int, document: Document, *, claims: bool) -> None:
    url, at = "https://halden.example/", NOW + timedelta(days=number)
    probes = [{"url": url, "status": 200, "failure": None}]
    put_event(index, Event(number, "visit", at, {"probes": probes}))
    look = Look(0, at, Verdict.PRESENT, 0.95, "HTTP 200", number, "w")
    look_id = put_look(index, look, address=url, status=200)
    capture = Capture(url, at, 200, "text/html", RecordRef("a", number, 1, str(number), "d"))
    put_capture(index, capture, look_id)
    (held,) = unread(index, "e")
    found = []
    for count, block in enumerate(document.blocks if claims else ()):
        quote = document.text[block.start : block.end]
        span = (block.start, block.end)
        claim = Claim("ethnicity", "ethnicity", "offers", 0.9, *span, *span, (), "e")
        source = Source(BlockKind.PARAGRAPH, "", 1, 1, 0, 1, "utf-8")
        finding = Finding(
            id=f"{count:012}",
            claim=claim,
            quote=quote,
            prefix="",
            suffix="",
            passage=quote,
            url=url,
            title="",
            lang="",
            actor=None,
            capture=capture,
            source=source,
            log_index=number,
            watch_id="w",
        )
        found.append(finding)
    put_sightings(index, held, found, engine="e")


def test_a_page_of_thousands_of_reworded_claims_is_compared_once_and_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(tmp_path / "index.sqlite", create=True)
    pages = [html("infers the"), html("estimates the")]
    for number, document in enumerate(pages):
        put_page(index, number, document, claims=number == 0)
    prepared: list[Document] = []

    def counted(before: Document, after: Document) -> Pair:
        prepared.append(after)
        return Pair(before, after)

    monkeypatch.setattr("sousveil.run.read.judging.Pair", counted)
    address = Address(index, "https://halden.example/", lambda c: (pages[c.record.offset], b"", ""))
    address.judge()
    assert prepared == [pages[1]]
    (stood,) = zip(*(looks.values() for looks in address.stood.values()), strict=True)
    standings = [one.standing for one in stood]
    assert standings.count(Standing.REWORDED) == MAX_REWORDINGS
    assert standings.count(Standing.MISSING) == MANY - MAX_REWORDINGS
    assert [one.is_sought for one in stood].count(False) == MANY - MAX_REWORDINGS
    (told_of,) = tell_fates(create_case(tmp_path / "case", title="", operator="", now=NOW), index)
    assert "no new wording of it was sought" in told_of.fates[-1].evidence


@pytest.mark.parametrize(
    ("verdict", "is_quiet"),
    [(Verdict.PRESENT, True), (Verdict.QUOTE_REMOVED, False), (Verdict.EDITED, False)],
)
def test_a_poll_of_what_is_gone_confirms_it_once_more(verdict: Verdict, *, is_quiet: bool) -> None:
    fate = Fate("f" * 12, verdict, 0.9, NOW, None, None, None, "")
    assert AddressTold("http://x.example/", (fate,), {}, {}).is_quiet is is_quiet
