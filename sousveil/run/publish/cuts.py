"""The part of a picture that is shown around a quote: where it is cut, and how far it is reduced.

Takes the size of a picture and the rectangles of a quote on it; gives a `Cut`, and the rectangles
as they stand in what was cut out. Pure: the picture itself is handled in `picture_worker.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sousveil.model import Area

# Of a part, in its own pixels: what a newsroom's page and a screen show one to one.
MAX_WIDTH = 1_200
MAX_HEIGHT = 900

# A line of text lower than this cannot be read; a picture is not reduced below it.
LEAST_LINE = 20

# A picture that would be reduced by less than this is cut instead: for the sake of a margin every
# line of it would be blurred.
LEAST_REDUCTION = 0.1

# Lines shown above the quote, and as many below: enough to see what it stands in.
CONTEXT_LINES = 5

# The least context, in pixels of the picture: a quote in tiny print still needs surroundings.
LEAST_CONTEXT = 110


@dataclass(frozen=True, slots=True)
class Cut:
    """A rectangle of a picture in whole pixels, and the size at which it is shown."""

    left: int
    top: int
    right: int  # exclusive
    bottom: int
    width: int  # as shown
    height: int
    is_whole: bool  # whether all of the quote is in it

    @property
    def scale(self) -> float:
        """Pixels shown for each pixel of the picture: 1 or less."""
        return self.width / (self.right - self.left)


def cut_around(width: int, height: int, marks: Sequence[Area]) -> Cut:
    """Return the part of a picture of `width` by `height` pixels to show around `marks`.

    `marks` is not empty and lies within the picture. The part has the picture's whole width where
    its lines stay legible so, else it is as wide as may be, with the quote in its middle; of a
    quote that does not fit, the beginning is shown.
    """
    line = max(1.0, median(mark.bottom - mark.top for mark in marks))
    scale = max(MAX_WIDTH / width, LEAST_LINE / line)
    if scale > 1 - LEAST_REDUCTION:
        scale = 1.0
    left, top, right, bottom = _around(marks)
    is_whole = right - left <= MAX_WIDTH / scale and bottom - top <= MAX_HEIGHT / scale
    if not is_whole:
        left, top, right, bottom = _around(marks[:1])
    context = max(LEAST_CONTEXT, CONTEXT_LINES * line)
    first, after_last = _span(width, left, right, MAX_WIDTH / scale, MAX_WIDTH / scale)
    highest, lowest = _span(height, top, bottom, bottom - top + 2 * context, MAX_HEIGHT / scale)
    return Cut(
        left=first,
        top=highest,
        right=after_last,
        bottom=lowest,
        width=max(1, min(MAX_WIDTH, round((after_last - first) * scale))),
        height=max(1, min(MAX_HEIGHT, round((lowest - highest) * scale))),
        is_whole=is_whole,
    )


def within(cut: Cut, marks: Sequence[Area]) -> tuple[Area, ...]:
    """Return `marks` in the pixels of what is shown; those outside of it are left out."""
    inside = []
    for mark in marks:
        area = Area(
            (max(mark.left, cut.left) - cut.left) * cut.scale,
            (max(mark.top, cut.top) - cut.top) * cut.scale,
            (min(mark.right, cut.right) - cut.left) * cut.scale,
            (min(mark.bottom, cut.bottom) - cut.top) * cut.scale,
        )
        if area.left < area.right and area.top < area.bottom:
            inside.append(area)
    return tuple(inside)


def _around(marks: Sequence[Area]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the rectangle around `marks`."""
    return (
        min(mark.left for mark in marks),
        min(mark.top for mark in marks),
        max(mark.right for mark in marks),
        max(mark.bottom for mark in marks),
    )


def _span(size: int, start: float, end: float, wanted: float, most: float) -> tuple[int, int]:
    """Return where to cut one side of a picture so that `start` to `end` is in the middle.

    The span is as long as `wanted` but not longer than `most` or `size`; what is longer than that
    is shown from its start on.
    """
    length = min(float(size), wanted, most)
    first = start if end - start > length else (start + end - length) / 2
    from_pixel = int(max(0.0, min(first, size - length)))
    return from_pixel, min(size, from_pixel + max(1, round(length)))
