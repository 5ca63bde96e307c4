"""What a browser showed, as text with the place of each piece on the page.

Takes a rendering's snapshot (`extract/snapshot.py`), gives a `Document` whose `runs` are pieces of
text on one line, in CSS pixels of the page, which are the screenshot's. In it is what was on the
screen: text that has a box, is not `visibility: hidden`, lies under no `opacity: 0`, is not pushed
off the page or clipped to a pixel for screen readers; closed menus, folded parts and other tabs are
not in it until something is clicked. Colours are not compared. A box that scrolls or clips its
content counts as showing all of it, unless it has no size; what lies outside the box has no run,
and neither has what follows a column's end in the same text, of which the snapshot tells no place.

Blocks, their kinds and contexts, white space and alternative texts are as `markup/html.py` gives
them for the same page, so that the same sentence is the same quote; characters are those of the
page's text, before `text-transform`. Generated content (`::before`) is in it where it has words.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from sousveil.extract.gather import line_starts
from sousveil.extract.language import language_of
from sousveil.extract.markup.elements import (
    BLOCKS,
    BUTTON_TYPES,
    CUTS,
    HEADINGS,
    KINDS,
    MAX_HEADING_CHARACTERS,
    PREFORMATTED,
    span_number,
)
from sousveil.extract.pieces import Pieces, Rectangle
from sousveil.extract.snapshot import (
    DISPLAY,
    OPACITY,
    OVERFLOW_X,
    OVERFLOW_Y,
    VISIBILITY,
    DocumentTree,
    Target,
    read_snapshot,
)
from sousveil.extract.tables import Table
from sousveil.model import BlockKind, Document

_TEXT_NODE = 3  # DOM Standard, section 4.4
_FLOWING = frozenset({"inline", "inline-block", "inline-flex", "inline-grid", "inline-table"})
_NOT_APART = _FLOWING | {"contents", "none", "ruby", "ruby-text", "math", ""}
_GENERATED = frozenset({"before", "after"})  # other pseudo-elements repeat text, or number items


def read_rendered(payload: bytes, name: str) -> Document:
    """Return what the browser showed; its text may be empty.

    Raises ExtractError for what is no snapshot, or is beyond the limits of `extract/snapshot.py`
    or `extract/assemble.py`. Takes linear time.
    """
    snapshot = read_snapshot(payload, name)
    pieces = Pieces()
    pieces.words(snapshot.title)
    pieces.close(BlockKind.TITLE)
    for target in snapshot.targets:
        _read_target(target, pieces)
    text, blocks, runs = pieces.finish()
    return Document(
        text=text,
        blocks=blocks,
        format="rendered",
        charset="",
        lang=language_of(snapshot.lang, text),
        title=snapshot.title,
        line_starts=line_starts(text),
        runs=runs,
    )


_PAGE: Rectangle = (0, 0, inf, inf)


class View(NamedTuple):
    """Where a document is seen: what is added to its coordinates, and what of it is in view."""

    left: float
    top: float
    clip: Rectangle | None  # of the page; None for the page itself

    def place(self, bounds: Sequence[float]) -> Rectangle | None:
        """Return `bounds` (left, top, width, height) on the page; None when it is out of view."""
        left, top = bounds[0] + self.left, bounds[1] + self.top
        placed = _common((left, top, left + bounds[2], top + bounds[3]), self.clip or _PAGE)
        return placed if placed[0] < placed[2] and placed[1] < placed[3] else None


def _common(one: Rectangle, other: Rectangle) -> Rectangle:
    """Return what two rectangles have in common; its ends are crossed when that is nothing."""
    (left, top), (right, bottom) = map(max, one[:2], other[:2]), map(min, one[2:], other[2:])
    return left, top, right, bottom


def _read_target(target: Target, pieces: Pieces) -> None:
    """Read a target's documents, each after the one that frames it; a hidden frame is left out."""
    waiting = [(0, _outermost(target))] if target.documents else []
    seen: set[int] = set()
    while waiting:
        index, view = waiting.pop(0)
        if index in seen:
            continue
        seen.add(index)
        reader = _TreeReader(target, target.documents[index], view, pieces)
        reader.read()
        waiting += reader.frames


def _outermost(target: Target) -> View:
    """Return the view of a target's own document: the page, or a frame of another process."""
    if (target.left, target.top) == (0, 0):
        return View(0, 0, None)
    return _framed(target.documents[0], (target.left, target.top), None)


