"""The guard proxy between a client that speaks SOCKS5 and real servers on loopback."""

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.capture.guard.proxy import Connection, GuardProxy, Lane, LaneLimits
from sousveil.capture.guard.socks import Reply
from sousveil.errors import InputError
from sousveil.model import FailureKind

NOTHING: frozenset[str] = frozenset()
LOOPBACK = frozenset({"127.0.0.1"})
PATIENCE = 10.0  # seconds that a test waits for what must come
GREETING = b"\x05\x01\x00"

Handler = Callable[[socket.socket], None]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def lane() -> Iterator[Lane]:
    with GuardProxy(LOOPBACK, clock=now) as proxy, proxy.lane() as opened:
        yield opened


class Target:
    """A server that counts who comes, and does with each what `handler` says."""

    def __init__(self, handler: Handler, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family)
        self.listener.settimeout(60)
        self.port: int = self.listener.getsockname()[1]
        self.handler = handler
        self.visitors = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.visitors += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(60)
            self.handler(connection)


@contextmanager
def serving(handler: Handler, address: str = "127.0.0.1") -> Iterator[Target]:
    target = Target(handler, address)
    with closing(target.listener):
        yield target


def echo(connection: socket.socket) -> None:
    while piece := connection.recv(65536):
        connection.sendall(piece)


def heard(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := sock.recv(count - len(data))):
        data += piece
    return data


def address_of(host: str) -> bytes:
    for family, kind in ((socket.AF_INET, 1), (socket.AF_INET6, 4)):
        with contextlib.suppress(OSError):
            return bytes((kind,)) + socket.inet_pton(family, host)
    return bytes((3, len(host))) + host.encode()


def client(lane: Lane) -> socket.socket:
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    try:
        sock.connect(("127.0.0.1", int(lane.url.rpartition(":")[2])))
    except OSError:
        sock.close()
        raise
    return sock


def ask(lane: Lane, host: str, port: int, command: int = 1) -> tuple[socket.socket, int]:
    """Ask for a tunnel; return the socket and the reply's code."""
    sock = client(lane)
    sock.sendall(GREETING)
    assert heard(sock, 2) == b"\x05\x00"
    sock.sendall(bytes((5, command, 0)) + address_of(host) + port.to_bytes(2))
    answer = heard(sock, 10)
    assert len(answer) == 10
    assert answer[0] == 5
    return sock, answer[1]


def refusal(lane: Lane, host: str, port: int) -> int:
    sock, reply = ask(lane, host, port)
    with sock:
        assert sock.recv(1) == b""
    return reply


def settled(lane: Lane, check: Callable[[list[Connection]], bool]) -> list[Connection]:
    """Return the lane's connections as soon as `check` holds of them."""
    deadline = time.monotonic() + PATIENCE
    while not check(found := lane.connections()):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def test_bytes_pass_both_ways_and_the_lane_tells_where_they_went(lane: Lane) -> None:
    with serving(echo) as target:
        sock, reply = ask(lane, "127.0.0.1", target.port)
        with sock:
            assert reply == Reply.SUCCEEDED
            sock.sendall(b"hello")
            assert heard(sock, 5) == b"hello"
            (open_one,) = lane.connections()
            assert (open_one.host, open_one.port) == ("127.0.0.1", target.port)
            assert open_one.ip_address == "127.0.0.1"
            assert open_one.is_open
    (done,) = settled(lane, lambda found: not found[0].is_open)
    assert (done.sent_bytes, done.received_bytes, done.failure) == (5, 5, None)


def test_a_name_is_resolved_here_and_its_address_told() -> None:
    with (
        serving(echo) as target,
        GuardProxy(frozenset({"localhost"}), clock=now) as proxy,
        proxy.lane() as lane,
    ):
        sock, reply = ask(lane, "localhost", target.port)
        sock.close()
        assert reply == Reply.SUCCEEDED
        assert lane.connections()[0].ip_address == "127.0.0.1"


@pytest.mark.parametrize(
    "spelling", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "0177.1", "127.1", "::1",
                 "[::1]", "::ffff:127.0.0.1", "169.254.169.254", "0"]
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_and_not_touched(spelling: str) -> None:
    with (
        serving(echo) as target,
        GuardProxy(NOTHING, clock=now) as proxy,
        proxy.lane() as lane,
    ):
        assert refusal(lane, spelling, target.port) == Reply.NOT_ALLOWED
        (refused,) = lane.connections()
        assert refused.host.strip("[]") in {spelling.strip("[]"), "::ffff:7f00:1"}
        assert refused.ip_address is None
        assert "not a public address" in (refused.refused or "") or "metadata" in str(refused)
        assert target.visitors == 0


