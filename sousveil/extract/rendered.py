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

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sousveil.extract.columns import Bounds, Columns, code_points
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
from sousveil.extract.pieces import Piece, Pieces, Rectangle
from sousveil.extract.snapshot import Style, Target, read_snapshot
from sousveil.extract.tables import Table
from sousveil.extract.view import PAGE, View, framed
from sousveil.model import BlockKind, Document

_FLOWING = frozenset({"inline", "inline-block", "inline-flex", "inline-grid", "inline-table"})
_NOT_APART = _FLOWING | {"contents", "none", "ruby", "ruby-text", "math", ""}
_GENERATED = frozenset({"before", "after"})  # other pseudo-elements repeat text, or number items
_FRAMES = frozenset({"iframe", "frame", "object", "embed"})
_ROOTS = frozenset({"html", "body"})  # whose overflow is the window's (CSS Overflow 3, section 3.3)


def read_rendered(payload: bytes, name: str) -> Document:
    """Return what the browser showed; its text may be empty.

    Raises ExtractError for what is no snapshot, or is beyond the limits of `extract/snapshot.py`
    or `extract/assemble.py`. Takes linear time.
    """
    snapshot = read_snapshot(payload, name)
    pieces = Pieces()
    pieces.words(snapshot.title)
    pieces.close(BlockKind.TITLE)
    for place, target in enumerate(snapshot.targets):
        if target.documents:
            view = View(target.left, target.top, PAGE)
            if place > 0:
                view = framed(target.documents[0], target.left, target.top)
            _read_target(target, view, target.left if place == 0 else 0.0, pieces)
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


def _read_target(target: Target, view: View, reach: float, pieces: Pieces) -> None:
    """Read a target's documents, each after the one that frames it; a hidden frame is left out.

    The first can be scrolled to the left as far as `reach`.
    """
    waiting = [(0, view)]
    seen: set[int] = set()
    while waiting:
        index, view = waiting.pop(0)
        if index in seen:
            continue
        seen.add(index)
        columns = Columns(target, target.documents[index])
        reader = _TreeReader(columns, view, reach if index == 0 else 0.0, pieces)
        reader.read()
        waiting += [
            (framed_index, around.frame(bounds, target.documents[framed_index]))
            for framed_index, around, bounds in reader.frames
        ]


class _Open(NamedTuple):
    """An open element, and what holds for the text in it."""

    view: View
    node: int = -1
    name: str = ""
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0  # of the innermost heading
    apart: bool = True  # whether it is a block
    gone: bool = False  # whether nothing in it is seen, whatever box it has
    preformatted: bool = False
    stand_in: Rectangle | None = None  # where the text of a control is seen that has no box itself