def _framed(tree: DocumentTree, corner: tuple[float, float], around: Rectangle | None) -> View:
    """Return the view of a document framed at `corner`; its first box is what it shows at once."""
    left, top = corner
    width, height = tree.layout.bounds[0][2:] if tree.layout.bounds else (0, 0)
    clip = (left, top, left + width, top + height)
    if around is not None:
        clip = _common(clip, around)
    return View(left - tree.scroll_offset_x, top - tree.scroll_offset_y, clip)


class _Open(NamedTuple):
    """An open element, and what holds for the text in it."""

    node: int
    name: str
    kind: BlockKind
    level: int  # of the innermost heading
    apart: bool  # whether it is a block
    gone: bool  # whether nothing in it is seen, whatever box it has
    view: View
    preformatted: bool
    stand_in: Rectangle | None  # where the text of a control is seen that has no box itself


class _TreeReader:
    """Reads one document into `pieces`; `frames` then holds those in it, with their views."""

    def __init__(self, target: Target, tree: DocumentTree, view: View, pieces: Pieces) -> None:
        self.frames: list[tuple[int, View]] = []
        self._target = target
        self._tree = tree
        self._pieces = pieces
        self._stack = [
            _Open(
                -1,
                "",
                BlockKind.PARAGRAPH,
                level=0,
                apart=True,
                gone=False,
                view=view,
                preformatted=False,
                stand_in=None,
            )
        ]
        self._headings: list[tuple[int, str]] = []
        self._path = ""
        self._tables: list[Table] = []
        nodes, layout = tree.nodes, tree.layout
        self._first_box = _first(layout.node_index, len(nodes.parent_index))
        self._first_piece = _first(tree.text_boxes.layout_index, len(layout.node_index))
        self._pseudo = nodes.pseudo_type.by_node()
        self._content = nodes.content_document_index.by_node()
        self._inputs = nodes.input_value.by_node()
        self._areas = nodes.text_value.by_node()
        self._selected = frozenset(nodes.option_selected.index)

    def read(self) -> None:
        """Read the whole document. Raises ExtractError when it has too much text."""
        nodes, string = self._tree.nodes, self._target.string
        for node, parent in enumerate(nodes.parent_index):
            while len(self._stack) > 1 and self._stack[-1].node != parent:
                self._pop()
            if nodes.node_type[node] == _TEXT_NODE:
                self._text(node, string(nodes.node_value[node]))
            elif node in self._pseudo:
                self._generated(node)
            else:
                self._element(node, string(nodes.node_name[node]).lower())
        while len(self._stack) > 1:
            self._pop()
        self._flush()

    # ------------------------------------------------------------ text

    def _text(self, node: int, value: str) -> None:
        top = self._stack[-1]
        if top.gone:
            return
        if top.stand_in is not None:
            self._pieces.words(value, [(0, len(value), top.stand_in)], exact=top.preformatted)
            return
        shown = self._shown_pieces(node, value)
        if shown is not None:
            self._pieces.words(value, shown, exact=top.preformatted)

    def _shown_pieces(self, node: int, value: str) -> list[tuple[int, int, Rectangle]] | None:
        """Return the spans of `value` that lie on one line each; None when none of it is seen.

        White space between blocks has a box without pieces: it parts words all the same.
        """
        spans: list[tuple[int, int, Rectangle]] = []
        drawn = False
        boxes = self._boxes(node)
        if not boxes or any(self._is_hidden(box) for box in boxes):
            return None
        for box in boxes:
            text = self._target.string(self._tree.layout.text[box])
            # What ::first-letter took is no part of the box, whose offsets begin after it.
            cut = len(value) - len(text) if value.endswith(text) else 0
            last, is_lost = None, False
            for start, end, bounds in self._pieces_of(box):
                drawn = drawn or (bounds[2] > 0 and bounds[3] > 0 and self._on_page(bounds))
                is_lost = is_lost or (last is not None and _goes_back(last, bounds))
                last = bounds
                if is_lost:
                    continue
                if (place := self._stack[-1].view.place(bounds)) is not None:
                    spans.append((start + cut, end + cut, place))
        if not drawn and value.strip():
            return None
        units = _code_points(value)
        return [(units(start), units(end), place) for start, end, place in spans]

    def _on_page(self, bounds: Sequence[float]) -> bool:
        """Tell what can be scrolled to from what was pushed off the left or upper edge."""
        return bounds[0] + bounds[2] > 0 and bounds[1] + bounds[3] > 0

    def _pieces_of(self, box: int) -> Iterator[tuple[int, int, list[float]]]:
        """Yield the pieces of a box: where in the node's text, and in the document."""
        boxes = self._tree.text_boxes
        order = range(self._first_piece[box], self._first_piece[box + 1])
        pieces = sorted((boxes.start[i], boxes.length[i], i) for i in order)
        starts = [*(start for start, _, _ in pieces[1:]), None]
        for (start, length, i), following in zip(pieces, starts, strict=False):
            end = start + length
            # Drawn text may be longer than its source ("ß" in capitals).
            yield start, end if following is None else min(end, following), boxes.bounds[i]

    def _generated(self, node: int) -> None:
        top = self._stack[-1]
        self._stack.append(top._replace(node=node, name="", apart=False))
        if top.gone or self._target.string(self._pseudo[node]) not in _GENERATED:
            return
        for box in self._boxes(node):
            if self._style(box, DISPLAY) not in _NOT_APART:
                self._flush()
            text = self._target.string(self._tree.layout.text[box])
            hidden = self._is_hidden(box) or self._style(box, OPACITY) == "0"
            places = [self._stack[-1].view.place(bounds) for _, _, bounds in self._pieces_of(box)]
            seen = [place for place in places if place is not None]
            if seen and not hidden and any(map(str.isalnum, text)):
                self._pieces.words(text, [(0, len(text), seen[0])])

    def _flush(self) -> None:
        """End the open block, with the kind and context of where the reader stands."""
        if not self._pieces.open:
            return
        top = self._stack[-1]
        text = self._pieces.close(top.kind, self._context("", top.kind))
        if top.kind is BlockKind.HEADING:
            self._headings = [(above, name) for above, name in self._headings if above < top.level]
            self._headings.append((top.level, text[:MAX_HEADING_CHARACTERS]))
            self._path = " > ".join(name for _, name in self._headings)
        elif top.kind is BlockKind.CELL and self._tables:
            self._tables[-1].close_text(text)

    def _context(self, label: str, kind: BlockKind) -> str:
        cell = self._tables[-1].context() if self._tables and kind is BlockKind.CELL else ""
        return " > ".join(part for part in (label, self._path, cell) if part)

    # ------------------------------------------------------------ elements

    def _element(self, node: int, name: str) -> None:
        box = next(iter(self._boxes(node)), None)
        apart = name in BLOCKS or "-" in name or self._style(box, DISPLAY) not in _NOT_APART
        if apart or name in CUTS:
            self._flush()
        top = self._stack[-1]
        self._stack.append(
            _Open(
                node=node,
                name=name,
                kind=KINDS.get(name, top.kind),
                level=HEADINGS.get(name, top.level),
                apart=apart,
                gone=top.gone or self._vanishes(box) or name == "textarea",
                view=self._clipped(name, box),
                preformatted=top.preformatted or name in PREFORMATTED,
                stand_in=self._stand_in(node, name, box),
            )
        )
        self._structure(node, name)
        if box is not None and not top.gone and not self._vanishes(box):
            self._use(node, name, box)

    def _pop(self) -> None:
        top = self._stack[-1]
        if top.apart:
            self._flush()
        self._stack.pop()
        if top.name == "table":
            self._tables.pop()
        elif top.name == "thead" and self._tables:
            self._tables[-1].in_head = False

    def _structure(self, node: int, name: str) -> None:
        """Follow the rows and cells of tables, seen or not: they count in the columns."""
        if name == "table":
            self._tables.append(Table())
        elif not self._tables:
            return
        elif name == "thead":
            self._tables[-1].in_head = True
        elif name == "tr":
            self._tables[-1].open_row()
        elif name in {"td", "th"}:
            told = self._attributes(node)
            columns, rows = (span_number(told.get(key, "")) for key in ("colspan", "rowspan"))
            self._tables[-1].open_cell(header=name == "th", columns=columns, rows=rows)

    def _vanishes(self, box: int | None) -> bool:
        """Tell a box that hides all in it: transparent, or clipped to the pixel of a label.

        `display: none` gives no box, neither to the element nor to what is in it.
        """
        if box is None:
            return False
        if self._style(box, OPACITY) == "0":
            return True
        return self._clips(box) and min(self._tree.layout.bounds[box][2:]) <= 1

    def _clips(self, box: int) -> bool:
        """Tell a box that shows only what lies within it (CSS Overflow 3, section 3.1)."""
        overflows = {self._style(box, OVERFLOW_X), self._style(box, OVERFLOW_Y)}
        return not overflows <= {"visible", ""} and self._style(box, DISPLAY) != "inline"

    def _clipped(self, name: str, box: int | None) -> View:
        """Return what is in view within an element; a page's own overflow is the window's."""
        view = self._stack[-1].view
        if box is None or name in {"html", "body"} or not self._clips(box):
            return view
        left, top, width, height = self._tree.layout.bounds[box]
        border = self._row(self._tree.layout.client_rects, box)
        left, top = left + view.left + border[0], top + view.top + border[1]
        inner = (left, top, left + (border[2] or width), top + (border[3] or height))
        return view._replace(clip=_common(inner, view.clip or _PAGE))

    def _stand_in(self, node: int, name: str, box: int | None) -> Rectangle | None:
        """Return where the text of a drop-down list's chosen option is seen."""
        if name == "select" and box is not None and not self._is_hidden(box):
            return self._stack[-1].view.place(self._tree.layout.bounds[box])
        if name == "optgroup" or (name == "option" and node in self._selected and box is None):
            return self._stack[-1].stand_in
        return None

    def _use(self, node: int, name: str, box: int) -> None:
        """Take the document in a frame, and what pictures and controls show."""
        if node in self._content and name in {"iframe", "frame", "object", "embed"}:
            self._frame(self._content[node], box)
        if self._is_hidden(box):
            return
        if name == "img":
            self._label("alt", self._attributes(node).get("alt", ""), box)
        elif name == "textarea":
            self._label("", self._target.string(self._areas.get(node, -1)), box)
        elif name == "input":
            self._input(node, box)

    def _input(self, node: int, box: int) -> None:
        told = self._attributes(node)
        kind = told.get("type", "").lower()
        value = self._target.string(self._inputs.get(node, -1)) or told.get("value", "")
        if kind in BUTTON_TYPES:
            self._label("value", value, box)
        elif kind == "image":
            self._label("alt", told.get("alt", ""), box)
        elif not value:
            self._label("placeholder", told.get("placeholder", ""), box)

    def _label(self, label: str, text: str, box: int) -> None:
        """Add a block of its own for the text of a picture or control, if it has words."""
        place = self._stack[-1].view.place(self._tree.layout.bounds[box])
        if place is None or not any(map(str.isalpha, text)):
            return
        kind = BlockKind.ALT if label else self._stack[-1].kind
        self._flush()
        self._pieces.words(text, [(0, len(text), place)], exact=not label)
        self._pieces.close(kind, self._context(label, self._stack[-1].kind))

    def _frame(self, index: int, box: int) -> None:
        left, top, width, height = self._tree.layout.bounds[box]
        if not width or not height or self._is_hidden(box):
            return
        border = self._row(self._tree.layout.client_rects, box)
        tree = self._target.documents[index]
        shown = tree.layout.bounds[0] if tree.layout.bounds else [0, 0, 0, 0]
        # The frame's padding is what neither border nor document takes: the same on both sides.
        paddings = (border[2] - shown[2]) / 2, (border[3] - shown[3]) / 2
        view = self._stack[-1].view
        corner = (
            left + view.left + border[0] + max(0, paddings[0]),
            top + view.top + border[1] + max(0, paddings[1]),
        )
        self.frames.append((index, _framed(tree, corner, view.clip)))

    # ------------------------------------------------------------ columns

    def _boxes(self, node: int) -> range:
        return range(self._first_box[node], self._first_box[node + 1])

    def _style(self, box: int | None, position: int) -> str:
        if box is None:
            return ""
        styles = self._tree.layout.styles[box]
        return self._target.string(styles[position]) if position < len(styles) else ""

    def _is_hidden(self, box: int) -> bool:
        return self._style(box, VISIBILITY) in {"hidden", "collapse"}

    def _row(self, rows: list[list[float]], box: int) -> list[float]:
        row = rows[box] if box < len(rows) else []
        return row if len(row) == 4 else [0, 0, 0, 0]  # noqa: PLR2004  # left, top, width, height

    def _attributes(self, node: int) -> dict[str, str]:
        row = [self._target.string(index) for index in self._tree.nodes.attributes[node]]
        return dict(zip(row[::2], row[1::2], strict=True))


def _goes_back(last: Sequence[float], bounds: Sequence[float]) -> bool:
    """Tell a line drawn above the one before it: Chromium tells a later column as if the first."""
    beside = bounds[0] < last[0] + last[2] and last[0] < bounds[0] + bounds[2]
    return beside and bounds[1] < last[1] - last[3] / 2


def _first(owners: Sequence[int], count: int) -> "array[int]":
    """Return where the entries of each owner begin in a column of owners, which never decrease."""
    return array("L", (bisect_left(owners, owner) for owner in range(count + 1)))


def _code_points(value: str) -> Callable[[int], int]:
    """Return what turns an offset in UTF-16 code units of `value` into one in code points."""
    if value.isascii() or max(value) <= "\uffff":
        return lambda unit: max(0, min(unit, len(value)))
    ends = list(accumulate(1 if character <= "\uffff" else 2 for character in value))
    return lambda unit: bisect_right(ends, unit)
