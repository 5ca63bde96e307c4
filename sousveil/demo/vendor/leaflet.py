"""A leaflet of the fictitious vendor as somebody scanned it: a picture of words, slightly askew.

Takes nothing; gives a JPEG (ISO/IEC 10918-1) drawn with the font that comes with Pillow. The grain
is the same in each run.
"""

import hashlib
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1_240, 1_754)  # A4 at 150 dots per inch, what offices scan at
_PAPER, _INK, _TINT = (247, 244, 234), (38, 40, 46), (30, 74, 92)
_DEGREES = 0.7  # as laid on the glass by hand
_GRAIN = 0.06  # share of noise in what is seen
_QUALITY = 72

# What stands in which size, from the top; "" is a gap.
_WORDS = (
    (64, "StaneLens Gate Kit"),
    (30, "Know who is at your gate before they ring."),
    (30, ""),
    (30, "A camera, a server and one evening of work: the Gate Kit"),
    (30, "turns any entrance into a place that sees and remembers."),
    (30, ""),
    (36, "What the camera sees"),
    (30, "The Gate Kit estimates the age and gender of every visitor."),
    (30, "It recognises the ethnicity of each visitor (Uyghur or"),
    (30, "non-Uyghur) and raises an alert within one second."),
    (30, "Glasses, masks and bags are noted as well."),
    (30, ""),
    (36, "What is in the box"),
    (30, "Two cameras, one server, forty metres of cable, a stand."),
    (30, "Ask your dealer for the order code OV-GK-2."),
)
_FOOT = "Oddlestane Vision is fictitious: the company and its products were invented."


def leaflet() -> bytes:
    """Return the scan as JPEG."""
    sheet = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, SIZE[0], 120), fill=_TINT)
    pen.text((110, 36), "Oddlestane Vision", fill="white", font=ImageFont.load_default(size=40))
    y = 200
    for size, text in _WORDS:
        colour = _TINT if size > _WORDS[1][0] else _INK
        pen.text((110, y), text, fill=colour, font=ImageFont.load_default(size=size))
        y += round(1.6 * size)
    pen.text((110, 1_660), _FOOT, fill=_INK, font=ImageFont.load_default(size=22))
    return _scanned(sheet)


def _scanned(sheet: Image.Image) -> bytes:
    """Return `sheet` as a scanner gives it: askew, a little soft, with grain."""
    laid = sheet.rotate(_DEGREES, Image.Resampling.BICUBIC, fillcolor=(226, 223, 214))
    soft = laid.filter(ImageFilter.GaussianBlur(0.6))
    width, height = SIZE
    noise = Image.frombytes("L", SIZE, hashlib.shake_128(b"grain").digest(width * height))
    scan = Image.blend(soft, noise.convert("RGB"), _GRAIN)
    written = BytesIO()
    scan.save(written, "JPEG", quality=_QUALITY, dpi=(150, 150))
    return written.getvalue()
