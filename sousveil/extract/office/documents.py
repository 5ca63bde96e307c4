"""Office documents to text: which kind a file is, and the order its parts are read in.

Takes the bytes of a DOCX, PPTX, XLSX (ECMA-376, transitional and strict) or OpenDocument file and
gives a `Document` whose blocks tell slide or cell. Nothing is run, fetched or unpacked to disk.
Names of authors, which these files are full of, are not read.
"""

from collections.abc import Callable

from sousveil.errors import ExtractError
from sousveil.extract.gather import Gathering
from sousveil.extract.office.odf import read_odf
from sousveil.extract.office.package import Package
from sousveil.extract.office.story import read_story
from sousveil.extract.office.xlsx import read_workbook
from sousveil.model import Document

MAX_STYLE_LEVEL = 9  # Word's heading levels

_TYPES_PART = "[Content_Types].xml"  # ECMA-376 part 2, section 6.2.3: every package has it
_NOTES = (
    ("header", "header"),
    ("footer", "footer"),
    ("footnotes", "footnote"),
    ("endnotes", "endnote"),
    ("comments", "comment"),
)


def read_office(payload: bytes, name: str) -> Document | None:
    """Return the text of an office document; None when the ZIP file is none.

    Raises ExtractError for one that is damaged, needs a password, holds no text, or is beyond the
    limits of `package.py` and `gather.py`.
    """
    try:
        package = Package(payload)
        reader = _reader(package)
        if reader is None:
            return None
        gathering = Gathering()
        title = reader(package, gathering)
        return gathering.document(title)
    except ExtractError as error:
        raise ExtractError(f"{name}: {error}") from error


def is_office(payload: bytes) -> bool:
    """Whether a ZIP file is an office document, if a damaged one."""
    try:
        package = Package(payload)
    except ExtractError:
        return False
    try:
        return _reader(package) is not None
    except ExtractError:
        return _TYPES_PART in package.parts


def _reader(package: Package) -> Callable[[Package, Gathering], str] | None:
    if package.starts_with("mimetype", 64).startswith(b"application/vnd.oasis.opendocument"):
        return read_odf
    main = package.related("", "officeDocument")
    folder = main[0].partition("/")[0] if main else ""
    return {"word": _read_document, "ppt": _read_slides, "xl": read_workbook}.get(folder)


def _read_document(package: Package, into: Gathering) -> str:
    """Read a Word document and what hangs on it; return its first heading."""
    (main, *_) = package.related("", "officeDocument")
    title = read_story(package, main, into, levels=_heading_levels(package, main))
    for kind, under in _NOTES:
        for part in package.related(main, kind):
            read_story(package, part, into, under=under)
    return title


def _heading_levels(package: Package, main: str) -> dict[str, int]:
    """Return the level of each heading style; ids are in Word's language, names in English."""
    levels: dict[str, int] = {}
    style = ""
    for part in package.related(main, "styles"):
        for event in package.events(part):
            values = event.attributes
            if event.kind == "start" and event.name == "style":
                style = values.get(":styleId", "")
            elif event.kind == "start" and event.name == "name" and style:
                word, _, number = values.get(":val", "").lower().partition(" ")
                if word == "title":
                    levels[style] = 1
                elif word == "heading" and number.isdecimal() and int(number) <= MAX_STYLE_LEVEL:
                    levels[style] = int(number)
    return levels


def _read_slides(package: Package, into: Gathering) -> str:
    """Read the slides in the order they are shown, hidden ones too; return the first title."""
    (main, *_) = package.related("", "officeDocument")
    parts = {r.id: r.part for r in package.relations(main) if r.type == "slide"}
    order = [
        event.attributes.get(":id", "")
        for event in package.events(main)
        if event.kind == "start" and event.name == "sldId"
    ]
    title = ""
    for number, part in enumerate((parts[id_] for id_ in order if id_ in parts), start=1):
        own = read_story(package, part, into, slide=number)
        title = title or own
        for kind in ("diagramData", "chart"):
            for drawing in package.related(part, kind):
                read_story(package, drawing, into, under=own, slide=number)
        for notes in package.related(part, "notesSlide"):
            under = f"{own} > speaker notes" if own else "speaker notes"
            read_story(package, notes, into, under=under, slide=number)
    return title
