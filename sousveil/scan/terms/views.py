r"""What hides a term from the automaton, undone: a further text to look through.

Takes the bytes of a body and yields, in UTF-8, what surrounds each thing that may hide a term, with
all of them undone: references (`&#32500;`, of half a word too), escapes (`\u7ef4`, `%u7ef4`,
`%e7%bb%b4`), accents that are characters of their own, invisible characters, wide and other
compatible forms, tags within a word, line breaks between hanzi. Accents that are part of a letter
are taken off in all of the body, and UTF-16 is read whole. Linear in the body.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sousveil.claims.normal import CJK, INVISIBLE, MARKS
from sousveil.scan.terms.automaton import Automaton, Pattern, compiled
from sousveil.scan.terms.codings import (
    LATIN,
    codings,
    plain_bytes,
    plain_latin_1,
    plain_letters,
)

Span = tuple[int, int]

AROUND_BYTES = 300  # of what hides a term, to either side: the sentence that it stands in
MAX_TAG_BYTES = 1_000  # looked back for the tag or comment that a place may lie in
MAX_HIDES = 20_000  # looked at in one body, of which most may lie in tags; else all count
MIN_NULS = 4  # characters of UTF-16 in a row that are ASCII

_OPENS = (rb"<script\b", rb"<style\b")
_CLOSES = (rb"</script", rb"</style")  # in the same order
_CUT = b"></script"  # in place of a program
BORDER = b"\n\0\n"  # between pieces of a page, which nothing that is undone crosses
_INLINE = rb"(?:a|b|big|em|font|i|mark|small|span|strong|sub|sup|u|wbr)"
_TAG_BYTES = 8  # of the longest tag that hides something itself, up to where it is told
_HIDES = (
    # references to letters, by number and by name
    rb"&#0{0,5}(?:6[5-9]|[78]\d|9[07-9]|1[01]\d|12[0-2]|173|19[2-9]|[2-9]\d\d)[^0-9]",
    rb"&#0{0,5}(?:[1-7]\d{3}[^0-9]|820[3-7]|8288|9\d{3}|[1-9]\d{4})",
    rb"&#x0{0,5}(?:[46][1-9a-f]|[57][0-9a]|ad|[c-f][0-9a-f]|[1-9a-f][0-9a-f]{2});",
    rb"&#x0{0,5}(?:[13-9a-f][0-9a-f]{3}|200[b-f]|206[0-4])",
    rb"&(?:shy|zwn?j|zerowidthspace|inodot|imath|szlig);",
    rb"&[a-z]{1,2}(?:acute|grave|circ|uml|cedil|tilde|ring|slash|caron|breve|ogon|dot|strok)",
    # escapes
    rb"[\\%]u(?:00[4-7c-f]|0[1-7]|1[0-9ef]|200[b-f]|206|[3-9a-f][0-9a-f])",
    rb"%[89a-f][0-9a-f]%[89a-f][0-9a-f]",
    # tags within a word
    rb"[a-z\x80-\xff]<" + _INLINE + rb"[\s>]",
    rb"[a-z\x80-\xff]</" + _INLINE + rb">[a-z\x80-\xff]",
    rb"[a-z\x80-\xff]<!--",
    rb"[a-z] <(?:b|em|font|i|mark|span|strong)[\s]",
    rb"[a-z]-\r?\n",  # a word parted at the end of a line
)
_HIDES_UTF_8 = (
    # an accent apart, Latin and Cyrillic in one word, what is invisible, compatible forms
    rb"[a-z][\xcc\xcd][\x80-\xbf]",
    rb"[a-z][\xd0\xd1][\x80-\xbf]|[\xd0\xd1][\x80-\xbf][a-z]",
    rb"\xe1[\x84-\x87\x9e\xa0\xaa\xab\xb4-\xb7]|\xc2\xad",
    rb"\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])",
    rb"\xe2[\x83\x92\x93\xba-\xbf]|\xef[\xa4-\xb7\xb9\xba\xbd\xbe]|\xef\xbb[\x80-\xbe]",
    rb"\xef\xbc[\xa1-\xba]|\xf0\x9d[\x90-\x9f]|\xf0\x9f[\x84-\x86]",
    rb"\xef\xb8[\x80-\x8f\xa0-\xaf]|\xd2[\x83-\x89]|\xd8[\x90-\x9c]|\xd9[\x80\x8b-\x9f\xb0]",
    rb"\xdb[\x96-\xad]|\xe3\x82[\x99\x9a]",
    rb"[\x80-\xbf](?:\r?\n\s*|&nbsp;|\xc2\xa0)[\xe3-\xe9]",  # a line's end between hanzi
)
_HIDES_ELSEWHERE = (  # what is rare in GB 18030, and a line's end between hanzi
    rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]",
    rb"[\x80-\xfe](?:\r?\n\s*|&nbsp;)[\x81-\xfe][\x80-\xfe]",
)
# In UTF-8: letters with an accent that Latin-1 has, and those that it has not; other scripts.
_LATIN_1 = rb"\xc3[\x80-\xbf]"
_BEYOND_LATIN_1 = (rb"[\xc4-\xc7][\x80-\xbf]", rb"\xe1[\xb8-\xbb][\x80-\xbf]")
_BEYOND_BYTES = (2, 3)
_OTHER_SCRIPTS = rb"[\xce-\xe0\xe3-\xed][\x80-\xbf]"
_FIRST_LETTER = len(_HIDES) + len(_HIDES_UTF_8)  # of what `_of_utf_8` looks for
_FIRST_ONCE = _FIRST_LETTER + len(_BEYOND_LATIN_1)
_WIDE = (rb"(?:[\t\n\r -~]\x00){%d}" % MIN_NULS, rb"(?:\x00[\t\n\r -~]){%d}" % MIN_NULS)
_WIDE_CODINGS = ("utf-16-le", "utf-16-be")
# The value of an attribute that the finder reads (extract/markup), from its first byte on.
_READ_VALUE = re.compile(
    rb"\b(?:(?P<content>content)|alt|title|aria-label|placeholder|label)\s*=\s*"
    rb"(?:\"(?P<value>[^\"]*)|'(?P<other>[^']*))\Z",
    re.IGNORECASE,
)
_READ_META = re.compile(rb"title|description|keywords|site_name|abstract|subject", re.IGNORECASE)
_ESCAPE = re.compile(r"[\\%]+u([0-9a-fA-F]{4})")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TAG = re.compile(rf"<!--[^\0]{{0,60}}?-->|</?{_INLINE.decode()}\b[^<>\0]*>", re.IGNORECASE)
# Each begins with what it eats, so that it is left at once where it cannot match.
_APART = re.compile(rf"\s(?<=[{CJK}].)\s*(?=[{CJK}])", re.DOTALL)
_PARTED = re.compile(r"-\n(?<=\w-.)\s*|-\r\n(?<=\w-..)\s*", re.DOTALL)
_UNSEEN = re.compile(f"[{INVISIBLE}{MARKS}]+")


class Overview(NamedTuple):
    """What stands where in a body. Of UTF-8: which letters have accents."""

    hides: Sequence[int]  # where what may hide a term ends
    has_latin_1: bool = False  # letters with an accent that Latin-1 has
    beyond: Sequence[Span] = ()  # letters with another accent
    has_other_scripts: bool = False


def without_scripts(data: bytes) -> bytes:
    """Return a page without its programs and styles, which the finder does not read; JSON stays."""
    pieces: list[bytes] = []
    within, opened, done = -1, 0, 0
    for index, end in _automaton(*_OPENS, *_CLOSES).hits(data):
        if within < 0 and index < len(_OPENS):
            if not (_holds_json(data, end) or _in_comment(data, end)):
                within, opened = index, end
        elif within >= 0 and index == len(_OPENS) + within:
            pieces.append(data[done:opened])
            within, done = -1, end
    return _CUT.join((*pieces, data[done:])) if pieces else data


def overview(data: bytes, *, utf_8: bool) -> Overview:
    """Return what in a body must be undone before all of its text can be seen."""
    if data.isascii():
        return Overview(_kept(data, [end for _, end in _automaton(*_HIDES).hits(data)]))
    if not utf_8:
        hits = _automaton(*_HIDES, *_HIDES_ELSEWHERE).hits(data)
        return Overview(_kept(data, [end for _, end in hits]))
    hides: list[int] = []
    beyond: list[Span] = []
    once: set[int] = set()
    for index, end in _of_utf_8().hits(data):
        if index < _FIRST_LETTER:
            hides.append(end)
        elif index < _FIRST_ONCE:
            beyond.append((end - _BEYOND_BYTES[index - _FIRST_LETTER], end))
        else:
            once.add(index - _FIRST_ONCE)
    return Overview(_kept(data, hides), 0 in once, beyond, 1 in once)


def _kept(data: bytes, hides: list[int]) -> list[int]:
    """Return places in their order, once each, but for those in tags; if too many, all."""
    hides = list(dict.fromkeys(hides))
    if len(hides) > MAX_HIDES:
        return hides
    return [
        end
        for end in hides
        if not (in_unread_tag(data, end) and in_unread_tag(data, end - _TAG_BYTES))
    ]


def plain_page(data: bytes, text: str, seen: Overview) -> bytes:
    """Return a page in UTF-8, whose `text` is given, with the accents taken off Latin letters."""
    if not seen.has_latin_1:
        return _without(data, seen.beyond)
    if seen.has_other_scripts:
        return plain(data)
    if seen.beyond:
        text = _without(data, seen.beyond).decode()
    # In C, some ten times as fast: what Latin-1 has not becomes a reference, as HTML has them.
    return text.encode("latin-1", "xmlcharrefreplace").translate(plain_latin_1())


def plain(data: bytes) -> bytes:
    """Return UTF-8 with the accents taken off its Latin letters."""
    if data.isascii():
        return data
    hits = _automaton(_LATIN_1, *_BEYOND_LATIN_1).hits(data)
    return _without(data, [(end - (3 if index > 1 else 2), end) for index, end in hits])


def _without(data: bytes, accented: Sequence[Span]) -> bytes:
    letters, done = plain_letters(), 0
    pieces: list[bytes] = []
    for start, end in accented:
        letter = data[start:end]
        pieces += (data[done:start], letters.get(letter, letter))
        done = end
    return b"".join((*pieces, data[done:])) if pieces else data


def plain_elsewhere(data: bytes) -> Iterator[bytes]:
    """Yield what is no UTF-8 with the accents off the Latin letters of each coding it may be in."""
    for coding in codings(data):
        if coding in LATIN:
            yield data.translate(plain_bytes(coding))


def hidden(data: bytes, hides: Sequence[int], *, utf_8: bool) -> Iterator[bytes]:
    """Yield what surrounds all that may hide a term in `data`, undone, in UTF-8."""
    windows = BORDER.join(data[start:end] for start, end in _windows(hides))
    if windows:
        for coding in ("utf-8",) if utf_8 else codings(data):
            yield plain(_undone(windows.decode(coding, "replace")).encode("utf-8", "replace"))


def wide(data: bytes) -> Iterator[bytes]:
    """Yield what `data` says when it is read as UTF-16, in UTF-8: nothing for most."""
    if b"\0" not in data:
        return
    found = {index for index, _ in _automaton(*_WIDE).hits(data)}
    for index in sorted(found):
        for start in (0, 1):  # nobody says where its characters begin
            text = data[start:].decode(_WIDE_CODINGS[index], "replace")
            yield text.encode("utf-8", "replace")


def _in_comment(data: bytes, end: int) -> bool:
    low = max(0, end - MAX_TAG_BYTES)
    return data.rfind(b"<!--", low, end) > data.rfind(b"-->", low, end)


def _holds_json(data: bytes, end: int) -> bool:
    """Whether a script whose tag begins before `end` holds JSON."""
    return b"json" in data[end : data.find(b">", end, end + MAX_TAG_BYTES)]


def tag_around(data: bytes, end: int) -> int:
    """Return where the tag begins that a place lies in; -1 for none."""
    start = data.rfind(b"<", max(0, end - MAX_TAG_BYTES), end)
    is_tag = start >= 0 and data[start + 1 : start + 2].isalpha()
    return start if is_tag and data.find(b">", start, end) < 0 else -1


def value_around(data: bytes, tag: int, end: int) -> int:
    """Return where the value of an attribute begins that the finder reads; -1 for others.

    The place `end` lies in it, and in the tag at `tag`.
    """
    found = _READ_VALUE.search(data, tag, end)
    if found is None:
        return -1
    start = max(found.start("value"), found.start("other"))
    if found["content"] and not _READ_META.search(data, tag, start):
        return -1
    return start


def in_unread_tag(data: bytes, end: int) -> bool:
    """Whether a place lies in a tag, and there in no attribute that the finder reads."""
    tag = tag_around(data, end)
    return tag >= 0 and value_around(data, tag, end) < 0


@cache
def _of_utf_8() -> Automaton:
    """Return what looks through UTF-8 that is not ASCII, in the order that `overview` tells."""
    all_of = (*_HIDES, *_HIDES_UTF_8, *_BEYOND_LATIN_1)
    once = (_LATIN_1, _OTHER_SCRIPTS)
    return compiled([Pattern(one) for one in all_of] + [Pattern(one, once=True) for one in once])


@cache
def _automaton(*expressions: bytes) -> Automaton:
    return compiled([Pattern(expression) for expression in expressions])


def _windows(ends: Sequence[int]) -> Iterator[Span]:
    """Yield what lies around some places, of which some are near each other."""
    start = stop = 0
    for end in ends:
        if end - AROUND_BYTES > stop:
            if stop:
                yield start, stop
            start = end - AROUND_BYTES
        stop = end + AROUND_BYTES
    if stop:
        yield max(0, start), stop


def _undone(text: str) -> str:
    """Return text as it is matched, but for what a plain match can do without."""
    if "\\u" in text or "%u" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "%" in text:
        text = _PERCENT.sub(_unquoted, text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text.replace("&lt;", " "))  # no tag begins there
    if "-\n" in text or "-\r" in text:
        text = _PARTED.sub("", text)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return _APART.sub("", _UNSEEN.sub("", text).replace("İ", "I"))


def _unquoted(match: "re.Match[str]") -> str:
    data = unquote_to_bytes(match.group())
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")
