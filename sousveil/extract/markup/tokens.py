"""HTML into tokens: a thin, linear tokenizer that knows where everything stands.

Takes the decoded source, gives tags, text, comments and the content of raw-text elements with
their spans. Follows the HTML Standard, "Tokenization", with two simplifications: there is no
script-data-escaped state, and a quote that is never closed ends with its tag instead of eating
the rest of the page. Every alternative is possessive and always matches at the cursor, so each
character is looked at a bounded number of times.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

RCDATA = frozenset({"title", "textarea", "xmp"})  # references count, tags don't
RAW = frozenset({"script", "style", "iframe", "noembed", "noframes"})

_MARKUP = re.compile(
    r"""
    (?P<text>[^<]++)
  | <(?P<name>/?[A-Za-z][^\s/>]*+)
     (?P<attributes>(?:[^>="']++ | =\s*+(?:"[^"]*+"|'[^']*+')?+ | ["'])*+) (?:>|\Z)
  | <!--(?:-?>|(?P<comment>(?:[^-]++|-(?!-!?>))*+)(?:--!?>|\Z))
  | (?P<cdata><!\[CDATA\[)
  | <(?=[!?/])[^>]*+(?:>|\Z)
  | (?P<less_than><)
    """,
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++)))?+"""
)
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RCDATA | RAW}


class TokenKind(Enum):
    """What a token is."""

    TEXT = auto()
    START = auto()
    END = auto()
    COMMENT = auto()
    CDATA = auto()
    CONTENT = auto()  # of the raw-text element that was started just before


class Token(NamedTuple):
    """A token; `start` and `end` bound text, or a tag's attributes, in the source."""

    kind: TokenKind
    start: int
    end: int
    name: str = ""  # of a tag, in lower case


class Attribute(NamedTuple):
    """An attribute's name in lower case and the span of its value, quotes aside."""

    name: str
    start: int
    end: int


def tokens(source: str, *, xml: bool = False) -> Iterator[Token]:
    """Yield the tokens of `source` in order; `xml` makes `<script/>` an empty element."""
    position, size, foreign = 0, len(source), 0
    while position < size:
        match = _MARKUP.match(source, position)
        if match is None:  # the alternatives cover every character
            return
        position = match.end()
        group = match.lastgroup
        if group in {"text", "less_than"}:
            yield Token(TokenKind.TEXT, match.start(), position)
        elif group == "attributes":
            start, end = match.span("attributes")
            name = match["name"].lower()
            if name.startswith("/"):
                foreign -= foreign > 0 and name in {"/svg", "/math"}
                yield Token(TokenKind.END, start, end, name[1:])
                continue
            yield Token(TokenKind.START, start, end, name)
            empty = source.endswith("/", start, end) and (foreign > 0 or xml)
            foreign += name in {"svg", "math"} and not empty
            if name in _RAW_END and not empty:
                content = _RAW_END[name].search(source, position)
                stop = content.start() if content else size
                yield Token(TokenKind.CONTENT, position, stop, name)
                position = stop
        elif group == "comment":
            yield Token(TokenKind.COMMENT, *match.span("comment"))
        elif group == "cdata":  # in HTML proper a bogus comment, which ends at the first ">"
            mark = "]]>" if foreign or xml else ">"
            stop = source.find(mark, position)
            stop = size if stop < 0 else stop
            if foreign or xml:
                yield Token(TokenKind.CDATA, position, stop)
            position = stop + len(mark)


def attributes(source: str, start: int, end: int) -> Iterator[Attribute]:
    """Yield the attributes that stand in `source[start:end]`, the `attributes` of a tag."""
    for match in _ATTRIBUTE.finditer(source, start, end):
        value = match.span(match.lastindex or 1) if match.lastindex != 1 else (match.end(),) * 2
        yield Attribute(match[1].lower(), *value)
