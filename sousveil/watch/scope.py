"""Scope: which addresses belong to a watched site, and what an address is.

Takes a link as a page wrote it and gives the address to ask for, or why it is none of the crawl's.
Addresses are resolved as browsers do (WHATWG URL: a backslash is a slash, `%2e` is a dot) and
written in one form (RFC 3986, section 6.2.2: case, unreserved characters, dot segments, default
port), so that a page is one page however it is linked, and nothing leaves the scope by its
spelling. Pure.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from sousveil.errors import TargetError
from sousveil.watch.targets import MAX_URL_LENGTH, web_address

Outside = Literal["scope", "trap", "no page"]
"""Why an address is not asked for."""

# Sites that people read are less deep; a path that grows without end is built by its own links.
MAX_SEGMENTS = 16
# The same folder so often in one path is a relative link that was resolved again and again.
MAX_SAME_SEGMENT = 3
# More is a form's state or a calendar's, not a page's name.
MAX_QUERY_FIELDS = 8
# Addresses that differ in numbers and values alone: months of a calendar, pages of a list.
MAX_ALIKE = 60
# A percent sign may itself be encoded; so many layers are taken off before an address is judged.
_DECODINGS = 3

_WHITE_SPACE = re.compile(r"[\t\n\r]")  # which browsers drop wherever it stands
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_SESSION_FIELD = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid\w*|session_?id|sid|cfid|cftoken|utm_\w+|fbclid|gclid"
    r"|mc_[ce]id)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[0-9]+")
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|odp|rtf|zip|csv|epub)\Z", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|svg|ico|css|m?js|json|woff2?|ttf|otf|eot|mp[34]|m4[av]|webm|og[gv]"
    r"|wav|avi|mov|exe|dmg|msi|deb|rpm|apk|iso|tar|t?gz|bz2|xz|7z|rar)\Z",
    re.IGNORECASE,
)


def page_address(base: str, link: str) -> str | None:
    """Return the address that `link` on the page at `base` leads to; None when it is no web page.

    Without fragment, and without what names a visitor's session or how they came. None for other
    schemes, addresses with credentials, and those that cannot be taken apart or are too long.
    """
    text = _WHITE_SPACE.sub("", link.strip()).replace(" ", "%20")
    if len(text) > MAX_URL_LENGTH:
        return None
    head, mark, query = text.partition("#")[0].partition("?")
    scheme = head.partition(":")[0].lower()
    if ":" not in head or scheme in {"http", "https"} or "/" in scheme:
        head = head.replace("\\", "/")
    try:
        parts = urlsplit(urljoin(base, head + mark + query))
        path = _normal_path(parts.path or "/")
        kept = urlunsplit((parts.scheme, parts.netloc, path, _without_session(parts.query), ""))
        return _spelt(web_address(kept))
    except (ValueError, TargetError):
        return None


def is_document(url: str) -> bool:
    """Tell by its name whether an address is a document: PDF, office, CSV or ZIP file."""
    return _DOCUMENT.search(urlsplit(url).path) is not None


def same_host(one: str, other: str) -> bool:
    """Tell whether two addresses are of one host: the same name but for `www.`, the same port."""
    return _host(one) == _host(other)


@dataclass(frozen=True, slots=True)
class Scope:
    """What belongs to the site at `target`."""

    target: str
    within: Literal["folder", "host", "domain"]

    def holds(self, url: str) -> bool:
        """Tell whether `url`, as `page_address` gives it, belongs to the site.

        "folder": the target's own and what lies below it; "host": the same host and port, with
        `www.` or without; "domain": that host and all names that end in it.
        """
        (host, port), (own_host, own_port) = _host(url), _host(self.target)
        if port != own_port:
            return False
        if self.within == "domain":
            return host == own_host or (host.endswith(f".{own_host}") and not _is_number(own_host))
        if host != own_host:
            return False
        return self.within == "host" or self._is_below(urlsplit(url).path)

    def _is_below(self, path: str) -> bool:
        """Tell whether a path lies in the target's folder, however often it is decoded."""
        own = urlsplit(self.target).path
        folder = own if "." in own.rpartition("/")[2] else f"{own.rstrip('/')}/"
        folder = folder[: folder.rfind("/") + 1]
        readings = [path]
        for _ in range(_DECODINGS):
            readings.append(_without_dots(unquote(readings[-1]).replace("\\", "/")))
        return all(one.startswith(folder) or f"{one}/" == folder for one in readings)


class Traps:
    """Counts addresses that are alike, and tells when there are too many for a site's pages."""

    def __init__(self) -> None:
        self._alike: Counter[str] = Counter()

    def take(self, url: str) -> bool:
        """Tell whether `url`, met for the first time, may be asked for."""
        parts = urlsplit(url)
        segments = parts.path.split("/")
        fields = parse_qsl(parts.query, keep_blank_values=True)
        if len(segments) > MAX_SEGMENTS or len(fields) > MAX_QUERY_FIELDS:
            return False
        most = Counter(filter(None, segments)).most_common(1)
        if most and most[0][1] > MAX_SAME_SEGMENT:
            return False
        shape = _DIGITS.sub("0", parts.path) + "?" + "&".join(sorted(name for name, _ in fields))
        if shape == f"{parts.path}?":
            return True
        self._alike[shape] += 1
        return self._alike[shape] <= MAX_ALIKE


def outside(url: str, scope: Scope, *, documents: bool) -> Outside | None:
    """Return why `url` is not part of a crawl; None when it is.

    With `documents`, those one step outside the scope belong to it while they are on its host.
    """
    if is_document(url):
        is_near = documents and same_host(url, scope.target)
        return None if is_near or scope.holds(url) else "scope"
    if not scope.holds(url):
        return "scope"
    return "no page" if _NO_PAGE.search(urlsplit(url).path) else None


def _host(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return name, parts.port


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _normal_path(path: str) -> str:
    return _without_dots(_spelt(_SESSION_PATH.sub("", path.replace("\\", "/"))))


def _spelt(text: str) -> str:
    """Write percent-encodings in capitals, and not at all where none is needed."""
    return _ESCAPE.sub(_plain_escape, text)


def _plain_escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _without_session(query: str) -> str:
    """Drop the fields that name a visit, and leave a query without any as it was written."""
    fields = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in fields if not _SESSION_FIELD.fullmatch(name)]
    return query if len(kept) == len(fields) else urlencode(kept)
