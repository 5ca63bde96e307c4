"""What a later visit may refer to, as the log tells it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from sousveil.archive.fields import Original
from sousveil.index.originals import original
from sousveil.index.project import project
from sousveil.index.query import captures_of_watch
from sousveil.index.store import Index
from sousveil.model import Capture, Event, RecordRef, Rendering

NOW = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
WATCH = "0123456789ab"
URL = "https://halden.example/"
FULL = Capture(
    URL, NOW, 200, "text/html", RecordRef("archive/a.warc.gz", 1, 2, "<urn:uuid:1>", "sha256:b"),
    payload_digest="sha256:p",
)  # fmt: skip
LISTED = RecordRef("archive/a.warc.gz", 9, 9, "<urn:uuid:9>", "sha256:9")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index.sqlite", create=True)


def visit(
    index: Index,
    captures: list[Capture],
    listed: list[Capture] | None = None,
    watch_id: str = WATCH,
) -> None:
    body = {
        "watch_id": watch_id,
        "target": URL,
        "started_at": NOW.isoformat(),
        "probes": [{"url": URL, "status": 200, "failure": None}],
        "requests": [],
        "captures": msgspec.to_builtins(captures),
    }
    if listed is not None:
        rendering = Rendering(URL, NOW, "C", 200, 1, 1, None, (), LISTED, 1, "quiet", None)
        body["rendering"] = msgspec.to_builtins(rendering)
    asked = {LISTED: listed or []}
    event = Event(index.next_event(), "visit", NOW, body)
    project(index, event, lambda _: [], lambda record: asked[record])


def test_a_payload_is_found_at_its_address_first_and_else_anywhere_in_its_watch(
    index: Index,
) -> None:
    other = replace(FULL, url=URL + "copy", captured_at=NOW - timedelta(days=1))
    visit(index, [FULL, other])
    assert original(index, WATCH, URL, "sha256:p") == Original(URL, NOW, FULL.record)
    found = original(index, WATCH, URL + "new", "sha256:p")
    assert found == Original(other.url, other.captured_at, other.record)


def test_what_a_browser_was_given_can_be_referred_to(index: Index) -> None:
    visit(index, [], listed=[replace(FULL, url=URL + "app.js")])
    found = original(index, WATCH, URL + "app.js", "sha256:p")
    assert found is not None
    assert found.record == FULL.record


def test_no_revisit_and_nothing_of_another_watch_is_an_original(index: Index) -> None:
    visit(index, [replace(FULL, refers_to=LISTED)])
    visit(index, [FULL], watch_id="another")
    visit(index, [replace(FULL, payload_digest="")])
    assert original(index, WATCH, URL, "sha256:p") is None
    assert original(index, WATCH, URL, "") is None


def test_a_capture_keeps_what_it_refers_to(index: Index) -> None:
    revisit = replace(FULL, refers_to=LISTED)
    visit(index, [revisit])
    assert [held.capture for held in captures_of_watch(index, WATCH)] == [revisit]
