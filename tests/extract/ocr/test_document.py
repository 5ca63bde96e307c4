"""Text of pictures: what is read, where it is seen, how sure it is."""

import io
import struct
import sys
import time
import zlib

import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein

from sousveil import topics
from sousveil.claims import find
from sousveil.errors import ExtractError
from sousveil.extract import extract
from sousveil.extract.ocr import process
from sousveil.extract.ocr.document import recognised, recognised_caveat, runs_of
from sousveil.model import Document
from tests.extract.pictures import draw, encoded, needs_chinese, needs_latin, needs_ocr

pytestmark = [needs_ocr, needs_latin]

ENGLISH = [
    "The Oddlestane Lens camera detects the ethnicity of",
    "every visitor and raises an alert at the gate.",
]
CHINESE = ["青石视界摄像机对过往行人进行面部识别，并支持维吾", "尔族识别报警，可按民族检索。"]
ALL = tuple(topics.load(name) for name in topics.shipped())


def read(payload: bytes, media_type: str = "") -> Document:
    return extract(payload, media_type=media_type, charset=None, name="https://shop.example/a")


def blocks(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def claimed(document: Document) -> list[str]:
    return [document.text[claim.start : claim.end] for claim in find(document, ALL)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_of_each_format_is_read_and_a_sentence_over_two_lines_is_one_passage(
    kind: str,
) -> None:
    document = read(encoded(draw(ENGLISH), kind))
    assert (document.format, document.charset) == ("image", "")
    assert blocks(document) == ["\n".join(ENGLISH)]
    assert claimed(document) == ["\n".join(ENGLISH)]


@needs_chinese
def test_a_chinese_word_over_a_lines_end_is_found_and_quoted_as_it_stands() -> None:
    document = read(encoded(draw(CHINESE)))
    assert blocks(document) == ["\n".join(CHINESE)]
    [quote] = claimed(document)
    assert "维吾\n尔族识别报警" in quote


@needs_chinese
@pytest.mark.parametrize("angle", [1.5, -2])
def test_noise_and_a_leaning_page_cost_few_characters(angle: float) -> None:
    lines = [*CHINESE, *ENGLISH]
    text = read(encoded(draw(lines, angle=angle, noise=60))).text
    want = "\n".join(lines)
    assert Levenshtein.distance(text, want) <= 0.02 * len(want)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_picture_on_its_side_or_head_is_read_with_boxes_where_the_lines_are_seen(
    angle: int,
) -> None:
    upright = read(encoded(draw(ENGLISH)))
    turned = draw(ENGLISH).rotate(angle, expand=True)
    document = read(encoded(turned))
    assert document.text == upright.text
    first = document.runs[0]
    box = draw(ENGLISH).convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    assert box is not None
    assert 0 <= first.left < first.right <= turned.width
    assert 0 <= first.top < first.bottom <= turned.height
    # The first line is the half of the picture that comes first to the reader.
    middle = ((first.left + first.right) / 2, (first.top + first.bottom) / 2)
    half = {90: middle[0] < turned.width / 2, 180: middle[1] > turned.height / 2}
    assert half.get(angle, middle[0] > turned.width / 2)


def test_boxes_are_in_pixels_as_a_viewer_shows_the_picture() -> None:
    picture = draw(ENGLISH)
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: a viewer turns it clockwise by 90 degrees
    stored = encoded(picture.rotate(90, expand=True), "JPEG", exif=exif, quality=95)
    document = read(stored)
    assert document.text == "\n".join(ENGLISH)
    line = document.runs[0]
    assert (line.left, line.top) == pytest.approx((24, 26), abs=12)
    assert line.right <= picture.width
    assert line.bottom - line.top < 48


def test_columns_of_prose_are_not_mixed_and_the_rows_of_a_table_are_kept() -> None:
    left = ["Our cameras have been made in", "one small town since the year", "of the great flood."]
    right = [
        "Every spring we invite friends",
        "of the house to visit us and",
        "to see how they are made.",
    ]
    text = read(encoded(draw([], columns=[left, right]))).text
    assert text == "\n".join([*left, *right])
    table = [["Feature", "Age", "Glasses"], ["Offered", "yes", "no"], ["Since", "2019", "2021"]]
    text = read(encoded(draw([], columns=[[*column] for column in table]))).text
    assert text.split("\n") == ["Feature Offered Since", "Age yes 2019", "Glasses no 2021"]


def test_a_tall_picture_is_cut_between_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from sousveil.extract.ocr import worker as w; w.MAX_SLICE_PIXELS = 10**6; w.main()"
    monkeypatch.setattr(process, "_WORKER", (sys.executable, "-c", code))
    reader = process.Recogniser()
    monkeypatch.setattr("sousveil.extract.ocr.document.recogniser", reader)
    lines = [f"gate number {number}" for number in range(24)]
    try:
        document = read(encoded(draw(lines, size=60)))  # cut in two
    finally:
        reader.close()
    assert document.text.split("\n") == lines
    assert [run.top for run in document.runs] == sorted(run.top for run in document.runs)


def test_a_span_is_as_sure_as_its_least_sure_line() -> None:
    document = read(encoded(draw(ENGLISH)))
    sure = [run.confidence or 0 for run in document.runs]
    assert recognised(document, 0, len(document.text)) == min(sure)
    assert recognised(document, 0, 5) == sure[0]
    assert runs_of(document, len(ENGLISH[0]) + 1, len(document.text)) == document.runs[1:]
    assert recognised_caveat(0.934) == (
        "read from a picture by OCR, confidence 0.93: compare with the picture"
    )


def test_text_that_is_no_picture_is_not_called_recognised() -> None:
    page = extract(b"ethnicity", media_type="text/plain", charset=None, name="a.txt")
    assert recognised(page, 0, 9) is None


def test_another_process_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = encoded(draw(ENGLISH, noise=60, angle=1))
    first = read(payload)
    again = process.Recogniser()
    monkeypatch.setattr("sousveil.extract.ocr.document.recogniser", again)
    try:
        assert read(payload) == first
    finally:
        again.close()


def test_transparent_and_deep_pictures_are_seen_on_white() -> None:
    letters = draw(ENGLISH).convert("L").point(lambda value: 255 - value)
    clear = Image.new("RGBA", letters.size, "black")
    clear.putalpha(letters)
    assert read(encoded(clear)).text == "\n".join(ENGLISH)
    deep = draw(ENGLISH).convert("L").convert("I").point(lambda value: value * 256).convert("I;16")
    assert read(encoded(deep)).text == "\n".join(ENGLISH)


def test_icons_and_pictures_without_text_give_an_empty_document_quickly() -> None:
    read(encoded(Image.new("RGB", (64, 64), "white")))  # the process runs now
    started = time.perf_counter()
    icon = read(encoded(draw(ENGLISH).resize((31, 200))))
    photo = read(encoded(Image.effect_mandelbrot((600, 400), (-3, -2.5, 2, 2.5), 100)))
    assert time.perf_counter() - started < 10
    for document in (icon, photo):
        assert (document.text, document.blocks, document.runs) == ("", (), ())


def test_the_first_picture_of_an_animation_is_read_and_the_rest_is_told() -> None:
    first, second = draw(ENGLISH), draw(["Something else"]).resize(draw(ENGLISH).size)
    document = read(encoded(first, "GIF", save_all=True, append_images=[second, first]))
    assert document.text == "\n".join(ENGLISH)
    assert document.unread == "only the first of its 3 pictures was read"


def png_of(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99)))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\x89PNG\r\n\x1a\nnonsense", "picture is damaged"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "no picture that we know"),
        (png_of(11_000, 11_000), "more than the 100000000 that are read"),
        (png_of(1 << 30, 1 << 30), "picture is damaged"),
        (encoded(draw(ENGLISH))[:900], "picture is damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_in_plain_words(payload: bytes, message: str) -> None:
    with pytest.raises(ExtractError) as refused:
        read(payload)
    assert message in str(refused.value)
    assert str(refused.value).startswith("https://shop.example/a: ")
    assert str(refused.value).endswith("; the capture itself is kept")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setattr(process, "find_spec", lambda _: None)
    with pytest.raises(ExtractError, match=r"not read: install sousveil\[ocr\]"):
        read(encoded(draw(ENGLISH)))


def test_a_car_is_no_bitmap() -> None:
    assert read(b"BMW is no picture", "text/plain").text == "BMW is no picture"
    assert io.BytesIO(encoded(draw(ENGLISH), "BMP")).read(2) == b"BM"
