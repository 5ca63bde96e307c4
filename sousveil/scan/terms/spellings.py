"""The bytes a term can stand in: its spellings, in each coding that pages come in.

Takes terms of topics (topics/load.py) and gives `Spelling`s: literal bytes, with what must stand
around them, and the coding to read the bytes around in. What no list
of literals can spell (references, accents, mark-up within a word) is undone in `views.py` first.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import chain, islice, product
from math import prod
from typing import NamedTuple

from sousveil.claims.normal import CJK, fold, normalise, traditional
from sousveil.topics.load import Term

MAX_VARIANTS = 16  # spellings of one term in traditional and other characters
SHORT_LETTERS = 7  # of a phrase: a longer one stands within others rarely
SHORT_CYRILLIC = 4
TELLING_BYTES = 5  # of a word that tells a phrase

_HAN = re.compile(f"[{CJK}]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CODINGS = (  # of each script, besides UTF-8 and UTF-16
    (_HAN, ("big5hkscs",)),
    (_CYRILLIC, ("cp1251", "koi8-u", "iso8859-5", "cp866", "big5hkscs")),
    (_ARABIC, ("cp1256",)),
    (_HANGUL, ("cp949",)),
)
_JAPANESE = ("cp932", "euc_jp")
_MARK_BEFORE = rb"[^\xd0-\xd3][\x00-\xff]"  # no Cyrillic, in UTF-8
_NO_CYRILLIC = rb"[^\xd0-\xd3]"
_MARK = rb"[\x00-\x7f\x85\x91-\x97\xa0\xab\xbb]"  # in codings of one byte
_AROUND_HANZI = {  # one alone counts between marks only: (白、黄、黑)
    "utf-8": rb"(?:[\x00-\x7f]|\xe3\x80[\x80-\x9f]|(?:\xef\xbc|\xe2\x80)[\x80-\xbf]|\xc2\xb7)",
    "gb18030": rb"(?:[\x00-\x7f]|[\xa1-\xa3][\xa1-\xfe])",
    "big5hkscs": rb"(?:[\x00-\x7f]|[\xa1-\xa2][\x40-\xfe])",
}
# What stands between two common words of a phrase; of spaces and tags the usual ones.
_JOINTS: tuple[bytes, ...] = (
    b" ",
    b"_",
    b"-",
    b"\n",
    b"\r\n",
    b" \n",
    b"\xc2\xa0",
    b"&nbsp;",
    b"  ",
    b"\t",
)
_JOINTS += (b"\n\t", b"\n\t\t", *(b"\n" + b" " * n for n in (1, 2, 3, 4, 6, 8, 12)))
_JOINTS += (b"<br>", b"<br/>", b"<br />", b"</span> ", b"</a> ")
_JOINTS += tuple(
    joint.replace(b"tag", tag)
    for tag in (b"b", b"i", b"u", b"em", b"mark", b"strong")
    for joint in (b" <tag>", b"</tag> ", b"</tag> <tag>")
)
_ONE_MARK = rb"[\s_-]"
_MARKS = frozenset({b" ", b"_", b"-", b"\n", b"\t"})  # which it stands for


UNSURE = frozenset({"hint", "value"})  # kinds of terms that are looked for near cues only


class Spelling(NamedTuple):
    """Bytes that a term may stand in."""

    pattern: bytes  # a regular expression of few bytes more than the term
    coding: str  # a codec of Python; "" for ASCII, which most codings share
    exact_case: bool = False
    company: bytes = b""  # another word of the phrase, which must stand near
    begins: int = 0  # bytes of the word, where it must not go on to the left
    ends: bool = False  # whether it must not go on to the right


def spellings(term: Term) -> Iterator[Spelling]:
    """Yield the spellings of a term; one may be given twice."""
    key = normalise(term.text.strip("*")).text.strip()
    if key.isascii():
        yield from _of_ascii(key, term)
    own = term.text.strip("*").lower()
    if own.isascii():
        return
    variants = [] if key.isascii() else _variants(key)
    for text in dict.fromkeys([own, *variants]):
        for form in dict.fromkeys([text, text.upper(), text.capitalize(), text.title()]):
            yield from _of_text(form, term)


def cue_spellings() -> Iterator[Spelling]:
    """Yield the spellings of the cues around which common words are looked for."""
    for cue in sorted(_listed("cues.txt")):
        text = cue.replace("_", " ")
        if text.isascii():
            for joint in (b" ", b"\n", b"&nbsp;") if " " in text else (b"",):
                yield Spelling(literal(joint.join(text.encode().split())), "")
        else:
            yield from _of_text(text, Term("", "", "", text))


def literal(data: bytes) -> bytes:
    """Return a pattern of just these bytes: hyperscan's own literals end at a NUL."""
    return b"".join(b"\\x%02x" % byte for byte in data)


