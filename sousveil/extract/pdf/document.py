"""PDF to text with pages, and the boxes of a quote.

Takes a PDF's bytes and gives a `Document` whose blocks are paragraphs that stay within their page
(ISO 32000-1 has only glyphs and places: `layout.py` makes lines and paragraphs). PDFium reads
it in a process of its own (`worker.py`) with limits of time and memory, so that a hostile file
ends in an ExtractError. The text is raw: ligatures, Kangxi radicals and spaces between characters
stay; a word that a hyphen parts at a line's end is joined by a soft hyphen (U+00AD).
"""

import subprocess
import sys
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence

import msgspec

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_BLOCKS, too_many_blocks
from sousveil.extract.gather import line_starts
from sousveil.extract.language import guess_language
from sousveil.extract.pdf.answers import MAX_WAIT_SECONDS, Answer, Boxes, Page, Pages, Refusal
from sousveil.model import Block, Box, Document

Span = tuple[int, int]

HEADER = b"%PDF-"
HEADER_BYTES = 1024  # readers have always looked this far (ISO 32000-1, annex H.3, note 13)

_WORKER = (sys.executable, "-P", "-m", "sousveil.extract.pdf.worker")


def read_pdf(payload: bytes, name: str) -> Document:
    """Return the text of a PDF; its blocks tell their page.

    `unread` names the pages that are pictures without text, or broken. Raises ExtractError for one
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
    unread = _unread(answer.pages)
    blocks: list[Block] = []
    position = 0
    for number, page in enumerate(answer.pages, start=1):
        if not page.text:
            continue
        for block in page.blocks:
            if len(blocks) >= MAX_BLOCKS:
                raise too_many_blocks()
            start, end = position + block.start, position + block.end
            blocks.append(Block(start, end, block.kind, page=number))
        position += len(page.text) + 1
    if not blocks:
        why = unread or f"its {len(answer.pages)} pages hold no text"
        raise ExtractError(f"{name}: {why}; the capture itself is kept")
    text = "\n".join(page.text for page in answer.pages if page.text)
    return Document(
        text=text,
        blocks=tuple(blocks),
        format="pdf",
        charset="",
        lang=guess_language(text),
        title=answer.title,
        line_starts=line_starts(text),
        unread=unread,
    )


def boxes(
    payload: bytes, document: Document, spans: Collection[Span]
) -> dict[Span, tuple[Box, ...]]:
    """Return where each of `document.text[start:end]` stands: a box for each line it touches.

    `document` is what `read_pdf` gave for `payload`; a span lies within one of its blocks. Returns
    nothing for a document of another format. Raises ExtractError as `read_pdf` does, and
    ValueError for a span in no block.
    """
    if document.format != "pdf" or not spans:
        return {}
    first_of: dict[int, int] = {}  # where each page's text begins
    for block in document.blocks:
        first_of.setdefault(block.page or 0, block.start)
    starts = [block.start for block in document.blocks]
    request = []
    for start, end in spans:
        block = document.blocks[max(0, bisect_right(starts, start) - 1)]
        if block.page is None or not block.start <= start < end <= block.end:
            raise ValueError(f"the span {start}-{end} is in no block of the document")
        first = first_of[block.page]
        request.append(f"{block.page}:{start - first}:{end - first}")
    answer = _ask(payload, "the PDF", ("boxes", *request))
    if not isinstance(answer, Boxes):
        raise _broken("the PDF")
    return dict(zip(spans, map(tuple, answer.boxes), strict=True))


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


def _unread(pages: Sequence[Page]) -> str:
    """Return which pages hold something that is no text, "" for none."""
    kinds = (
        ("picture", "page {} is a picture without text", "pages {} are pictures without text"),
        ("broken", "page {} is too damaged to read", "pages {} are too damaged to read"),
    )
    parts = []
    for holds, one, several in kinds:
        numbers = [n for n, page in enumerate(pages, start=1) if page.holds == holds]
        if numbers:
            parts.append((several if len(numbers) > 1 else one).format(_ranges(numbers)))
    return ", ".join(parts)


def _ranges(numbers: Iterable[int]) -> str:
    """Return rising numbers in short: "1-3, 7"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{low}-{high}" if low < high else str(low) for low, high in ranges)
