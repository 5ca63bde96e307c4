"""The form of a rendering's snapshot: what Chromium tells of a page's nodes and of their boxes.

Takes the bytes of a record of type `model.RENDERING_TYPE`, gives the documents in it, checked, in
the order of their frames. Each holds the result of the DevTools protocol's
DOMSnapshot.captureSnapshot: columns of numbers that point into one table of strings. Nodes stand in
the order of the flat tree (slots hold what is slotted into them, CSS Scoping, section 3.4), parents
first; rectangles are in CSS pixels of their own document, whatever it is scrolled to.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import le

import msgspec

from sousveil.errors import ExtractError

FORMAT = "sousveil-rendering-1"
MAX_BYTES = 64 * 2**20  # as of every payload; a page of 20,000 nodes takes 5 MB
MAX_NODES = 1_000_000  # of all documents; the HTML Standard in one page has 350,000
MAX_BOXES = 2_000_000  # of all documents, pieces of text included
MAX_COORDINATE = 2**26  # CSS pixels; Chromium's layout itself ends at half of it
MAX_DOCUMENTS = 500  # frames of one page; pages full of advertisements have some 50

_SURROGATES = re.compile(  # scripts may write half a character; RFC 8259, section 8.2
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\xed[\xa0-\xbf][\x80-\xbf])|\\.",
    re.DOTALL,
)


class Style(IntEnum):
    """Positions in `Layout.styles`: the order of the record's computed styles."""

    DISPLAY = 0
    VISIBILITY = 1
    OPACITY = 2
    OVERFLOW_X = 4
    OVERFLOW_Y = 5


class Rare(msgspec.Struct):
    """Values that few nodes have: `value[i]` is that of node `index[i]`."""

    index: list[int] = []
    value: list[int] = []

    def by_node(self) -> dict[int, int]:
        """Return the values by their nodes."""
        return dict(zip(self.index, self.value, strict=False))


class Flags(msgspec.Struct):
    """Nodes of which something holds."""

    index: list[int] = []


class Nodes(msgspec.Struct, rename="camel"):
    """DOMSnapshot.NodeTreeSnapshot; numbers but `node_type` are of nodes or of strings."""

    parent_index: list[int]
    node_type: list[int]
    node_name: list[int]
    node_value: list[int]
    attributes: list[list[int]]
    text_value: Rare = msgspec.field(default_factory=Rare)
    input_value: Rare = msgspec.field(default_factory=Rare)
    option_selected: Flags = msgspec.field(default_factory=Flags)
    content_document_index: Rare = msgspec.field(default_factory=Rare)
    pseudo_type: Rare = msgspec.field(default_factory=Rare)


class Layout(msgspec.Struct, rename="camel"):
    """DOMSnapshot.LayoutTreeSnapshot: a box each, of which a node may have several."""

    node_index: list[int]
    styles: list[list[int]]
    bounds: list[list[float]]  # left, top, width, height
    text: list[int]
    client_rects: list[list[float]] = []  # border's width left and top; width and height within


class TextBoxes(msgspec.Struct, rename="camel"):
    """DOMSnapshot.TextBoxSnapshot: a piece of text on one line; offsets in UTF-16 code units."""

    layout_index: list[int]
    bounds: list[list[float]]
    start: list[int]  # in the node's own text
    length: list[int]  # of the text as drawn, which `text-transform` may have made longer


class DocumentTree(msgspec.Struct, rename="camel"):
    """DOMSnapshot.DocumentSnapshot."""

    nodes: Nodes
    layout: Layout
    text_boxes: TextBoxes
    scroll_offset_x: float = 0
    scroll_offset_y: float = 0


class _Snapshot(msgspec.Struct):
    documents: list[DocumentTree]
    strings: list[str]


class _Frame(msgspec.Struct):
    left: float
    top: float
    snapshot: _Snapshot


class _Rendering(msgspec.Struct):
    format: str
    frames: list[_Frame]
    title: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What one process of the browser showed: a document with those framed in it."""

    # Where its first screen begins, in CSS pixels of the page's picture. A page that is read from
    # the right goes on to the left of its own; others begin there.
    left: float
    top: float
    documents: Sequence[DocumentTree]  # the first holds the others
    strings: Sequence[str]

    def string(self, index: int) -> str:
        """Return the string that `index` points to; "" for -1, which is none."""
        return self.strings[index] if index >= 0 else ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A rendering's snapshot, checked."""

    title: str
    lang: str
    targets: tuple[Target, ...]  # the first is the page's own


