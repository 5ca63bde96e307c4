"""HTML into text with the way back to the source.

Takes the decoded page, gives a `Document`'s text, offsets and blocks. Everything a visitor, a
screen reader or a search engine would be told is kept and labelled, for claims hide in all of it:
visible text, alternative texts, meta descriptions, comments, hidden elements, JSON in scripts.
Nothing decides what is "main content". Elements are nested as the HTML Standard's tree
construction would for text's sake: implied end tags, scopes, but no adoption agency. White space
collapses as in CSS Text 3, section 4.1, a line break between two wide characters included.

A block's `context` reads: label ("hidden", "alt", "description", …), headings, table headers.
Blocks stand in source order, so an attribute or comment in the midst of a sentence would have to
cut it: there it is left out, unless the thing is a picture or a control. Code that is run, styles
and addresses are no text.
"""

import re
from collections import Counter
from typing import NamedTuple

from sousveil.extract.assemble import Assembly
from sousveil.extract.markup.elements import (
    BLOCKS,
    BUTTON_TYPES,
    CUTS,
    HEADINGS,
    KINDS,
    MAX_HEADING_CHARACTERS,
    PREFORMATTED,
    WIDE,
    span_number,
)
from sousveil.extract.markup.references import character_reference
from sousveil.extract.markup.tokens import RCDATA, Attribute, Token, TokenKind, attributes, tokens
from sousveil.extract.tables import Table
from sousveil.extract.text.json_strings import add_json_string, scan_json
from sousveil.model import BlockKind

MAX_DEPTH = 256  # open block elements; browsers stop at 512 of all, pages stay below 100

_VOID_ELEMENTS = """
    area base br col embed frame hr img input link meta param source track wbr
"""
_VOID = frozenset(_VOID_ELEMENTS.split())
_IMPLIED_ENDS = {  # start tag -> open elements that it ends, unless one of these stands between
    **dict.fromkeys(HEADINGS, (frozenset(HEADINGS), frozenset({"table", "td", "th"}))),
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu", "dir"})),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), frozenset({"dl"}))),
    **dict.fromkeys(("td", "th"), (frozenset({"td", "th"}), frozenset({"tr", "table"}))),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    **dict.fromkeys(
        ("thead", "tbody", "tfoot"),
        (frozenset({"thead", "tbody", "tfoot"}), frozenset({"table"})),
    ),
    **dict.fromkeys(("option", "optgroup"), (frozenset({"option"}), frozenset({"select"}))),
}
_P = frozenset({"p"})
_ENDS_P = BLOCKS - {"button", "option", "optgroup", "object", "select", "textarea", "title"}
_SCOPE = frozenset({"table", "td", "th", "caption", "template", "button", "object"})
_TABLE_PARTS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"})

_PIECE = re.compile(r"(?P<space>[ \t\n\r\f]++)|&|\0++|[^ \t\n\r\f&\0]++(?:\x20[^ \t\n\r\f&\0]++)*+")
_TELLING = re.compile(  # what makes the attributes of an ordinary tag worth reading
    r"\b(?:hidden|title|alt|aria-label|placeholder|label)\b|display|visibility", re.IGNORECASE
)
_ALWAYS_READ = frozenset({"html", "meta", "script", "input", "td", "th"})
_LABELS = frozenset({"alt", "title", "aria-label", "placeholder", "label"})
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_META_NAMES = re.compile(
    r"(?:og|twitter):(?:title|description|site_name|image:alt)|description|keywords|abstract|"
    r"subject|dc(?:terms)?\.(?:title|description|subject|abstract)"
)
_JSON_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)
_SENTENCE_ENDS = frozenset(".!?:;|。！？：；…")
_WORD = re.compile(r"[^\W\d_]")


class _Open(NamedTuple):
    """An open element, and what holds for the text in it."""

    name: str
    kind: BlockKind
    label: str  # "hidden", "noscript" or ""
    preformatted: bool


