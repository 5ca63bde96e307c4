"""Exits: what is asked of them, what never leaves by another way, and what they keep secret."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.git import capture as git_module
from sousveil.capture.git.capture import RepositoryCapture, capture_repository
from sousveil.capture.guard import dial
from sousveil.capture.guard.addresses import check_name
from sousveil.capture.guard.exits import Exit, exit_url, parse_exit, reach
from sousveil.capture.guard.proxy import GuardProxy
from sousveil.capture.guard.socks import Reply
from sousveil.capture.http.fetch import WireSettings, fetch
from sousveil.errors import InputError
from sousveil.model import Exchange, Failure, FailureKind
from tests.capture.exit_server import exit_server, unused_exit
from tests.capture.test_git import Commit, Git, serving
from tests.capture.test_proxy import ask, refusal
from tests.capture.test_proxy import serving as serving_raw
from tests.sites import Page, Site, serve

NOTHING: frozenset[str] = frozenset()
SETTINGS = WireSettings(user_agent="sousveil-test/1", connect_seconds=2, total_seconds=10)
LOGIN = ("watch-1", "p@ss:w/rd%")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        served.pages["/"] = Page(b"<p>made up</p>")
        yield served


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names that our process asks its resolver for, from now on."""
    names: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **named: object) -> object:
        names.append(host)
        return real(host, *arguments, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


def get(
    url: str,
    folder: Path,
    exit_: Exit,
    allowed: frozenset[str] = NOTHING,
    settings: WireSettings = SETTINGS,
) -> list[Exchange]:
    return fetch(url, settings=settings, allowed=allowed, folder=folder, clock=now, exit_=exit_)


def failure(exchange: Exchange) -> Failure:
    assert exchange.failure is not None
    return exchange.failure


# ---------------------------------------------------------------- names and URLs


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "printer.local", "db.internal", "intranet", "x.corp", "a.localhost",
     "router.home.arpa", "a.b.lan", "127.0.0.1", "::1", "[::1]", "10.1.2.3", "169.254.169.254",
     "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "1.2.3.0x10", "1.2.3.4.", "x.0x", "a b.org",
     "", ".", "a..b", "-a.example", "a\0.example", "x" * 64 + ".example", "x." * 130 + "example"],
)  # fmt: skip
def test_an_exit_is_never_asked_for_what_can_only_be_local(host: str) -> None:
    found = reach(host, 80, NOTHING, Exit("tor", "127.0.0.1", 9050))
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.REFUSED_ADDRESS
    assert host.strip("[]") in found.message


@pytest.mark.parametrize(
    "host",
    ["vendor.example", "Vendor.Example.", "xn--fiqs8s.example", "sub_domain.vendor.example",
     "93.184.216.34", "2606:2800:220:1::1", "abcdefghij.onion", "local.vendor.example"],
)  # fmt: skip
def test_an_exit_is_asked_for_public_names_and_addresses(host: str) -> None:
    assert reach(host, 443, NOTHING, Exit("tor", "127.0.0.1", 9050)) == []


def test_a_local_name_is_asked_of_an_exit_when_the_case_allows_it() -> None:
    allowed = frozenset({"wiki.internal:8080", "intranet"})
    assert check_name("wiki.internal", 8080, allowed) is None
    assert check_name("wiki.internal", 80, allowed) is not None
    assert check_name("intranet", 1, allowed) is None


def test_an_onion_name_is_never_asked_of_the_resolver(resolved: list[str]) -> None:
    found = reach("abcdefghij.onion", 80, NOTHING, None)
    assert isinstance(found, Failure)
    assert "name an exit" in found.message
    assert resolved == []


