import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sousveil.archive.write import WarcWriter
from sousveil.errors import ArchiveError
from sousveil.model import Document, Json, Origin, RecordRef
from sousveil.run.read import answers
from sousveil.run.read.answers import read_answers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://vendor.example/"


class Visit:
    """A case folder with a WARC of answers, and their list."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listed: list[Json] = []
        self._path = root / "archive" / "a.warc.gz"
        self._path.parent.mkdir()
        self._warc = WarcWriter(
            self._path,
            "archive/a.warc.gz",
            software="test",
            user_agent="test",
            now=NOW,
        )
        self._warc.__enter__()

    def add(self, path: str, media_type: str, body: bytes, seen_by: str = "browser") -> RecordRef:
        ref = self._warc.write_resource(URL + path, NOW, media_type, body)
        told = {"url": URL + path, "status": 200, "media_type": media_type, "seen_by": seen_by}
        self.listed.append(told | {"record": msgspec.to_builtins(ref)})
        return ref

    def read(self) -> list[tuple[Origin, Document | None]]:
        listed = json.dumps(self.listed).encode()
        requests = self._warc.write_resource("urn:test", NOW, "application/json", listed)
        self._warc.__exit__(None, None, None)
        return list(read_answers(self.root, requests))


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


def test_pages_come_first_then_data_then_scripts_and_pictures_never(visit: Visit) -> None:
    visit.add("app.js", "text/javascript", b"say('script')")
    visit.add("face.png", "image/png", b"\x89PNG\r\n\x1a\n")
    visit.add("specs.json", "application/json", b'{"a": "data"}')
    page = visit.add("", "text/html", b"<p>page</p>", seen_by="wire")
    read = visit.read()
    assert [origin.url.removeprefix(URL) for origin, _ in read] == ["", "specs.json", "app.js"]
    assert read[0][0] == Origin(URL, page, "text/html", "wire")
    assert next(document.text for _, document in read if document) == "page"


def test_a_page_comes_again_as_what_its_scripts_say(visit: Visit) -> None:
    visit.add("", "text/html", b"<p>page</p><SCRIPT>state = 'hidden words'</SCRIPT>")
    (origin, page), (same, scripts) = visit.read()
    assert origin == same
    assert page is not None
    assert scripts is not None
    assert (page.text, scripts.text) == ("page", "state = 'hidden words'")


def test_what_is_no_text_and_what_is_damaged_is_passed_over(visit: Visit) -> None:
    visit.add("odd", "text/plain", b"\0\1\2\3" * 100)
    ref = visit.add("gone", "text/plain", b"words")
    visit.listed[-1]["record"] = msgspec.to_builtins(ref) | {"digest": "sha256:" + "0" * 64}
    assert [document for _, document in visit.read()] == [None, None]


def test_number_and_size_of_what_is_read_are_bounded(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWERS", 3)
    monkeypatch.setattr(answers, "MAX_TOTAL_BYTES", 150)
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 100)
    for number in range(5):
        visit.add(str(number), "text/plain", b"words " * 50)
    read = visit.read()
    assert [len(document.text) for _, document in read if document] == [100, 50]


def test_a_list_that_is_none_is_told(visit: Visit) -> None:
    visit.listed = [{"url": 1}]
    with pytest.raises(ArchiveError, match="lists no requests"):
        visit.read()