class _TreeReader:
    """Reads one document into `pieces`.

    `frames` then holds the documents framed in it: index, view around, bounds within the border.
    """

    def __init__(self, columns: Columns, view: View, reach: float, pieces: Pieces) -> None:
        self.frames: list[tuple[int, View, Bounds]] = []
        self._columns = columns
        self._reach = reach
        self._pieces = pieces
        self._stack = [_Open(view)]
        self._headings: list[tuple[int, str]] = []
        self._path = ""  # the headings, joined
        self._tables: list[Table] = []

    def read(self) -> None:
        """Read the whole document. Raises ExtractError when it has too much text."""
        columns = self._columns
        for node, parent in enumerate(columns.parents):
            while len(self._stack) > 1 and self._stack[-1].node != parent:
                self._pop()
            if columns.is_text(node):
                self._text(node)
            elif pseudo := columns.pseudo(node):
                self._generated(node, pseudo)
            else:
                self._element(node, columns.name(node))
        while len(self._stack) > 1:
            self._pop()
        self._flush()

    # ------------------------------------------------------------ text

    def _text(self, node: int) -> None:
        top, value = self._stack[-1], self._columns.value(node)
        if top.gone:
            return
        seen = [(0, len(value), top.stand_in)] if top.stand_in else self._seen(node, value)
        if seen is not None:
            self._pieces.words(value, seen, exact=top.preformatted)

    def _seen(self, node: int, value: str) -> list[Piece] | None:
        """Return the spans of `value` that lie on one line each; None when none of it is seen.

        White space between blocks has a box without pieces: it parts words all the same.
        """
        columns, view = self._columns, self._stack[-1].view
        boxes = columns.boxes(node)
        if not boxes or any(columns.is_hidden(box) for box in boxes):
            return None
        units = code_points(value)
        seen: list[Piece] = []
        is_drawn = False
        for box in boxes:
            text = columns.text(box)
            # What ::first-letter took is no part of the box, whose offsets begin after it.
            cut = len(value) - len(text) if value.endswith(text) else 0
            for start, end, bounds, has_place in _in_columns(columns.pieces(box)):
                is_drawn = is_drawn or _is_drawn(bounds, self._reach)
                place = view.place(bounds) if has_place else None
                if place is not None:
                    seen.append((units(start + cut), units(end + cut), place))
        return seen if is_drawn or not value.strip() else None

    def _generated(self, node: int, pseudo: str) -> None:
        columns, top = self._columns, self._stack[-1]
        self._stack.append(top._replace(node=node, name="", apart=False))
        if top.gone or pseudo not in _GENERATED:
            return
        for box in columns.boxes(node):
            if columns.style(box, Style.DISPLAY) not in _NOT_APART:
                self._flush()
            text = columns.text(box)
            drawn = [
                bounds for _, _, bounds in columns.pieces(box) if _is_drawn(bounds, self._reach)
            ]
            hidden = columns.is_hidden(box) or columns.style(box, Style.OPACITY) == "0"
            if drawn and not hidden and any(map(str.isalnum, text)):
                place = top.view.place(drawn[0])
                self._pieces.words(text, [(0, len(text), place)] if place else ())

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
        columns = self._columns
        box = next(iter(columns.boxes(node)), None)
        apart = name in BLOCKS or "-" in name
        apart = apart or columns.style(box, Style.DISPLAY) not in _NOT_APART
        if apart or name in CUTS:
            self._flush()
        top = self._stack[-1]
        gone = top.gone or (box is not None and self._vanishes(name, box))
        clips = box is not None and name not in _ROOTS and columns.clips(box)
        self._stack.append(
            _Open(
                view=top.view.within(columns.inner(box)) if clips and box is not None else top.view,
                node=node,
                name=name,
                kind=KINDS.get(name, top.kind),
                level=HEADINGS.get(name, top.level),
                apart=apart,
                gone=gone or name == "textarea",  # it shows what stands in it now
                preformatted=top.preformatted or name in PREFORMATTED,
                stand_in=self._stand_in(node, name, box),
            )
        )
        self._structure(node, name)
        if box is not None and not gone:
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
            told = self._columns.attributes(node)
            columns, rows = (span_number(told.get(key, "")) for key in ("colspan", "rowspan"))
            self._tables[-1].open_cell(header=name == "th", columns=columns, rows=rows)

    def _vanishes(self, name: str, box: int) -> bool:
        """Tell a box that hides all in it: transparent, folded up, or clipped to a pixel."""
        columns = self._columns
        if columns.style(box, Style.OPACITY) == "0":
            return True
        return name not in _ROOTS and columns.clips(box) and min(columns.bounds(box)[2:]) <= 1

    def _stand_in(self, node: int, name: str, box: int | None) -> Rectangle | None:
        """Return where the text of a drop-down list's chosen option is seen."""
        columns, top = self._columns, self._stack[-1]
        if name == "select" and box is not None and not columns.is_hidden(box):
            return top.view.place(columns.bounds(box))
        if name == "optgroup" or (name == "option" and node in columns.selected and box is None):
            return top.stand_in
        return None

    def _use(self, node: int, name: str, box: int) -> None:
        """Take the document in a frame, and what pictures and controls show."""
        columns = self._columns
        if columns.is_hidden(box):
            return
        if node in columns.frames and name in _FRAMES:
            self.frames.append((columns.frames[node], self._stack[-1].view, columns.inner(box)))
        elif name == "img":
            self._label("alt", columns.attributes(node).get("alt", ""), box)
        elif name == "textarea":
            self._label("", columns.entered(node), box)
        elif name == "input":
            self._input(columns.attributes(node), columns.entered(node), box)

    def _input(self, told: dict[str, str], entered: str, box: int) -> None:
        kind = told.get("type", "").lower()
        value = entered or told.get("value", "")
        if kind in BUTTON_TYPES:
            self._label("value", value, box)
        elif kind == "image":
            self._label("alt", told.get("alt", ""), box)
        elif not value:
            self._label("placeholder", told.get("placeholder", ""), box)

    def _label(self, label: str, text: str, box: int) -> None:
        """Add a block of its own for the text of a picture or control, if it has words."""
        bounds, top = self._columns.bounds(box), self._stack[-1]
        if not _is_drawn(bounds, self._reach) or not any(map(str.isalpha, text)):
            return
        self._flush()
        place = top.view.place(bounds)
        self._pieces.words(text, [(0, len(text), place)] if place else (), exact=not label)
        self._pieces.close(BlockKind.ALT if label else top.kind, self._context(label, top.kind))


def _is_drawn(bounds: Bounds, reach: float) -> bool:
    """Tell what has a size and can be scrolled to, not pushed off the left or upper edge."""
    left, top, width, height = bounds
    return width > 0 and height > 0 and left + width + reach > 0 and top + height > 0


def _in_columns(
    pieces: Iterator[tuple[int, int, Bounds]],
) -> Iterator[tuple[int, int, Bounds, bool]]:
    """Yield pieces of one text, and whether they are where they say.

    A line drawn above the one before it begins a later column: Chromium tells its place, and that
    of what follows, as if it stood in the first.
    """
    last: Sequence[float] | None = None
    has_place = True
    for start, end, bounds in pieces:
        if last is not None:
            beside = bounds[0] < last[0] + last[2] and last[0] < bounds[0] + bounds[2]
            has_place = has_place and not (beside and bounds[1] < last[1] - last[3] / 2)
        last = bounds
        yield start, end, bounds, has_place
