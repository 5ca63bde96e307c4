"""Links: where a page, a feed or a site map leads.

Takes decoded text and gives links as they are written, each with what it is, in the order of the
source; whoever follows them resolves and judges them (`watch/scope.py`). HTML: HTML Standard,
"Links" and `base`; feeds: RSS 2.0, RSS 1.0 (RDF) and Atom (RFC 4287); site maps: sitemaps.org 0.90,
with its index and its plain text form. Reads by the tokenizer that the text readers use, so that no
entity is expanded, nothing malformed ends the reading, and time is linear. Bounded by `MAX_LINKS`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Literal

from sousveil.extract.markup.references import character_reference
from sousveil.extract.markup.tokens import Token, TokenKind, attributes, tokens

# Large documentation sites link some hundred pages from one; a page with more is a machine's.
MAX_LINKS = 2_000
# sitemaps.org: "no more than 50,000 URLs".
MAX_SITEMAP_LINKS = 50_000
# sitemaps.org allows 50 MB; that many links take five at a hundred characters each.
MAX_SITEMAP_BYTES = 16 * 2**20

LinkKind = Literal["page", "feed", "sitemap", "edition"]
"""What a link leads to; an edition is the same page in another language (`hreflang`)."""

_BY_ATTRIBUTE = {"a": "href", "area": "href", "frame": "src", "iframe": "src"}
_PAGE_RELATIONS = frozenset({"next", "prev", "canonical", "alternate", "help", "license"})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_REFRESH = re.compile(r"[\d.\s]*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)[\"']?\s*", re.IGNORECASE)
_ENTRIES = frozenset({"item", "entry"})
_SITEMAP_RECORDS = frozenset({"url", "sitemap"})
_DATES = ("published", "pubdate", "date", "updated")  # the first that there is counts
_READ = frozenset({*_DATES, "loc", "lastmod", "link", "guid"})
_SITEMAP_END = re.compile(
    r"</(?:\w+:)?(?:urlset|sitemapindex)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL
)
_END_CHARACTERS = 2_000  # of a site map, in which its end is looked for
_PLAIN_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Link:
    """A link as written."""

    href: str
    kind: LinkKind = "page"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of a page, and what they are relative to."""

    base: str  # of `base href`, as written; "" for the page's own address
    links: tuple[Link, ...]
    is_cut: bool  # whether there are more than `MAX_LINKS`


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed, or a page of a site map."""

    href: str
    at: datetime | None  # when it was published or changed, as told


def html_links(source: str) -> Links:
    """Return the links of an HTML page: anchors, areas, frames, relations and refreshes."""
    base = ""
    found: dict[Link, None] = {}
    for name, values in _elements(source):
        if name == "base":
            base = base or values.get("href", "")
        elif (link := _link(name, values)) is not None:
            found.setdefault(link)
            if len(found) > MAX_LINKS:
                break
    return Links(base, tuple(islice(found, MAX_LINKS)), len(found) > MAX_LINKS)


def _link(name: str, values: dict[str, str]) -> Link | None:
    if name in _BY_ATTRIBUTE:
        href = values.get(_BY_ATTRIBUTE[name])
        kind: LinkKind = "edition" if values.get("hreflang") else "page"
        return Link(href, kind) if href is not None else None
    if name == "link" and values.get("href"):
        relations = set(values.get("rel", "").lower().split())
        if values.get("type", "").strip().lower() in _FEED_TYPES:
            return Link(values["href"], "feed")
        if "sitemap" in relations:
            return Link(values["href"], "sitemap")
        if relations & _PAGE_RELATIONS and "stylesheet" not in relations:
            is_edition = "alternate" in relations and values.get("hreflang")
            return Link(values["href"], "edition" if is_edition else "page")
    if name == "meta" and values.get("http-equiv", "").strip().lower() == "refresh":
        target = _REFRESH.fullmatch(values.get("content", ""))
        return Link(target[1].strip()) if target else None
    return None


def feed_entries(source: str) -> tuple[Entry, ...]:
    """Return the entries of a feed that have an address, the newest first as far as they tell."""
    entries = list(islice(_entries(source), MAX_LINKS))
    first = datetime.min.replace(tzinfo=UTC)
    # Stable: entries without a date stay in their order, after those that have one.
    return tuple(sorted(entries, key=lambda entry: entry.at or first, reverse=True))


def is_feed(source: str) -> bool:
    """Tell whether a text is a feed, by its root element."""
    name = next((name for name, _ in _elements(source, xml=True)), "")
    return name in {"rss", "feed", "rdf"}


def sitemap_links(source: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the pages that a site map lists, and the site maps, if it is an index."""
    pages: list[Entry] = []
    maps: list[str] = []
    if not source.lstrip("\ufeff \t\r\n").startswith("<"):
        lines = islice(source.splitlines(), MAX_SITEMAP_LINKS)
        return tuple(Entry(line.strip(), None) for line in lines if _is_address(line)), ()
    for record in islice(_records(source, _SITEMAP_RECORDS), MAX_SITEMAP_LINKS):
        if href := record.texts.get("loc", ""):
            if record.name == "sitemap":
                maps.append(href)
            else:
                pages.append(Entry(href, date_of(record.texts.get("lastmod", ""))))
    return tuple(pages), tuple(maps)


