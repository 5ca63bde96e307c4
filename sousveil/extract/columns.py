"""One document of a snapshot, looked up by node and by box.

Takes the checked columns of `extract/snapshot.py`; gives names, styles, boxes and the pieces of
their text, each in constant time. A box is an index into the layout's columns.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from sousveil.extract.snapshot import DocumentTree, Style, Target

Bounds = Sequence[float]  # left, top, width, height in CSS pixels of the document

_TEXT_NODE = 3  # DOM Standard, section 4.4
_NO_BOUNDS = (0.0, 0.0, 0.0, 0.0)


class Columns:
    """A document's nodes and boxes."""

    def __init__(self, target: Target, tree: DocumentTree) -> None:
        nodes, layout = tree.nodes, tree.layout
        self.parents = nodes.parent_index
        self.frames = nodes.content_document_index.by_node()
        self.selected = frozenset(nodes.option_selected.index)
        self._tree = tree
        self._string = target.string
        self._pseudo = nodes.pseudo_type.by_node()
        self._values = nodes.input_value.by_node() | nodes.text_value.by_node()
        self._first_box = _first(layout.node_index, len(nodes.parent_index))
        self._first_piece = _first(tree.text_boxes.layout_index, len(layout.node_index))

    # ------------------------------------------------------------ nodes

    def is_text(self, node: int) -> bool:
        """Tell a text node."""
        return self._tree.nodes.node_type[node] == _TEXT_NODE

    def name(self, node: int) -> str:
        """Return an element's name in lower case; another node's begins with "#" or ":"."""
        return self._string(self._tree.nodes.node_name[node]).lower()

    def value(self, node: int) -> str:
        """Return the text of a text node."""
        return self._string(self._tree.nodes.node_value[node])

    def entered(self, node: int) -> str:
        """Return what stands in a field now; "" in another element."""
        return self._string(self._values.get(node, -1))

    def pseudo(self, node: int) -> str:
        """Return which pseudo-element a node is ("before"); "" for none."""
        return self._string(self._pseudo.get(node, -1))

    def attributes(self, node: int) -> dict[str, str]:
        """Return the attributes of an element."""
        row = [self._string(index) for index in self._tree.nodes.attributes[node]]
        return dict(zip(row[::2], row[1::2], strict=True))

    def boxes(self, node: int) -> range:
        """Return a node's boxes; none when it is not laid out (`display: none`)."""
        return range(self._first_box[node], self._first_box[node + 1])

    # ------------------------------------------------------------ boxes

    def bounds(self, box: int) -> Bounds:
        """Return where a box lies, its border included."""
        return self._tree.layout.bounds[box]

    def inner(self, box: int) -> Bounds:
        """Return what of a box lies within its border, which clips and holds what is in it."""
        rows = self._tree.layout.client_rects
        row: Bounds = rows[box] if box < len(rows) else _NO_BOUNDS
        border = row if len(row) == len(_NO_BOUNDS) else _NO_BOUNDS
        left, top, width, height = self.bounds(box)
        return left + border[0], top + border[1], border[2] or width, border[3] or height

    def text(self, box: int) -> str:
        """Return a box's text as it is drawn; "" for one that holds none itself."""
        return self._string(self._tree.layout.text[box])

    def style(self, box: int | None, style: Style) -> str:
        """Return a computed style; "" without a box, or where it was not recorded."""
        row = self._tree.layout.styles[box] if box is not None else ()
        return self._string(row[style]) if style < len(row) else ""

    def is_hidden(self, box: int) -> bool:
        """Tell a box that takes room and is not drawn; what is in it may be."""
        return self.style(box, Style.VISIBILITY) in {"hidden", "collapse"}

    def clips(self, box: int) -> bool:
        """Tell a box that shows only what lies within it (CSS Overflow 3, section 3.1)."""
        overflows = {self.style(box, Style.OVERFLOW_X), self.style(box, Style.OVERFLOW_Y)}
        return not overflows <= {"visible", ""} and self.style(box, Style.DISPLAY) != "inline"

    def pieces(self, box: int) -> Iterator[tuple[int, int, Bounds]]:
        """Yield the lines of a box: the span of the node's text, in UTF-16 units, and its bounds.

        In the order of the text.
        """
        boxes = self._tree.text_boxes
        order = range(self._first_piece[box], self._first_piece[box + 1])
        pieces = sorted((boxes.start[i], boxes.length[i], i) for i in order)
        starts = [*(start for start, _, _ in pieces[1:]), None]
        for (start, length, i), following in zip(pieces, starts, strict=False):
            end = start + length
            # Drawn text may be longer than its source ("ß" in capitals).
            yield start, end if following is None else min(end, following), boxes.bounds[i]


def code_points(value: str) -> Callable[[int], int]:
    """Return what turns an offset in UTF-16 code units of `value` into one in code points."""
    if value.isascii() or max(value) <= "\uffff":
        return lambda unit: max(0, min(unit, len(value)))
    ends = list(accumulate(1 if character <= "\uffff" else 2 for character in value))
    return lambda unit: bisect_right(ends, unit)


def _first(owners: Sequence[int], count: int) -> "array[int]":
    """Return where the entries of each owner begin in a column of owners, which never decrease."""
    return array("L", (bisect_left(owners, owner) for owner in range(count + 1)))