@pytest.mark.parametrize(
    "url",
    ["socks5://127.0.0.1:9050", "http://127.0.0.1:8080", "socks5h://127.0.0.1", "127.0.0.1:9050",
     "socks5h://:9050", "socks5h://h:0", "socks5h://h:70000", "socks5h://h:1/path", "",
     "socks5h://h:1?x", "socks5h://s3cret@h:1", "socks5h://u:@h:1", "socks5h://[::1:1",
     f"socks5h://u:s3cret{'x' * 255}@h:1", "ftp://u:s3cret@h:1"],
)  # fmt: skip
def test_an_exit_in_another_form_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(InputError, match=r"exits: .*tor.*host") as refused:
        parse_exit("tor", url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "direct", "Tor", "a b", "x" * 41])
def test_an_exit_has_a_plain_name_of_its_own(name: str) -> None:
    with pytest.raises(InputError, match="cannot be an exit's name"):
        parse_exit(name, "socks5h://127.0.0.1:9050")


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(st.sampled_from(["127.0.0.1", "::1", "tor.example"]), st.integers(1, 65535), _WORDS, _WORDS)
def test_an_exit_is_read_back_as_it_was_written(
    host: str, port: int, user: str, password: str
) -> None:
    for credentials in (None, (user, password)):
        written = Exit("tor", host, port, credentials)
        assert parse_exit("tor", exit_url(written)) == written


def test_an_exit_shows_its_name_and_place_and_no_password() -> None:
    exit_ = Exit("tor", "::1", 9050, LOGIN)
    assert str(exit_) == "exit 'tor' (socks5h://[::1]:9050)"
    assert LOGIN[0] not in repr(exit_)
    assert LOGIN[1] not in repr(exit_)


# ---------------------------------------------------------------- the wire


def test_the_wire_leaves_names_to_the_exit(tmp_path: Path, site: Site, resolved: list[str]) -> None:
    port = int(site.host.rpartition(":")[2])
    with exit_server() as server:
        (exchange,) = get(f"http://vendor.example:{port}/", tmp_path, server.exit)
        assert server.asked == [("name", "vendor.example", port)]
    assert exchange.status == 200
    assert exchange.failure is None
    assert exchange.ip_address is None
    assert b"Host: vendor.example" in exchange.request_head
    assert set(resolved) <= {"127.0.0.1"}


def test_redirects_keep_to_the_exit_and_are_judged_at_each_hop(tmp_path: Path, site: Site) -> None:
    port = int(site.host.rpartition(":")[2])
    onion = f"http://abcdefghij.onion:{port}/next"
    site.pages["/"] = Page(b"", status=302, location=onion)
    site.pages["/next"] = Page(b"", status=302, location=f"http://0x7f000001:{port}/secret")
    with exit_server() as server:
        chain = get(f"http://vendor.example:{port}/", tmp_path, server.exit)
        assert [host for _, host, _ in server.asked] == ["vendor.example", "abcdefghij.onion"]
    assert [exchange.status for exchange in chain] == [302, 302, None]
    assert failure(chain[-1]).kind is FailureKind.REFUSED_ADDRESS


def test_an_exit_that_is_down_is_named_and_nothing_goes_another_way(
    tmp_path: Path, site: Site
) -> None:
    down = unused_exit()
    (exchange,) = get(f"{site.url}/", tmp_path, down, frozenset({"127.0.0.1"}))
    assert failure(exchange).kind is FailureKind.EXIT
    assert str(down) in failure(exchange).message
    assert (exchange.status, exchange.request_head, exchange.ip_address) == (None, b"", None)


def test_an_exit_that_has_no_address_is_named(tmp_path: Path) -> None:
    nowhere = Exit("tor", "nobody.invalid", 9050)
    (exchange,) = get("http://vendor.example/", tmp_path, nowhere)
    assert failure(exchange).kind is FailureKind.EXIT
    assert "exit 'tor'" in failure(exchange).message