def ends_as_sitemap(source: str) -> bool:
    """Tell whether a site map's text is whole: ends with its root element, or is plain text."""
    if not source.lstrip("\ufeff \t\r\n").startswith("<"):
        return True
    return _SITEMAP_END.search(source[-_END_CHARACTERS:]) is not None


def _is_address(line: str) -> bool:
    return _PLAIN_ADDRESS.fullmatch(line.strip()) is not None


def _entries(source: str) -> Iterator[Entry]:
    for record in _records(source, _ENTRIES):
        texts = record.texts
        guid = texts.get("guid", "")
        href = record.href or texts.get("link", "") or (guid if _is_address(guid) else "")
        href = href or record.about
        dates = (
            date_of(texts[name])
            for name in ("published", "pubdate", "date", "updated")
            if name in texts
        )
        if href:
            yield Entry(href, next(filter(None, dates), None))


@dataclass(slots=True)
class _Record:
    """An element that stands for one page, with the first text of each element in it."""

    name: str
    about: str  # rdf:about
    texts: dict[str, str]
    href: str = ""  # of Atom's link

    def take_link(self, values: dict[str, str]) -> None:
        """Take the first link that leads to the entry itself (RFC 4287, section 4.2.7.2)."""
        if not self.href and values.get("rel", "alternate") == "alternate":
            self.href = values.get("href", "")


def _records(source: str, names: frozenset[str]) -> Iterator[_Record]:
    """Yield the elements called one of `names`; where another begins, one not closed has ended."""
    record: _Record | None = None
    open_name, text = "", ""
    for token in tokens(source, xml=True):
        name = token.name.rpartition(":")[2]
        is_start = token.kind is TokenKind.START
        if record is not None and name == record.name and (is_start or token.kind is TokenKind.END):
            yield record
            record = None
        if is_start:
            values = values_of(source, token.start, token.end)
            if name in names and record is None:
                record = _Record(name, values.get("rdf:about", ""), {})
            elif record is not None and name == "link":
                record.take_link(values)
            open_name, text = name, ""
        elif record is not None and token.kind is TokenKind.END:
            if name == open_name:
                record.texts.setdefault(name, text.strip())
            open_name = ""
        elif record is not None and open_name in _READ:
            text += _text(source, token)
    if record is not None:
        yield record


def _text(source: str, token: Token) -> str:
    if token.kind is TokenKind.CDATA:
        return source[token.start : token.end]
    return decoded(source, token.start, token.end) if token.kind is TokenKind.TEXT else ""


def _elements(source: str, *, xml: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    for token in tokens(source, xml=xml):
        if token.kind is TokenKind.START:
            name = token.name.rpartition(":")[2] if xml else token.name
            yield name, values_of(source, token.start, token.end)


def values_of(source: str, start: int, end: int) -> dict[str, str]:
    """Return a tag's attributes, decoded; of two alike the first counts."""
    values: dict[str, str] = {}
    for found in attributes(source, start, end):
        if found.name not in values:
            values[found.name] = decoded(source, found.start, found.end, attribute=True).strip()
    return values


def decoded(source: str, start: int, end: int, *, attribute: bool = False) -> str:
    """Return a piece of source with its character references written out."""
    pieces = []
    while (mark := source.find("&", start, end)) >= 0:
        pieces.append(source[start:mark])
        found = character_reference(source, mark, end, attribute=attribute)
        pieces.append(found[0] if found else "&")
        start = found[1] if found else mark + 1
    return "".join([*pieces, source[start:end]])


def date_of(text: str) -> datetime | None:
    """Return a date of RFC 3339 or RFC 5322, in UTC; None for what is neither."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = parse(text.strip())
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
