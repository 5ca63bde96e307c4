"""Many requests at once keep what one at a time keeps, over connections that are used again."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sousveil.capture.http.fetch import fetch
from sousveil.capture.http.many import Many
from sousveil.capture.http.transfer import WireSettings
from sousveil.model import Exchange, FailureKind
from tests.capture.test_wire import LOCAL, Authority, serving
from tests.run.watch.moody import Mood, Moody, moody

SETTINGS = WireSettings(user_agent="test/1")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        for number in range(40):
            served.pages[f"/{number}"] = Mood(f"<p>Page {number}</p>", etag=f'"{number}"')
        served.pages["/slow"] = Mood(seconds=2)
        served.pages["/away"] = Mood(status=302, location="/1")
        yield served


def ask(many: Many[str], *urls: str, conditions: tuple[str, ...] = ()) -> dict[str, Exchange]:
    for url in urls:
        many.start(url, url, conditions=conditions)
    found: dict[str, Exchange] = {}
    end = now() + timedelta(seconds=10)
    while len(many) and now() < end:
        found |= dict(many.ended(0.5))
    return found


def many_for(site: Moody, folder: Path, settings: WireSettings = SETTINGS) -> Many[str]:
    allowed = frozenset({site.host})
    return Many(settings=settings, allowed=allowed, folder=folder, clock=now)


def test_what_many_bring_is_what_one_brings(site: Moody, tmp_path: Path) -> None:
    urls = [site.url(f"/{number}") for number in range(40)]
    with many_for(site, tmp_path) as many:
        found = ask(many, *urls)
    assert list(found) != []
    for url in urls:
        (alone,) = fetch(
            url, settings=SETTINGS, allowed=frozenset({site.host}), folder=tmp_path, clock=now
        )
        together = found[url]
        assert together.request_head == alone.request_head
        assert _without_date(together.response_head) == _without_date(alone.response_head)
        assert together.body is not None
        assert alone.body is not None
        assert together.body.read_bytes() == alone.body.read_bytes()
        assert (together.status, together.ip_address, together.failure) == (200, "127.0.0.1", None)


def _without_date(head: bytes) -> bytes:
    return b"\n".join(line for line in head.split(b"\n") if not line.startswith(b"Date:"))


def test_a_condition_stands_in_the_request_and_an_unmodified_page_has_no_body(
    site: Moody, tmp_path: Path
) -> None:
    with many_for(site, tmp_path) as many:
        (found,) = ask(many, site.url("/7"), conditions=('If-None-Match: "7"',)).values()
    assert b'\r\nIf-None-Match: "7"\r\n' in found.request_head
    assert (found.status, found.body) == (304, None)
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_is_not_followed_but_can_be_from_there(site: Moody, tmp_path: Path) -> None:
    with many_for(site, tmp_path) as many:
        (found,) = ask(many, site.url("/away")).values()
    assert found.status == 302
    first, last = fetch(
        site.url("/away"),
        settings=SETTINGS,
        allowed=frozenset({site.host}),
        folder=tmp_path,
        clock=now,
        begun=found,
    )
    assert (first.request_head, first.location) == (found.request_head, site.url("/1"))
    assert (last.url, last.status) == (site.url("/1"), 200)
    assert site.asked["/away"] == 1


def test_the_guard_judges_each_address(site: Moody, tmp_path: Path) -> None:
    other = "http://127.0.0.2:9/"
    with many_for(site, tmp_path) as many:
        found = ask(many, site.url("/1"), other)
    assert found[site.url("/1")].failure is None
    failure = found[other].failure
    assert failure is not None
    assert failure.kind is FailureKind.REFUSED_ADDRESS


def test_one_that_is_slow_keeps_no_other_and_ends_at_its_time(site: Moody, tmp_path: Path) -> None:
    settings = WireSettings(user_agent="test/1", total_seconds=1.0)
    with many_for(site, tmp_path, settings) as many:
        begun = now()
        found = ask(many, site.url("/slow"), *(site.url(f"/{number}") for number in range(20)))
        seconds = (now() - begun).total_seconds()
    assert seconds < 1.9
    failures = {url: one.failure.kind for url, one in found.items() if one.failure}
    assert failures == {site.url("/slow"): FailureKind.TIMEOUT}


def test_leaving_gives_up_what_is_under_way(site: Moody, tmp_path: Path) -> None:
    begun = now()
    with many_for(site, tmp_path) as many:
        many.start("late", site.url("/slow"))
        many.ended(0.2)
        assert len(many) == 1
    assert (now() - begun).total_seconds() < 1.5


def answers_on_and_on(connection: socket.socket, head: bytes) -> None:
    """Answer requests over one connection until the client hangs up."""
    while head:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
        head = connection.recv(4096)


def test_a_connection_that_is_used_again_tells_its_tls_session_again(tmp_path: Path) -> None:
    authority = Authority()
    context, leaf = authority.context(tmp_path, LOCAL)
    settings = authority.trusted(tmp_path)
    with serving(answers_on_and_on, context) as server:
        allowed = frozenset({f"127.0.0.1:{server.port}"})
        with Many[str](settings=settings, allowed=allowed, folder=tmp_path, clock=now) as many:
            (first,) = ask(many, server.url).values()
            (second,) = ask(many, server.url).values()
    assert len(server.requests) == 1  # heads that began a connection
    assert first.failure is None
    assert second.failure is None
    assert first.tls is not None
    assert first.tls.chain[0] == leaf
    assert second.tls == first.tls


def test_behind_a_bad_certificate_nothing_is_asked(tmp_path: Path) -> None:
    context, _ = Authority().context(tmp_path, LOCAL)
    with serving(answers_on_and_on, context) as server:
        allowed = frozenset({f"127.0.0.1:{server.port}"})
        with Many[str](settings=SETTINGS, allowed=allowed, folder=tmp_path, clock=now) as many:
            (found,) = ask(many, server.url).values()
    assert server.requests == []
    assert found.failure is not None
    assert found.failure.kind is FailureKind.TLS