def read_snapshot(payload: bytes, name: str) -> Snapshot:
    """Return the snapshot that `payload` holds; every number in it points to something.

    Raises ExtractError for what is none, or is beyond one of the limits above.
    """
    if len(payload) > MAX_BYTES:
        raise _refusal(name, f"{len(payload)} bytes are more than the {MAX_BYTES} that are read")
    try:
        rendering = msgspec.json.decode(_SURROGATES.sub(_whole, payload), type=_Rendering)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(name, f"not a snapshot of a page ({error})") from error
    if rendering.format != FORMAT:
        raise _refusal(name, f"the form {rendering.format[:40]!r} is not {FORMAT!r}")
    trees = [tree for frame in rendering.frames for tree in frame.snapshot.documents]
    if len(trees) > MAX_DOCUMENTS:
        raise _refusal(name, f"{len(trees)} documents are more than {MAX_DOCUMENTS}")
    nodes = sum(len(tree.nodes.parent_index) for tree in trees)
    if nodes > MAX_NODES:
        raise _refusal(name, f"{nodes} nodes are more than the {MAX_NODES} that are read")
    boxes = sum(len(tree.layout.bounds) + len(tree.text_boxes.bounds) for tree in trees)
    if boxes > MAX_BOXES:
        raise _refusal(name, f"{boxes} boxes are more than the {MAX_BOXES} that are read")
    for frame in rendering.frames:
        for fault in _faults(frame.snapshot):
            raise _refusal(name, f"its {fault} do not fit together")
    targets = tuple(
        Target(frame.left, frame.top, frame.snapshot.documents, frame.snapshot.strings)
        for frame in rendering.frames
    )
    return Snapshot(rendering.title or "", rendering.lang or "", targets)


def _whole(escape: re.Match[bytes]) -> bytes:
    """Return half a character as U+FFFD, which takes one UTF-16 code unit as well."""
    return rb"\ufffd" if escape.lastgroup == "half" else escape[0]


def _refusal(name: str, reason: str) -> ExtractError:
    return ExtractError(
        f"{name}: {reason}, so what the browser showed is not read; the capture itself is kept"
    )


def _faults(snapshot: _Snapshot) -> Iterator[str]:
    """Yield which columns are of unequal length or point to nothing."""
    strings = len(snapshot.strings)
    for tree in snapshot.documents:
        yield from _node_faults(tree.nodes, strings)
        yield from _box_faults(tree, strings)
        if not _within(tree.nodes.content_document_index.value, len(snapshot.documents), 0):
            yield "frames"


def _node_faults(nodes: Nodes, strings: int) -> Iterator[str]:
    columns = (nodes.node_type, nodes.node_name, nodes.node_value, nodes.attributes)
    if {len(column) for column in columns} != {len(nodes.parent_index)}:
        yield "nodes"
    if any(not -1 <= parent < node for node, parent in enumerate(nodes.parent_index)):
        yield "nodes' parents"
    rare = (nodes.text_value.value, nodes.input_value.value, nodes.pseudo_type.value)
    texts = (nodes.node_name, nodes.node_value, *rare, *nodes.attributes)
    if not all(_within(column, strings, -1) for column in texts):
        yield "nodes and strings"
    if any(len(row) % 2 for row in nodes.attributes):
        yield "attributes' names and values"


def _box_faults(tree: DocumentTree, strings: int) -> Iterator[str]:
    layout, pieces = tree.layout, tree.text_boxes
    columns = (layout.styles, layout.bounds, layout.text)
    if {len(column) for column in columns} != {len(layout.node_index)}:
        yield "boxes"
    if {len(pieces.bounds), len(pieces.start), len(pieces.length)} != {len(pieces.layout_index)}:
        yield "pieces of text"
    if not all(_within(column, strings, -1) for column in (layout.text, *layout.styles)):
        yield "boxes and strings"
    if not _owned(layout.node_index, len(tree.nodes.parent_index)):
        yield "boxes and nodes"
    if not _owned(pieces.layout_index, len(layout.node_index)):
        yield "pieces of text and boxes"
    if not _are_rectangles(layout.bounds) or not _are_rectangles(pieces.bounds):
        yield "rectangles"


def _owned(owners: Sequence[int], count: int) -> bool:
    """Return whether every owner is one of `count`, and none comes before an earlier one."""
    return _within(owners, count, 0) and all(map(le, owners, owners[1:]))


def _within(values: Sequence[int], end: int, start: int) -> bool:
    return not values or (min(values) >= start and max(values) < end)


def _are_rectangles(rows: Sequence[Sequence[float]]) -> bool:
    sides = len(("left", "top", "width", "height"))
    return all(len(row) == sides and max(map(abs, row)) <= MAX_COORDINATE for row in rows)
