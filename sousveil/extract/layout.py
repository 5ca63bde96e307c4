"""Where a span of text is seen: rectangles one a line, and regions on the pictures archived.

Takes a `Document` with runs (a page that a browser showed, a picture, a scanned page of a PDF) and
a span of its text. Within a run, characters take the room they have in common fonts: what is wide
by Unicode Standard Annex 11 takes one em, other scripts fractions of it; vertical runs are cut from
the top, right-to-left ones from the right (Unicode Standard Annex 9 tells by the first letter).
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from sousveil.model import Document, Picture, Region, Run

# Shares of an em: the means of Helvetica's and Arial's letters, within 0.06 em of each.
_NARROW = dict.fromkeys("iljtfrI .,:;'!|()[]/\\\"-·", 0.28)
_BROAD = dict.fromkeys("mwMW@%—…", 0.86)
WIDE_EMS, CAPITAL_EMS, OTHER_EMS = 1.0, 0.69, 0.54

# A run is vertical if it is higher than wide although its characters would take this room side by
# side; even "illi" is broader than its line is high when there are more of them.
MIN_VERTICAL_EMS = 4.0
# Words of one line lie closer than this share of its height; cells and columns further apart.
MAX_GAP = 1.0


def rectangles(document: Document, start: int, end: int) -> tuple[Run, ...]:
    """Return where `document.text[start:end]` is seen, in order: a rectangle for each line.

    What lies on one line but far apart, as cells do, keeps its own rectangles. Empty when no run
    holds any of the span.
    """
    first = bisect_right(document.runs, start, key=lambda run: run.end)
    parts: list[Run] = []
    for run in document.runs[first:]:
        if run.start >= end:
            break
        part = _part(document.text, run, max(start, run.start), min(end, run.end))
        if parts and _continues(parts[-1], part):
            parts[-1] = _joined(parts[-1], part)
        else:
            parts.append(part)
    return tuple(parts)


def regions(runs: Sequence[Run], slices: Sequence[Picture]) -> tuple[Region, ...]:
    """Return `runs`, in pixels of a page or picture, on the slices of its picture.

    A rectangle over the border of two slices gives a region on each; what lies outside all of them
    gives none.
    """
    found = []
    for run in runs:
        for picture in slices:
            left, right = max(run.left, 0.0), min(run.right, float(picture.width))
            top = max(run.top - picture.top, 0.0)
            bottom = min(run.bottom - picture.top, float(picture.height))
            if left < right and top < bottom:
                found.append(Region(picture, left, top, right, bottom))
    return tuple(found)


def _part(text: str, run: Run, start: int, end: int) -> Run:
    """Return the part of a run that `text[start:end]` takes."""
    if (start, end) == (run.start, run.end):
        return run
    sums = [0.0, *accumulate(map(_ems, text[run.start : run.end]))]
    total = sums[-1] or 1.0
    low, high = sums[start - run.start] / total, sums[end - run.start] / total
    width, height = run.right - run.left, run.bottom - run.top  # negative height: a PDF's
    if abs(height) > width and total >= MIN_VERTICAL_EMS:
        top, bottom = run.top + low * height, run.top + high * height
        return replace(run, start=start, end=end, top=top, bottom=bottom)
    if _is_right_to_left(text[run.start : run.end]):
        low, high = 1 - high, 1 - low
    left, right = run.left + low * width, run.left + high * width
    return replace(run, start=start, end=end, left=left, right=right)


def _ems(character: str) -> float:
    """Return how much room a character takes, in ems of a common font."""
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE_EMS
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    known = _NARROW.get(character) or _BROAD.get(character)
    return known or (CAPITAL_EMS if character.isupper() else OTHER_EMS)


def _is_right_to_left(text: str) -> bool:
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L") != "L"


def _continues(before: Run, after: Run) -> bool:
    """Tell whether two rectangles lie beside each other on one line."""
    if before.page != after.page:
        return False
    low, high = sorted((before.top, before.bottom)), sorted((after.top, after.bottom))
    height = min(low[1] - low[0], high[1] - high[0])
    overlap = min(low[1], high[1]) - max(low[0], high[0])
    gap = max(before.left, after.left) - min(before.right, after.right)
    return overlap > height / 2 and gap <= MAX_GAP * height


def _joined(before: Run, after: Run) -> Run:
    upward = before.top > before.bottom
    higher, lower = (max, min) if upward else (min, max)
    told = [run.confidence for run in (before, after) if run.confidence is not None]
    return Run(
        start=before.start,
        end=after.end,
        left=min(before.left, after.left),
        top=higher(before.top, after.top),
        right=max(before.right, after.right),
        bottom=lower(before.bottom, after.bottom),
        page=before.page,
        confidence=min(told, default=None),
    )
