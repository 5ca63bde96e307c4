"""Parse: a dossier's text, in Markdown, taken apart into what it states, cites and quotes.

Takes CommonMark with tables; gives its tokens, for the pages, and its statements, for the rules. A
citation is `[@f:ID]`, several are `[@f:ID; @f:ID]`; it belongs to the sentence that it stands in,
or right behind; of a block of code it stands behind the word that opens it. A line `::: ours` opens
words that are the writer's own, method or opinion, until a line `:::`. A paragraph `{matrix}`
places the view of that name. HTML is text here. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from sousveil.claims.windows import sentences
from sousveil.errors import InputError

MAX_CHARACTERS = 2_000_000  # of a text; a long book has half of that
OURS = "ours"  # the word that opens the writer's own words
CITATION = "citation"  # the name of its token
VIEW = "view"

Kind: TypeAlias = Literal["fact", "ours", "heading", "question", "quote"]

_VIEW = re.compile(r"\{([a-z]{1,40})\}")
_CITATION = re.compile(r"\[(@[^\[\]\n]{1,400})\]")
# Stands for a citation while sentences are told apart; a private character that no font has.
_MARK = "\ue0c1"
# Citations at the beginning of a sentence are the last one's, and so is a stop that they end with.
_MARKS_FIRST = re.compile(rf"(?:\s*{_MARK})+(?:[.。](?=\s|\Z))?")
# What stands in quotation marks, of the languages that dossiers are written in. Single marks are
# apostrophes more often than not.
_QUOTED = re.compile(
    r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|「([^「」]+)」|『([^『』]+)』"
)
_BEFORE_STOP = re.compile(r"\s+([.,;:!?。，；：！？])")
_ASKS = re.compile(r"[?？؟]\W*\Z")
_HANZI = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
# A line break between hanzi is none in the text.
_BROKEN = re.compile(rf"(?<={_HANZI})\n(?={_HANZI})")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the text says in one sentence, heading, row of a table or quoted block."""

    kind: Kind
    text: str  # without citations and marks of Markdown
    line: int  # of the file, from 1, on which its paragraph begins
    cites: tuple[str, ...]  # as written behind the @: "f:0123456789ab"
    quotes: tuple[str, ...]  # what stands in quotation marks; all of a quoted block


@dataclass(frozen=True, slots=True)
class Written:
    """A text, taken apart."""

    title: str  # its first heading, of level 1; "" when it has none
    tokens: Sequence[Token]
    statements: tuple[Statement, ...]
    pictures: tuple[tuple[int, str], ...]  # line and address of each
    views: tuple[tuple[int, str], ...]  # line and name of each


def parse(source: str) -> Written:
    """Return a text taken apart; raises InputError when it is longer than any book."""
    if len(source) > MAX_CHARACTERS:
        raise InputError(
            f"the text has {len(source):,} characters, over the limit of {MAX_CHARACTERS:,}."
            " Split it into several dossiers."
        )
    tokens = reader().parse(source)
    at = next((at for at, one in enumerate(tokens) if one.type == "heading_open"), None)
    return Written(
        _plain(tokens[at + 1]) if at is not None and tokens[at].tag == "h1" else "",
        tokens,
        tuple(_statements(tokens)),
        tuple(
            ((block.map or (0, 0))[0] + 1, str(child.attrGet("src")))
            for block in tokens
            for child in block.children or ()
            if child.type == "image"
        ),
        tuple(((one.map or (0, 0))[0] + 1, one.content) for one in tokens if one.type == VIEW),
    )


