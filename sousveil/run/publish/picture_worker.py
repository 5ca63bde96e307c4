"""The process that opens pictures and draws pages: both come from strangers.

Run as `python -m` with this module's name, with a `Task` as one line of JSON on standard input and
the picture or the PDF after it; writes one `Answer` (MessagePack) on standard output. It bounds its
own memory and processor time first, as the reader of PDF does. `pictures.py` is the caller.
"""

import math
import sys
from collections.abc import Sequence
from ctypes import c_int
from io import BytesIO
from typing import TypeAlias

import msgspec
import pypdfium2
from PIL import Image, ImageDraw, ImageOps
from pypdfium2 import raw as pdfium

from sousveil.extract.pdf.worker import limit
from sousveil.model import Area
from sousveil.run.publish.cuts import MAX_WIDTH, cut_around, within

# A sheet of A3 scanned at 600 dots per inch has 70 million; four bytes each fit into the process.
MAX_PIXELS = 100_000_000

# Of a page drawn from a PDF, which then is shown as it was drawn. A4 at 145 dots per inch.
PAGE_WIDTH = MAX_WIDTH
MAX_PAGE_HEIGHT = 5_000  # of receipts and posters
MAX_ENLARGEMENT = 8.0  # of a page the size of a stamp

# A part larger than this as PNG is a photograph or a scan; WebP brings it to a fifth.
MAX_PNG_BYTES = 250_000
WEBP_QUALITY = 85

# What we read, and how each file's name ends; Pillow knows sixty more formats, and their bugs.
SUFFIXES = {
    "PNG": "png",
    "JPEG": "jpg",
    "WEBP": "webp",
    "GIF": "gif",
    "TIFF": "tif",
    "BMP": "bmp",
    "AVIF": "avif",
}

# To look at, not to keep.
JPEG_QUALITY = 80
MAX_JPEG_SIDE = 65_500  # of the format

RGB = "RGB"
PAINT = (0, 0, 0)  # of what is painted over
_NOTES = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment"})


class Task(msgspec.Struct, frozen=True):
    """What to show: on the picture that follows, or on a page of the PDF that follows."""

    size: tuple[int, int] | None  # width and height that the picture must have
    page: int | None  # of a PDF, from 1
    quotes: list[list[Area]]  # each a quote; of a PDF in points, `top` being the greater
    boxes: list[Area] = []  # to paint over, in pixels of the whole picture, or of the page as drawn
    boxes_size: tuple[int, int] | None = None  # of the picture on which they were drawn
    covers: list[Area] = []  # to paint over, too, as `quotes` are given
    wants_whole: bool = False  # written anew, for an editor to look at


class Part(msgspec.Struct, frozen=True):
    """A part of a picture with one quote."""

    data: bytes
    suffix: str  # of the file's name
    width: int
    height: int
    marks: list[Area]
    scale: float
    is_whole: bool  # whether all of the quote is in it


class Parts(msgspec.Struct, frozen=True, tag=True):
    """A part for each quote that has a place on the picture, None for one that has none."""

    parts: list[Part | None]
    suffix: str  # of the whole picture's file
    width: int
    height: int
    drawn: bytes | None  # the whole page of a PDF, as PNG
    redrawn: bytes | None = None  # the whole picture as a JPEG of ours, where it was wanted
    has_notes: bool = (
        False  # whether the file tells more than its pixels, such as where it was taken
    )


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Why there is no picture, in words that follow its name."""

    reason: str


Answer: TypeAlias = Parts | Refusal


def main() -> None:
    """Answer one task."""
    limit()
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer(task, sys.stdin.buffer.read())))


def answer(task: Task, payload: bytes) -> Answer:
    """Return the parts that a task asks for, or why there are none.

    What Pillow or PDFium cannot open may raise anything: the process ends, and the caller tells.
    """
    if task.page is not None:
        return _on_page(payload, task.page, task)
    with Image.open(BytesIO(payload), formats=tuple(SUFFIXES)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            return Refusal(f"it has more than the {MAX_PIXELS:,} pixels that are opened")
        suffix = SUFFIXES[str(picture.format)]
        upright = ImageOps.exif_transpose(picture)  # as every viewer shows it
        if upright.size != task.size:
            found, noted = (" by ".join(map(str, size)) for size in (upright.size, task.size or ()))
            return Refusal(f"it has {found} pixels, not the {noted} that were noted")
        answered = _parts(upright, task.quotes, suffix, None, task)
        if isinstance(answered, Refusal):
            return answered
        return msgspec.structs.replace(answered, has_notes=_has_notes(picture))


def _has_notes(picture: Image.Image) -> bool:
    """Tell whether a picture's file carries notes: of Exif, XMP or IPTC, or as plain words."""
    texts = getattr(picture, "text", None)  # of a PNG
    return bool(picture.getexif() or texts or _NOTES & picture.info.keys())


