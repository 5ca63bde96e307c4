"""What we write is WARC 1.1 that warcio, FastWARC and gunzip read, byte for byte."""

import gzip
import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from fastwarc.warc import ArchiveIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.archive.read import read_block, verify_warc
from sousveil.archive.write import WarcWriter
from sousveil.model import Exchange, Failure, FailureKind, RecordRef, TlsSession

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=GBK\r\n\r\n"

Answer = Callable[[bytes, bytes], Exchange]
NewWarc = Callable[[], WarcWriter]


def fields_of(path: Path) -> list[dict[str, str]]:
    """Return each record's fields as FastWARC reads them, digests verified."""
    records = ArchiveIterator(str(path), parse_http=False, verify_digests=True)
    return [dict(record.headers.items()) for record in records]


def warcio_check(path: Path) -> None:
    warcio = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    done = subprocess.run(warcio, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail" not in done.stdout


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, NOW)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_an_exchange_becomes_response_request_and_metadata_of_one_moment(
    answer: Answer, new_warc: NewWarc
) -> None:
    with new_warc() as warc:
        captures = warc.write_exchange(answer(HEAD, b"\xd6\xd0 body"))
    info, response, request, metadata = fields_of(warc.path)
    assert [f["WARC-Type"] for f in (info, response, request, metadata)] == [
        "warcinfo",
        "response",
        "request",
        "metadata",
    ]
    assert {f["WARC-Date"] for f in (response, request, metadata)} == {
        "2026-03-01T12:30:15.123456Z"
    }
    assert request["WARC-Concurrent-To"] == response["WARC-Record-ID"]
    assert response["WARC-Target-URI"] == "https://vendor.example/"
    assert response["WARC-IP-Address"] == "192.0.2.7"
    assert response["WARC-Warcinfo-ID"] == info["WARC-Record-ID"]
    digest = hashlib.sha256(b"\xd6\xd0 body").hexdigest()
    assert response["WARC-Payload-Digest"] == f"sha256:{digest}"
    (capture,) = captures
    assert (capture.url, capture.status, capture.media_type, capture.captured_at) == (
        "https://vendor.example/",
        200,
        "text/html",
        NOW,
    )
    assert capture.record.warc == "archive/a.warc.gz"
    assert capture.record.record_id == response["WARC-Record-ID"]
    assert capture.record.digest == response["WARC-Block-Digest"]
    warcio_check(warc.path)


def test_the_first_record_says_what_wrote_the_file_and_how(new_warc: NewWarc) -> None:
    with new_warc() as warc:
        pass
    record = next(iter(ArchiveIterator(str(warc.path), parse_http=False)))
    assert record.headers["WARC-Filename"] == "a.warc.gz"
    lines = record.reader.read().decode().splitlines()
    assert lines[0] == "software: sousveil/test"
    assert lines[1] == "format: WARC File Format 1.1"
    assert lines[2].startswith("conformsTo: http://iipc.github.io/warc-specifications/")
    assert lines[3:] == ["http-header-user-agent: agent/1 of tests"]


@pytest.mark.parametrize(
    "coding", [b"chunked", b"gzip, chunked", b"Chunked"], ids=lambda coding: coding.decode()
)
def test_a_body_with_a_transfer_coding_has_no_payload_digest(
    answer: Answer, new_warc: NewWarc, coding: bytes
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n"
    with new_warc() as warc:
        warc.write_exchange(answer(head, b"3\r\nabc\r\n0\r\n\r\n"))
    fields = fields_of(warc.path)[1]
    assert "WARC-Payload-Digest" not in fields
    assert "WARC-Block-Digest" in fields
    warcio_check(warc.path)
    assert list(verify_warc(warc.path)) == []


def test_a_cut_answer_says_why(answer: Answer, new_warc: NewWarc) -> None:
    failure = Failure(FailureKind.TIMEOUT, "vendor.example: too slow")
    with new_warc() as warc:
        warc.write_exchange(replace(answer(HEAD, b"ha"), truncated="time", failure=failure))
    assert fields_of(warc.path)[1]["WARC-Truncated"] == "time"
    warcio_check(warc.path)


def facts(path: Path) -> dict[str, Any]:
    *_, last = (r.reader.read() for r in ArchiveIterator(str(path), parse_http=False))
    return dict(json.loads(last))


def test_a_request_without_an_answer_leaves_a_record_of_why(
    answer: Answer, new_warc: NewWarc
) -> None:
    failure = Failure(FailureKind.DNS, "vendor.example: the name was not found")
    asked = replace(answer(b"", b""), failure=failure, status=None)
    unasked = replace(asked, request_head=b"", ip_address=None)
    with new_warc() as warc:
        assert warc.write_exchange(asked) == []
        assert warc.write_exchange(unasked) == []
    kinds = [fields["WARC-Type"] for fields in fields_of(warc.path)]
    assert kinds == ["warcinfo", "request", "metadata", "metadata"]
    assert facts(warc.path)["failure"] == {
        "kind": "dns",
        "message": "vendor.example: the name was not found",
    }
    warcio_check(warc.path)


def test_the_tls_session_and_interim_answers_are_beside_the_exchange(
    answer: Answer, new_warc: NewWarc
) -> None:
    der = certificate()
    tls = TlsSession("TLSv1.3", "TLS_AES_256_GCM_SHA384", (der, der), verified=False)
    hint = b"HTTP/1.1 103 Early Hints\r\nX: \xe9\r\n\r\n"
    with new_warc() as warc:
        warc.write_exchange(replace(answer(HEAD, b"x"), tls=tls, interim_heads=(hint,)))
    told = facts(warc.path)
    assert told["elapsed_seconds"] == 0.25
    assert told["interim_heads"][0].encode("latin-1") == hint
    assert (told["tls"]["version"], told["tls"]["verified"]) == ("TLSv1.3", False)
    pem = told["tls"]["certificates"][1].encode()
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) == der


