"""A picture to text, and how sure a quote from a picture is.

Takes an image's bytes and gives a `Document` whose runs tell where each line is seen and how sure
it is. Photographs and icons give an empty one.
"""

from bisect import bisect_right

from sousveil.extract.gather import line_starts
from sousveil.extract.language import guess_language
from sousveil.extract.ocr.layout import lay_picture
from sousveil.extract.ocr.process import recogniser
from sousveil.model import Block, Document, Run


def read_image(payload: bytes, name: str) -> Document:
    """Return the text of an image: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF; it may be empty.

    Runs are in pixels of the image as a viewer shows it, its EXIF orientation applied. `unread`
    tells of further pictures in the file. Raises ExtractError as `Recogniser.read` does.
    """
    picture = recogniser.read(payload, name)
    laid = lay_picture(picture)
    return Document(
        text=laid.text,
        blocks=tuple(Block(block.start, block.end, block.kind) for block in laid.blocks),
        format="image",
        charset="",
        lang=guess_language(laid.text),
        line_starts=line_starts(laid.text),
        unread=f"only the first of its {picture.frames} pictures was read"
        if picture.frames > 1
        else "",
        runs=laid.runs,
    )


def runs_of(document: Document, start: int, end: int) -> tuple[Run, ...]:
    """Return the runs that `document.text[start:end]` touches, in order."""
    first = max(0, bisect_right(document.runs, start, key=lambda run: run.start) - 1)
    last = bisect_right(document.runs, end - 1, key=lambda run: run.start)
    return tuple(run for run in document.runs[first:last] if start < run.end and run.start < end)


def recognised(document: Document, start: int, end: int) -> float | None:
    """Return how sure `document.text[start:end]` is, 0 to 1: as its least sure line.

    None for a span of which nothing was recognised in a picture.
    """
    sure = [run.confidence for run in runs_of(document, start, end) if run.confidence is not None]
    return min(sure, default=None)


def recognised_caveat(confidence: float) -> str:
    """Return what weakens the evidence of a quote that was recognised in a picture."""
    return f"read from a picture by OCR, confidence {confidence:.2f}: compare with the picture"
