"""A real time-stamping authority on loopback: `openssl ts -reply` behind an HTTP server.

Its certificates are made here, with the extended key usage that RFC 3161, section 2.3, asks for.
What it does wrong a test can choose.
"""

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """\
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


_WRONG = {"garbage": bytes(range(256)) * 4, "empty": b"", "html": b"<html>Please log in</html>"}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@cache
def _key(_name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    name: str,
    by: Issued | None,
    *,
    usage: x509.ObjectIdentifier | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Issued:
    """Make a certificate: of an authority without `usage`, and its own when `by` is None."""
    now = datetime.now(UTC)
    key = _key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or now - timedelta(days=1))
        .not_valid_after(until or now + timedelta(days=3_650))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=usage is not None,
                content_commitment=usage is not None,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=usage is None,
                crl_sign=usage is None,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


@dataclass
class Authority:
    """An authority that answers; what it does wrong may be set between two requests."""

    folder: Path
    root: Issued
    signer: Issued
    chain: tuple[Issued, ...] = ()  # sent along, which OpenSSL leaves in the wrong order for DER
    digest: str = "sha256"
    url: str = ""
    answer: str = ""  # or "garbage", "empty", "html", "error", "hang", "nonce", "imprint"
    asked: list[bytes] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def ca_file(self) -> Path:
        path = self.folder / "root.pem"
        path.write_bytes(self.root.pem)
        return path

    def reply(self, query: bytes) -> bytes:
        """Return what OpenSSL answers to a query."""
        work = Path(tempfile.mkdtemp(dir=self.folder))
        (work / "query").write_bytes(query)
        (work / "cnf").write_text(CONFIGURATION.format(folder=self.folder, digest=self.digest))
        (work / "signer.pem").write_bytes(self.signer.pem)
        (work / "key.pem").write_bytes(self.signer.key_pem)
        (work / "chain.pem").write_bytes(b"".join(one.pem for one in self.chain))
        chain = ["-chain", str(work / "chain.pem")] if self.chain else []
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-queryfile", "query", "-config", "cnf", "-section", "tsa",
             "-signer", "signer.pem", "-inkey", "key.pem", *chain, "-out", "reply"],
            cwd=work, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return (work / "reply").read_bytes()

    def query(self, data: bytes) -> bytes:
        """Return a query of its own for `data`."""
        (self.folder / "data").write_bytes(data)
        done = subprocess.run(
            ["openssl", "ts", "-query", "-data", "data", "-sha512", "-cert"],
            cwd=self.folder, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout

    def respond(self, query: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer, as wrong as `answer` says."""
        self.asked.append(query)
        if self.answer == "hang":
            time.sleep(5)
        if self.answer == "error":
            return 500, b"out of order"
        if self.answer in _WRONG:
            return 200, _WRONG[self.answer]
        if self.answer == "nonce":
            return 200, self.reply(_with_another_nonce(query))
        if self.answer == "imprint":
            return 200, self.reply(self.query(b"something else"))
        return 200, self.reply(query)


def _with_another_nonce(query: bytes) -> bytes:
    """Change the last byte of the nonce, which stands before certReq (BOOLEAN TRUE)."""
    assert query.endswith(b"\x01\x01\xff")
    return query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]


@contextmanager
def authority(
    folder: Path,
    name: str = "Stamp House",
    *,
    until: datetime | None = None,
    since: datetime | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    with_chain: bool = False,
) -> Iterator[Authority]:
    """Run an authority until the block ends; its files lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serial").write_text("01\n")
    root = issue(f"{name} Root", None)
    signer = issue(f"{name} Signer", root, usage=usage, since=since, until=until)
    made = Authority(folder, root, signer, (signer, root) if with_chain else ())

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = made.respond(query)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