def test_resources_are_found_again(new_warc: NewWarc, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.write_bytes(os.urandom(100_000))
    with new_warc() as warc:
        kept = warc.write_resource("https://v.example/r.git", NOW, "application/x-git", bundle)
        small = warc.write_resource("urn:x", NOW, "text/plain", b"few")
    (tmp_path / "archive").mkdir()
    warc.path.rename(tmp_path / kept.warc)
    assert b"".join(read_block(tmp_path, kept)) == bundle.read_bytes()
    assert b"".join(read_block(tmp_path, small)) == b"few"
    warcio_check(tmp_path / kept.warc)


def test_a_big_file_is_stored_at_its_size_in_bounded_memory(
    new_warc: NewWarc, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    with bundle.open("wb") as file:
        for _ in range(60):
            file.write(os.urandom(2**20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with new_warc() as warc:
        warc.write_resource("urn:big", NOW, "application/x-git-bundle", bundle)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    assert warc.size_bytes < bundle.stat().st_size * 1.001 + 2000
    assert list(verify_warc(warc.path)) == []


def test_digest_size_and_places_are_those_of_the_file(answer: Answer, new_warc: NewWarc) -> None:
    with new_warc() as warc:
        (capture,) = warc.write_exchange(answer(HEAD, b"body"))
    data = warc.path.read_bytes()
    assert warc.sha256 == hashlib.sha256(data).hexdigest()
    assert warc.size_bytes == len(data)
    ref = capture.record
    member = gzip.decompress(data[ref.offset : ref.offset + ref.length])
    assert member.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    assert member.endswith(HEAD + b"body\r\n\r\n")


def test_an_existing_file_is_never_written_over(new_warc: NewWarc) -> None:
    with new_warc():
        pass
    with pytest.raises(FileExistsError):
        new_warc()


def test_leaving_by_an_exception_gives_no_digest(new_warc: NewWarc) -> None:
    def stopped(warc: WarcWriter) -> None:
        with warc:
            raise KeyboardInterrupt

    warc = new_warc()
    with pytest.raises(KeyboardInterrupt):
        stopped(warc)
    assert warc.sha256 == ""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    heads=st.lists(st.tuples(st.binary(max_size=80), st.binary(max_size=300)), max_size=3),
    chunked=st.booleans(),
)
def test_any_exchange_written_is_read_back_byte_for_byte(
    heads: list[tuple[bytes, bytes]], *, chunked: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    written: list[tuple[RecordRef, bytes]] = []
    path = folder / "a.warc.gz"
    with WarcWriter(path, "a.warc.gz", software="s", user_agent="u", now=NOW) as warc:
        for noise, body in heads:
            coding = b"Transfer-Encoding: chunked\r\n" if chunked else b""
            head = b"HTTP/1.1 200 OK\r\n" + coding + b"X: " + noise + b"\r\n\r\n"
            spool = folder / "body"
            spool.write_bytes(body)
            exchange = Exchange(
                "http://v.example/",
                NOW,
                0.0,
                b"GET",
                head,
                spool,
                200,
                None,
                None,
                None,
                None,
                None,
            )
            (capture,) = warc.write_exchange(exchange)
            written.append((capture.record, head + body))
    assert [b"".join(read_block(folder, ref)) for ref, _ in written] == [b for _, b in written]
    assert list(verify_warc(path)) == []
