"""What of source code and data is judged as one passage.

Takes a `Document` and the index of a block that holds a term, and gives a `Window`: the lines
around it that belong to one declaration, with the line that heads it and the comment above; of
data, the members of one object; of a schema, a property (`schema`). Lines that import are no part
of what stands below them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.claims.features import MAX_PASSAGE_CHARACTERS
from sousveil.claims.lexicon import Lexicon
from sousveil.claims.passage import HANZI
from sousveil.claims.schema import declaration_of, property_around, property_quote
from sousveil.claims.windows import Span, word_end
from sousveil.model import Block, BlockKind, Document

CODE_KINDS = frozenset({BlockKind.CODE, BlockKind.COMMENT, BlockKind.STRING, BlockKind.FIELD})
CODE_REACH = 3  # lines of code before and after a term that belong to its window
CODE_WINDOW_LINES = 20
CODE_AROUND = 14  # lines looked at for what a declaration is about
CODE_AROUND_CHARACTERS = 120  # of each of those lines
HEAD_REACH = 8  # lines after the head of a declaration: the members of most enumerations
MEMBER_REACH = 6  # names and values of data, which stand apart: about three pairs
MAX_MEMBER_CHARACTERS = 120  # a longer value is a text of its own
MAX_VALUE_UNITS = 40  # a longer one, a hanzi counted as three, is quoted without its name

_IMPORT = re.compile(
    r"(?:import|package|using|from[ \t]+[\w.]+[ \t]+import|\#[ \t]*(?:include|import|pragma)"
    r"|@import|require(?:_once)?|export[ \t]+(?:\*|\{[^}\n]*\})[ \t]+from|use[ \t]+[\w:\\]+)\b"
)


@dataclass(frozen=True, slots=True)
class Window:
    """A passage to judge: where it lies and what it stands under."""

    start: int
    end: int
    text: str  # at most MAX_PASSAGE_CHARACTERS of it, place by place as in the document
    code: bool
    declaration: str  # "" for prose
    quote: Span | None  # of the document, where the shape of it and not the words tells its ends
    contexts: tuple[str, ...]  # for code, first of the declaration itself, then of all around


def passage_text(text: str, start: int, end: int) -> str:
    """Return `text[start:end]`, cut at the end of a word where it is too long to be judged."""
    limit = start + MAX_PASSAGE_CHARACTERS
    return text[start : end if end <= limit else word_end(text, start, limit)]


def code_window(
    document: Document, index: int, done: int, marked: set[int], words: Lexicon
) -> tuple[Window, int]:
    """Return the window around a marked line of code or data, and its last block.

    It begins after block `done`; `marked` are all blocks that hold a term.
    """
    blocks = document.blocks
    found = property_around(document, index, done)
    quote = None
    if found is not None:
        first, last, declaration = found
        quote = property_quote(document, found, words)
    elif document.format == "json":
        declaration = object_of(blocks[index].context)
        first, last = _members(document, index, done, marked)
    else:
        declaration = _declared(document, index)
        first, last = _declaration(document, index, done, marked)
    start, end = blocks[first].start, blocks[last].end
    window = Window(
        start,
        end,
        _paired(document, first, last),
        code=True,
        declaration=declaration,
        quote=quote,
        contexts=_contexts(document, index, first, last),
    )
    return window, last


def object_of(pointer: str) -> str:
    """Return the pointer of the object that a member, or an element of its array, belongs to."""
    return declaration_of(pointer).rpartition("/")[0]


def _paired(document: Document, first: int, last: int) -> str:
    """Return the text of some blocks; of JSON, with a mark behind a name, as it is written there.

    A colon before a short string; a comma before a number or an object, which is no block.
    """
    blocks = document.blocks
    text = passage_text(document.text, blocks[first].start, blocks[last].end)
    if document.format != "json" or document.source_offsets is None:
        return text
    parts: list[str] = []
    position = 0
    for index in range(first, last):
        one, two = blocks[index], blocks[index + 1]
        border = one.end - blocks[first].start
        if one.kind is not BlockKind.FIELD or border >= len(text):
            continue
        is_pair = _is_pair(one, two)
        if is_pair and _is_text(document.text[two.start : two.end]):
            continue
        parts += [text[position:border], ":" if is_pair else ","]
        position = border + 1
    return "".join((*parts, text[position:]))


def _is_pair(one: Block, two: Block) -> bool:
    """Whether a name and the value that belongs to it follow each other."""
    names = one.kind is BlockKind.FIELD and two.kind is BlockKind.STRING
    return names and one.context == declaration_of(two.context)


def _is_text(value: str) -> bool:
    if len(value) > MAX_VALUE_UNITS:
        return True
    return len(value) + 2 * len(HANZI.findall(value)) > MAX_VALUE_UNITS


def _members(document: Document, index: int, done: int, marked: set[int]) -> Span:
    """Return the first and last block of the members of an object around a marked one.

    A text among them is judged by itself, with its name.
    """
    blocks = document.blocks
    own = declaration_of(blocks[index].context)
    above = f"{object_of(blocks[index].context)}/"

    def belongs(block: Block) -> bool:
        if declaration_of(block.context) == own:
            return True
        return is_short and _is_short(block) and block.context.startswith(above)

    is_short = _is_short(blocks[index])
    first = last = index
    while first - 1 > done and index - first < MEMBER_REACH and belongs(blocks[first - 1]):
        first -= 1
    if first > done + 1 and blocks[first].kind is BlockKind.STRING:
        name = blocks[first - 1]  # a value is read with its name
        first -= name.kind is BlockKind.FIELD and _is_pair(name, blocks[first])
    reach = index + MEMBER_REACH
    while last + 1 < len(blocks) and last < reach and belongs(blocks[last + 1]):
        if last + 1 - first >= 2 * CODE_WINDOW_LINES:
            break
        last += 1
        if last in marked:
            reach = last + MEMBER_REACH
    while first <= index and last + 1 < len(blocks) and _is_pair(blocks[last], blocks[last + 1]):
        last += 1
    return first, last


def _is_short(block: Block) -> bool:
    return block.end - block.start <= MAX_MEMBER_CHARACTERS


def _declared(document: Document, index: int) -> str:
    """Return the declaration that a line belongs to: of its head, the one that it begins."""
    return _opened(document, index) or document.blocks[index].context


def _opened(document: Document, index: int) -> str:
    """Return the declaration that a line begins; "" for any other line."""
    blocks = document.blocks
    if blocks[index].kind is not BlockKind.CODE or index + 1 == len(blocks):
        return ""
    inner, outer = blocks[index + 1].context, blocks[index].context
    opens = inner != outer and inner.startswith(f"{outer} > " if outer else "")
    return inner if opens and blocks[index + 1].kind in CODE_KINDS else ""


def _declaration(document: Document, index: int, done: int, marked: set[int]) -> Span:
    """Return the first and last block of the window around a marked line of code.

    Prose around a piece of code, as on a page of documentation, is no part of it.
    """
    blocks = document.blocks
    imports = is_import(document, index)

    def belongs(other: int, context: str) -> bool:
        return (
            blocks[other].context == context
            and (blocks[other].kind in CODE_KINDS) == (blocks[index].kind in CODE_KINDS)
            and is_import(document, other) == imports
        )

    first, context = index, blocks[index].context
    while first - 1 > done and index - first < CODE_REACH:
        if _opened(document, first - 1) == context != "":
            context = blocks[first - 1].context  # the head; above it, what is said of it
        elif not belongs(first - 1, context):
            break
        first -= 1
    last, context = index, _declared(document, index)
    reach = index + (HEAD_REACH if _opened(document, index) else CODE_REACH)
    while last + 1 < len(blocks) and last < reach and last + 1 - first < CODE_WINDOW_LINES:
        if not belongs(last + 1, context):
            break
        last += 1
        context = _declared(document, last)
        if last in marked:
            reach = max(reach, last + CODE_REACH)
    return first, last


def is_import(document: Document, index: int) -> bool:
    """Whether a line of code only names what other files declare."""
    block = document.blocks[index]
    return block.kind is BlockKind.CODE and bool(_IMPORT.match(document.text, block.start))


def _contexts(document: Document, index: int, first: int, last: int) -> tuple[str, str]:
    """Return what stands around a window: lines of its own declaration, and all lines.

    An identity card, or a face, shows in the fields around.
    """
    block = document.blocks[index]
    is_data = document.format == "json"
    declaration = object_of(block.context) if is_data else _declared(document, index)
    own: list[str] = []
    near: list[str] = []
    for other in _around(document, first, last):
        line = document.text[other.start : other.end][:CODE_AROUND_CHARACTERS]
        near.append(line)
        place = object_of(other.context) if is_data else other.context
        if place == declaration:
            own.append(line)
    heads = (block.context, document.title)
    return "\n".join((*heads, *own)), "\n".join((*heads, *near))


def _around(document: Document, first: int, last: int) -> Iterator[Block]:
    """Yield the blocks near a window that say something: no imports."""
    past = min(len(document.blocks), last + CODE_AROUND + 1)
    for index in (*range(max(0, first - CODE_AROUND), first), *range(last + 1, past)):
        if not is_import(document, index):
            yield document.blocks[index]
