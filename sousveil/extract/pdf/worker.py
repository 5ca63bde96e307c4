"""The process that opens a PDF: PDFium is C++, and a PDF comes from strangers.

Run as `python -m sousveil.extract.pdf.worker text` or `… boxes PAGE:START:END …`, with the PDF on
standard input; writes one JSON value on standard output. It limits its own memory and processor
time first, so that whatever PDFium does ends here. `document.py` is the caller.
"""

import resource
import sys
import unicodedata
from collections.abc import Callable, Sequence
from ctypes import c_double
from itertools import accumulate, islice
from typing import Literal

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
from sousveil.extract.pdf.layout import Glyph, PageText, lay_page, raw_offsets
from sousveil.model import Box

FLAT = 0.02  # of the font's height: a hyphen has 0.05, an undrawn glyph 0.001
COVER = 0.8  # of a page's area: a picture of more is the page, as a scanner makes it
STAMP_CHARACTERS = 20  # of text on such a picture: a page number, the scanner's name
JUNK = 0.5  # share of a page's characters that stand for nothing, from which its text is none
MANY_PATHS = 50  # on a page without text: its letters are drawn, as printers ask for
MAX_OBJECTS = 20_000  # looked at; a map has more, and its text is on top

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
        return Page(laid.text, laid.blocks, _holds(page, laid))
    finally:
        text.close()
        page.close()


def _holds(page: pypdfium2.PdfPage, laid: PageText) -> Literal["text", "picture", "blank"]:
    """Tell a page with text from one whose text, if any, is for eyes only."""
    characters = [character for character in laid.text if not character.isspace()]
    junk = sum(unicodedata.category(character) in {"Co", "Cn", "Cs"} for character in characters)
    junk += characters.count("\ufffd")
    if len(characters) > STAMP_CHARACTERS:
        return "picture" if junk > JUNK * len(characters) else "text"
    kinds = [pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH]
    objects = list(islice(page.get_objects(filter=kinds), MAX_OBJECTS))
    images = [each for each in objects if each.type == pdfium.FPDF_PAGEOBJ_IMAGE]
    if characters:
        return "picture" if any(_covers(image, page) for image in images) else "text"
    return "picture" if images or len(objects) >= MANY_PATHS else "blank"


def _covers(image: pypdfium2.PdfObject, page: pypdfium2.PdfPage) -> bool:
    left, bottom, right, top = image.get_bounds()
    width, height = page.get_size()
    return bool((right - left) * (top - bottom) >= COVER * width * height)


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
