r"""What hides a term from the automaton, undone: a further text to look through.

Takes the bytes of a body and yields it as it stands, then in UTF-8 what surrounds each thing that
may hide a term, with all of them undone: references (`&#32500;`, of half a word too), escapes
(`\u7ef4`, `%u7ef4`, `%e7%bb%b4`), accents, invisible characters, wide and other compatible forms,
tags within a word, white space between hanzi. UTF-16 is read whole. Linear in the body.
"""

import html
import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import unquote_to_bytes

from sousveil.claims.normal import CJK, INVISIBLE, MARKS, fold
from sousveil.scan.terms.automaton import Automaton, Pattern, compiled

BEFORE_BYTES = 200  # of the term that is hidden
AFTER_BYTES = 240  # taken at once: where one thing is hidden more is
MIN_NULS = 4  # characters of UTF-16 in a row that are ASCII

_INLINE = rb"(?:a|b|big|em|font|i|mark|small|span|strong|sub|sup|u|wbr)"
_HIDES = (
    # references to letters, by number and by name
    rb"&#0{0,5}(?:32|160|6[5-9]|[78]\d|9[07-9]|1[01]\d|12[0-2]|173|19[2-9]|[2-7]\d\d;|[89]\d\d;)",
    rb"&#0{0,5}(?:[1-7]\d{3};|820[3-7]|8288|9\d{3}|[1-9]\d{4})",
    rb"&#x0{0,5}(?:[46][1-9a-f]|[57][0-9a]|ad|[c-f][0-9a-f]|[1-9a-f][0-9a-f]{2});",
    rb"&#x0{0,5}(?:[13-9a-f][0-9a-f]{3}|200[b-f]|206[0-4])",
    rb"&(?:shy|zwn?j|zerowidthspace|inodot|imath|szlig);",
    rb"&[a-z]{1,2}(?:acute|grave|circ|uml|cedil|tilde|ring|slash|caron|breve|ogon|dot|strok)",
    # escapes
    rb"[\\%]u(?:00[4-7c-f]|0[1-7]|1[0-9ef]|200[b-f]|206|[3-9a-f][0-9a-f])",
    rb"%[89a-f][0-9a-f]%[89a-f][0-9a-f]",
    # accents, Latin and Cyrillic in one word, what is invisible, and compatible forms, in UTF-8
    rb"[a-z][\xc3-\xc6][\x80-\xbf]|[\xc3-\xc6][\x80-\xbf][a-z]|[\xcc\xcd][\x80-\xbf]",
    rb"[a-z][\xd0\xd1][\x80-\xbf]|[\xd0\xd1][\x80-\xbf][a-z]",
    rb"\xe1[\x84-\x87\x9e\xa0\xaa\xab\xb4-\xbb]|\xc2\xad|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])",
    rb"\xe2[\x83\x84\x85\x92\x93\xba-\xbf]|\xef[\xa4-\xb7\xb9\xba\xbd\xbe]|\xef\xbb[\x80-\xbe]",
    rb"\xef\xbc[\xa1-\xba]|\xf0\x9d[\x90-\x9f]|\xf0\x9f[\x84-\x86]|\xef\xb8[\x80-\x8f\xa0-\xaf]",
    rb"\xd2[\x83-\x89]|\xd8[\x90-\x9c]|\xd9[\x80\x8b-\x9f\xb0]|\xdb[\x96-\xad]|\xe3\x82[\x99\x9a]",
    # tags within a word
    rb"[a-z\x80-\xff]</?" + _INLINE + rb"(?:\s[^<>]{0,60})?>[a-z\x80-\xff]",
    rb"[a-z\x80-\xff]<!--",
    rb"[a-z] <(?:b|em|font|i|mark|span|strong)[\s]",
    rb"[a-z]-\r?\n",  # a word parted at the end of a line
)
# Looked for apart, which is faster by half, and only where they can be: white space between hanzi;
# accents in codings of one byte, and what is rare in GB 18030.
_HANZI_APART = (
    rb"[\x80-\xff](?:\s|\xc2\xa0|&nbsp;|\xe3\x80\x80){1,40}[\xe3-\xe9\x80-\xfe][\x80-\xfe]"
)
_ONE_BYTE = rb"[a-z][\xb1-\xff][a-z]|[\x81-\xfe][0-9][\x81-\xfe][0-9]"
_WIDE = (rb"(?:[\t\n\r -~]\x00){%d}" % MIN_NULS, rb"(?:\x00[\t\n\r -~]){%d}" % MIN_NULS)
_WIDE_CODINGS = ("utf-16-le", "utf-16-be")
_OTHERS = (
    "gb18030",
    "big5hkscs",
    "cp1252",
    "cp1250",
    "cp1254",
    "cp1251",
    "koi8-u",
    "cp1256",
)  # than UTF-8
_ESCAPE = re.compile(r"[\\%]+u([0-9a-fA-F]{4})")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_APART = re.compile(rf"(?<=[{CJK}])\s+(?=[{CJK}])")
_PARTED = re.compile(r"(?<=\w)-\r?\n\s*")
_UNSEEN = re.compile(f"[{INVISIBLE}{MARKS}]+")


