"""The process that opens a PDF: PDFium is C++, and a PDF comes from strangers.

Run as `python -m sousveil.extract.pdf.worker text` or `… boxes PAGE:START:END …`, with the PDF on
standard input; writes one JSON value on standard output. It limits its own memory and processor
time first, so that whatever PDFium does ends here. `document.py` is the caller.
"""

import resource
import sys
from collections.abc import Callable, Sequence
from ctypes import c_double
from itertools import accumulate

import msgspec
import pypdfium2
from pypdfium2 import raw as pdfium

from sousveil.extract.assemble import MAX_CHARACTERS
from sousveil.extract.pdf.answers import (
    MAX_MEMORY_BYTES,
    MAX_PAGES,
    MAX_SECONDS,
    Answer,
    Boxes,
    Page,
    Pages,
    Refusal,
)
from sousveil.extract.pdf.layout import Glyph, lay_page, raw_offsets
from sousveil.model import Box

FLAT = 0.02  # of the font's height: a hyphen has 0.05, an undrawn glyph 0.001

_REASONS = {
    pdfium.FPDF_ERR_FORMAT: "it is no PDF, or damaged beyond repair",
    pdfium.FPDF_ERR_PASSWORD: "it needs a password",
    pdfium.FPDF_ERR_SECURITY: "it is locked in a way that PDFium does not know",
}


def main(arguments: Sequence[str]) -> None:
    """Answer one request."""
    limit()
    sys.stdout.buffer.write(msgspec.json.encode(answer(sys.stdin.buffer.read(), arguments)))


def limit() -> None:
    """Bound the memory and processor time of this process, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(payload: bytes, arguments: Sequence[str]) -> Answer:
    """Return the answer to one request, or the refusal of what PDFium cannot open."""
    try:
        document = pypdfium2.PdfDocument(payload)  # opens what is encrypted with no password
    except pypdfium2.PdfiumError as error:
        return Refusal(_REASONS.get(error.err_code, "PDFium cannot open it"))
    if len(document) > MAX_PAGES:
        return Refusal(f"its {len(document)} pages are more than the {MAX_PAGES} that are read")
    if arguments[0] == "text":
        return _pages(document)
    spans = [tuple(map(int, argument.split(":"))) for argument in arguments[1:]]
    return Boxes([_boxes(document, *span) for span in spans])


def _pages(document: pypdfium2.PdfDocument) -> Answer:
    pages: list[Page] = []
    characters = 0
    for index in range(len(document)):
        pages.append(_page(document, index))
        characters += len(pages[-1].text)
        if characters > MAX_CHARACTERS:
            return Refusal(f"its text is longer than the {MAX_CHARACTERS} characters that are read")
    return Pages(_title(document), pages)


def _title(document: pypdfium2.PdfDocument) -> str:
    try:
        title: str = document.get_metadata_value("Title")
    except UnicodeDecodeError:
        return ""
    return " ".join(title.replace("\0", " ").split())


def _page(document: pypdfium2.PdfDocument, index: int) -> Page:
    try:
        page = document[index]
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return Page("", (), "broken")
    try:
        raw = _raw(text)
        laid = lay_page(raw, _glyph_reader(raw, text))
        if laid.text:
            return Page(laid.text, laid.blocks, "text")
        pictures = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
        return Page("", (), "picture" if next(iter(pictures), None) else "blank")
    finally:
        text.close()
        page.close()


def _boxes(document: pypdfium2.PdfDocument, number: int, start: int, end: int) -> list[Box]:
    """Return a box for each line that the span touches, in the order of the text."""
    text = document[number - 1].get_textpage()
    raw = _raw(text)
    index_of = _character_index(raw, text)
    boxes: list[Box] = []
    line: list[Box] = []
    for offset in [*raw_offsets(raw)[start:end], -1]:
        if offset >= 0:
            line.append(Box(number, *_rectangle(text, index_of(offset))))
        elif line:
            left, right = min(box.left for box in line), max(box.right for box in line)
            bottom, top = min(box.bottom for box in line), max(box.top for box in line)
            boxes.append(Box(number, left, bottom, right, top))
            line = []
    return boxes


def _rectangle(text: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Return the box of a glyph, or of its font where no font at hand draws the glyph."""
    drawn: tuple[float, float, float, float] = text.get_charbox(index)
    font: tuple[float, float, float, float] = text.get_charbox(index, loose=True)
    return drawn if drawn[3] - drawn[1] > FLAT * (font[3] - font[1]) else font


def _raw(text: pypdfium2.PdfTextPage) -> str:
    """Return the text of a page; a lone half of a surrogate pair becomes U+FFFD."""
    raw: str = text.get_text_range(errors="replace")
    return raw


def _character_index(raw: str, text: pypdfium2.PdfTextPage) -> Callable[[int], int]:
    """Return a function from an offset in `raw` to PDFium's number of that character.

    PDFium counts UTF-16 code units, and leaves some characters of the page out of its text.
    """
    units = [0, *accumulate(1 + (character > "\uffff") for character in raw)]
    return lambda offset: pdfium.FPDFText_GetCharIndexFromTextIndex(text.raw, units[offset])


def _glyph_reader(raw: str, text: pypdfium2.PdfTextPage) -> Callable[[int], Glyph]:
    """Return a function that tells where the character at an offset in `raw` stands."""
    index_of = _character_index(raw, text)

    def glyph_of(offset: int) -> Glyph:
        index = index_of(offset)
        around = pdfium.FS_RECTF()  # of the font, not of the letter: "a" is as high as "b"
        across, up = c_double(), c_double()
        pdfium.FPDFText_GetLooseCharBox(text.raw, index, around)  # stays 0 where it has none
        pdfium.FPDFText_GetCharOrigin(text.raw, index, across, up)
        return Glyph(around.left, around.right, up.value, around.top - around.bottom)

    return glyph_of


if __name__ == "__main__":
    main(sys.argv[1:])
