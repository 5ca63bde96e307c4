"""Feeds: what each entry says, not only where it leads.

Takes decoded text and gives the entries in the order of the source, each with what tells it from
others and its words. RSS 2.0 (`item`), RSS 1.0 (RDF) and Atom (RFC 4287, section 4.1.2). Reads by
the tokenizer of `links.py`, by its rules: no entity is expanded, nothing malformed ends the
reading, time is linear. Whether the source ends as a feed does is told: one that was cut short
lacks entries that nobody took out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sousveil.extract.links import MAX_LINKS, date_of, decoded, values_of
from sousveil.extract.markup.tokens import Token, TokenKind, tokens

# Of one entry; a feed that carries whole articles has some ten thousand.
MAX_ENTRY_CHARACTERS = 50_000
# Elements in elements of an entry; what lies deeper is read as if it lay there.
MAX_DEPTH = 64

_ENTRIES = frozenset({"item", "entry"})
_IDS = ("id", "guid")
_TEXTS = ("encoded", "content", "description", "summary")  # the first that there is counts
_DATES = ("published", "pubdate", "date", "updated")
_READ = frozenset({"title", "link", *_IDS, *_TEXTS, *_DATES})
_OF_OTHERS = ("media:", "itunes:")  # what players show; a picture's title is not the entry's
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)
_END_CHARACTERS = 2_000  # of the source, in which its end is looked for
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """What an entry says."""

    id: str  # as the feed tells entries apart, else its address
    href: str  # as written
    title: str
    text: str  # plain words, cut after `MAX_ENTRY_CHARACTERS`
    at: datetime | None  # when it was published or changed, as told


@dataclass(frozen=True, slots=True)
class Feed:
    """The entries of a feed, in its order, `links.MAX_LINKS` at most."""

    entries: tuple[FeedEntry, ...]
    is_whole: bool  # whether it ends as a feed ends


def read_feed(source: str) -> Feed:
    """Return what a feed says; one without entries, or what is no feed, has none."""
    drafts = islice(_drafts(source), MAX_LINKS + 1)
    entries = [entry for draft in drafts if (entry := draft.entry()) is not None]
    is_whole = _END.search(source[-_END_CHARACTERS:]) is not None and len(entries) <= MAX_LINKS
    return Feed(tuple(entries[:MAX_LINKS]), is_whole)


@dataclass(slots=True)
class _Draft:
    """An entry under way: the first text of each of its own elements."""

    name: str
    about: str  # rdf:about
    href: str = ""  # of Atom's link
    texts: dict[str, list[str]] = field(default_factory=dict)
    size: int = 0
    path: list[str] = field(default_factory=list)  # open elements in it
    reading: str = ""  # which of its own elements is being read

    def add(self, name: str, text: str) -> None:
        self.size += len(text)
        if self.size <= MAX_ENTRY_CHARACTERS:
            self.texts.setdefault(name, []).append(text)

    def said(self, *names: str) -> str:
        texts = ("".join(self.texts.get(name, ())).strip() for name in names)
        return next(filter(None, texts), "")

    def entry(self) -> FeedEntry | None:
        href = self.href or self.said("link") or self.about
        own = self.said(*_IDS) or href
        if not own:
            return None
        text = _plain(self.said(*_TEXTS))
        return FeedEntry(own, href, _plain(self.said("title")), text, date_of(self.said(*_DATES)))


def _drafts(source: str) -> Iterator[_Draft]:
    draft: _Draft | None = None
    for token in tokens(source, xml=True):
        name = token.name.rpartition(":")[2]
        is_start = token.kind is TokenKind.START
        if draft is not None and name == draft.name and token.kind is not TokenKind.CONTENT:
            yield draft  # its end, or the next one where it was not closed
            draft = None
        if draft is None:
            if is_start and name in _ENTRIES:
                draft = _Draft(name, values_of(source, token.start, token.end).get("rdf:about", ""))
        elif is_start:
            _open(draft, token, source)
        elif token.kind is TokenKind.END:
            _close(draft, name)
        elif draft.reading:
            draft.add(draft.reading, _text(source, token))
    if draft is not None:
        yield draft


def _open(draft: _Draft, token: Token, source: str) -> None:
    name = token.name.rpartition(":")[2]
    is_own = not draft.path  # no part of another element's content
    if is_own and name == "link":
        values = values_of(source, token.start, token.end)
        if values.get("rel", "alternate") == "alternate":
            draft.href = draft.href or values.get("href", "")
    if source.endswith("/", token.start, token.end) or len(draft.path) >= MAX_DEPTH:
        return
    draft.path.append(name)
    if draft.reading:
        draft.add(draft.reading, " ")  # words of two elements are two
    elif is_own and name in _READ and name not in draft.texts:
        draft.reading = "" if token.name.startswith(_OF_OTHERS) else name


def _close(draft: _Draft, name: str) -> None:
    """Close an element and what was left open in it; an end without a beginning is none."""
    if name in draft.path:
        while draft.path.pop() != name:
            pass
    if not draft.path:
        draft.reading = ""


def _text(source: str, token: Token) -> str:
    piece = source[token.start : token.end]
    if token.kind is TokenKind.CDATA:
        return piece
    if token.kind is TokenKind.CONTENT:  # of a title, which the tokenizer takes as it stands
        stripped = piece.strip()
        if stripped.startswith("<![CDATA["):
            return stripped.removeprefix("<![CDATA[").removesuffix("]]>")
        return decoded(source, token.start, token.end)
    return decoded(source, token.start, token.end) if token.kind is TokenKind.TEXT else ""


def _plain(text: str) -> str:
    """Return the words of a piece of HTML, which feeds carry in their own texts."""
    pieces = (
        decoded(text, token.start, token.end) if token.kind is TokenKind.TEXT else " "
        for token in tokens(text)
    )
    return _SPACE.sub(" ", "".join(pieces)).strip()
