"""PDF to text with pages and boxes, whatever the file does."""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.claims.normal import normalise
from sousveil.errors import ExtractError
from sousveil.extract import boxes, extract
from sousveil.extract.pdf import document as asking
from sousveil.extract.pdf import scans, worker
from sousveil.model import BlockKind, Document
from tests.extract.pdfs import PICTURE, Text, make_pdf
from tests.extract.pictures import needs_ocr

DOCS = Path(__file__).parents[3].parent / "shared" / "data" / "docs"
needs_shared = pytest.mark.skipif(not DOCS.is_dir(), reason="the real input data is not here")


SECRET = "not told to us"


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None, name="manual.pdf")


def pieces(document: Document) -> list[tuple[int | None, str]]:
    return [(block.page, document.text[block.start : block.end]) for block in document.blocks]


def test_text_is_given_by_page_and_paragraph() -> None:
    first = [
        Text("Oddlestane Lens tells the ethnic", y=700),
        Text("group of a face.", y=686),
        Text("A second paragraph", y=640),
        Text("Right column", x=400, y=640),
    ]
    document = read(make_pdf([first, [], [Text("族群属性：维吾尔")]], title="Lens manual"))
    assert pieces(document) == [
        (1, "Oddlestane Lens tells the ethnic\ngroup of a face."),
        (1, "A second paragraph Right column"),
        (3, "族群属性：维吾尔"),
    ]
    assert (document.format, document.title, document.unread) == ("pdf", "Lens manual", "")
    assert document.source_offsets is None
    assert document.line(document.text.index("group")) == 2
    assert document.line(document.text.index("族群")) == 4


def test_a_heading_and_list_items_stand_apart() -> None:
    page = [
        Text("Face attributes", size=20, y=700),
        Text("The interface returns", y=678),
        Text("1. age and gender of the face", y=664),
        Text("2. ethnic group of the face", y=650),
    ]
    assert [text for _, text in pieces(read(make_pdf([page])))] == [line.text for line in page]


def test_lines_of_code_are_blocks_of_code() -> None:
    page = [Text("int nAge;  // age", y=700), Text("int nRace; // 0 none, 1 Uyghur", y=686)]
    kinds = [block.kind for block in read(make_pdf([page])).blocks]
    assert kinds == [BlockKind.CODE, BlockKind.CODE]


def test_a_word_parted_at_a_lines_end_is_found_whole() -> None:
    page = [Text("The camera tells the ethni-", y=700), Text("city of a passer-by.", y=686)]
    document = read(make_pdf([page]))
    assert "ethni\u00adcity" in document.text
    assert "the ethnicity of" in normalise(document.text).text


def test_radicals_and_spaces_between_characters_stay_raw_and_still_match() -> None:
    document = read(make_pdf([[Text("⾯部 维 吾 尔")]]))
    assert document.text == "⾯部 维 吾 尔"
    assert "面部维吾尔" in normalise(document.text).text


def test_the_boxes_of_a_quote_surround_its_characters_on_each_line() -> None:
    page = [Text("ab𠀀cd", x=100, y=700, size=10), Text("efgh", x=100, y=688, size=10)]
    payload = make_pdf([[Text("before")], page])
    document = read(payload)
    start = document.text.index("cd")
    span = (start, start + len("cd\nef"))
    upper, lower = boxes(payload, document, [span])[span]
    assert (upper.page, lower.page) == (2, 2)
    assert (upper.left, upper.right) == pytest.approx((115, 125), abs=1)
    assert (lower.left, lower.right) == pytest.approx((100, 110), abs=1)
    assert 697 < upper.bottom < upper.top < 711
    assert lower.top < 699


def test_a_character_without_an_outline_has_the_box_of_its_font() -> None:
    payload = make_pdf([[Text("民族", y=700, size=10)]])  # no font at hand draws it
    (box,) = boxes(payload, read(payload), [(0, 2)])[0, 2]
    assert (box.right - box.left, box.top - box.bottom) == pytest.approx((10, 10), abs=1)


def test_a_span_in_no_paragraph_has_no_boxes() -> None:
    payload = make_pdf([[Text("one")], [Text("two")]])
    with pytest.raises(ValueError, match="0-5 is in no block"):
        boxes(payload, read(payload), [(0, 5)])


@needs_ocr
def test_pictures_without_text_are_named() -> None:
    document = read(make_pdf([PICTURE, PICTURE, [Text("text")], PICTURE]))
    assert document.unread == "pages 1-2, 4 are pictures without text"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"whatever", "no PDF, whatever it is called"),
        (b"%PDF-1.7", "no PDF, or damaged beyond repair"),
        (make_pdf([[Text("a")]], password=SECRET), "it needs a password"),
        pytest.param(
            make_pdf([PICTURE] * 2), "pages 1-2 are pictures without text", marks=needs_ocr
        ),
        pytest.param(make_pdf([PICTURE]), "page 1 is a picture without text", marks=needs_ocr),
        (make_pdf([[], []]), "its 2 pages hold no text"),
    ],
)
def test_what_cannot_be_read_is_refused_in_plain_words(payload: bytes, message: str) -> None:
    with pytest.raises(ExtractError) as refused:
        read(payload)
    assert str(refused.value).startswith("manual.pdf: ")
    assert message in str(refused.value)
    assert str(refused.value).endswith("; the capture itself is kept")


