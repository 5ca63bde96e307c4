"""The TLS session of an answer is found beside it, whole, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sousveil.archive.beside import session_of
from sousveil.archive.fields import Original
from sousveil.archive.write import WarcWriter
from sousveil.model import Exchange, TlsSession
from sousveil.web.certificates import read_certificate
from tests.archive.conftest import NOW

Answer = Callable[[bytes, bytes], Exchange]
HEAD = b'HTTP/1.1 200 OK\r\nETag: "1"\r\n\r\n'
PATH = "archive/2026/03/a.warc.gz"


def certificate() -> bytes:
    """Return a certificate that a host made for itself, as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor.example")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 7, NOW, NOW + timedelta(days=90)
    ).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("vendor.example"), x509.DNSName("*.b.example")]),
        critical=False,
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def warc(tmp_path: Path) -> WarcWriter:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    return WarcWriter(path, PATH, software="s", user_agent="u", now=NOW)


def test_the_certificate_that_was_shown_is_told_in_words(
    tmp_path: Path, answer: Answer, warc: WarcWriter
) -> None:
    tls = TlsSession("TLSv1.3", "TLS_AES_256_GCM_SHA384", (certificate(),), verified=False)
    with warc:
        (plain,) = warc.write_exchange(answer(HEAD, b"x"))
        (held,) = warc.write_exchange(replace(answer(HEAD, b"y"), tls=tls))
    assert session_of(tmp_path, plain.record) is None
    found = session_of(tmp_path, held.record)
    assert found is not None
    assert (found.version, found.cipher, found.is_verified) == (tls.version, tls.cipher, False)
    told = read_certificate(found.certificates[0])
    assert (told.owner, told.issuer) == ("CN=vendor.example", "CN=vendor.example")
    assert told.names == ("vendor.example", "*.b.example")
    assert told.since == NOW.replace(microsecond=0)
    assert len(told.sha256) == 64


def test_certificates_that_stand_in_an_earlier_record_are_found(
    tmp_path: Path, answer: Answer, warc: WarcWriter
) -> None:
    whole = replace(
        answer(HEAD, b"x"), tls=TlsSession("TLSv1.3", "", (certificate(),), verified=True)
    )
    with warc:
        (first,) = warc.write_exchange(whole)
        of = Original(first.url, first.captured_at, first.record, first.payload_digest)
        again = replace(whole, status=304, body=None, response_head=b"HTTP/1.1 304 N\r\n\r\n")
        (second,) = warc.write_exchange(again, of)
    told, named = session_of(tmp_path, second.record), session_of(tmp_path, first.record)
    assert told == named
    assert told is not None
    assert len(told.certificates) == 1


@pytest.mark.parametrize(
    "pem", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "é" * 9]
)
def test_what_is_no_certificate_is_told_to_be_none(pem: str) -> None:
    assert read_certificate(pem).problem


def test_a_note_of_somebody_else_is_no_session(
    tmp_path: Path, answer: Answer, warc: WarcWriter
) -> None:
    odd = TlsSession("TLSv1.3", json.dumps({"a": 1}), (b"no certificate",), verified=True)
    with warc:
        (held,) = warc.write_exchange(replace(answer(HEAD, b"x"), tls=odd))
    found = session_of(tmp_path, held.record)
    assert found is not None
    assert read_certificate(found.certificates[0]).problem