def views(data: bytes) -> Iterator[bytes]:
    """Yield `data`, and what of it may hide a term, undone."""
    yield from _views(data)
    wide = {index for index, _ in _automaton(*_WIDE).hits(data)}
    for index in sorted(wide):
        for start in (0, 1):  # nobody says where its characters begin
            text = data[start:].decode(_WIDE_CODINGS[index], "replace")
            yield from _views(text.encode("utf-8", "replace"))


def _views(data: bytes) -> Iterator[bytes]:
    yield data
    ends = {end for _, end in _automaton(*_HIDES).hits(data)}
    utf_8 = is_utf8(data)
    if not data.isascii():
        ends |= {end for _, end in _automaton(_HANZI_APART).hits(data)}
    if not utf_8:
        ends |= {end for _, end in _automaton(_ONE_BYTE).hits(data)}
    if windows := _windows(sorted(outside(ends, scripts(data)))):
        for coding in ("utf-8",) if utf_8 else _OTHERS:
            shown = (_undone(data[start:end], coding) for start, end in windows)
            yield "\n\n".join(shown).encode("utf-8", "replace")


def scripts(data: bytes) -> list[tuple[int, int]]:
    """Return where the programs of a page lie, which the finder does not read, as it reads JSON."""
    found: list[tuple[int, int]] = []
    end = 0
    while (start := data.find(b"<script", end)) >= 0:
        head = data.find(b">", start)
        end = data.find(b"</script", start)
        if head < 0 or end < 0:
            break
        if b"json" not in data[start:head]:
            found.append((start, end))
    return found


def outside(ends: Iterable[int], spans: list[tuple[int, int]]) -> Iterator[int]:
    """Yield the places that lie in none of some spans, which are in order."""
    for end in ends:
        after = bisect(spans, (end, 0))
        if not after or end >= spans[after - 1][1]:
            yield end


def is_utf8(data: bytes) -> bool:
    """Whether `data` is valid UTF-8 throughout."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _automaton(*expressions: bytes) -> Automaton:
    return compiled([Pattern(expression) for expression in expressions])


def _windows(ends: list[int]) -> list[tuple[int, int]]:
    """Return what lies around some places; a term that one hides is whole in one of them."""
    windows: list[tuple[int, int]] = []
    done = 0
    for end in ends:
        if end > done:
            windows.append((max(0, end - BEFORE_BYTES), end + AFTER_BYTES + BEFORE_BYTES))
            done = end + AFTER_BYTES
    return windows


def _undone(data: bytes, coding: str) -> str:
    """Return text as it is matched, but for what a plain match can do without."""
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), data.decode(coding, "replace"))
    text = _TAG.sub("", _PERCENT.sub(_unquoted, text))
    text = unicodedata.normalize("NFKC", html.unescape(text))
    text = _UNSEEN.sub("", text).replace("İ", "I")
    return fold(_PARTED.sub("", _APART.sub("", text)))


def _unquoted(match: "re.Match[str]") -> str:
    data = unquote_to_bytes(match.group())
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")
