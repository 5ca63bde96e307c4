"""Quotes on pictures: real pictures and PDFs, in real WARC records."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sousveil.archive.write import WarcWriter
from sousveil.case import Case
from sousveil.model import (
    Area,
    BlockKind,
    Box,
    Capture,
    Finding,
    Picture,
    PictureFile,
    RecordRef,
    Region,
    Shown,
    Source,
)
from sousveil.run.publish.cuts import MAX_HEIGHT, MAX_WIDTH, cut_around, within
from sousveil.run.publish.pictures import show_quotes
from tests.conftest import NOW
from tests.dossier.reports import finding

NOISE = random.Random(1)  # noqa: S311  # the same in each run
INK = (200, 20, 20)  # of what stands where the quote is
QUOTE = Area(300, 1_000, 700, 1_024)

Keep = Callable[[str, bytes], RecordRef]


@pytest.fixture
def keep(case: Case) -> Keep:
    """Put bytes into the archive, each in a WARC file of its own."""

    def run(media_type: str, content: bytes) -> RecordRef:
        name = f"archive/{hashlib.sha256(content).hexdigest()[:8]}.warc.gz"
        path = case.root / name
        path.parent.mkdir(exist_ok=True)
        with WarcWriter(path, name, software="test", user_agent="test", now=NOW) as writer:
            return writer.write_resource("https://vendor.example/x", NOW, media_type, content)

    return run


def drawn(size: tuple[int, int], mark: Area, kind: str = "PNG") -> bytes:
    """Draw white paper with `mark` filled in INK."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((mark.left, mark.top, mark.right, mark.bottom), fill=INK)
    written = BytesIO()
    picture.save(written, kind)
    return written.getvalue()


def found(ref: RecordRef, media_type: str, source: Source) -> Finding:
    plain = finding("infers ethnicity", "It infers ethnicity.", url="https://vendor.example/x")
    return replace(plain, capture=Capture(plain.url, NOW, 200, media_type, ref), source=source)


def on_picture(ref: RecordRef, size: tuple[int, int], *marks: Area) -> Source:
    picture = Picture(ref, "image/png", *size)
    regions = tuple(Region(picture, m.left, m.top, m.right, m.bottom) for m in marks)
    return Source(BlockKind.PARAGRAPH, "", 1, 1, 0, 9, "", regions=regions)


def on_page(box: Box) -> Source:
    return Source(BlockKind.PARAGRAPH, "", 1, 1, 0, 9, "", page=box.page, boxes=(box,))


def show(case: Case, one: Finding, folder: Path) -> Shown:
    shown, missing = show_quotes(case, [one], folder)
    assert missing == {}
    return shown[one.id]


def refused(case: Case, one: Finding, folder: Path) -> str:
    shown, missing = show_quotes(case, [one], folder)
    assert shown == {}
    assert list(folder.iterdir()) == []
    return missing[one.id]


def inked(file: PictureFile) -> tuple[int, int, int, int]:
    """Return the smallest rectangle around what is in INK, give or take what scaling blurs."""
    with Image.open(file.path) as picture:
        assert picture.size == (file.width, file.height)
        _, green, _ = picture.convert("RGB").split()
        box = green.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert box is not None
    return box


