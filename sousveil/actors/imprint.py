"""What a document says of whose it is: its site's name, its publisher, its copyright line.

Takes an extracted document and gives the first few such lines. Pure, and linear in the document.
Site names are Open Graph's `og:site_name`, publishers schema.org's `publisher` in JSON-LD.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sousveil.model import BlockKind, Document, Imprint

MAX_LINES = 6  # more of them are those of files that were copied together
MAX_LINE_CHARACTERS = 160

_COPYRIGHT = re.compile(
    r"©|\(c\)[ ](?=\d)|\bcopyright\b|版权所有|著作权|著作權|版權所有", re.IGNORECASE
)
_PUBLISHER = re.compile(r"/publisher(?:/\d+)?/name\Z")

# Whose a copyright line says it is: what stands behind the mark and the years.
_HOLDER = re.compile(
    r"(?:©|\(c\)|copyright|版权所有|著作权|版權所有|[\s\d,，–—.:：-]|by\s)+"
    r"(?P<holder>[^\d\s©].{1,79}?)\s*"
    r"(?:\Z|[|;。•·©]|[.,，](?=\s|\Z)(?!\s*(?:ltd|inc|llc|co|corp|limited|gmbh)\b)"
    r"|\ball rights\b|版权所有|保留|\n)",
    re.IGNORECASE | re.DOTALL,
)


def imprint_of(document: Document) -> tuple[Imprint, ...]:
    """Return the lines in which a document says whose it is, the surest kind first."""
    told = islice(_told(document), MAX_LINES)
    owned = islice(_copyright_lines(document.text), MAX_LINES)
    return tuple(dict.fromkeys([*told, *owned]))[:MAX_LINES]


def holder(line: Imprint) -> str:
    """Return whom a line names as the document's owner; "" when it names nobody."""
    if line.place != "copyright line":
        return line.text
    found = _HOLDER.match(line.text)
    return found["holder"].strip() if found else ""


def _told(document: Document) -> Iterator[Imprint]:
    for block in document.blocks:
        if block.kind is BlockKind.META and block.context == "og:site_name":
            yield Imprint("site name", _cut(document.text[block.start : block.end]))
        elif block.kind is BlockKind.STRING and _PUBLISHER.search(block.context):
            yield Imprint("publisher", _cut(document.text[block.start : block.end]))


def _copyright_lines(text: str) -> Iterator[Imprint]:
    position = 0
    while mark := _COPYRIGHT.search(text, position):
        # "版权所有" often follows its holder; the line's beginning is looked at as well.
        begin = text.rfind("\n", max(0, mark.start() - MAX_LINE_CHARACTERS), mark.start()) + 1
        if begin == 0 or mark.group().isascii() or mark.group() == "©":
            begin = mark.start()
        end = text.find("\n", mark.end(), begin + MAX_LINE_CHARACTERS)
        end = end if end >= 0 else min(len(text), begin + MAX_LINE_CHARACTERS)
        yield Imprint("copyright line", _cut(text[begin:end]))
        position = max(end, mark.end())


def _cut(text: str) -> str:
    return " ".join(text.split())[:MAX_LINE_CHARACTERS]
