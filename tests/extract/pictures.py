"""Pictures of text, drawn as a scanner or a designer would make them."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CHINESE_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LATIN_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
SIMPLIFIED = 2  # face in the collection

needs_ocr = pytest.mark.skipif(
    find_spec("rapidocr") is None or find_spec("onnxruntime") is None,
    reason="the extra ocr is not installed",
)
needs_chinese = pytest.mark.skipif(
    not CHINESE_FONT.is_file(), reason="no Chinese font (fonts-noto-cjk) is here"
)
needs_latin = pytest.mark.skipif(not LATIN_FONT.is_file(), reason="DejaVu Sans is not here")


def draw(
    lines: Sequence[str],
    *,
    size: int = 24,
    angle: float = 0,
    noise: float = 0,
    columns: Sequence[Sequence[str]] = (),
) -> Image.Image:
    """Return a picture of `lines`, leaning by `angle` degrees; of `columns` side by side if any."""
    path, face = (CHINESE_FONT, SIMPLIFIED) if CHINESE_FONT.is_file() else (LATIN_FONT, 0)
    font = ImageFont.truetype(str(path), size, index=face)
    sets = columns or [lines]
    width = int(max(font.getlength(line) for one in sets for line in one)) + 2 * size
    height = int(max(map(len, sets)) * size * 1.6) + 2 * size
    picture = Image.new("L", (width * len(sets), height), 255)
    pen = ImageDraw.Draw(picture)
    for column, one in enumerate(sets):
        for row, line in enumerate(one):
            pen.text((column * width + size, size + row * size * 1.6), line, font=font, fill=10)
    if angle:
        turn = Image.Resampling.BICUBIC
        picture = picture.rotate(angle, expand=True, fillcolor=255, resample=turn)
    if noise:
        grain = Image.effect_noise(picture.size, noise)  # about 128
        picture = Image.blend(picture, grain, 0.15).filter(ImageFilter.GaussianBlur(0.5))
    return picture.convert("RGB")


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the picture as a file."""
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def scan(pages: Sequence[Image.Image]) -> bytes:
    """Return a PDF whose pages are these pictures, 72 pixels an inch."""
    written = io.BytesIO()
    pages[0].save(written, "PDF", save_all=True, append_images=list(pages[1:]), resolution=72)
    return written.getvalue()