def test_a_name_that_turns_to_loopback_is_judged_and_dialled_by_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter(["127.0.0.2", "127.0.0.1"])
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with (
        serving(echo, "127.0.0.2") as public,  # stands for a public address
        GuardProxy(frozenset({"127.0.0.2"}), clock=now) as proxy,
        proxy.lane() as lane,
    ):
        sock, reply = ask(lane, "rebound.example", public.port)
        sock.close()
        assert (reply, asked) == (Reply.SUCCEEDED, ["rebound.example"])
        assert refusal(lane, "rebound.example", public.port) == Reply.NOT_ALLOWED
        assert asked == ["rebound.example"] * 2
        assert [one.ip_address for one in lane.connections()] == ["127.0.0.2", None]


def test_a_name_that_nobody_knows_and_a_port_that_nobody_serves_have_their_own_replies(
    lane: Lane,
) -> None:
    assert refusal(lane, "nobody.invalid", 80) == Reply.HOST_UNREACHABLE
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(lane, "127.0.0.1", port) == Reply.CONNECTION_REFUSED
    kinds = [one.failure.kind for one in lane.connections() if one.failure]
    assert kinds == [FailureKind.DNS, FailureKind.CONNECT]


@pytest.mark.parametrize("command", [0, 2, 3, 0xF0])
def test_only_connect_is_served(lane: Lane, command: int) -> None:
    sock, reply = ask(lane, "127.0.0.1", 9, command)
    with sock:
        assert reply == Reply.COMMAND_NOT_SUPPORTED
        assert sock.recv(1) == b""
    assert lane.connections() == []


def test_each_lane_tells_only_its_own_connections() -> None:
    with GuardProxy(NOTHING, clock=now) as proxy, proxy.lane() as one, proxy.lane() as other:
        assert one.url != other.url
        refusal(one, "127.0.0.1", 1)
        assert len(one.connections()) == 1
        assert other.connections() == []


def test_a_closed_lane_takes_nobody_ends_its_tunnels_and_keeps_its_record() -> None:
    with serving(echo) as target, GuardProxy(LOOPBACK, clock=now) as proxy:
        with proxy.lane() as lane:
            sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock, contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            client(lane)
        assert [one.is_open for one in lane.connections()] == [False]


def test_the_end_of_the_proxy_is_the_end_of_its_lanes() -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(GuardProxy(LOOPBACK, clock=now))
        with serving(echo) as target, proxy.lane() as lane:
            sock, _ = ask(lane, "127.0.0.1", target.port)
            stack.close()
            with sock, contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
        with pytest.raises(InterruptedError), proxy.lane():
            pass


