"""XML that tells people something into text: feeds, site maps, playlists, articles.

Takes the decoded source, gives a `Document`'s text, offsets and blocks. Follows XML 1.0 (section
2 for the shape of markup, 4.1 for references) as far as a feed that breaks it can be followed: end
tags that fit nothing are passed over, missing ones are made up, HTML's names for characters count.
No entity that a document declares is expanded and nothing outside it is asked for.

RSS 2.0 (`description`), Atom (RFC 4287, section 3.1) and their extensions carry HTML within text,
escaped or in CDATA, and few say so truly: text that holds tags or references once it is decoded is
read as the HTML it is. XHTML within XML is read as HTML too. A block's `context` is the path of its
element, the title of the entry it stands in among it. Addresses, and attributes that no reader is
shown, are no text. XML that programs read (schemas, layouts, settings) is source code: `tells`
keeps it apart.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.extract.assemble import Assembly
from sousveil.extract.markup.elements import BLOCKS, CUTS, MAX_HEADING_CHARACTERS, WIDE
from sousveil.extract.markup.html import HtmlReader
from sousveil.extract.markup.references import character_reference
from sousveil.extract.markup.tokens import attributes
from sousveil.model import BlockKind

MAX_DEPTH = 256  # open elements; deeper ones become siblings
MAX_NAME_CHARACTERS = 60  # of an element's name in a context
MAX_CONTEXT_CHARACTERS = 400  # else long names, nested, grow with the square of the input
SAMPLE_CHARACTERS = 200_000  # looked at to tell what reads as prose
MIN_SENTENCE_CHARACTERS = 40  # of one text that counts as prose; wide characters count double
MIN_PROSE_SHARE = 0.3  # of the sample; feeds whose entries are addresses mostly have 0.4

_MARKUP = re.compile(
    r"""
    (?P<text>[^<]++)
  | <(?P<start>[A-Za-z_\u0080-\U0010ffff][^\s/><]*+)
     (?P<attributes>(?:[^>="'<]++ | =\s*+(?:"[^"]*+"|'[^']*+')?+ | ["'])*+) (?:>|(?=<)|\Z)
  | </(?P<end>[^\s><]*+)[^><]*+(?:>|(?=<)|\Z)
  | <!--(?P<comment>(?:[^-]++|-(?!->))*+)(?:-->|\Z)
  | <!\[CDATA\[(?P<cdata>(?:[^\]]++|\](?!\]>))*+)(?:\]\]>|\Z)
  | <!DOCTYPE(?:[^\[>"']++|"[^"]*+"|'[^']*+'|["'])*+
     (?:\[(?:[^\]]++|\](?!\s*+>))*+\]?+\s*+)?+(?:>|\Z)
  | <[?!][^>]*+(?:>|\Z)
  | (?P<less_than><)
    """,
    re.VERBOSE,
)
_FOR_PEOPLE = """
    rss feed entry rdf urlset sitemapindex opml playlist
    article book chapter section tei newsml newsitem nitf oai-pmh
"""
_FOR_PROGRAMS = """
    beans definitions manifest plist project resources schema stylesheet svg transform wsdl