class HtmlReader:
    """Reads one page; afterwards `assembly`, `title` and `lang` hold what was found."""

    def __init__(self, source: str, *, xml: bool = False) -> None:
        self.assembly = Assembly(source)
        self.title = ""
        self.lang = ""
        self._source = source
        self._xml = xml
        self._stack = [_Open("", BlockKind.PARAGRAPH, "", preformatted=False)]
        self._count: Counter[str] = Counter()  # of names on the stack
        self._gap: list[tuple[int, int]] = []  # white space that the next word turns into a space
        self._headings: list[tuple[int, str]] = []
        self._path = ""  # the headings, joined
        self._tables: list[Table] = []
        self._json_script = False

    def read(self) -> None:
        """Read the whole page. Raises ExtractError when it has too many blocks."""
        for token in tokens(self._source, xml=self._xml):
            if token.kind is TokenKind.TEXT:
                self._text(token.start, token.end)
            elif token.kind is TokenKind.START:
                self._start_tag(token)
            elif token.kind is TokenKind.END:
                self._end_tag(token.name)
            elif token.kind is TokenKind.CONTENT:
                self._content(token)
            elif token.kind is TokenKind.CDATA:
                self._text(token.start, token.end, references=False)
            else:
                self._aside(token.start, token.end, BlockKind.COMMENT, "", references=False)
        self._flush()

    # ------------------------------------------------------------ text

    def _text(
        self, start: int, end: int, *, references: bool = True, attribute: bool = False
    ) -> None:
        """Add source text to the open block, white space collapsed, references resolved."""
        skip_to = start
        for match in _PIECE.finditer(self._source, start, end):
            first, last = match.span()
            if first < skip_to:  # what a reference took
                first = skip_to
                if first >= last:
                    continue
            if match.lastgroup:
                if self.assembly.open:
                    self._gap.append((first, last))
                continue
            character = self._source[first]
            if character == "\0":  # the standard ignores it
                continue
            self._fill_gap(character)
            if character == "&" and references:
                found = character_reference(self._source, first, end, attribute=attribute)
                if found is not None:
                    self.assembly.decoded(found[0], first, found[1])
                    skip_to = found[1]
                    continue
            self.assembly.verbatim(first, last)

    def _fill_gap(self, following: str) -> None:
        """Add the white space between the last word and `following`, one space at most."""
        if not self._gap:
            return
        gap, self._gap = self._gap, []
        if self._stack[-1].preformatted:
            for first, last in gap:
                self.assembly.verbatim(first, last)
            return
        first, last = gap[0][0], gap[-1][1]
        breaks = any("\n" in self._source[a:b] or "\r" in self._source[a:b] for a, b in gap)
        wide = WIDE.match(following) and WIDE.match(self.assembly.last_character())
        if not (breaks and wide):
            self.assembly.decoded(" ", first, last)

    def _flush(self) -> None:
        """End the open block, with the kind and context of where the reader stands."""
        if not self.assembly.open:
            return
        self._gap = []
        top = self._stack[-1]
        text = self.assembly.close(top.kind, self._context(top.label, top.kind))
        if top.kind is BlockKind.TITLE and not self.title:
            self.title = text
        elif top.kind is BlockKind.HEADING and not top.label:
            self._enter_heading(text)
        elif top.kind is BlockKind.CELL and self._tables:
            self._tables[-1].close_text(text)

    def _aside(
        self, start: int, end: int, kind: BlockKind, label: str, *, references: bool = True
    ) -> None:
        """Add a block of its own for an attribute or a comment that has words.

        One in the midst of a sentence is left out: it would cut the sentence.
        """
        last = self.assembly.last_character()
        if (last and last not in _SENTENCE_ENDS) or not _WORD.search(self._source, start, end):
            return
        self._flush()
        self._text(start, end, references=references, attribute=references)
        self._gap = []
        inherited = self._stack[-1].label
        labels = " > ".join(part for part in (inherited, label) if part)
        self.assembly.close(kind, self._context(labels, self._stack[-1].kind))

    def _context(self, label: str, kind: BlockKind) -> str:
        cell = self._tables[-1].context() if self._tables and kind is BlockKind.CELL else ""
        return " > ".join(part for part in (label, self._path, cell) if part)

    def _enter_heading(self, text: str) -> None:
        level = max((HEADINGS.get(open_.name, 0) for open_ in self._stack), default=0)
        self._headings = [(above, name) for above, name in self._headings if above < level]
        self._headings.append((level, text[:MAX_HEADING_CHARACTERS]))
        self._path = " > ".join(name for _, name in self._headings)

    # ------------------------------------------------------------ elements

    def _start_tag(self, token: Token) -> None:
        name = token.name
        block = name in BLOCKS or "-" in name  # custom elements lay themselves out
        if block or name in CUTS:
            self._flush()
        self._end_implied(name)
        found: list[Attribute] = []
        if name in _ALWAYS_READ or _TELLING.search(self._source, token.start, token.end):
            found = list(attributes(self._source, token.start, token.end))
        label = self._stack[-1].label or self._label(name, found)
        if name not in _VOID and (block or label != self._stack[-1].label or self._count[name]):
            if not block and label != self._stack[-1].label:
                self._flush()
            if not (self._xml and self._source.endswith("/", token.start, token.end)):
                self._push(name, label)
        if found or name in _ALWAYS_READ:
            self._use(name, found)

    def _push(self, name: str, label: str) -> None:
        if len(self._stack) > MAX_DEPTH:  # as browsers do: deeper elements become siblings
            self._pop()
        top = self._stack[-1]
        kind = KINDS.get(name, top.kind)
        if name == "title":
            kind = BlockKind.ALT if self._count["svg"] or self.title else BlockKind.TITLE
        preformatted = top.preformatted or name in PREFORMATTED
        self._stack.append(_Open(name, kind, label, preformatted))
        self._count[name] += 1
        if name == "table":
            self._tables.append(Table())
        elif name == "thead" and self._tables:
            self._tables[-1].in_head = True
        elif name == "tr" and self._tables:
            self._tables[-1].open_row()

    def _pop(self) -> None:
        self._flush()
        name = self._stack.pop().name
        self._count[name] -= 1
        if name == "table":
            self._tables.pop()
        elif name == "thead" and self._tables:
            self._tables[-1].in_head = False

    def _pop_through(self, names: frozenset[str], scope: frozenset[str]) -> None:
        """End open elements up to the nearest of `names`, if none of `scope` stands before it."""
        for depth in range(len(self._stack) - 1, 0, -1):
            name = self._stack[depth].name
            if name in names:
                while len(self._stack) > depth:
                    self._pop()
                return
            if name in scope:
                return

    def _end_implied(self, name: str) -> None:
        if self._count["p"] and name in _ENDS_P:
            self._pop_through(_P, _SCOPE)
        implied = _IMPLIED_ENDS.get(name)
        if implied is not None and any(self._count[open_name] for open_name in implied[0]):
            self._pop_through(*implied)

    def _end_tag(self, name: str) -> None:
        if name in BLOCKS or "-" in name:
            self._flush()
        if self._count[name]:
            scope = frozenset({"table"}) if name in _TABLE_PARTS else _SCOPE
            names = frozenset(HEADINGS) if name in HEADINGS else frozenset({name})
            self._pop_through(names, scope - names)

    def _content(self, token: Token) -> None:
        """Take in the content of the raw-text element just opened."""
        if token.name in RCDATA:
            self._text(token.start, token.end, references=token.name != "xmp")
        elif token.name == "script" and self._json_script:
            self._flush()
            for string in scan_json(self._source, token.start, token.end) or ():
                if not string.is_name:
                    add_json_string(self.assembly, string)
                    self.assembly.close(BlockKind.STRING, f"script > {string.pointer}")

    # ------------------------------------------------------------ attributes

    def _label(self, name: str, found: list[Attribute]) -> str:
        if name == "template":
            return "hidden"
        if name == "noscript":
            return "noscript"
        for attribute in found:
            value = self._source[attribute.start : attribute.end]
            if attribute.name == "hidden" or (
                attribute.name == "style" and _INVISIBLE.search(value)
            ):
                return "hidden"
        return ""

    def _use(self, name: str, found: list[Attribute]) -> None:
        """Take from a start tag what its attributes say."""
        if name == "meta":
            self._meta(found)
            return
        values = {a.name: self._source[a.start : a.end] for a in reversed(found)}
        if name == "html":
            self.lang = self.lang or values.get("lang", values.get("xml:lang", "")).strip()
        elif name == "script":
            self._json_script = _JSON_TYPE.match(values.get("type", "").strip()) is not None
        elif name in {"td", "th"} and self._tables:
            columns, rows = (span_number(values.get(key, "")) for key in ("colspan", "rowspan"))
            self._tables[-1].open_cell(header=name == "th", columns=columns, rows=rows)
        button = name == "input" and values.get("type", "").lower() in BUTTON_TYPES
        for attribute in found:
            if attribute.name in _LABELS or (button and attribute.name == "value"):
                self._aside(attribute.start, attribute.end, BlockKind.ALT, attribute.name)

    def _meta(self, found: list[Attribute]) -> None:
        values = {a.name: a for a in reversed(found)}
        content = values.get("content")
        key = values.get("name") or values.get("property") or values.get("itemprop")
        if content is None or key is None:
            return
        label = self._source[key.start : key.end].strip().lower()
        if _META_NAMES.fullmatch(label):
            self._aside(content.start, content.end, BlockKind.META, label)