@pytest.mark.slow
def test_a_gigabyte_passes_without_memory_for_it(lane: Lane) -> None:
    size = 2**30
    piece = bytes(2**20)

    def send(connection: socket.socket) -> None:
        for _ in range(size // len(piece)):
            connection.sendall(piece)

    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    if not Path("/proc/self/statm").exists():
        pytest.skip("only Linux tells a process's memory in /proc")
    with serving(send) as target:
        sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock:
            before, got, into = resident_bytes(), 0, bytearray(2**18)
            while count := sock.recv_into(into):
                got += count
    assert got == size
    assert resident_bytes() - before < 16 * 2**20


def test_the_end_of_one_direction_leaves_the_other_open(lane: Lane) -> None:
    def answer_after_the_end(connection: socket.socket) -> None:
        asked = b""
        while piece := connection.recv(100):
            asked += piece
        connection.sendall(asked * 2)

    with serving(answer_after_the_end) as target:
        sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock:
            sock.sendall(b"ab")
            sock.shutdown(socket.SHUT_WR)
            assert heard(sock, 10) == b"abab"


def test_a_reader_that_stops_stops_the_writer(lane: Lane) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        while True:
            sent += connection.send(bytes(65536))

    with serving(flood) as target:
        sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock:
            before = -1
            while sent != before:
                before = sent
                time.sleep(0.3)
            assert 0 < sent < 32 * 2**20  # what the system's own socket buffers hold


def test_a_tunnel_without_a_byte_is_closed_and_says_so() -> None:
    limits = LaneLimits(idle_seconds=0.2)
    with (
        serving(echo) as target,
        GuardProxy(LOOPBACK, clock=now, limits=limits) as proxy,
        proxy.lane() as lane,
    ):
        sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock:
            for _ in range(6):
                time.sleep(0.1)
                sock.sendall(b"x")
                assert heard(sock, 1) == b"x"
            assert sock.recv(1) == b""
        (idle,) = settled(lane, lambda found: not found[0].is_open)
    assert idle.failure is not None
    assert idle.failure.kind is FailureKind.TIMEOUT


def test_who_does_not_finish_the_handshake_is_shown_out() -> None:
    limits = LaneLimits(handshake_seconds=0.2)
    with (
        GuardProxy(LOOPBACK, clock=now, limits=limits) as proxy,
        proxy.lane() as lane,
        client(lane) as sock,
    ):
        sock.sendall(GREETING)
        assert heard(sock, 3) == b"\x05\x00"


def test_a_lane_carries_so_many_bytes_and_no_more() -> None:
    limits = LaneLimits(max_bytes=1000)
    with (
        serving(lambda c: c.sendall(bytes(5000))) as target,
        GuardProxy(LOOPBACK, clock=now, limits=limits) as proxy,
        proxy.lane() as lane,
    ):
        sock, _ = ask(lane, "127.0.0.1", target.port)
        with sock, contextlib.suppress(ConnectionResetError):
            assert len(heard(sock, 5000)) <= 1000
        (spent,) = settled(lane, lambda found: not found[0].is_open)
        assert spent.failure is not None
        assert spent.failure.kind is FailureKind.TOO_LARGE
        assert "1,000 bytes" in spent.failure.message
        assert refusal(lane, "127.0.0.1", target.port) == Reply.NOT_ALLOWED
        assert target.visitors == 1


def test_a_lane_takes_so_many_connections_and_no_more() -> None:
    limits = LaneLimits(max_connections=2)
    with GuardProxy(NOTHING, clock=now, limits=limits) as proxy, proxy.lane() as lane:
        for _ in range(4):
            assert refusal(lane, "127.0.0.1", 1) == Reply.NOT_ALLOWED
        assert len(lane.connections()) == 2


def test_connections_beyond_those_open_at_once_wait_their_turn() -> None:
    limits = LaneLimits(max_open=1)
    with (
        serving(echo) as target,
        GuardProxy(LOOPBACK, clock=now, limits=limits) as proxy,
        proxy.lane() as lane,
    ):
        first, _ = ask(lane, "127.0.0.1", target.port)
        with client(lane) as second:
            second.sendall(GREETING)
            second.settimeout(0.2)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.close()
            second.settimeout(PATIENCE)
            assert heard(second, 2) == b"\x05\x00"


def test_a_slow_resolver_holds_up_nobody_else(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **named: object) -> object:
        if host == "slow.example":
            release.wait(PATIENCE)
            raise socket.gaierror(socket.EAI_NONAME, "no")
        return real(host, *arguments, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(echo) as target, client(lane) as waiting:
        waiting.sendall(GREETING + b"\x05\x01\x00" + address_of("slow.example") + b"\x00\x50")
        settled(lane, lambda found: len(found) == 1)
        sock, reply = ask(lane, "127.0.0.1", target.port)
        sock.close()
        assert reply == Reply.SUCCEEDED
        release.set()
        assert heard(waiting, 12)[3] == Reply.HOST_UNREACHABLE


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda b: GREETING + b)))
def test_no_bytes_of_a_client_stop_the_lane(data: bytes) -> None:
    lane = _shared_lane()
    with client(lane) as sock:
        with contextlib.suppress(OSError):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(4096):
                pass
    assert refusal(lane, "127.0.0.1", 1) == Reply.NOT_ALLOWED


_LANES: list[Lane] = []


def _shared_lane() -> Lane:
    return _LANES[0]


@pytest.fixture(autouse=True, scope="module")
def shared_lane() -> Iterator[None]:
    limits = LaneLimits(max_connections=10**6)
    with GuardProxy(NOTHING, clock=now, limits=limits) as proxy, proxy.lane() as lane:
        _LANES.append(lane)
        yield
        _LANES.clear()


def test_a_malformed_entry_of_the_case_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="allow_hosts"):
        GuardProxy(frozenset({"http://x/"}), clock=now)