def reader() -> MarkdownIt:
    """Return what reads and writes a text: CommonMark with tables, citations and `::: ours`."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.use(container_plugin, OURS)
    markdown.inline.ruler.before("link", CITATION, _read_citation)
    markdown.core.ruler.push(VIEW, _read_views)
    return markdown


def _read_views(state: StateCore) -> None:
    """Put a view in place of each paragraph that is nothing but its name."""
    kept: list[Token] = []
    for token in state.tokens:
        kept.append(token)
        match = _VIEW.fullmatch(kept[-2].content) if token.type == "paragraph_close" else None
        if match:
            view = Token(VIEW, "", 0, map=kept[-2].map, content=match[1], block=True)
            kept[-3:] = [view]
    state.tokens = kept


def _read_citation(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # the reader's signature
    match = _CITATION.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        token = state.push(CITATION, "", 0)
        token.content = match[0]
        token.meta = {"cites": _names(match), "quotes": ()}
    state.pos = match.end()
    return True


def _names(citation: re.Match[str]) -> list[str]:
    return [name.removeprefix("@") for name in re.split(r"[;,\s]+", citation[1]) if name]


def _statements(tokens: Sequence[Token]) -> Iterator[Statement]:
    inside: list[str] = []  # the blocks around, the outermost first
    row: list[Token] = []
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.nesting > 0:
            inside.append(name)
        elif token.nesting < 0:
            inside.pop()
            if name == "tr" and row:
                yield from _read(row, name, inside)
                row = []
        elif token.type == "inline":
            if "tbody" in inside:
                row.append(token)
            elif "thead" not in inside:
                yield from _read([token], inside[-1], inside)
        elif token.type in {"fence", "code_block"}:
            line, text = (token.map or (0, 0))[0] + 1, token.content.strip()
            found = _CITATION.search(token.info)
            yield Statement("quote", text, line, tuple(_names(found)) if found else (), (text,))


def _read(tokens: Sequence[Token], name: str, inside: Sequence[str]) -> Iterator[Statement]:
    """Yield what the inline content of one block states; tell its citations what they vouch for."""
    line = (tokens[0].map or (0, 0))[0] + 1
    is_ours = f"container_{OURS}" in inside
    flat, citations = _flat(tokens)
    is_one = "blockquote" in inside or name in {"tr", "heading"}
    for start, end in [(0, len(flat))] if is_one else _with_citations(flat):
        piece = flat[start:end]
        before = flat.count(_MARK, 0, start)
        own = citations[before : before + piece.count(_MARK)]
        text = _BEFORE_STOP.sub(r"\1", piece.replace(_MARK, "")).strip()
        if not text and not own:
            continue
        kind: Kind = "ours" if is_ours else "heading" if name == "heading" else "fact"
        if kind == "fact" and _ASKS.search(text):
            kind = "question"
        quotes = tuple(next(filter(None, one.groups())) for one in _QUOTED.finditer(text))
        if "blockquote" in inside:
            kind, quotes = "quote", (text,)
        for citation in own:
            citation.meta["quotes"] = quotes
        cites = tuple(one for citation in own for one in citation.meta["cites"])
        yield Statement(kind, text, line, cites, quotes)


def _with_citations(flat: str) -> list[tuple[int, int]]:
    """Return the spans of sentences, each with the citations right behind it.

    A sentence goes on to the end of what it quotes, which may be several.
    """
    spans: list[tuple[int, int]] = []
    quoted = [match.span() for match in _QUOTED.finditer(flat)]
    for start, end in sentences(flat):
        if spans and any(low < start < high for low, high in quoted):
            spans[-1] = (spans[-1][0], end)
            continue
        opening = _MARKS_FIRST.match(flat, start, end)
        begin = opening.end() if opening and spans else start
        if begin > start:
            spans[-1] = (spans[-1][0], begin)
        if begin < end:
            spans.append((begin, end))
    return spans


def _flat(tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    """Return the text of blocks, with a mark in place of each citation, and the citations."""
    parts: list[str] = []
    citations: list[Token] = []
    for token in tokens:
        for child in token.children or ():
            if child.type == CITATION:
                parts.append(_MARK)
                citations.append(child)
            elif child.type in {"softbreak", "hardbreak"}:
                parts.append("\n")
            elif child.type in {"text", "code_inline"}:
                parts.append(child.content.replace(_MARK, ""))
        parts.append(" ")
    return re.sub(r"[ \n]+", " ", _BROKEN.sub("", "".join(parts))), citations


def _plain(token: Token) -> str:
    return _flat([token])[0].replace(_MARK, "").strip()
