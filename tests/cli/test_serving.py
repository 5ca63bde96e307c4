"""`sousveil serve` opens the desk to whom it may, and to nobody else."""

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sousveil.case import Case
from sousveil.run.indexing import open_index, sync_index
from tests.commands import sousveil

EVERYWHERE = str(IPv4Address(0))
LINK = re.compile(r"http://(127\.0\.0\.1:\d+)(/enter\?link=\S+)")


@pytest.fixture
def case(case: Case) -> Case:
    """A fresh case with its index."""
    with open_index(case, create=True) as index:
        sync_index(case, index)
    return case


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--at", EVERYWHERE], "without --team the desk is for this computer alone"),
        (["--at", "192.0.2.1"], "without --team"),
        (["--name", "desk.example"], "without --team"),
        (["--behind-proxy"], "without --team"),
        (["--at", "desk.example"], "not an IP address"),
        (["--team", "--at", EVERYWHERE], "served by TLS alone"),
        (["--team", "--at", "192.0.2.1"], "served by TLS alone"),
        (["--team", "--tls-key", "k.pem"], "go together"),
        (["--team", "--at", EVERYWHERE, "--behind-proxy"], "name the host with --name"),
        (["--team"], "nobody may come in yet"),
    ],
)
def test_what_would_let_others_in_is_refused(
    case: Case, arguments: list[str], problem: str
) -> None:
    ran = sousveil("serve", "--case", case.root, "--no-open", *arguments)
    assert ran.status == 2
    assert problem in ran.err


def test_a_case_without_an_index_is_told_before_anything_is_served(case: Case) -> None:
    (case.root / "index.sqlite").unlink()
    ran = sousveil("serve", "--case", case.root, "--no-open")
    assert ran.status == 2
    assert "sousveil reindex" in ran.err


def test_a_port_that_is_taken_is_told(case: Case) -> None:
    with serving(case) as out:
        port = LINK.search(out)[1].partition(":")[2]  # type: ignore[index]  # it matched
        ran = sousveil("serve", "--case", case.root, "--no-open", "--port", port)
    assert ran.status == 2
    assert f"port {port}" in ran.err


def test_the_link_that_is_printed_lets_one_browser_in(case: Case) -> None:
    with serving(case) as out:
        found = LINK.search(out)
        assert found is not None
        answers = [status_of(HTTPConnection(found[1], timeout=20), found[2]) for _ in range(2)]
    assert answers == [303, 403]


def test_a_team_is_served_by_tls_with_a_cookie_bound_to_its_host(
    case: Case, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    subprocess.run(
        [sys.executable, "-m", "sousveil", "users", "add", "Ada", "--case", case.root],
        input=b"seven lamps in the rain\n",
        check=True,
        capture_output=True,
    )
    tls = ["--team", "--name", "localhost", "--tls-certificate", certificate, "--tls-key", key]
    with serving(case, *tls) as out:
        host = out.partition("https://")[2].partition("/")[0]
        trusting = ssl.create_default_context(cafile=certificate)
        connection = HTTPSConnection(host, timeout=20, context=trusting)
        connection.request("GET", "/login")
        answer = connection.getresponse()
        cookie = answer.headers["Set-Cookie"]
        connection.close()
    assert answer.status == 200
    assert cookie.startswith("__Host-sousveil-form=")
    assert "; Secure" in cookie
    assert "; Path=/" in cookie


@contextmanager
def serving(case: Case, *arguments: object) -> Iterator[str]:
    """Run `sousveil serve` and give what it printed first; end it as Ctrl-C does."""
    command = ["-m", "sousveil", "serve", "--case", case.root, "--no-open", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *map(str, command), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def status_of(connection: HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "desk.pem", folder / "desk.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
