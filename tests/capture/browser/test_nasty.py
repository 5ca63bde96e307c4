"""One capture of a page that has everything, held against what the server sent."""

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.checker import Checker

from sousveil.archive.read import payload, verify_warc
from sousveil.archive.write import WarcWriter
from sousveil.capture.browser import Browser, BrowserSettings, Rendered
from sousveil.model import Capture, Exchange
from tests.capture.browser.conftest import clock
from tests.capture.browser.nasty import Site, Truth
from tests.conftest import NOW

# Asked for again by the browser's network stack, which tells nobody.
RETRIED = "/reset"
# Told by the browser from its fields, in an order of its own.
REBUILT = {"/service.js", "/sound.wav"}


@dataclass(frozen=True, slots=True)
class Taken:
    rendered: Rendered
    pairs: list[tuple[Exchange, Truth]]
    missing: list[str]
    site: Site


@pytest.fixture(scope="module")
def taken(browser: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    rendered = browser.capture(
        site.url("/"),
        proxy=site.proxy,
        folder=tmp_path_factory.mktemp("nasty"),
        settings=BrowserSettings(total_seconds=40.0),
        clock=clock,
    )
    truths = defaultdict(list)
    for truth in site.truth:
        truths[truth.method, truth.url].append(truth)
    pairs = []
    for exchange in rendered.exchanges:
        method = exchange.request_head.partition(b" ")[0].decode()
        pairs.append((exchange, truths[method, exchange.url].pop(0)))
    missing = [url for (_, url), left in truths.items() for _ in left if RETRIED not in url]
    return Taken(rendered, pairs, missing, site)


def path_of(exchange: Exchange) -> str:
    return "/" + exchange.url.split("/", 3)[3]


def test_everything_the_server_sent_is_found_and_nothing_else(taken: Taken) -> None:
    assert taken.missing == []
    kinds = Counter(exchange.resource_type for exchange, _ in taken.pairs)
    assert len(taken.pairs) == 54
    assert kinds >= Counter(
        {"Document": 11, "Media": 1, "Ping": 1, "WebSocket": 1, "EventSource": 1}
    )
    assert taken.rendered.settled == "quiet"
    assert taken.rendered.main == 0


def test_each_body_is_the_entity_and_says_when_it_is_not_the_wire(taken: Taken) -> None:
    whole = [
        (exchange, truth)
        for exchange, truth in taken.pairs
        if exchange.body and exchange.resource_type != "EventSource"
    ]
    wrong = [
        exchange.url
        for exchange, truth in whole
        if exchange.body and exchange.body.read_bytes() != truth.entity
    ]
    assert wrong == []
    decoded = {path_of(exchange) for exchange, _ in whole if exchange.is_decoded}
    assert decoded == {"/gzip", "/br", "/deflate", "/chunked", "/gzip-chunked"}
    without = {path_of(exchange) for exchange, _ in taken.pairs if not exchange.body}
    assert without == {
        *("/hop1", "/hop2", "/hop3"),  # browsers do not read what comes with a redirect
        *("/reset", "/socket", "/status/204", "/put"),  # the last is the preflight
    }
    assert len(whole) == 54 - 8 - 1 + 1  # both exchanges of /put are one path


def test_what_an_event_stream_sent_until_the_end_is_kept_and_called_cut(taken: Taken) -> None:
    events = next(e for e, _ in taken.pairs if e.resource_type == "EventSource")
    assert events.body is not None
    assert events.body.read_bytes().startswith(b"data: tick\n\ndata: tick\n\n")
    assert events.truncated == "time"


def test_heads_are_the_servers_own_but_where_they_are_marked(taken: Taken) -> None:
    changed = {path_of(e) for e, truth in taken.pairs if e.response_head != truth.head}
    assert changed <= {path_of(e) for e, _ in taken.pairs if e.is_rebuilt} == REBUILT
    latin = next(e for e, _ in taken.pairs if path_of(e) == "/latin")
    assert b"J\xfcrgen" in latin.response_head
    cookies = next(e for e, _ in taken.pairs if path_of(e) == "/two-cookies.png")
    assert cookies.response_head.count(b"Set-Cookie") == 2


def test_requests_have_the_fields_that_were_sent_and_their_bodies(taken: Taken) -> None:
    def lines(head: bytes) -> list[bytes]:
        return sorted(head.lower().splitlines())

    def without_cookies(head: bytes) -> bytes:
        return re.sub(rb"(?im)^(cookie:) .*\S", rb"\1 (left out)", head)

    differing = {
        path_of(e)
        for e, truth in taken.pairs
        if lines(e.request_head) != lines(without_cookies(truth.request_head))
    }
    assert any(b"Cookie: (left out)" in e.request_head for e, _ in taken.pairs)
    assert differing <= {"/service.js"}  # of which the browser tells less
    assert [e.url for e, truth in taken.pairs if e.request_body != truth.request_body] == []
    assert sum(bool(e.request_body) for e, _ in taken.pairs) == 4


def test_a_failed_request_is_an_exchange_with_its_failure(taken: Taken) -> None:
    failed = [e for e, _ in taken.pairs if e.failure]
    assert [path_of(e) for e in failed] == ["/reset"]
    assert failed[0].failure is not None
    assert "closed without an answer" in failed[0].failure.message


def test_the_snapshot_has_the_agreed_form(taken: Taken) -> None:
    assert taken.rendered.snapshot is not None
    snapshot = json.loads(taken.rendered.snapshot.read_bytes())
    assert snapshot["format"] == "sousveil-rendering-1"
    assert (snapshot["title"], snapshot["lang"]) == ("Nasty", "en")
    assert (snapshot["width"], snapshot["height"]) == (1366, taken.rendered.height)
    own, other = snapshot["frames"]
    assert "made by script" in own["snapshot"]["strings"]
    assert "民族识别与人脸属性" in own["snapshot"]["strings"]
    assert other["url"] == taken.site.url("/other-frame", "127.0.0.1")
    assert "other site" in other["snapshot"]["strings"]


@pytest.fixture(scope="module")
def written(
    taken: Taken, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[tuple[Capture, Truth]]]:
    path = tmp_path_factory.mktemp("warc") / "nasty.warc.gz"
    written = []
    with WarcWriter(path, path.name, software="test", user_agent="test", now=NOW) as writer:
        for exchange, truth in taken.pairs:
            written += [(capture, truth) for capture in writer.write_exchange(exchange)]
    return path, written


def test_the_warc_is_whole_for_warcio_and_for_us(
    written: tuple[Path, list[tuple[Capture, Truth]]],
) -> None:
    path, _ = written
    assert list(verify_warc(path)) == []
    checker = Checker(_CheckerOptions([str(path)]))
    checker.process_all()
    assert checker.exit_value == 0


def test_every_reader_of_the_warc_gets_the_entity(
    written: tuple[Path, list[tuple[Capture, Truth]]],
) -> None:
    path, captures = written
    for capture, truth in captures:
        found = payload(path.parent, capture.record)
        if found.truncated:
            continue  # the event stream, and redirects
        assert found.body == truth.entity, capture.url
        assert found.notes == (), capture.url
    with path.open("rb") as stream:
        bodies = {
            record.headers["WARC-Target-URI"]: record.reader.read()
            for record in ArchiveIterator(stream, parse_http=True)
            if record.headers["WARC-Type"] == "response"
        }
    for capture, truth in captures:
        if capture.url.endswith(("/gzip", "/br", "/chunked", "/gzip-chunked", "/gbk-meta")):
            assert bodies[capture.url] == truth.entity


@dataclass(frozen=True, slots=True)
class _CheckerOptions:
    inputs: list[str]
    verbose: bool = False