def _on_page(payload: bytes, number: int, task: Task) -> Answer:
    document = pypdfium2.PdfDocument(payload)
    if number > len(document):
        return Refusal(f"it has no page {number}")
    page = document[number - 1]
    width, height = page.get_size()  # of the crop box, with the page's rotation applied
    scale = min(PAGE_WIDTH / width, MAX_PAGE_HEIGHT / height, MAX_ENLARGEMENT)
    drawn = page.render(scale=scale).to_pil().convert(RGB)
    placed = [[_in_pixels(page, drawn.size, area) for area in quote] for quote in task.quotes]
    covers = [_in_pixels(page, drawn.size, area) for area in task.covers]
    task = msgspec.structs.replace(task, covers=covers)
    return _parts(drawn, placed, SUFFIXES["PNG"], _png(drawn), task)


def _in_pixels(page: pypdfium2.PdfPage, size: tuple[int, int], area: Area) -> Area:
    """Return where a rectangle of the page's user space stands on its picture."""
    corners = []
    for across, up in ((area.left, area.bottom), (area.right, area.top)):
        x, y = c_int(), c_int()
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, across, up, x, y)
        corners.append((x.value, y.value))
    (left, right), (top, bottom) = (sorted(values) for values in zip(*corners, strict=True))
    return Area(left, top, right, bottom)


def _parts(
    picture: Image.Image,
    quotes: Sequence[Sequence[Area]],
    suffix: str,
    drawn: bytes | None,
    task: Task,
) -> Parts | Refusal:
    if task.boxes and picture.size != task.boxes_size:
        return Refusal("it has another size than when boxes were drawn on it; draw them again")
    if task.boxes or task.covers:
        picture = _painted(picture, [*task.boxes, *task.covers])
    parts = [_part(picture, quote) for quote in quotes]
    redrawn = _jpeg(picture) if task.wants_whole and max(picture.size) <= MAX_JPEG_SIDE else None
    return Parts(parts, suffix, picture.width, picture.height, drawn, redrawn)


def _painted(picture: Image.Image, boxes: Sequence[Area]) -> Image.Image:
    """Return the picture with boxes filled, so that nothing is left of what stood there."""
    painted = _opaque(picture)
    brush = ImageDraw.Draw(painted)
    for box in boxes:
        clipped = _clipped(painted.size, box)
        if clipped is not None:
            left, top = math.floor(clipped.left), math.floor(clipped.top)
            right, bottom = math.ceil(clipped.right) - 1, math.ceil(clipped.bottom) - 1
            brush.rectangle((left, top, right, bottom), fill=PAINT)
    return painted


def _part(picture: Image.Image, quote: Sequence[Area]) -> Part | None:
    marks = [mark for mark in (_clipped(picture.size, mark) for mark in quote) if mark is not None]
    if not marks:
        return None
    cut = cut_around(*picture.size, marks)
    part = _opaque(picture.crop((cut.left, cut.top, cut.right, cut.bottom)))
    part.info = {}  # what the file said beside its pixels is not handed on
    if part.size != (cut.width, cut.height):
        part = part.resize((cut.width, cut.height), Image.Resampling.LANCZOS)
    data, suffix = _png(part), SUFFIXES["PNG"]
    if len(data) > MAX_PNG_BYTES:
        data, suffix = _webp(part), SUFFIXES["WEBP"]
    is_whole = cut.is_whole and len(marks) == len(quote)
    return Part(data, suffix, cut.width, cut.height, list(within(cut, marks)), cut.scale, is_whole)


def _clipped(size: tuple[int, int], mark: Area) -> Area | None:
    """Return what of `mark` is on the picture; None if nothing is."""
    left, right = max(0.0, mark.left), min(float(size[0]), mark.right)
    top, bottom = max(0.0, mark.top), min(float(size[1]), mark.bottom)
    return Area(left, top, right, bottom) if left < right and top < bottom else None


def _opaque(picture: Image.Image) -> Image.Image:
    """Return the picture on white paper, as browsers show what is transparent."""
    if not picture.has_transparency_data:
        return picture.convert(RGB)
    layer = picture.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert(RGB)


def _png(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _jpeg(picture: Image.Image) -> bytes:
    whole = _opaque(picture)
    whole.info = {}
    written = BytesIO()
    whole.save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def _webp(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "WEBP", quality=WEBP_QUALITY)
    return written.getvalue()


if __name__ == "__main__":
    main()
