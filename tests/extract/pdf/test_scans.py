"""Pages that are pictures are read by OCR, with boxes where the lines are seen."""

import io
from ctypes import c_ushort
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw as pdfium

from sousveil import topics
from sousveil.claims import find
from sousveil.errors import ExtractError
from sousveil.extract import boxes, extract
from sousveil.extract.ocr.document import recognised
from sousveil.extract.pdf import scans
from sousveil.model import Box, Document
from tests.extract.pdfs import PICTURE, Text, make_pdf
from tests.extract.pictures import draw, needs_latin, needs_ocr, scan

DOCS = Path(__file__).parents[4] / "shared" / "data" / "docs"
ALL = tuple(topics.load(name) for name in topics.shipped())
LINES = ["The Oddlestane Lens camera detects the ethnicity of", "every visitor at the gate."]

pytestmark = needs_latin


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None, name="manual.pdf")


def changed(payload: bytes, *, turn: int = 0, crop: float = 0) -> bytes:
    """Return the PDF with its first page turned clockwise, or cropped on the left and below."""
    document = pypdfium2.PdfDocument(payload)
    page = document[0]
    width, height = page.get_size()
    page.set_rotation(turn)
    if crop:
        page.set_cropbox(crop, crop, width, height)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def box_of(payload: bytes, words: str) -> Box:
    document = read(payload)
    start = document.text.index(words)
    span = (start, start + len(words))
    (box,) = boxes(payload, document, [span])[span]
    return box


@pytest.fixture(scope="module")
def upright() -> tuple[bytes, Box]:
    """Give a plain scan, read once, with the box of its first line."""
    payload = scan([draw(LINES)])
    return payload, box_of(payload, LINES[0])


@needs_ocr
def test_a_scanned_page_is_read_and_its_claim_found_with_its_box() -> None:
    payload = scan([draw(LINES), draw(["Only the second page", "has nothing to tell."])])
    document = read(payload)
    assert document.format == "pdf"
    assert document.unread == "pages 1-2 are pictures, read by OCR"
    assert [block.page for block in document.blocks] == [1, 2]
    [claim] = find(document, ALL)
    assert document.text[claim.start : claim.end] == "\n".join(LINES)
    upper, lower = boxes(payload, document, [(claim.start, claim.end)])[claim.start, claim.end]
    page = pypdfium2.PdfDocument(payload)[0]
    width, height = page.get_size()
    assert upper.page == lower.page == 1
    assert (upper.left, upper.top) == pytest.approx((24, height - 26), abs=14)
    assert upper.right == pytest.approx(width - 24, abs=14)
    assert lower.top < upper.bottom + 6
    assert lower.bottom > 0
    assert (recognised(document, claim.start, claim.end) or 0) > 0.9


@needs_ocr
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_boxes_are_in_the_pages_own_space_however_it_is_turned(
    upright: tuple[bytes, Box], turn: int
) -> None:
    plain, want = upright
    box = box_of(changed(plain, turn=turn), LINES[0])
    assert (box.left, box.bottom, box.right, box.top) == pytest.approx(
        (want.left, want.bottom, want.right, want.top), abs=4
    )


@needs_ocr
def test_boxes_hold_on_a_cropped_page(upright: tuple[bytes, Box]) -> None:
    plain, want = upright
    box = box_of(changed(plain, crop=12), LINES[0])
    assert (box.left, box.top) == pytest.approx((want.left, want.top), abs=4)


def with_text(payload: bytes, text: str) -> bytes:
    """Return the PDF with a line of text on its first page."""
    document = pypdfium2.PdfDocument(payload)
    font = pdfium.FPDFText_LoadStandardFont(document.raw, b"Helvetica")
    page = document[0]
    line = pdfium.FPDFPageObj_CreateTextObj(document.raw, font, 8)
    encoded = (text + "\0").encode("utf-16-le")
    pdfium.FPDFText_SetText(line, (c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded))
    pdfium.FPDFPage_InsertObject(page.raw, line)
    page.gen_content()
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


@needs_ocr
def test_a_scanners_stamp_is_no_text_of_the_page() -> None:
    assert LINES[0] in read(with_text(scan([draw(LINES)]), "page 1")).text


def test_the_text_layer_of_a_scan_counts_as_it_is() -> None:
    layer = "The camera tells the ethnic group of a face."
    document = read(with_text(scan([draw(LINES)]), layer))
    assert (document.text, document.unread, document.runs) == (layer, "", ())


@needs_ocr
def test_a_page_whose_letters_stand_for_nothing_is_read_by_eye() -> None:
    document = read(make_pdf([[Text("\ue000\ue001\ue002 " * 9)], [Text("plain text")]]))
    assert document.text.endswith("plain text")
    assert document.unread == "page 1 is a picture without text"


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "installed", lambda: False)
    document = read(make_pdf([PICTURE, [Text("text")], PICTURE]))
    why = "are pictures, and text of pictures is not read: install sousveil[ocr]"
    assert document.unread == f"pages 1, 3 {why}"
    with pytest.raises(
        ExtractError, match=r"page 1 is a picture, and text of pictures is not read"
    ):
        read(make_pdf([PICTURE]))


@needs_ocr
def test_pages_beyond_the_limit_and_those_that_break_the_reader_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def read(self, _payload: bytes, name: str, page: int) -> None:
            raise ExtractError(f"{name}, page {page}: it broke")

    monkeypatch.setattr(scans, "MAX_SCANS", 2)
    monkeypatch.setattr(scans, "recogniser", Broken())
    document = read(make_pdf([PICTURE, PICTURE, [Text("text")], PICTURE]))
    assert document.unread == (
        "pages 1-2 are pictures on which OCR failed, "
        "page 4 is beyond the 2 pictures that OCR reads of one PDF"
    )


@needs_ocr
@pytest.mark.skipif(not DOCS.is_dir(), reason="the real input data is not here")
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("scan-skewed.pdf", "extremely powerful, yet amazingly simple to learn and use"),
        pytest.param(
            "scan-multipage.pdf",
            "there were a king with a large jaw and a queen\nwith a fair face, on the throne",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_real_scan_is_read_in_the_order_of_its_columns(file: str, words: str) -> None:
    document = read((DOCS / file).read_bytes())
    assert words in document.text
    assert "read by OCR" in document.unread