REPLIES = [
    (Reply.GENERAL_FAILURE, FailureKind.EXIT),
    (Reply.NOT_ALLOWED, FailureKind.EXIT),
    (Reply.NETWORK_UNREACHABLE, FailureKind.CONNECT),
    (Reply.HOST_UNREACHABLE, FailureKind.DNS),
    (Reply.CONNECTION_REFUSED, FailureKind.CONNECT),
    (Reply.TTL_EXPIRED, FailureKind.EXIT),
    (77, FailureKind.EXIT),
]


@pytest.mark.parametrize(("reply", "kind"), REPLIES)
def test_every_path_reads_an_exits_reply_alike(
    tmp_path: Path, reply: int, kind: FailureKind
) -> None:
    with exit_server(reply) as server, GuardProxy(NOTHING, clock=now) as proxy:
        (exchange,) = get("http://vendor.example:81/", tmp_path, server.exit)
        by_git = clone("http://vendor.example:81/x.git", tmp_path, server.exit)
        with proxy.lane(server.exit) as lane:
            refusal(lane, "vendor.example", 81)
            (connection,) = lane.connections()
        assert server.asked == [("name", "vendor.example", 81)] * 3
    assert isinstance(by_git, Failure)
    assert connection.failure is not None
    for told in (failure(exchange), by_git, connection.failure):
        assert told.kind is kind, told
        assert "exit 'tor'" in told.message


@pytest.mark.parametrize("answer", [b"", b"\x05", b"\x05\xff", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_who_is_no_exit_is_named(tmp_path: Path, answer: bytes) -> None:
    def answer_all(connection: socket.socket) -> None:
        connection.recv(3)
        connection.sendall(answer)

    with serving_raw(answer_all) as server, GuardProxy(NOTHING, clock=now) as proxy:
        imposter = Exit("tor", "127.0.0.1", server.port)
        with proxy.lane(imposter) as lane:
            refusal(lane, "vendor.example", 80)
            (connection,) = lane.connections()
        (exchange,) = get("http://vendor.example/", tmp_path, imposter)
        by_git = clone("http://vendor.example/x.git", tmp_path, imposter)
    assert isinstance(by_git, Failure)
    assert connection.failure is not None
    for told in (failure(exchange), by_git, connection.failure):
        assert (told.kind, "exit 'tor'" in told.message) == (FailureKind.EXIT, True), told


def test_an_exit_that_says_nothing_is_not_the_targets_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "EXIT_SECONDS", 0.5)
    monkeypatch.setattr(git_module, "LISTING_SECONDS", 0.5)

    def say_nothing(connection: socket.socket) -> None:
        while connection.recv(10):
            pass

    with serving_raw(say_nothing) as server, GuardProxy(NOTHING, clock=now) as proxy:
        silent = Exit("tor", "127.0.0.1", server.port)
        with proxy.lane(silent) as lane:
            refusal(lane, "vendor.example", 80)
            (connection,) = lane.connections()
        settings = replace(SETTINGS, total_seconds=0.5)
        (exchange,) = get("http://vendor.example/", tmp_path, silent, settings=settings)
        by_git = clone("http://vendor.example/x.git", tmp_path, silent)
    assert isinstance(by_git, Failure)
    assert connection.failure is not None
    for told in (failure(exchange), by_git, connection.failure):
        assert (told.kind, "exit 'tor'" in told.message) == (FailureKind.EXIT, True), told


def test_a_password_is_given_to_the_exit_and_shown_nowhere(tmp_path: Path, site: Site) -> None:
    port = int(site.host.rpartition(":")[2])
    url = f"http://vendor.example:{port}/"
    with exit_server(login=LOGIN) as server, GuardProxy(NOTHING, clock=now) as proxy:
        (good,) = get(url, tmp_path, server.exit)
        with proxy.lane(server.exit) as lane:
            sock, reply = ask(lane, "vendor.example", port)
            sock.close()
        assert (good.status, reply) == (200, Reply.SUCCEEDED)
        clone(url, tmp_path, server.exit)
        assert server.logins
        assert set(server.logins) == {LOGIN}

        wrong = Exit("tor", "127.0.0.1", server.exit.port, ("watch-1", "s3cret"))
        (bad,) = get(url, tmp_path, wrong)
        by_git = clone(url, tmp_path, wrong)
        with proxy.lane(wrong) as lane:
            refusal(lane, "vendor.example", port)
            (connection,) = lane.connections()
    for told in (failure(bad), by_git, connection.failure):
        assert isinstance(told, Failure)
        assert told.kind is FailureKind.EXIT, told
        assert "s3cret" not in told.message
        assert "watch-1" not in told.message


# ---------------------------------------------------------------- git


def clone(url: str, tmp_path: Path, exit_: Exit) -> RepositoryCapture | Failure:
    def resolve(host: str, port: int) -> Sequence[str] | Failure:
        return reach(host, port, NOTHING, exit_)

    folder = tmp_path / f"visit-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    return capture_repository(
        url, mirror=tmp_path / "mirror", known=(), folder=folder, resolve=resolve, exit_=exit_
    )


