"""A PDF written by hand: pages of lines of text and rules, in two standard fonts.

Takes what stands where on each page and gives the file's bytes (PDF 1.4, Adobe 2001; the fonts are
two of the standard fourteen, section 5.5.1, which every reader has). For the demonstration only:
Latin-1 text, no compression.
"""

from collections.abc import Sequence
from dataclasses import dataclass

A4 = (595, 842)  # points

_FONTS = (b"Helvetica", b"Helvetica-Bold")
_PAGE_TREE, _FIRST_FONT = 2, 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `x` and `y` are points from the page's bottom left corner."""

    text: str
    x: float
    y: float
    size: float = 10
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin horizontal line."""

    left: float
    right: float
    y: float


def write_pdf(pages: Sequence[Sequence[Line | Rule]], title: str) -> bytes:
    """Return a PDF with these pages; equal pages give equal bytes.

    Raises UnicodeEncodeError for text beyond Latin-1.
    """
    first_page = _FIRST_FONT + len(_FONTS)
    numbers = range(first_page, first_page + 2 * len(pages), 2)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    fonts = b"".join(b"/F%d %d 0 R" % (i, _FIRST_FONT + i) for i in range(len(_FONTS)))
    objects = [
        b"<</Type/Catalog/Pages %d 0 R>>" % _PAGE_TREE,
        b"<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 %d %d]/Resources<</Font<<%s>>>>>>"
        % (kids, len(pages), *A4, fonts),
        *(
            b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>" % name
            for name in _FONTS
        ),
    ]
    for number, page in zip(numbers, pages, strict=True):
        content = b"\n".join(map(_operators, page))
        objects += [
            b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (_PAGE_TREE, number + 1),
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        ]
    objects.append(b"<</Title(%s)>>" % _escaped(title))
    return _file(objects)


def _operators(mark: Line | Rule) -> bytes:
    if isinstance(mark, Rule):
        return b"0.5 w %g %g m %g %g l S" % (mark.left, mark.y, mark.right, mark.y)
    return b"BT /F%d %g Tf %g %g Td (%s) Tj ET" % (
        mark.bold,
        mark.size,
        mark.x,
        mark.y,
        _escaped(mark.text),
    )


def _escaped(text: str) -> bytes:
    """Return the inside of a literal string (section 3.2.3)."""
    for special in "\\()":
        text = text.replace(special, f"\\{special}")
    return text.encode("latin-1")


def _file(objects: Sequence[bytes]) -> bytes:
    """Join the objects with the table of where each begins; the last is the document's title."""
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\n" % (size, len(objects))
        + b"startxref\n%d\n%%%%EOF\n" % len(out)
    )
