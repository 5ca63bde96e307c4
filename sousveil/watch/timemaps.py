"""Timemaps: the list of old copies of an address that a web archive keeps.

Takes the bytes of a timemap and gives its `Timemap`. Reads the forms there are: link-format
(RFC 7089, section 5), the JSON of mementoweb.org's guide, and what CDX servers call JSON: the
Wayback Machine's array, whose first row names its columns, and pywb's object a line. Pure; what is
none of these raises InputError.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from sousveil.errors import InputError

# The largest that archives give have some 100,000 copies, 200 bytes each.
MAX_BYTES = 2**26
MAX_MEMENTOS = 200_000

# A link and its parameters (RFC 8288, section 3); addresses of archives hold commas.
_LINK = re.compile(
    r"<([^<>]*)>"
    r"((?:\s*;\s*[\w*!#$&+.^`|~-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)"
    r"\s*,?\s*"
)
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))')
_STAMP = re.compile(r"\d{14}")
# Where the Wayback Machine, pywb and OpenWayback keep a copy, and how its bytes are asked for as
# they came, without links rewritten and banners put in.
_REPLAY = re.compile(r"(https?://.+?/)(\d{14})(?:[a-z]{2}_)?/([a-z]+:/.+)", re.IGNORECASE)
_AS_IT_CAME = "id_"


@dataclass(frozen=True, slots=True)
class Memento:
    """An old copy, as a timemap names it."""

    url: str  # of the copy, in the archive (URI-M)
    at: datetime  # when the archive says that it was made


@dataclass(frozen=True, slots=True)
class Timemap:
    """The copies of one address."""

    original: str  # the address (URI-R)
    mementos: tuple[Memento, ...]  # the oldest first
    more: tuple[str, ...] = ()  # further timemaps that hold the rest


def read_timemap(data: bytes, where: str, address: str = "") -> Timemap:
    """Return what a timemap says; `address` is its own, "" of a file, and `where` names it.

    Raises InputError for what is none, holds no copy, or is larger than `MAX_BYTES`.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{where}: a timemap of more than {MAX_BYTES:,} bytes is not read.")
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    try:
        found = _from_json(text, address) if text[:1] in {"{", "["} else _from_links(text, address)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{where}: no timemap (RFC 7089): {error}. Give one in link-format or JSON, such as"
            " https://web.archive.org/web/timemap/link/ADDRESS."
        ) from error
    if not found.mementos and not found.more:
        raise InputError(f"{where}: names no copy of {found.original}.")
    kept = {one.url: one for one in found.mementos}
    if len(kept) > MAX_MEMENTOS:
        raise InputError(f"{where}: more than {MAX_MEMENTOS:,} copies. Choose a part of it.")
    in_order = sorted(kept.values(), key=lambda one: (one.at, one.url))
    return Timemap(found.original, tuple(in_order), found.more)


def as_it_came(url: str) -> str | None:
    """Return where an archive gives a copy's bytes as they came; None when it is not known to."""
    found = _REPLAY.fullmatch(url)
    return f"{found[1]}{found[2]}{_AS_IT_CAME}/{found[3]}" if found else None


def parse_links(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the target of each link of a Link field or a link-format document, with parameters.

    Stops at what is no link (RFC 8288, section 3; RFC 6690).
    """
    at = len(text) - len(text.lstrip())
    while found := _LINK.match(text, at):
        told = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(found[2])}
        yield found[1].strip(), told
        at = found.end()


def http_date(text: str) -> datetime | None:
    """Return an HTTP date (RFC 9110, section 5.6.7) in UTC; None when it is none."""
    try:
        at = parsedate_to_datetime(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _from_links(text: str, address: str) -> Timemap:
    original = ""
    mementos: list[Memento] = []
    pages: list[str] = []  # of a list that is cut up, each with the span of its copies
    others: list[str] = []
    for target, told in parse_links(text):
        relations = told.get("rel", "").lower().split()
        url = urljoin(address, target)
        at = http_date(told.get("datetime", ""))
        if "original" in relations:
            original = target
        elif "memento" in relations and at is not None:
            mementos.append(Memento(_web(url), at))
        elif "timemap" in relations and "self" not in relations and url != address:
            (pages if "from" in told else others).append(_web(url))
    if not original:
        raise ValueError("it names no original")
    # RFC 7089, section 5.1.3: without copies it is an index; beside copies, a timemap without a
    # span is this one in another form.
    return Timemap(_web(original), tuple(mementos), tuple(pages or ([] if mementos else others)))


def _from_json(text: str, address: str) -> Timemap:
    if '"original_uri"' not in text and text.startswith("{"):
        captures = [json.loads(line) for line in text.splitlines() if line.strip()]
        return _from_captures([(one["timestamp"], one["url"]) for one in captures], address)
    told = json.loads(text)
    if isinstance(told, list):
        stamp, original = told[0].index("timestamp"), told[0].index("original")
        return _from_captures([(row[stamp], row[original]) for row in told[1:]], address)
    listed = told.get("mementos", {}).get("list", [])
    mementos = tuple(Memento(_web(_one(row["uri"])), _iso(row["datetime"])) for row in listed)
    more = tuple(_web(row["uri"]) for row in told.get("timemap_index", []))
    return Timemap(_web(told["original_uri"]), mementos, more)


def _from_captures(captures: Sequence[tuple[Any, Any]], address: str) -> Timemap:
    """Read what a CDX server gives: times and addresses, but no address of a copy.

    That follows from the timemap's own.
    """
    base, found, _ = address.partition("timemap/")
    if not found:
        raise ValueError("this form names no addresses of copies; give its own address, or another")
    mementos = tuple(
        Memento(_web(f"{base}{stamp}/{original}"), _stamped(stamp)) for stamp, original in captures
    )
    return Timemap(_web(captures[0][1]) if mementos else "", mementos)


def _one(uri: object) -> str:
    """Return an address; aggregators give a list of equal ones."""
    return str(uri[0] if isinstance(uri, list) else uri)


def _iso(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _stamped(text: str) -> datetime:
    if not _STAMP.fullmatch(text):
        raise ValueError(f"{text} is no time of 14 digits")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _web(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"{url[:100]} is no http or https address")
    return url
