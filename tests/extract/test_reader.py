"""Which reader a payload gets, and what is refused."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from sousveil.errors import ExtractError
from sousveil.extract import decode_as, extract
from sousveil.extract import reader as reader_module

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real input data is not here")


@pytest.mark.parametrize(
    ("payload", "media_type", "name", "format_"),
    [
        ("<p>a", "text/html", "", "html"),
        ("<p>a", "application/xhtml+xml", "", "html"),
        (" <!DOCTYPE html><p>a", "", "https://a.example/", "html"),
        ("text", "", "a/b.html", "html"),
        ('{"a": 1}', "text/html", "", "json"),
        ('{"a": 1}', "application/problem+json", "", "json"),
        ('{"a": 1}', "text/plain", "x.json", "json"),
        ("a: b", "", "https://a.example/openapi.yaml?v=1", "json"),
        ("{a: 1", "application/json", "", "code"),
        ("int a;", "text/plain", "https://a.example/sdk/face.h", "code"),
        ("int a;", "", "C:\\sdk\\FACE.H", "code"),
        ("a()", "text/javascript", "", "code"),
        ("<a/>", "text/xml", "", "code"),
        ("# A", "text/markdown", "", "text"),
        ("A text.", "text/plain", "", "text"),
        ("a: b", "", "https://[bad/openapi.yaml", "json"),
        ("a,b", "text/csv", "", "text"),
        ("A text.", "application/octet-stream", "notes", "text"),
        ("{{ jinja }}", "text/plain", "", "text"),
    ],
)
def test_the_format_is_told_by_media_type_then_suffix_then_look(
    payload: str, media_type: str, name: str, format_: str
) -> None:
    document = extract(payload.encode(), media_type=media_type, charset=None, name=name)
    assert document.format == format_


@pytest.mark.parametrize(
    ("payload", "media_type", "kind"),
    [
        (b"\x7fELF", "", "application/x-executable"),
        (b"wOF2", "text/plain", "font/woff2"),
        (gzip.compress(b"a", mtime=0), "", "application/gzip"),
        (b"Rar!\x1a\x07\x01\0", "", "application/vnd.rar"),
        (b"7z\xbc\xaf\x27\x1c\0", "", "application/x-7z-compressed"),
        (b"a", "application/vnd.ms-excel", "application/vnd.ms-excel"),
        (b"a", "video/mp4", "video/mp4"),
    ],
)
def test_what_is_no_text_is_refused_in_plain_words(
    payload: bytes, media_type: str, kind: str
) -> None:
    with pytest.raises(ExtractError) as refused:
        extract(payload, media_type=media_type, charset=None, name="manual")
    message = f"manual: text of {kind} is not extracted; the capture itself is kept"
    assert str(refused.value) == message


def test_noise_is_refused() -> None:
    with pytest.raises(ExtractError, match="no text in any encoding"):
        extract(bytes(range(32)) * 99, media_type="", charset=None, name="x")


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MAX_CHARACTERS", 10)
    with pytest.raises(ExtractError, match="x: 11 characters are more than the 10"):
        extract(b"a" * 11, media_type="", charset=None, name="x")
    monkeypatch.setattr(reader_module, "MAX_LINES", 3)
    with pytest.raises(ExtractError, match="more than the 3 lines"):
        extract(b"\n\n\n", media_type="", charset=None, name="x")


def test_a_document_of_too_many_pieces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sousveil.extract.assemble.MAX_BLOCKS", 3)
    for media_type, payload in (("text/html", b"<p>a" * 4), ("text/x-c", b"a;\n" * 4)):
        with pytest.raises(ExtractError, match="more than 3 pieces"):
            extract(payload, media_type=media_type, charset=None, name="x")


def test_code_and_prose_are_their_own_source() -> None:
    document = extract(
        "// 人种\nint a;\n".encode("gb18030"), media_type="", charset=None, name="a.h"
    )
    assert document.text == "// 人种\nint a;\n"
    assert document.source_offsets is None
    assert (document.charset, document.lang) == ("gb18030", "code")
    assert document.line(document.text.index("int")) == 2


TYPES = ["", "text/html", "text/plain", "application/json", "text/x-c", "text/yaml", "text/csv"]


@given(st.binary(max_size=300), st.sampled_from(TYPES), st.sampled_from([None, "gbk", "utf-16"]))
@settings(deadline=None)  # what begins as a PDF does is opened in a process of its own
def test_any_bytes_are_read_or_refused(
    payload: bytes, media_type: str, charset: str | None
) -> None:
    with suppress(ExtractError):
        document = extract(payload, media_type=media_type, charset=charset, name="x")
        position = 0
        for block in document.blocks:
            assert position <= block.start < block.end <= len(document.text)
            assert document.line(block.start) <= len(document.line_starts)
            position = block.end
        document.text.encode()


# ------------------------------------------------------------ real pages


def pages() -> Iterator[Path]:
    for folder in ("zh-html", "edgi-html"):
        yield from sorted((SHARED / "history" / folder).glob("*.html"))


@needs_shared
@pytest.mark.parametrize("path", list(pages()), ids=lambda p: p.name)
def test_we_have_the_words_of_a_real_page_that_a_parser_has(path: Path) -> None:
    payload = path.read_bytes()
    document = extract(payload, media_type="text/html", charset=None, name=path.name)
    tree = HTMLTree.parse(decode_as(payload, document.charset))
    words = set(re.findall(r"[\u4e00-\u9fff]{2,}|[A-Za-z]{3,}", extract_plain_text(tree)))
    ours = "".join(document.text.split())
    missing = {word for word in words if word not in ours}
    assert len(words) > 40
    assert len(missing) <= 0.005 * len(words)


@needs_shared
def test_chinese_pages_of_a_real_archive_are_read() -> None:
    path = SHARED / "warc" / "chatnoir-eu__chatnoir-resiliparse" / "warcfile.warc"
    chinese = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
            payload = record.reader.read()
            media_type = record.http_content_type or ""
            document = extract(
                payload, media_type=media_type, charset=record.http_charset, name="page"
            )
            assert "\ufffd" not in document.text
            chinese += document.lang.startswith("zh")
    assert chinese >= 11


@given(st.lists(st.sampled_from(["族", "&#x65cf;", "&#26063;", "<b>族</b>", "&amp;"]), min_size=1))
@pytest.mark.parametrize(
    ("name", "form"), [("a.html", "<p>{}</p>"), ("a.xml", "<r><d>族{}</d></r>")]
)
def test_a_span_ends_behind_the_reference_that_its_last_character_is_written_as(
    name: str, form: str, letters: list[str]
) -> None:
    source = form.format("".join(letters))
    document = extract(source.encode(), media_type="", charset="utf-8", name=name)
    for at, character in enumerate(document.text):
        if character != "\n":
            assert html.unescape(source[slice(*document.source_span(at, at + 1))]) == character


@given(
    st.lists(st.sampled_from(["族", "\\u65cf", "\\ud83d\\ude00", "\\n", "\\/", "a"]), min_size=1)
)
def test_a_span_ends_behind_the_escape_that_its_last_character_is_written_as(
    letters: list[str],
) -> None:
    source = '["' + "".join(letters) + '"]'
    document = extract(source.encode(), media_type="", charset="utf-8", name="a.json")
    for at, character in enumerate(document.text):
        assert json.loads(f'"{source[slice(*document.source_span(at, at + 1))]}"') == character