def test_git_leaves_names_to_the_exit(
    tmp_path: Path, repository: Path, git: Git, commit: Commit, resolved: list[str]
) -> None:
    last = commit(repository, "first", {"a.txt": b"1"})
    with serving(tmp_path) as (port, _), exit_server(login=LOGIN) as server:
        found = clone(f"http://vendor.example:{port}/vendor%20sdk", tmp_path, server.exit)
        assert isinstance(found, RepositoryCapture), found
        assert found.head_commit == last
        assert found.ip_address is None
        assert set(server.asked) == {("name", "vendor.example", port)}
    assert "vendor.example" not in resolved
    git(tmp_path, "clone", "--quiet", str(found.bundle), "clone")


def test_git_refuses_what_is_local_and_goes_nowhere_without_its_exit(
    tmp_path: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with serving(tmp_path) as (port, asked):
        with exit_server() as server:
            refused = clone(f"http://127.0.0.1:{port}/vendor%20sdk", tmp_path, server.exit)
            assert server.asked == []
        down = unused_exit()
        lost = clone(f"http://vendor.example:{port}/vendor%20sdk", tmp_path, down)
        assert asked == []
    assert isinstance(refused, Failure)
    assert refused.kind is FailureKind.REFUSED_ADDRESS
    assert isinstance(lost, Failure)
    assert lost.kind is FailureKind.EXIT
    assert str(down) in lost.message


# ---------------------------------------------------------------- the browser's way


def test_a_lane_leaves_names_to_its_exit_and_does_not_invent_an_address(
    site: Site, resolved: list[str]
) -> None:
    port = int(site.host.rpartition(":")[2])
    with (
        exit_server() as server,
        GuardProxy(NOTHING, clock=now) as proxy,
        proxy.lane(server.exit) as lane,
    ):
        sock, reply = ask(lane, "vendor.example", port)
        with sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert sock.recv(12).startswith(b"HTTP/1.")
        assert reply == Reply.SUCCEEDED
        assert server.asked == [("name", "vendor.example", port)]
        assert lane.connections()[0].ip_address is None
        for host in ("127.0.0.1", "localhost", "0x7f000001", "db.internal"):
            assert refusal(lane, host, port) == Reply.NOT_ALLOWED
        assert len(server.asked) == 1
    assert "vendor.example" not in resolved
    assert not {"localhost", "db.internal", "0x7f000001"} & set(resolved)


def test_a_lane_whose_exit_is_down_reaches_nothing(site: Site) -> None:
    down = unused_exit()
    port = int(site.host.rpartition(":")[2])
    with (
        GuardProxy(frozenset({"127.0.0.1"}), clock=now) as proxy,
        proxy.lane(down) as lane,
    ):
        assert refusal(lane, "127.0.0.1", port) == Reply.GENERAL_FAILURE
        (connection,) = lane.connections()
    assert connection.failure is not None
    assert connection.failure.kind is FailureKind.EXIT
    assert str(down) in connection.failure.message