def assert_marked(shown: Shown) -> None:
    assert len(shown.marks) == 1
    mark = shown.marks[0]
    corners = (mark.left, mark.top, mark.right, mark.bottom)
    assert inked(shown.part) == pytest.approx(corners, abs=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    return made


def test_a_quote_on_a_screenshot_is_cut_out_pixel_by_pixel(
    case: Case, keep: Keep, folder: Path
) -> None:
    size = (1_366, 16_000)
    png = drawn(size, QUOTE)
    ref = keep("image/png", png)
    page = keep("text/html", b"<p>It infers ethnicity.")
    shown = show(case, found(page, "text/html", on_picture(ref, size, QUOTE)), folder)
    assert shown.kind == "screenshot"
    assert_marked(shown)
    assert shown.part.width == pytest.approx(MAX_WIDTH)
    assert shown.part.height < 400
    assert shown.part.path.stat().st_size < 20_000
    assert shown.whole is not None
    assert shown.whole.path.read_bytes() == png
    assert (shown.record, shown.sha256) == (ref, hashlib.sha256(png).hexdigest())


def test_a_scan_is_reduced_and_says_so(case: Case, keep: Keep, folder: Path) -> None:
    size, mark = (2_480, 3_508), Area(300, 1_000, 1_700, 1_060)
    ref = keep("image/jpeg", drawn(size, mark, "JPEG"))
    shown = show(case, found(ref, "image/jpeg", on_picture(ref, size, mark)), folder)
    assert shown.kind == "image"
    assert shown.part.width == MAX_WIDTH
    assert shown.notes == ("Shown at 48% of its size.",)
    assert_marked(shown)
    assert shown.whole is not None
    assert shown.whole.path.suffix == ".jpg"


def test_a_picture_that_a_camera_held_sideways_is_shown_as_viewers_show_it(
    case: Case, keep: Keep, folder: Path
) -> None:
    upright, mark = (600, 900), Area(100, 400, 300, 424)
    lying = Image.open(BytesIO(drawn(upright, mark))).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be turned by 90 degrees clockwise
    written = BytesIO()
    lying.save(written, "PNG", exif=exif)
    ref = keep("image/png", written.getvalue())
    shown = show(case, found(ref, "image/png", on_picture(ref, upright, mark)), folder)
    assert_marked(shown)


def test_a_noisy_scan_stays_small(case: Case, keep: Keep, folder: Path) -> None:
    size = (1_200, 900)
    noise = Image.frombytes("RGB", size, NOISE.randbytes(3 * 1_200 * 900))
    written = BytesIO()
    noise.save(written, "PNG")
    ref = keep("image/png", written.getvalue())
    mark = Area(100, 400, 500, 430)
    shown = show(case, found(ref, "image/png", on_picture(ref, size, mark)), folder)
    assert shown.part.path.suffix == ".webp"
    assert shown.part.path.stat().st_size < 400_000


def make_page(rotation: int) -> bytes:
    """A PDF page of 612 by 792 points whose crop box begins at 50, 60, with a red bar on it."""
    content = b"0.784 0.078 0.078 rg 200 500 150 12 re f"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/CropBox[50 60 600 780]/Rotate %d"
        b"/Contents 4 0 R>>" % rotation,
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    body = b"%PDF-1.4\n"
    for number, each in enumerate(objects, start=1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    return body + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_quote_stands_right_on_a_page_that_is_cropped_and_turned(
    case: Case, keep: Keep, folder: Path, rotation: int
) -> None:
    ref = keep("application/pdf", make_page(rotation))
    box = Box(1, left=200, bottom=500, right=350, top=512)
    shown = show(case, found(ref, "application/pdf", on_page(box)), folder)
    assert shown.kind == "page"
    assert_marked(shown)
    assert shown.whole is not None
    sides = shown.whole.width / shown.whole.height
    assert sides == pytest.approx(550 / 720 if rotation % 180 == 0 else 720 / 550, abs=0.01)


def test_quotes_on_one_picture_share_it(case: Case, keep: Keep, folder: Path) -> None:
    size = (1_366, 3_000)
    ref = keep("image/png", drawn(size, QUOTE))
    one = found(ref, "image/png", on_picture(ref, size, QUOTE))
    other = replace(one, id="b" * 12, source=on_picture(ref, size, Area(10, 2_000, 90, 2_020)))
    shown, missing = show_quotes(case, [one, other], folder)
    assert missing == {}
    assert shown[one.id].whole == shown[other.id].whole
    assert len(list(folder.iterdir())) == 3


def test_a_picture_of_another_size_than_noted_is_not_shown(
    case: Case, keep: Keep, folder: Path
) -> None:
    ref = keep("image/png", drawn((800, 1_200), QUOTE))
    one = found(ref, "image/png", on_picture(ref, (1_366, 1_200), QUOTE))
    assert "it has 800 by 1200 pixels, not the 1366 by 1200" in refused(case, one, folder)


def test_a_picture_of_a_billion_pixels_is_not_opened(case: Case, keep: Keep, folder: Path) -> None:
    size = (40_000, 40_000)
    bomb = bytearray(drawn((40, 40), Area(1, 1, 9, 9)))
    bomb[16:24] = size[0].to_bytes(4) + size[1].to_bytes(4)
    bomb[29:33] = crc32(bomb[12:29]).to_bytes(4)
    ref = keep("image/png", bytes(bomb))
    one = found(ref, "image/png", on_picture(ref, size, QUOTE))
    assert "what opens pictures broke on it" in refused(case, one, folder)


def test_what_is_no_picture_is_told(case: Case, keep: Keep, folder: Path) -> None:
    ref = keep("image/png", b"\x89PNG\r\n\x1a\nnonsense")
    one = found(ref, "image/png", on_picture(ref, (9, 9), Area(1, 1, 2, 2)))
    assert "what opens pictures broke on it" in refused(case, one, folder)


def test_a_quote_outside_of_the_picture_is_told(case: Case, keep: Keep, folder: Path) -> None:
    size = (800, 1_200)
    ref = keep("image/png", drawn(size, QUOTE))
    one = found(ref, "image/png", on_picture(ref, size, Area(900, 10, 950, 20)))
    _, missing = show_quotes(case, [one], folder)
    assert "outside of the picture" in missing[one.id]


def test_a_record_that_was_changed_is_told(case: Case, keep: Keep, folder: Path) -> None:
    size = (800, 1_200)
    ref = replace(keep("image/png", drawn(size, QUOTE)), digest="sha256:" + "0" * 64)
    one = found(ref, "image/png", on_picture(ref, size, QUOTE))
    assert "was changed" in refused(case, one, folder)


PLAIN = Source(BlockKind.PARAGRAPH, "", 1, 1, 0, 9, "")


@pytest.mark.parametrize(
    ("unseen", "reason"),
    [
        (("text/html", replace(PLAIN, kind=BlockKind.META)), "a browser does not show them"),
        (("text/html", PLAIN), "no browser showed"),
        (("application/x", replace(PLAIN, slide=3)), "office files"),
        (("application/zip", replace(PLAIN, part="a.pdf")), "in a package"),
        (("application/pdf", PLAIN), "where on the page the words stand is not known"),
        (("image/png", PLAIN), "where in the picture the words stand is not known"),
    ],
)
def test_what_has_no_picture_says_why(
    case: Case, keep: Keep, folder: Path, unseen: tuple[str, Source], reason: str
) -> None:
    one = found(keep(unseen[0], b"words"), *unseen)
    assert reason in refused(case, one, folder)


areas = st.builds(
    lambda left, top, width, height: Area(left, top, left + width, top + height),
    *(st.floats(0, 3_000), st.floats(0, 20_000), st.floats(0.1, 900), st.floats(0.1, 200)),
)


@given(st.lists(areas, min_size=1, max_size=5))
def test_a_part_lies_within_its_picture_and_marks_lie_within_the_part(marks: list[Area]) -> None:
    width, height = 4_000, 21_000
    cut = cut_around(width, height, marks)
    assert 0 <= cut.left < cut.right <= width
    assert 0 <= cut.top < cut.bottom <= height
    assert 1 <= cut.width <= MAX_WIDTH
    assert 1 <= cut.height <= MAX_HEIGHT
    if cut.scale == pytest.approx(1, abs=0.01):  # not resampled for a pixel's sake
        assert (cut.width, cut.height) == (cut.right - cut.left, cut.bottom - cut.top)
    inside = within(cut, marks)
    assert inside  # the quote, or its beginning, is always in sight
    for mark in inside:
        assert 0 <= mark.left < mark.right <= cut.width + 1
        assert 0 <= mark.top < mark.bottom <= cut.height + 1
    if cut.is_whole:
        assert len(inside) == len(marks)