def test_one_encrypted_with_the_empty_password_is_opened() -> None:
    assert read(make_pdf([[Text("open to all")]], password="")).text == "open to all"


def test_a_cut_file_gives_what_is_left() -> None:
    payload = make_pdf([[Text("still here")]])
    assert read(payload[: payload.rindex(b"startxref")]).text == "still here"


WORKER = "from sousveil.extract.pdf import worker as w; w.{} = {}; w.main(['text'])"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "the PDF reader broke on it"),
        ("print('{}')", "the PDF reader broke on it"),
        ("while True: pass", "not read within 1 seconds"),
        (WORKER.format("MAX_MEMORY_BYTES", 1), "ran out of its time or memory"),
        (WORKER.format("MAX_PAGES", 1), "its 2 pages are more than the 1"),
        (WORKER.format("MAX_CHARACTERS", 5), "longer than the 5 characters"),
    ],
)
def test_a_reader_that_crashes_hangs_or_is_flooded_ends_in_an_error(
    code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_WORKER", (sys.executable, "-c", code))
    monkeypatch.setattr(asking, "MAX_WAIT_SECONDS", 1)
    with pytest.raises(ExtractError, match=message):
        read(make_pdf([[Text("one page")], [Text("another")]]) + bytes(8 << 20))


def test_the_reader_ends_itself_when_its_processor_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "from sousveil.extract.pdf import worker as w; w.MAX_SECONDS = 1; w.limit()"
    monkeypatch.setattr(asking, "_WORKER", (sys.executable, "-c", f"{code}\nwhile True: pass"))
    with pytest.raises(ExtractError, match="ran out of its time"):
        read(b"%PDF-1.7")


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_after_the_header_are_answered(noise: bytes) -> None:
    assert worker.answer(b"%PDF-1.7\n" + noise, ["text"])


WHOLE = make_pdf([[Text("Lens tells the ethnic group")], PICTURE])


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=20))
@settings(deadline=None, max_examples=100)
def test_a_damaged_file_is_answered(at: int, noise: bytes) -> None:
    assert worker.answer(WHOLE[:at] + noise + WHOLE[at + len(noise) :], ["text"])


@given(st.integers(9, len(WHOLE)), st.binary(max_size=20))
@settings(deadline=None, max_examples=4)
def test_a_damaged_file_is_read_or_refused(at: int, noise: bytes) -> None:
    with suppress(ExtractError):
        document = read(WHOLE[:at] + noise)
        assert all(document.text[block.start : block.end] for block in document.blocks)


# ------------------------------------------------------------ real files

MANIFEST = (
    [
        entry
        for entry in json.loads((DOCS / "MANIFEST.json").read_text("utf-8"))
        if entry["file"].endswith(".pdf")
    ]
    if DOCS.is_dir()
    else []
)
HAN = re.compile(r"[\u4e00-\u9fff]")


@needs_shared
@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_a_real_pdf_has_the_pages_characters_and_words_that_poppler_finds(
    entry: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "installed", lambda: False)  # poppler reads no pictures
    payload = (DOCS / str(entry["file"])).read_bytes()
    expected = int(str(entry["text_characters"]))
    if expected == 0:
        with pytest.raises(ExtractError, match=r"text of pictures is not read|needs a password"):
            read(payload)
        return
    document = read(payload)
    assert len(pypdfium2.PdfDocument(payload)) == entry["pages"]
    assert 0.75 * expected <= len(document.text) <= 1.1 * expected + 5
    han = int(str(entry["cjk_characters"]))
    assert len(HAN.findall(document.text)) == pytest.approx(han, rel=0.02)
    words = entry["ethnicity_words"]
    assert isinstance(words, list)
    assert [word for word in words if word not in document.text.casefold()] == []


@needs_shared
def test_the_list_of_peoples_is_in_the_manual_of_2020_and_gone_from_that_of_2023() -> None:
    before = (DOCS / "dahua-netsdk-java-intelligent-event-2020-10.zh.pdf").read_bytes()
    after = (DOCS / "dahua-netsdk-java-intelligent-event-2023-02.zh.pdf").read_bytes()
    document = read(before)
    start = document.text.index("5-维吾尔族")
    (box,) = boxes(before, document, [(start, start + 6)])[start, start + 6]
    assert box.page == 72
    assert 0 < box.left < box.right < 612
    assert "维吾尔" not in read(after).text
