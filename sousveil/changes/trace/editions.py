"""Editions: which addresses are one page in several languages.

Takes addresses and file paths and gives a key that the editions of one page share: what names a
language is taken out of the host name, the path, the file name and the query. What is taken for a
language is a tag of RFC 5646 whose language is among `LANGUAGES`, for "/ai/" is none. A page may
also name its editions itself (HTML Standard, "alternate" with `hreflang`); those count besides.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

# ISO 639-1 codes of languages in which vendors publish; others of two letters are words and places.
LANGUAGES = frozenset(
    [
        "ar", "az", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr",
        "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "ka", "kk", "km", "ko", "ky", "lo",
        "lt", "lv", "mn", "ms", "my", "ne", "nl", "no", "pl", "ps", "pt", "ro", "ru", "sk",
        "sl", "sr", "sv", "sw", "ta", "tg", "th", "tk", "tl", "tr", "ug", "uk", "ur", "uz",
        "vi", "zh",
    ]
)  # fmt: skip
# What sites write in the place of a language.
_COUNTRIES = frozenset({"cn", "chs", "cht", "tw", "jp", "kr", "eng", "chn"})
_PARAMETERS = frozenset({"lang", "language", "locale", "hl", "l", "lc"})

_TAG = re.compile(r"([a-z]{2,3})(?:[-_](?:[a-z]{2}|[a-z]{4}|\d{3}))?", re.IGNORECASE)
# "manual_en.pdf", "README.zh-CN.md"; a path's own separators end it.
_IN_NAME = re.compile(
    r"[._-]([a-z]{2,3}(?:[-_][a-z]{2,4})?)(?=\.[a-z0-9]{1,5}\Z|\Z)", re.IGNORECASE
)

# So many addresses are one page at most; a larger group is a site whose addresses we misread.
MAX_EDITIONS = 40


def edition_key(url: str, path: str | None = None) -> tuple[str, str]:
    """Return what the editions of a page, or of a file in a repository, have in common."""
    if path is not None:
        return url, _without_tags(path)
    try:
        parts = urlsplit(url)
    except ValueError:  # an address that no URL library takes apart has no other edition
        return url, ""
    labels = parts.netloc.lower().removeprefix("www.").split(".")
    if len(labels) > 2 and _is_tag(labels[0]):  # noqa: PLR2004  # a domain has two
        labels = labels[1:]
    asked = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in _PARAMETERS or not _is_tag(value)
    ]
    return ".".join(labels), f"{_without_tags(parts.path)}?{urlencode(asked)}"


def editions(
    places: Iterable[tuple[str, str | None]], named: Mapping[str, Collection[str]]
) -> list[list[tuple[str, str | None]]]:
    """Group places (address, path in a repository) that are one page in several languages.

    `named` gives, by address, the editions that a page names itself. Groups of one are left out.
    """
    groups: dict[object, list[tuple[str, str | None]]] = {}
    for place in dict.fromkeys(places):
        groups.setdefault(edition_key(*place), []).append(place)
    key_of = {place: key for key, group in groups.items() for place in group}
    for url, others in named.items():
        for other in others:
            one, two = key_of.get((url, None)), key_of.get((other, None))
            if one is None or two is None or one == two:
                continue
            for place in groups[two]:
                key_of[place] = one
            groups[one] += groups.pop(two)
    return [group for group in groups.values() if 1 < len(group) <= MAX_EDITIONS]


def _without_tags(path: str) -> str:
    segments = [one for one in path.rstrip("/").split("/") if not _is_tag(one)]
    if segments:
        named = _IN_NAME.search(segments[-1])
        if named is not None and _is_tag(named[1]):
            segments[-1] = segments[-1][: named.start()] + segments[-1][named.end() :]
    return "/".join(segments)


def _is_tag(text: str) -> bool:
    match = _TAG.fullmatch(text)
    return match is not None and match[1].lower() in LANGUAGES | _COUNTRIES
