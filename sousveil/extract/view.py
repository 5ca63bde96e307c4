"""Where a document is seen on the page: moved by its frame and its scrolling, and clipped.

Takes rectangles in CSS pixels of a document, gives rectangles of the page.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from sousveil.extract.pieces import Rectangle
from sousveil.extract.snapshot import DocumentTree

PAGE: Rectangle = (0, 0, inf, inf)


class View(NamedTuple):
    """What is added to a document's coordinates, and what of the page shows it."""

    left: float
    top: float
    clip: Rectangle

    def place(self, bounds: Sequence[float]) -> Rectangle | None:
        """Return `bounds` (left, top, width, height) on the page; None when it is out of view."""
        placed = _common(self._moved(bounds), self.clip)
        return placed if placed[0] < placed[2] and placed[1] < placed[3] else None

    def within(self, bounds: Sequence[float]) -> "View":
        """Return the view of what a box clips to `bounds`."""
        return self._replace(clip=_common(self._moved(bounds), self.clip))

    def frame(self, bounds: Sequence[float], tree: DocumentTree) -> "View":
        """Return the view of the document that a frame shows within its border, at `bounds`.

        The frame's padding is what the document leaves of it: the same on both sides.
        """
        width, height = window(tree)
        paddings = max(0, (bounds[2] - width) / 2), max(0, (bounds[3] - height) / 2)
        left, top, _, _ = self._moved(bounds)
        return framed(tree, left + paddings[0], top + paddings[1], self.clip)

    def _moved(self, bounds: Sequence[float]) -> Rectangle:
        left, top = bounds[0] + self.left, bounds[1] + self.top
        return left, top, left + bounds[2], top + bounds[3]


def framed(tree: DocumentTree, left: float, top: float, clip: Rectangle = PAGE) -> View:
    """Return the view of a document whose window begins at `left`, `top` of the page."""
    width, height = window(tree)
    shown = _common((left, top, left + width, top + height), clip)
    return View(left - tree.scroll_offset_x, top - tree.scroll_offset_y, shown)


def window(tree: DocumentTree) -> tuple[float, float]:
    """Return width and height of what a document shows at once: its first box."""
    bounds = tree.layout.bounds
    return (bounds[0][2], bounds[0][3]) if bounds else (0, 0)


def _common(one: Rectangle, other: Rectangle) -> Rectangle:
    """Return what two rectangles have in common; its ends are crossed when that is nothing."""
    (left, top), (right, bottom) = map(max, one[:2], other[:2]), map(min, one[2:], other[2:])
    return left, top, right, bottom
