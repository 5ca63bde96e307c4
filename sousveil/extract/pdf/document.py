"""PDF to text with pages, and the boxes of a quote.

Takes a PDF's bytes and gives a `Document` whose blocks are paragraphs that stay within their page
(ISO 32000-1 has only glyphs and places: `layout.py` makes lines and paragraphs). PDFium reads
it in a process of its own (`worker.py`) with limits of time and memory, so that a hostile file
ends in an ExtractError; pages that are pictures are read by OCR (`scans.py`). The text is raw:
ligatures, Kangxi radicals and spaces between characters stay; a word that a hyphen parts at a
line's end is joined by a soft hyphen (U+00AD).
"""

import subprocess
import sys
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_BLOCKS, too_many_blocks
from sousveil.extract.gather import line_starts
from sousveil.extract.language import guess_language
from sousveil.extract.ocr.document import runs_of
from sousveil.extract.ocr.layout import LaidPicture
from sousveil.extract.pdf.answers import MAX_WAIT_SECONDS, Answer, Boxes, Page, Pages, Refusal
from sousveil.extract.pdf.scans import Scans, read_scans, told
from sousveil.model import Block, Box, Document, Run

Span = tuple[int, int]

HEADER = b"%PDF-"
HEADER_BYTES = 1024  # readers have always looked this far (ISO 32000-1, annex H.3, note 13)

_WORKER = (sys.executable, "-P", "-m", "sousveil.extract.pdf.worker")


def read_pdf(payload: bytes, name: str) -> Document:
    """Return the text of a PDF; its blocks tell their page.

    Pages that are pictures are read by OCR (extra `ocr`); `runs` tell where their lines are seen.
    `unread` names these, and the pages that hold no text or are broken. Raises ExtractError for one
    that is damaged, needs a password, holds no text at all, or is beyond the limits of
    `answers.py`.
    """
    if HEADER not in payload[:HEADER_BYTES]:
        raise ExtractError(
            f"{name}: it is no PDF, whatever it is called; the capture itself is kept"
        )
    answer = _ask(payload, name, ("text",))
    if not isinstance(answer, Pages):
        raise _broken(name)
    pages = dict(enumerate(answer.pages, start=1))
    scans = read_scans(payload, name, [n for n, page in pages.items() if page.holds == "picture"])
    broken = [number for number, page in pages.items() if page.holds == "broken"]
    damage = told(broken, *["too damaged to read"] * 2)
    unread = ", ".join(filter(None, (*scans.notes, damage)))
    text, blocks, runs = _joined(pages, scans)
    if not blocks:
        why = unread or f"its {len(pages)} pages hold no text"
        raise ExtractError(f"{name}: {why}; the capture itself is kept")
    return Document(
        text=text,
        blocks=blocks,
        format="pdf",
        charset="",
        lang=guess_language(text),
        title=answer.title,
        line_starts=line_starts(text),
        unread=unread,
        runs=runs,
    )


def _joined(
    pages: Mapping[int, Page], scans: Scans
) -> tuple[str, tuple[Block, ...], tuple[Run, ...]]:
    """Return the text of all pages with its blocks, and the runs of those read by OCR."""
    texts: list[str] = []
    blocks: list[Block] = []
    runs: list[Run] = []
    position = 0
    for number, page in pages.items():
        laid = scans.pages.get(number, page)
        if not laid.text:
            continue
        for block in laid.blocks:
            if len(blocks) >= MAX_BLOCKS:
                raise too_many_blocks()
            start, end = position + block.start, position + block.end
            blocks.append(Block(start, end, block.kind, page=number))
        if isinstance(laid, LaidPicture):
            runs += [
                replace(run, start=position + run.start, end=position + run.end)
                for run in laid.runs
            ]
        texts.append(laid.text)
        position += len(laid.text) + 1
    return "\n".join(texts), tuple(blocks), tuple(runs)


def boxes(
    payload: bytes, document: Document, spans: Collection[Span]
) -> dict[Span, tuple[Box, ...]]:
    """Return where each of `document.text[start:end]` stands: a box for each line it touches.

    `document` is what `read_pdf` gave for `payload`; a span lies within one of its blocks. On a
    page that was read by OCR a line's box is that of the whole line. Returns
    nothing for a document of another format. Raises ExtractError as `read_pdf` does, and
    ValueError for a span in no block.
    """
    if document.format != "pdf" or not spans:
        return {}
    first_of: dict[int, int] = {}  # where each page's text begins
    for block in document.blocks:
        first_of.setdefault(block.page or 0, block.start)
    starts = [block.start for block in document.blocks]
    found: dict[Span, tuple[Box, ...]] = {}
    request: dict[Span, str] = {}
    for start, end in spans:
        block = document.blocks[max(0, bisect_right(starts, start) - 1)]
        if block.page is None or not block.start <= start < end <= block.end:
            raise ValueError(f"the span {start}-{end} is in no block of the document")
        first = first_of[block.page]
        if seen := runs_of(document, start, end):
            found[start, end] = tuple(
                Box(block.page, run.left, run.bottom, run.right, run.top) for run in seen
            )
        else:
            request[start, end] = f"{block.page}:{start - first}:{end - first}"
    if request:
        answer = _ask(payload, "the PDF", ("boxes", *request.values()))
        if not isinstance(answer, Boxes):
            raise _broken("the PDF")
        found |= zip(request, map(tuple, answer.boxes), strict=True)
    return found


def _ask(payload: bytes, name: str, request: Sequence[str]) -> Answer:
    """Return what the worker answers; raises ExtractError when it refuses, fails or hangs."""
    try:
        ran = subprocess.run(
            [*_WORKER, *request],
            input=payload,
            capture_output=True,
            timeout=MAX_WAIT_SECONDS,
            check=True,
        )
        answer: Answer = msgspec.json.decode(ran.stdout, type=Answer)
    except subprocess.TimeoutExpired:
        raise ExtractError(
            f"{name}: the PDF was not read within {MAX_WAIT_SECONDS} seconds; "
            "the capture itself is kept"
        ) from None
    except (subprocess.CalledProcessError, msgspec.MsgspecError) as error:
        raise _broken(name) from error
    if isinstance(answer, Refusal):
        raise ExtractError(
            f"{name}: the PDF is not read: {answer.reason}; the capture itself is kept"
        )
    return answer


def _broken(name: str) -> ExtractError:
    return ExtractError(
        f"{name}: the PDF reader broke on it, or ran out of its time or memory; "
        "the capture itself is kept"
    )