"""
_TELLING_ROOTS = frozenset(_FOR_PEOPLE.split())
_CODE_ROOTS = frozenset(_FOR_PROGRAMS.split())  # even those with long texts
_HTML = re.compile(
    r"</?(?:p|br|a|b|i|em|strong|span|div|img|ul|ol|li|h[1-6]|table|tr|td|blockquote|font|pre|code"
    r"|figure|iframe|hr|small|sub|sup|u|section|article)\b[^<>]*>|<!--|&(?:#[0-9]|#x|[a-z]{2,8};)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|www\.|/)\S*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]")
_PIECE = re.compile(r"(?P<space>\s++)|\S++")
_TITLES = frozenset({"title", "headline"})
_LABELS = frozenset({"title", "text", "label", "alt", "description", "summary", "caption", "term"})
_XHTML = "http://www.w3.org/1999/xhtml"


def tells(source: str) -> bool:
    """Whether an XML text is for people to read: by its root element, else by how it reads."""
    prose = seen = 0
    root = ""
    for match in _MARKUP.finditer(source, 0, SAMPLE_CHARACTERS):
        if match.lastgroup == "attributes" and not root:
            root = _local(match["start"]).lower()
            if root in _TELLING_ROOTS or root in _CODE_ROOTS:
                return root in _TELLING_ROOTS
        if root:
            seen += match.end() - match.start()
            prose += _prose_characters(match["text"] or match["cdata"] or "")
    return prose > MIN_PROSE_SHARE * seen


def _prose_characters(text: str) -> int:
    text = text.strip()
    wide = len(WIDE.findall(text))
    is_prose = len(text) + wide >= MIN_SENTENCE_CHARACTERS and (wide or " " in text)
    return len(text) if is_prose else 0


@dataclass(slots=True)
class _Open:
    """An open element."""

    name: str  # as written
    path: str
    inline: bool  # stands in the midst of a text


class XmlReader:
    """Reads one document; afterwards `assembly`, `title` and `lang` hold what was found."""

    def __init__(self, source: str) -> None:
        self.assembly = Assembly(source)
        self.title = ""
        self.lang = ""
        self._source = source
        self._stack = [_Open("", "", inline=False)]
        self._count: dict[str, int] = {}  # of names on the stack
        self._texts: list[str] = []  # of the open text, decoded
        self._offsets = array("I")  # of its characters in the source
        self._end = 0  # of its last character in the source
        self._has_words = False

    def read(self) -> None:
        """Read the whole document. Raises ExtractError when it has too many blocks."""
        matches = _MARKUP.finditer(self._source)
        for match in matches:
            group = match.lastgroup
            if group in {"text", "less_than"}:
                self._text(*match.span())
            elif group == "cdata":
                self._verbatim(*match.span("cdata"))
            elif group == "attributes":
                self._start(match, matches)
            elif group == "end":
                self._end_tag(match["end"])
            elif group == "comment":
                self._comment(*match.span("comment"))
        self._flush()

    # ------------------------------------------------------------ elements

    def _start(self, match: re.Match[str], following: Iterator[re.Match[str]]) -> None:
        name, span = match["start"], match.span("attributes")
        empty = self._source.endswith("/", *span)
        local = _local(name).lower()
        inline = self._has_words and local not in BLOCKS
        if not inline or local in CUTS:
            self._flush()
        if not empty:
            self._push(name, inline=inline)
        values = {a.name: a for a in reversed(list(attributes(self._source, *span)))}
        for key, value in values.items():
            self._attribute(key, value.start, value.end)
        if not empty and self._value(values.get("xmlns")) == _XHTML:
            self._xhtml(name, match.end(), following)

    def _attribute(self, key: str, start: int, end: int) -> None:
        if key == "xml:lang" and not self.lang:
            self.lang = self._source[start:end].strip()
        elif _local(key) in _LABELS and not self._has_words:
            self._text(start, end)
            self._close_text(BlockKind.ALT, f"{self._stack[-1].path} > {_local(key)}")

    def _value(self, span: tuple[str, int, int] | None) -> str:
        return self._source[span[1] : span[2]] if span else ""

    def _xhtml(self, name: str, start: int, following: Iterator[re.Match[str]]) -> None:
        """Read what stands in an element of XHTML, up to its end tag, as HTML."""
        depth, end = 1, len(self._source)
        for match in following:
            if match["start"] == name and not self._source.endswith("/", *match.span("attributes")):
                depth += 1
            elif match["end"] == name:
                depth -= 1
            if not depth:
                end = match.start()
                break
        self._verbatim(start, end)
        self._html(BlockKind.PARAGRAPH, self._stack[-1].path, xml=True)
        self._drop()
        self._end_tag(name)

    def _push(self, name: str, *, inline: bool) -> None:
        if len(self._stack) > MAX_DEPTH:
            self._pop()
        path = self._stack[-1].path
        self._stack.append(_Open(name, _deeper(path, _local(name)), inline))
        self._count[name] = self._count.get(name, 0) + 1

    def _pop(self) -> None:
        if not self._stack[-1].inline:
            self._flush()
        self._count[self._stack.pop().name] -= 1

    def _end_tag(self, name: str) -> None:
        """End the nearest element of that name with all in it; one that is not open is no end."""
        if not self._count.get(name):
            return
        while self._stack[-1].name != name:
            self._pop()
        self._pop()

    # ------------------------------------------------------------ text

    def _text(self, start: int, end: int) -> None:
        """Add source text to the open text, references resolved."""
        position = start
        while (ampersand := self._source.find("&", position, end)) >= 0:
            self._verbatim(position, ampersand)
            found = character_reference(self._source, ampersand, end)
            if found is None:
                self._verbatim(ampersand, ampersand + 1)
                position = ampersand + 1
            else:
                self._add(found[0], array("I", [ampersand]) * len(found[0]), found[1])
                self.assembly.escaped(ampersand, found[1])
                position = found[1]
        self._verbatim(position, end)

    def _verbatim(self, start: int, end: int) -> None:
        if start < end:
            self._add(self._source[start:end], array("I", range(start, end)), end)

    def _add(self, text: str, offsets: "array[int]", end: int) -> None:
        self._texts.append(text)
        self._offsets += offsets
        self._end = end
        self._has_words = self._has_words or not text.isspace()

    def _comment(self, start: int, end: int) -> None:
        """Add a comment that has words; one in the midst of a text would cut it."""
        if not self._has_words:
            self._drop()
            self._verbatim(start, end)
            self._close_text(BlockKind.COMMENT, self._stack[-1].path)

    def _drop(self) -> None:
        self._texts, self._offsets, self._has_words = [], array("I"), False

    def _flush(self) -> None:
        """End the open text, as what the element is in which the reader stands."""
        element = self._stack[-1]
        name = _local(element.name).lower()
        if name == "language":
            self.lang = self.lang or "".join(self._texts).strip()
            self._drop()
        elif name not in _TITLES:
            self._close_text(BlockKind.PARAGRAPH, element.path)
        else:
            kind = BlockKind.HEADING if self.title else BlockKind.TITLE
            self._enter_title(self._close_text(kind, element.path))

    def _enter_title(self, title: str) -> None:
        """Let what follows in the element that a title names stand under it."""
        self.title = self.title or title
        above = self._stack[-2]
        above.path = _deeper(above.path, title, MAX_HEADING_CHARACTERS)

    def _close_text(self, kind: BlockKind, context: str) -> str:
        """Make the open text a block, or several if it is HTML, and return the first one's text.

        What has no words is dropped.
        """
        text = "".join(self._texts)
        stripped = text.strip()
        closed = ""
        if not _WORD.search(stripped) or _ADDRESS.fullmatch(stripped):
            pass
        elif kind is not BlockKind.COMMENT and _HTML.search(stripped):
            closed = self._html(kind, context, xml=False)
        else:
            closed = self._plain(text, kind, context)
        self._drop()
        return closed

    def _plain(self, text: str, kind: BlockKind, context: str) -> str:
        """Add `text`, which is the open text, with its white space collapsed."""
        gap: tuple[int, int] | None = None
        for match in _PIECE.finditer(text):
            first, last = match.span()
            if match.lastgroup:
                gap = match.span()
                continue
            if gap is not None and self.assembly.open:
                broken = "\n" in text[slice(*gap)] or "\r" in text[slice(*gap)]
                wide = WIDE.match(text[first]) and WIDE.match(self.assembly.last_character())
                if not (broken and wide):
                    self.assembly.mapped(" ", self._offsets[gap[0] : gap[0] + 1], self._end)
            gap = None
            self.assembly.mapped(text[first:last], self._offsets[first:last], self._end)
        return self.assembly.close(kind, context)

    def _html(self, kind: BlockKind, context: str, *, xml: bool) -> str:
        """Read the open text as HTML, add its blocks, and return the first one's text."""
        inner = HtmlReader("".join(self._texts), xml=xml)
        inner.read()
        text, offsets, blocks = inner.assembly.finish()
        self._offsets.append(self._end)
        for block in blocks:
            places = array("I", (self._offsets[i] for i in offsets[block.start : block.end]))
            self.assembly.mapped(text[block.start : block.end], places, self._end)
            own = kind if block.kind is BlockKind.PARAGRAPH else block.kind
            self.assembly.close(own, _deeper(context, block.context, MAX_CONTEXT_CHARACTERS))
        return text[blocks[0].start : blocks[0].end] if blocks else ""


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _deeper(path: str, step: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    """Return `path` with one step more, its front cut off when it grows too long."""
    longer = " > ".join(part for part in (path, step[:limit]) if part)
    if len(longer) > MAX_CONTEXT_CHARACTERS:
        return "…" + longer[1 - MAX_CONTEXT_CHARACTERS :]
    return longer