def _of_ascii(key: str, term: Term) -> Iterator[Spelling]:
    words = key.split(" ")
    if len(words) > 1:
        yield from _of_phrase(words, "")
        return
    word = literal(key.encode())
    open_left, open_right = term.text.startswith("*"), term.text.endswith("*")
    if key not in _common() and len(key) >= TELLING_BYTES:
        yield Spelling(word, "", begins=0 if open_left else len(key), ends=not open_right)
        return
    left = b"" if open_left else b"[^a-z]"
    right = b"" if open_right else b"[^a-z]"
    yield Spelling(left + word + right, "")
    if term.lang in {"en", "code"}:
        yield from _in_names(key)


def _in_names(word: str) -> Iterator[Spelling]:
    """Yield a short word at the joints of names in source code: emRace, raceType, EMRaceType."""
    small, large, first = (literal(w.encode()) for w in (word, word.upper(), word.capitalize()))
    for pattern in (
        b"[A-Za-z]" + first,
        b"[a-z]" + large,
        b"[^A-Za-z]" + small + b"[A-Z]",
        b"[^A-Za-z]" + first + b"[A-Z]",
        b"[^A-Za-z]" + large + b"[A-Z][a-z]",
    ):
        yield Spelling(pattern, "", exact_case=True)


def _of_text(text: str, term: Term) -> Iterator[Spelling]:
    """Yield a text that is not ASCII in each coding of its script."""
    codings = ["utf-8", "gb18030"]  # which has all characters, as UTF-8 has
    codings += [c for script, own in _CODINGS if script.search(text) for c in own]
    if term.lang == "ja":
        codings += _JAPANESE
    for coding in codings:
        try:
            data = text.encode(coding)
        except UnicodeEncodeError:
            continue
        if len(text) == 1:
            if around := _AROUND_HANZI.get(coding):
                yield Spelling(around + literal(data) + around, coding)
            continue
        if " " in text and coding == "utf-8":
            yield from _of_phrase(text.split(), coding)
            continue
        before, after = _bounds(text, coding, term)
        yield Spelling(before + literal(data) + after, coding)


def _bounds(text: str, coding: str, term: Term) -> tuple[bytes, bytes]:
    """Return what must stand around a word that would stand within others by chance."""
    if (
        len(text) > SHORT_CYRILLIC
        or not _CYRILLIC.match(text)
        or coding in {"gb18030", "big5hkscs"}
    ):
        return b"", b""
    utf_8 = coding == "utf-8"
    before = b"" if term.text.startswith("*") else _MARK_BEFORE if utf_8 else _MARK
    after = b"" if term.text.endswith("*") else _NO_CYRILLIC if utf_8 else _MARK
    return before, after


def _of_phrase(words: list[str], coding: str) -> Iterator[Spelling]:
    """Yield the telling word of a phrase, or its words together where all are common.

    A telling word is looked for however the rest is joined to it.
    """
    telling = max(words, key=lambda word: (word not in _common(), len(word)))
    if telling not in _common() and len(telling.encode()) >= TELLING_BYTES:
        company = max((word for word in words if word != telling), key=len, default="")
        yield Spelling(literal(telling.encode()), coding, company=company.encode())
        return
    texts = [word.encode() for word in words]
    if sum(map(len, words)) <= SHORT_LETTERS:  # "e de", which stands within "the definition"
        # One pattern with all joints would take as long to look for as all others together.
        for joint in (_ONE_MARK, *(literal(one) for one in _JOINTS if one not in _MARKS)):
            yield Spelling(b"[^a-z]" + joint.join(map(literal, texts)) + b"[^a-z]", coding)
        return
    for place in range(1, len(texts)):
        before, after = b" ".join(texts[:place]), b" ".join(texts[place:])
        for joint in _JOINTS:
            yield Spelling(literal(before + joint + after), coding)
    for joint in (b"_", b"-", b"\n", b"\r\n", b"\xc2\xa0", b"&nbsp;"):
        yield Spelling(literal(joint.join(texts)), coding)
    if sum(map(len, words)) > SHORT_LETTERS:
        yield Spelling(literal(b"".join(texts)), coding)


@cache
def _common() -> frozenset[str]:
    """Return the words that are too common to tell a phrase."""
    return _listed("common.txt")


def _listed(name: str) -> frozenset[str]:
    text = resources.files("sousveil.scan.terms").joinpath(name).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def _variants(key: str) -> list[str]:
    """Return a term in simplified, traditional and Japanese characters, й and ё, ك and ک."""
    unfolded = _unfolded()
    choices = [(c, *unfolded.get(c, ())) for c in key]
    if prod(map(len, choices)) > MAX_VARIANTS:
        choices = [choice[:2] for choice in choices]
    last = "".join(choice[-1] for choice in choices)
    return list(dict.fromkeys([*islice(map("".join, product(*choices)), MAX_VARIANTS), last]))


@cache
def _unfolded() -> dict[str, tuple[str, ...]]:
    """Return the letters and characters that are matched as another."""
    found: dict[str, tuple[str, ...]] = {}
    for code in chain(range(0x430, 0x460), range(0x620, 0x700), traditional()):
        plain = fold(chr(code))
        if chr(code) != plain:
            found[plain] = (*found.get(plain, ()), chr(code))
    return found
