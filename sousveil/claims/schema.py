"""Properties of JSON schemas: a field, its enumeration and its description are one statement.

Takes a `Document` whose blocks carry JSON Pointers as context and tells which blocks describe one
property, parameter or named schema, and which words of them to quote. JSON Schema 2020-12,
"properties", "$defs", "required", "enum"; OpenAPI 3.1, "parameters", "components".
"""

import re
from typing import NamedTuple

from sousveil.claims.features import MAX_PASSAGE_CHARACTERS
from sousveil.claims.lexicon import Lexicon
from sousveil.claims.normal import normalise
from sousveil.claims.quote import MAX_QUOTE_CHARACTERS
from sousveil.claims.windows import Span, sentences, word_end
from sousveil.model import BlockKind, Document

_PROPERTY = re.compile(
    r".*/(?:properties|patternProperties|definitions|\$defs|schemas|parameters|headers)/[^/]+"
)
_REQUIREMENT = re.compile(r"(.*)/required(?:/\d+)?")
_ENUMERATION = re.compile(r".*/(?:enum|const|x-enum[^/]*)(?:/[^/]+)?")
_DESCRIPTION = "/description"
_ELEMENT = re.compile(r"/\d+\Z")


class Property(NamedTuple):
    """The blocks, in one run, that describe a property."""

    first: int
    last: int  # inclusive
    pointer: str


def declaration_of(context: str) -> str:
    """Return what a block belongs to: of an element of an array the array, else its context."""
    return _ELEMENT.sub("", context)


def property_around(document: Document, index: int, done: int) -> Property | None:
    """Return the property that a block describes, from blocks after `done`; None for no schema."""
    blocks = document.blocks
    pointer = _pointer(document, index)
    if not pointer:
        return None
    first = last = index
    reach = blocks[index].end - MAX_PASSAGE_CHARACTERS // 2
    while first - 1 > done and blocks[first - 1].start >= reach:
        if _pointer(document, first - 1) != pointer:
            break
        first -= 1
    reach = blocks[first].start + MAX_PASSAGE_CHARACTERS
    while last + 1 < len(blocks) and blocks[last + 1].end <= reach:
        if _pointer(document, last + 1) != pointer:
            break
        last += 1
    if any(b.context == pointer and b.kind is BlockKind.STRING for b in blocks[first : last + 1]):
        return None  # a value right under its name: data, not a schema
    return Property(first, last, pointer)


def property_quote(document: Document, found: Property, words: Lexicon) -> Span:
    """Return what to quote of a property: the description, if it tells, else name to last value.

    The span is no longer than MAX_QUOTE_CHARACTERS.
    """
    blocks = range(found.first, found.last + 1)
    for index in blocks:
        block = document.blocks[index]
        if block.kind is BlockKind.STRING and block.context.endswith(_DESCRIPTION):
            for start, end in _statements(document.text, (block.start, block.end)):
                if words.terms(normalise(document.text[start:end]).text):
                    return _bounded(document.text, start, end)
    start = document.blocks[found.first].start
    values = [
        document.blocks[index].end
        for index in blocks
        if document.blocks[index].kind is BlockKind.STRING
        and _ENUMERATION.fullmatch(document.blocks[index].context)
    ]
    end = max(values, default=document.blocks[found.first].end)
    return _bounded(document.text, start, end)


def is_requirement(document: Document, index: int, fields: frozenset[str]) -> bool:
    """Whether a block only names, in a list of required properties, one that is described.

    `fields` are the pointers of all fields of the document.
    """
    block = document.blocks[index]
    match = _REQUIREMENT.fullmatch(block.context)
    if match is None or block.kind is not BlockKind.STRING:
        return False
    name = document.text[block.start : block.end].replace("~", "~0").replace("/", "~1")
    return f"{match[1]}/properties/{name}" in fields


def _statements(text: str, span: Span) -> list[Span]:
    """Return a short description whole, a long one by its sentences."""
    return [span] if span[1] - span[0] <= MAX_QUOTE_CHARACTERS else sentences(text, *span)


def _pointer(document: Document, index: int) -> str:
    """Return the pointer of the property that a block belongs to; "" for none.

    A comment on a line of its own may speak of anything: of a property that is commented out.
    """
    block = document.blocks[index]
    match = _PROPERTY.match(block.context)
    if match is None or (block.kind is BlockKind.COMMENT and _begins_line(document, block.start)):
        return ""
    return match[0]


def _begins_line(document: Document, start: int) -> bool:
    line = document.text.rfind("\n", 0, start) + 1
    return not document.text[line:start].strip()


def _bounded(text: str, start: int, end: int) -> Span:
    """Return the span, cut at the end of a word when it is too long."""
    if end - start <= MAX_QUOTE_CHARACTERS:
        return start, end
    return start, word_end(text, start, start + MAX_QUOTE_CHARACTERS)
