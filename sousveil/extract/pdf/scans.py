"""Pages of a PDF that are pictures: read by OCR, and told apart from those that are not.

Takes a PDF's bytes and the numbers of such pages, gives their text and a sentence for each thing
that became of them. A page that cannot be read takes no other with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sousveil.errors import ExtractError
from sousveil.extract.ocr.layout import LaidPicture, lay_picture
from sousveil.extract.ocr.process import NOT_INSTALLED, installed, recogniser

MAX_SCANS = 100  # pages of one PDF, some five minutes; longer scans are books


@dataclass(frozen=True, slots=True)
class Scans:
    """What was read of the pages that are pictures."""

    pages: dict[int, LaidPicture]  # by number, from 1; only those with text
    notes: tuple[str, ...]  # what was read so and what was not, in words


def read_scans(payload: bytes, name: str, numbers: Sequence[int]) -> Scans:
    """Return the text of these pages, the first `MAX_SCANS` of them."""
    if numbers and not installed():
        return Scans(
            {},
            (told(numbers, f"a picture, and {NOT_INSTALLED}", f"pictures, and {NOT_INSTALLED}"),),
        )
    pages: dict[int, LaidPicture] = {}
    empty, broken = [], []
    for number in numbers[:MAX_SCANS]:
        try:
            laid = lay_picture(recogniser.read(payload, name, number), number)
        except ExtractError:
            broken.append(number)
            continue
        if laid.text:
            pages[number] = laid
        else:
            empty.append(number)
    late = numbers[MAX_SCANS:]
    notes = (
        told(empty, "a picture without text", "pictures without text"),
        told(broken, "a picture on which OCR failed", "pictures on which OCR failed"),
        told(late, *[f"beyond the {MAX_SCANS} pictures that OCR reads of one PDF"] * 2),
        told(list(pages), "a picture, read by OCR", "pictures, read by OCR"),
    )
    return Scans(pages, tuple(note for note in notes if note))


def told(numbers: Sequence[int], one: str, several: str) -> str:
    """Return "page 3 is" with `one`, or "pages 3-5, 7 are" with `several`; "" for no page."""
    if not numbers:
        return ""
    return (
        f"page {numbers[0]} is {one}"
        if len(numbers) == 1
        else (f"pages {_ranges(numbers)} are {several}")
    )


def _ranges(numbers: Iterable[int]) -> str:
    """Return rising numbers in short: "1-3, 7"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{low}-{high}" if low < high else str(low) for low, high in ranges)
