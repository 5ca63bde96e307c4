"""What an editor boxed is painted over in the pixels themselves, and no whole picture gives it."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from sousveil.case import Case
from sousveil.dossier.harm.marks import PictureMark, Sheet
from sousveil.errors import InputError
from sousveil.ledger import writing
from sousveil.model import Area, Box, Finding, RecordRef
from sousveil.run.publish.marking import mark_picture, marks_of
from sousveil.run.publish.pictures import show_quotes
from tests.conftest import NOW
from tests.extract.pdfs import Text, make_pdf
from tests.run.test_pictures import Keep, drawn, folder, found, keep, on_page, on_picture

__all__ = ["folder", "keep"]  # fixtures

SIZE = (1_000, 700)
QUOTE = Area(100, 300, 400, 324)
FACE = Area(500, 280, 560, 350)
SKIN = (220, 180, 140)


def portrait(kind: str = "PNG", **saved: object) -> bytes:
    """Draw white paper with a quote and, beside it, what an editor would cover."""
    with Image.open(BytesIO(drawn(SIZE, QUOTE))) as picture:
        ImageDraw.Draw(picture).rectangle((500, 280, 559, 349), fill=SKIN)
        written = BytesIO()
        picture.save(written, kind, **saved)
    return written.getvalue()


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as picture:
        found = picture.convert("RGB").getcolors(maxcolors=SIZE[0] * SIZE[1])
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def on(ref: RecordRef) -> Finding:
    return found(ref, "image/png", on_picture(ref, SIZE, QUOTE))


def mark(one: Finding, case: Case, *boxes: Area) -> dict[Sheet, PictureMark]:
    with writing(case) as writer:
        mark_picture(writer, one, boxes, by="E. Editor", note="a face", now=NOW)
    return dict(marks_of(case).pictures)


def test_no_pixel_is_left_of_what_a_box_covers(case: Case, keep: Keep, folder: Path) -> None:
    one = on(keep("image/png", portrait()))
    shown, _ = show_quotes(case, [one], folder)
    assert SKIN in colours(shown[one.id].part.path)
    looked_at = mark(one, case, FACE)
    painted, missing = show_quotes(case, [one], folder, looked_at)
    assert missing == {}
    part = painted[one.id].part.path
    assert SKIN not in colours(part)
    assert (0, 0, 0) in colours(part)
    assert painted[one.id].whole is None
    assert "parts of it are painted over" in painted[one.id].without_whole
    assert any("painted over by us" in note for note in painted[one.id].notes)
    assert painted[one.id].sha256 == shown[one.id].sha256


def test_a_look_that_found_nothing_keeps_the_whole(case: Case, keep: Keep, folder: Path) -> None:
    one = on(keep("image/png", portrait()))
    shown, _ = show_quotes(case, [one], folder, mark(one, case))
    assert shown[one.id].whole is not None
    assert SKIN in colours(shown[one.id].part.path)


def test_boxes_on_a_page_of_a_pdf_are_in_its_pixels_as_drawn(
    case: Case, keep: Keep, folder: Path
) -> None:
    ref = keep("application/pdf", make_pdf([[Text("It infers ethnicity.", 72, 700)]]))
    one = found(ref, "application/pdf", on_page(Box(1, 72, 695, 300, 715)))
    plain, _ = show_quotes(case, [one], folder)
    width, height = plain[one.id].size
    assert width == 1_200
    looked_at = mark(one, case, Area(0, 0, width, height))
    painted, _ = show_quotes(case, [one], folder, looked_at)
    assert colours(painted[one.id].part.path) == {(0, 0, 0)}
    assert painted[one.id].whole is None


def test_what_a_picture_file_says_beside_its_pixels_is_not_handed_on(
    case: Case, keep: Keep, folder: Path
) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jo Doe"  # Artist
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Jo Doe")
    for content in (portrait(pnginfo=told), portrait(exif=exif), portrait("JPEG", exif=exif)):
        one = on(keep("image/png", content))
        assert b"Jo Doe" in content
        shown, _ = show_quotes(case, [one], folder)
        assert b"Jo Doe" not in shown[one.id].part.path.read_bytes()
        assert shown[one.id].whole is None
        assert "tells more than it shows" in shown[one.id].without_whole


def test_a_later_look_takes_the_place_of_one_before(case: Case, keep: Keep) -> None:
    one = on(keep("image/png", portrait()))
    mark(one, case, FACE)
    (first,) = mark(one, case, FACE, QUOTE).values()
    assert first.boxes == (FACE, QUOTE)
    with writing(case) as writer:
        mark_picture(writer, one, None, by="E. Editor", note="again", now=NOW)
    assert marks_of(case).pictures == {}


@pytest.mark.parametrize(
    "box", [Area(-1, 0, 5, 5), Area(0, 0, 1_001, 5), Area(5, 5, 5, 9), Area(0, 0, float("nan"), 5)]
)
def test_a_box_beside_the_picture_is_refused(case: Case, keep: Keep, box: Area) -> None:
    one = on(keep("image/png", portrait()))
    with pytest.raises(InputError, match="does not lie on the picture, which has 1000 by 700"):
        mark(one, case, box)


def test_boxes_of_another_size_show_nothing_rather_than_a_face(
    case: Case, keep: Keep, folder: Path
) -> None:
    one = on(keep("image/png", portrait()))
    (sheet, told), *_ = mark(one, case, FACE).items()
    shown, missing = show_quotes(case, [one], folder, {sheet: replace(told, size=(10, 10))})
    assert shown == {}
    assert "draw them again" in missing[one.id]
