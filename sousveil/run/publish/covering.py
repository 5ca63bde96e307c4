"""Covering: where words stand on pictures that are withheld from the text, so that these go, too.

Takes findings whose quotes stand on one picture, a browser's or a page of a PDF, and gives the
rectangles of what is withheld there, by the words that the browser or the PDF laid there. Where in
a line a word begins is told by the widths of common letters, so each rectangle is wider than its
words. A photograph has no words here: nothing looks into pictures, and an editor says what goes.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import ArchiveError, ExtractError
from sousveil.extract import boxes
from sousveil.extract.layout import rectangles, regions
from sousveil.index.query import event_body
from sousveil.index.store import Index
from sousveil.model import RENDERING_TYPE, Area, Capture, Document, Finding, Json, Rendering
from sousveil.run.publish.pictures import OnSheet
from sousveil.run.read.looks import read_document

Find: TypeAlias = Callable[[Document], list[tuple[int, int]]]
"""Gives where in a document's text it holds what is withheld."""

_PDF = "application/pdf"
_ROOM = 1.0  # heights of a line, on either side of what is covered


def covers(
    case: Case, index: Index, concealer: Concealer, findings: Sequence[Finding], sheet: OnSheet
) -> list[Area]:
    """Return what is to be painted over on the picture that shows `findings`.

    In its pixels; of a PDF's page in points, `top` being the greater. Empty, too, where the words
    on it cannot be read.
    """

    def found(document: Document) -> list[tuple[int, int]]:
        return sorted(
            {
                (span.start, span.end)
                for one in findings
                for span in concealer.spans(document.text, one.id, concealer.names_of(one))
            }
        )

    try:
        if sheet.page is None:
            return _on_screen(case, event_body(index, findings[0].log_index), sheet, found)
        return _on_page(case, findings[0].capture, sheet.page, found)
    except (ArchiveError, ExtractError):
        return []


def _on_screen(case: Case, body: Json, sheet: OnSheet, found: Find) -> list[Area]:
    if body.get("rendering") is None:
        return []
    rendering = msgspec.convert(body["rendering"], Rendering)
    captures = msgspec.convert(body["captures"], list[Capture])
    shown = [one for one in captures if one.media_type == RENDERING_TYPE]
    slices = [one for one in rendering.slices if one.record == sheet.record]
    if not shown:
        return []
    document = read_document(case, shown[-1])
    runs = [run for span in found(document) for run in rectangles(document, *span)]
    return [_wider(Area(one.left, one.top, one.right, one.bottom)) for one in regions(runs, slices)]


def _on_page(case: Case, capture: Capture, page: int, found: Find) -> list[Area]:
    if capture.media_type != _PDF:
        return []
    document = read_document(case, capture)
    spans = [
        (max(start, block.start), min(end, block.end))
        for start, end in found(document)
        for block in document.blocks
        if block.page == page and start < block.end and block.start < end
    ]
    content = payload(case.root, capture.record, refers_to=capture.refers_to).body
    placed = boxes(content, document, spans)
    return [
        Area(one.left, one.top, one.right, one.bottom) for there in placed.values() for one in there
    ]


def _wider(area: Area) -> Area:
    room = _ROOM * abs(area.bottom - area.top)
    return Area(area.left - room, area.top, area.right + room, area.bottom)
