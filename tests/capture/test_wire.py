"""Wire capture against real servers on loopback that behave well, badly and with malice."""

import gzip
import hashlib
import resource
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sousveil.capture.http.fetch import WireSettings, fetch, request_url
from sousveil.errors import InputError, TargetError
from sousveil.model import Exchange, FailureKind

LOOPBACK = frozenset({"127.0.0.1"})
NOTHING: frozenset[str] = frozenset()
SETTINGS = WireSettings(
    user_agent="sousveil-test/1", connect_seconds=2, total_seconds=5, max_redirects=5
)

Handler = Callable[[socket.socket, bytes], None]


def now() -> datetime:
    return datetime.now(UTC)


class Server:
    """A raw server: reads one request head, then does what `handler` says."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self.handler, self.context = handler, context
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    piece = connection.recv(4096)
                    if not piece:
                        return
                    head += piece
                self.requests.append(head)
                self.handler(connection, head)
                if self.context:
                    connection.close()
            except OSError:
                return


@contextmanager
def serving(handler: Handler | bytes, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    raw = handler
    does = (lambda c, _: c.sendall(raw)) if isinstance(raw, bytes) else raw
    server = Server(does, context)
    with closing(server.listener):
        yield server


def get(
    url: str, folder: Path, settings: WireSettings = SETTINGS, allowed: frozenset[str] = LOOPBACK
) -> list[Exchange]:
    return fetch(url, settings=settings, allowed=allowed, folder=folder, clock=now)


def only(exchanges: list[Exchange]) -> Exchange:
    assert len(exchanges) == 1
    return exchanges[0]


def body(exchange: Exchange) -> bytes:
    return exchange.body.read_bytes() if exchange.body else b""


def kind(exchange: Exchange) -> FailureKind | None:
    return exchange.failure.kind if exchange.failure else None


ZIPPED = gzip.compress(b"<p>plain words</p>" * 50, mtime=0)
CHUNKED = b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: kept\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "entity"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Odd  : \xe9 \r\n\r\n", b"\x00\xff\r\n\n"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(ZIPPED),
            ZIPPED,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", b"\x0b\x02\x80hello\x03"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKED),
        (b"HTTP/1.0 403 Forbidden\nContent-Type: text/html\n\n", b"<h1>no</h1>"),
        (b"HTTP/1.1 404 Not Found\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", b"gone"),
        (b"HTTP/1.1 500\r\n\r\n", b"oops"),
        (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 9\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_an_answer_is_kept_as_the_wire_carried_it(
    tmp_path: Path, head: bytes, entity: bytes
) -> None:
    with serving(head + entity) as server:
        exchange = only(get(server.url + "a?b=c#part", tmp_path))
    assert exchange.response_head == head
    assert body(exchange) == entity
    assert exchange.status == int(head.split()[1])
    assert exchange.failure is None
    assert exchange.truncated is None
    assert exchange.ip_address == "127.0.0.1"
    assert exchange.request_head == server.requests[0]
    assert exchange.url == server.url + "a?b=c"


def test_the_request_says_who_asks_and_prefers_no_language(tmp_path: Path) -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\n") as server:
        get(server.url, tmp_path)
    head = server.requests[0].decode()
    assert head.startswith("GET / HTTP/1.1\r\n")
    assert "User-Agent: sousveil-test/1\r\n" in head
    assert "Accept-Encoding: gzip, deflate, br\r\n" in head
    assert "Accept-Language: en;q=0.9,zh;q=0.9,*;q=0.9\r\n" in head


def test_interim_answers_are_kept_beside_the_final_head(tmp_path: Path) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    with serving(b"HTTP/1.1 100 Continue\r\n\r\n" + hint + final + b"ok") as server:
        exchange = only(get(server.url, tmp_path))
    assert exchange.response_head == final
    assert exchange.interim_heads == (b"HTTP/1.1 100 Continue\r\n\r\n", hint)


BROKEN: list[tuple[bytes, FailureKind, int | None, tuple[bytes, str | None]]] = [
    (b"", FailureKind.DISCONNECT, None, (b"", None)),
    (b"hello there\r\n", FailureKind.PROTOCOL, None, (b"", None)),
    (b"ICY 200 OK\r\n\r\nmusic", FailureKind.PROTOCOL, None, (b"", None)),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        FailureKind.DISCONNECT,
        200,
        (b"abc", "disconnect"),
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZZ\r\n",
        FailureKind.DISCONNECT,
        200,
        (b"3\r\nabc\r\nZZ\r\n", "disconnect"),
    ),
    (b"HTTP/1.1 200 OK\r\nX-One: 1\r\nX-Tw", FailureKind.DISCONNECT, 200, (b"", "disconnect")),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nabc",
        FailureKind.PROTOCOL,
        200,
        (b"", "disconnect"),
    ),
]


@pytest.mark.parametrize(("answer", "failure", "status", "rest"), BROKEN)
def test_a_broken_answer_is_an_outcome_with_what_came(
    tmp_path: Path,
    answer: bytes,
    failure: FailureKind,
    status: int | None,
    rest: tuple[bytes, str | None],
) -> None:
    with serving(answer) as server:
        exchange = only(get(server.url, tmp_path))
    assert kind(exchange) is failure
    assert (exchange.status, (body(exchange), exchange.truncated)) == (status, rest)
    assert exchange.failure is not None
    assert "127.0.0.1" in exchange.failure.message
    assert exchange.request_head == server.requests[0]


def test_a_length_shorter_than_the_body_ends_the_answer_there(tmp_path: Path) -> None:
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef") as server:
        exchange = only(get(server.url, tmp_path))
    assert (body(exchange), exchange.failure) == (b"ab", None)


def test_a_reset_connection_is_a_disconnect(tmp_path: Path) -> None:
    def reset(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with serving(reset) as server:
        exchange = only(get(server.url, tmp_path))
    assert kind(exchange) is FailureKind.DISCONNECT
    assert (body(exchange), exchange.truncated) == (b"half", "disconnect")


def test_a_slow_drip_ends_at_the_total_time_and_keeps_what_came(tmp_path: Path) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    with serving(drip) as server:
        exchange = only(get(server.url, tmp_path, replace(SETTINGS, total_seconds=0.5)))
    assert kind(exchange) is FailureKind.TIMEOUT
    assert exchange.truncated == "time"
    assert set(body(exchange)) == {ord("x")}
    assert 0.4 < exchange.elapsed_seconds < 2


def test_silence_after_the_request_is_a_timeout_without_an_answer(tmp_path: Path) -> None:
    with serving(lambda _c, _h: time.sleep(2)) as server:
        exchange = only(get(server.url, tmp_path, replace(SETTINGS, total_seconds=0.4)))
    assert kind(exchange) is FailureKind.TIMEOUT
    assert (exchange.response_head, exchange.truncated) == (b"", None)
    assert exchange.request_head == server.requests[0]


def test_an_endless_body_is_cut_at_the_limit_and_says_so(tmp_path: Path) -> None:
    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"y" * 65536)

    with serving(endless) as server:
        exchange = only(get(server.url, tmp_path, replace(SETTINGS, max_body_bytes=100_001)))
    assert kind(exchange) is FailureKind.TOO_LARGE
    assert exchange.truncated == "length"
    assert body(exchange) == b"y" * 100_001


def test_a_big_body_goes_to_disk_and_not_into_memory(tmp_path: Path) -> None:
    size, piece = 60 * 2**20, b"z" * 2**20

    def big(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _turn in range(size // len(piece)):
            connection.sendall(piece)

    with serving(big) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        exchange = only(get(server.url, tmp_path))
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert exchange.body is not None
    assert exchange.body.stat().st_size == size
    with exchange.body.open("rb") as spooled:
        digest = hashlib.file_digest(spooled, "sha256").hexdigest()
    assert digest == hashlib.sha256(b"z" * size).hexdigest()
    assert grown_kb < 30_000


@pytest.mark.parametrize("flood", [b"X-Many: 1\r\n" * 5000, b"X-Long: " + b"a" * 400_000])
def test_a_flood_of_header_fields_is_cut_off(tmp_path: Path, flood: bytes) -> None:
    with serving(b"HTTP/1.1 200 OK\r\n" + flood + b"\r\n\r\nbody") as server:
        exchange = only(get(server.url, tmp_path))
    assert kind(exchange) in {FailureKind.TOO_LARGE, FailureKind.PROTOCOL}
    assert exchange.response_head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(exchange.response_head) <= SETTINGS.max_head_bytes
    assert body(exchange) == b""


# ---------------------------------------------------------------- redirects


def hop(path: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {path}\r\nContent-Length: 4\r\n\r\nmove".encode()


def route(pages: dict[str, bytes]) -> Handler:
    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(pages[head.split()[1].decode()])

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"


def test_each_hop_of_a_redirect_is_its_own_exchange(tmp_path: Path) -> None:
    pages = {
        "/": hop("/a/b", 301),
        "/a/b": hop("c?d=1#frag", 303),
        "/a/c?d=1": hop("//127.0.0.1:PORT/e%20f g", 307),
        "/e%20f%20g": hop("/中", 308),
        "/%E4%B8%AD": OK,
    }
    with serving(route(pages)) as server:
        pages["/a/c?d=1"] = pages["/a/c?d=1"].replace(b"PORT", b"%d" % server.port)
        chain = get(server.url, tmp_path)
    assert [exchange.status for exchange in chain] == [301, 303, 307, 308, 200]
    assert [exchange.url.removeprefix(server.url) for exchange in chain] == [
        "",
        "a/b",
        "a/c?d=1",
        "e%20f%20g",
        "%E4%B8%AD",
    ]
    assert [body(exchange) for exchange in chain] == [b"move"] * 4 + [b"here"]
    assert chain[1].location == server.url + "a/c?d=1#frag"
    assert all(exchange.failure is None for exchange in chain)


def test_a_redirect_whose_body_breaks_off_is_followed(tmp_path: Path) -> None:
    cut = hop("/b").replace(b"Content-Length: 4", b"Content-Length: 400")
    with serving(route({"/": cut, "/b": OK})) as server:
        first, second = get(server.url, tmp_path)
    assert (kind(first), first.truncated) == (FailureKind.DISCONNECT, "disconnect")
    assert (second.status, second.failure) == (200, None)


def test_a_circle_of_redirects_is_noticed(tmp_path: Path) -> None:
    with serving(route({"/": hop("/b"), "/b": hop("/")})) as server:
        chain = get(server.url, tmp_path)
    assert [exchange.status for exchange in chain] == [302, 302]
    assert kind(chain[-1]) is FailureKind.TOO_MANY_REDIRECTS
    assert body(chain[-1]) == b"move"


def test_a_hundred_redirects_end_at_the_limit(tmp_path: Path) -> None:
    pages = {f"/{n}": hop(f"/{n + 1}") for n in range(100)}
    with serving(route(pages)) as server:
        chain = get(server.url + "0", tmp_path)
    assert len(chain) == SETTINGS.max_redirects + 1
    assert kind(chain[-1]) is FailureKind.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "javascript:alert(1)",
        "http://[::1/",
        "http://:80/",
    ],
)
def test_a_redirect_away_from_http_is_not_followed(tmp_path: Path, location: str) -> None:
    with serving(hop(location)) as server:
        exchange = only(get(server.url, tmp_path))
    assert kind(exchange) is FailureKind.BAD_REDIRECT
    assert exchange.failure is not None
    assert location in exchange.failure.message


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0x7f000002/",
        "http://2130706434/",
        "http://[::ffff:127.0.0.2]/",
        "http://[::1]/",
        "http://localhost.:1/",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path, location: str) -> None:
    with serving(hop(location)) as server:
        allowed = frozenset({f"127.0.0.1:{server.port}"})
        first, second = get(server.url, tmp_path, allowed=allowed)
    assert (first.status, first.failure) == (302, None)
    assert kind(second) is FailureKind.REFUSED_ADDRESS
    assert second.request_head == b""


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "0"],
)
def test_loopback_is_refused_however_it_is_spelt_and_nothing_is_sent(
    tmp_path: Path, host: str
) -> None:
    with serving(OK) as server:
        url = f"http://{host}:{server.port}/"
        exchange = only(get(url, tmp_path, allowed=NOTHING))
    assert kind(exchange) is FailureKind.REFUSED_ADDRESS
    assert exchange.failure is not None
    assert "not a public address" in exchange.failure.message
    assert server.requests == []


def test_a_proxy_in_the_environment_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(OK) as server:
        monkeypatch.setenv("http_proxy", server.url)
        exchange = only(get("http://nobody.invalid/", tmp_path))
    assert kind(exchange) is FailureKind.DNS
    assert server.requests == []


def test_a_name_without_an_address_and_a_closed_port_are_outcomes(tmp_path: Path) -> None:
    nobody = only(get("http://nobody.invalid/", tmp_path))
    assert kind(nobody) is FailureKind.DNS
    assert nobody.failure is not None
    assert "nobody.invalid" in nobody.failure.message
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        port = unused.getsockname()[1]
    closed = only(get(f"http://127.0.0.1:{port}/", tmp_path))
    assert kind(closed) is FailureKind.CONNECT
    assert closed.request_head == b""


@pytest.mark.parametrize("url", ["ftp://a.example/", "a.example", "http://", "http://[::1/", "x:y"])
def test_what_is_no_web_address_is_refused_by_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(TargetError) as refusal:
        get(url, tmp_path)
    assert str(refusal.value).startswith(f"{url}: not ")


def test_a_malformed_allowance_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        get("http://nobody.invalid/", tmp_path, allowed=frozenset({"1.2.3.4/77"}))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        (
            "HTTP://User:Pass@Vendor.Example:8080/a b?ü=1#x",
            "http://vendor.example:8080/a%20b?%C3%BC=1",
        ),
        ("https://例子.example/民族", "https://xn--fsqu00a.example/%E6%B0%91%E6%97%8F"),
        ("http://[2606:2800::1]:81", "http://[2606:2800::1]:81/"),
        ("http://a.example/%2F%zz/../b", "http://a.example/%2F%zz/../b"),
    ],
)
def test_a_url_is_asked_for_in_ascii_without_credentials(written: str, asked: str) -> None:
    assert request_url(written) == asked


def test_a_full_disk_is_raised_and_not_taken_for_the_servers_fault(tmp_path: Path) -> None:
    with serving(OK) as server, pytest.raises(FileNotFoundError):
        get(server.url, tmp_path / "missing")


# ---------------------------------------------------------------- TLS


class Authority:
    """A certificate authority of our own, made for the test."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sousveil Test Root")])
        self.certificate = self._sign(self.name, self.key, ca=True)

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
        names: list[x509.GeneralName] | None = None,
        until: timedelta = timedelta(days=30),
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=60))
            .not_valid_after(now() + until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def context(
        self, folder: Path, name: x509.GeneralName, until: timedelta = timedelta(days=30)
    ) -> tuple[ssl.SSLContext, bytes]:
        """Return a server's context for `name` and its certificate as DER."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vendör 供应商")])
        leaf = self._sign(subject, key, ca=False, names=[name], until=until)
        path = folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
            + self.certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context, leaf.public_bytes(serialization.Encoding.DER)

    def trusted(self, folder: Path) -> WireSettings:
        path = folder / "root.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return replace(SETTINGS, ca_file=path)


LOCAL = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_tls_session_is_kept_with_its_certificates(tmp_path: Path, authority: Authority) -> None:
    context, leaf = authority.context(tmp_path, LOCAL)
    with serving(OK, context) as server:
        exchange = only(get(server.url, tmp_path, authority.trusted(tmp_path)))
    assert (exchange.status, body(exchange), exchange.failure) == (200, b"here", None)
    assert exchange.tls is not None
    assert exchange.tls.version == "TLSv1.3"
    assert exchange.tls.cipher.startswith("TLS_")
    root = authority.certificate.public_bytes(serialization.Encoding.DER)
    assert exchange.tls.chain == (leaf, root)
    assert exchange.tls.verified


@pytest.mark.parametrize("fault", ["expired", "wrong host", "unknown authority"])
def test_behind_a_bad_certificate_both_the_refusal_and_the_page_are_kept(
    tmp_path: Path, authority: Authority, fault: str
) -> None:
    name = x509.DNSName("other.example") if fault == "wrong host" else LOCAL
    until = timedelta(days=-1) if fault == "expired" else timedelta(days=1)
    context, leaf = authority.context(tmp_path, name, until)
    trusting = (Authority() if fault == "unknown authority" else authority).trusted(tmp_path)
    with serving(OK, context) as server:
        refusal, page = get(server.url, tmp_path, trusting)
    assert kind(refusal) is FailureKind.TLS
    assert (refusal.status, refusal.request_head) == (None, b"")
    assert (page.status, body(page), page.failure) == (200, b"here", None)
    assert page.tls is not None
    assert page.tls.chain[0] == leaf
    assert not page.tls.verified
    assert len(server.requests) == 1


def test_a_server_that_speaks_no_tls_is_a_tls_failure_asked_once(tmp_path: Path) -> None:
    met: list[bytes] = []

    def plain(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            met.append(connection.recv(4096))
            connection.sendall(OK)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=plain, args=(listener,), daemon=True).start()
        exchange = only(get(f"https://127.0.0.1:{listener.getsockname()[1]}/", tmp_path))
    assert kind(exchange) is FailureKind.TLS
    assert exchange.tls is None
    assert len(met) == 1


def test_an_interrupt_ends_a_visit_at_once(tmp_path: Path) -> None:
    def interrupt(_c: socket.socket, _h: bytes) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(4)

    # A shell that starts us in the background lets us ignore the signal; here it must count.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with serving(interrupt) as server:
            started = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                get(server.url, tmp_path)
        assert time.monotonic() - started < 2
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_printed_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(OK) as server:
        get(server.url, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_visit_that_is_called_off_ends_soon(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with serving(lambda *_: time.sleep(60)) as server, pytest.raises(InterruptedError):
        fetch(
            server.url,
            settings=replace(SETTINGS, total_seconds=60),
            allowed=LOOPBACK,
            folder=tmp_path,
            clock=now,
            stop=stop,
        )
