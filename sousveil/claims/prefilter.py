"""Tells from raw bytes whether a file can hold a term at all.

One pass of a byte automaton over a telling word of each term, in UTF-8, GB18030, Big5, UTF-16
(both orders), windows-1251 and KOI8-R. Words that occur inside others ("race" in "trace") count
only where a word may begin and end, in source code too; a word of a phrase counts where the phrase
stands around it; a word may be spaced out ("r a c e"). Bytes that no plain match can judge
(accents, full width, invisible characters, a hyphen at a line's end, tags and references of HTML,
escapes of code) are normalised with what stands around them and searched as text. It errs on the
side of yes, but for hints (topics/load.py), common words that count in prose alone: prose is read
whole.
"""

import codecs
import html
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, product
from math import prod

from ahocorasick_rs import BytesAhoCorasick, Implementation

from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.claims.normal import normalise, traditional
from sousveil.extract.text.escapes import unescaped
from sousveil.topics.load import Topic, load, shipped

MAX_VARIANTS = 64  # spellings of one word; a longer word keeps its commonest
CHUNK_BYTES = 262_144  # looked at before the next: a file that passes mostly passes early
AROUND_BYTES = 320  # a phrase of MAX_TERM_CHARACTERS in three bytes each, and its line breaks
HIDDEN_BYTES = 2_048  # of text normalised at once around what hides a match
MAX_CHECKS = 256  # words of phrases looked around in one file; one with more passes
_CODINGS = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "cp1251", "koi8-r")
_TERM_KINDS_ALONE = {"attribute", "group", "capability", "proxy", "field", "ambiguous"}
# What hides a plain match, in UTF-8: what `normalise` drops, composes or replaces.
_HIDDEN = re.compile(
    rb"[\xc3-\xc6\xcc\xcd]|\xe1[\xb8-\xbb]"  # accented Latin, combining marks
    rb"|\xd2[\x83-\x89]|\xe1\xaa[\xb0-\xbf]|\xe1\xab|\xe1\xb7|\xe2\x83|\xef\xb8[\xa0-\xaf]"  # marks
    rb"|[\xd0-\xd3][\x80-\xbf](?:(?<=[A-Za-z]..)|(?=[A-Za-z]))"  # Latin and Cyrillic in one word
    rb"|\xd8[\x90-\x9c]|\xd9[\x80\x8b-\x9f\xb0]|\xdb[\x96-\xad]"  # Arabic marks and the stroke
    rb"|\xc2\xad|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]|\xe1\xa0[\x8b-\x8f]"  # invisible characters
    rb"|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])|\xe3\x85\xa4|\xef\xb8[\x80-\x8f]"
    rb"|\xef\xbb\xbf.|\xef\xbf[\xb0-\xbb]|\xf0\x9b\xb2|\xf0\x9d\x85|\xf3\xa0"
    rb"|\xe1[\xb4-\xb6]|\xe2[\x84\x85\x92\x93\xba-\xbf]"  # small, ringed, raised letters, radicals
    rb"|\xef[\xa4-\xb7\xb9-\xbe]|\xf0\x9d[\x90-\x9f]|\xf0\x9f[\x84-\x86]"  # wide, bold, boxed forms
    # hanzi over a line break
    rb"|[\x80-\xbf](?:\s|\xc2[\x85\xa0]|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)+[\xe4-\xe9]"
    rb"|\xc2\xa0[A-Za-z]\xc2\xa0",  # a word that is spaced out
    re.DOTALL,
)
_PARTED = re.compile(  # by a hyphen at a line's end
    rb"(?:-(?<=[A-Za-z]-)|\xe2\x80\x90)[ \t]*\r?\n\s*[A-Za-z\x80-\xff]"
)
_ESCAPED = re.compile(rb"\\u+[0-9A-Fa-f{]|\\U0")
_IS_MARKUP = re.compile(rb"</[a-z]+\s*>|<!--|<w?br\s*/?>|&#x?[0-9a-f]", re.IGNORECASE)
_MARKUP = re.compile(  # in a word, or in place of its letters
    rb"[A-Za-z\x80-\xff](?:(?:<[/!?A-Za-z][^<>]{0,999}>)++[A-Za-z\x80-\xff&]|<!--|&[A-Za-z])"
    rb"|&#[xX]?[0-9A-Fa-f]|&[A-Za-z]{2,31};[A-Za-z\x80-\xff]"
)
_TAGS = re.compile(
    r"<(script|style)\b[^<]*(?:<(?!/\1)[^<]*)*</\1[^<>]*>|<!--.*?-->|<[/!?A-Za-z][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_ORDINARY = frozenset(  # words of phrases that source code is full of
    [
        "2013", "a", "analysis", "and", "behavior", "by", "classification", "code",
        "color", "colour", "country", "critics", "data", "detection", "em", "estimation",
        "filter", "from", "group", "groups", "in", "is", "label", "level",
        "likelihood", "matter", "members", "membership", "name", "native", "of", "or",
        "origin", "people", "person", "prediction", "preference", "preferences", "recognition",
        "related",
        "result", "score", "scores", "search", "state", "the", "to", "type",
        "user", "users", "view", "views",
    ]
)  # fmt: skip
_LOWER = frozenset(range(ord("a"), ord("z") + 1))
_UPPER = frozenset(range(ord("A"), ord("Z") + 1))


def maybe(data: bytes) -> bool:
    """Return False only if no term of a shipped topic can stand in `data`."""
    automaton, patterns = _automaton()
    checks = MAX_CHECKS
    for offset in range(0, len(data), CHUNK_BYTES):
        part = data[offset : offset + CHUNK_BYTES + AROUND_BYTES].lower()
        for index, low, high in automaton.find_matches_as_indexes(part, overlapping=True):
            pattern, start, end = patterns[index], offset + low, offset + high
            if pattern.alone and not _stands_alone(data, start, end):
                continue
            if pattern.company is None or checks == 0:
                return True
            if pattern.company.search(part, max(0, low - AROUND_BYTES), high + AROUND_BYTES):
                checks -= 1
                if _holds_term(data[max(0, start - AROUND_BYTES) : end + AROUND_BYTES]):
                    return True
    text = _as_utf8(data)
    return (
        _holds_hidden(text, _PARTED)
        or (not text.isascii() and _holds_hidden(text, _HIDDEN))
        or _holds_hidden(text, _ESCAPED)
        or (_IS_MARKUP.search(text) is not None and _holds_hidden(text, _MARKUP))
    )


def _as_utf8(data: bytes) -> bytes:
    """Return text of UTF-16 with its mark, or of GB18030, in UTF-8; other data as it is."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    try:
        data.decode()
    except UnicodeDecodeError:
        with suppress(UnicodeDecodeError):
            return data.decode("gb18030").encode()
    return data


def _holds_hidden(data: bytes, hides: re.Pattern[bytes]) -> bool:
    """Whether a term stands around bytes of UTF-8 that hide a plain match."""
    done = 0
    for match in hides.finditer(data):
        if match.start() < done:
            continue
        done = match.end() + HIDDEN_BYTES
        if _holds_term(data[max(0, match.start() - AROUND_BYTES) : done + AROUND_BYTES]):
            return True
    return False


def _holds_term(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    if written := unescaped(text):
        text = written[0]
    bare = html.unescape(_TAGS.sub("", text))
    shown = [text] if bare == text else [text, bare]
    return any(_lexicon().terms(normalise(one).text) for one in shown)


@cache
def _lexicon() -> Lexicon:
    return lexicon(_topics())


@cache
def _topics() -> tuple[Topic, ...]:
    return tuple(load(name) for name in shipped())


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether a word of letters may begin at `start` and end at `end`: race, emRace, RACE_TYPE."""
    before = data[start - 1] if start else 0
    after = data[end] if end < len(data) else 0
    first, last = data[start], data[end - 1]
    begins = before not in _LOWER | _UPPER or (first in _UPPER and before in _LOWER)
    begins = begins or (
        first in _UPPER and before in _UPPER and end - start > 1 and data[start + 1] in _LOWER
    )
    ends = after not in _LOWER | _UPPER or (after in _UPPER and last in _LOWER)
    # EMRaceType: the boundary lies before the last capital
    return begins and (ends or (after in _UPPER and last in _UPPER))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a match of some bytes asks for."""

    alone: bool  # that a word begins and ends there
    company: re.Pattern[bytes] | None  # the other words of its phrases, if it never stands alone


@cache
def _automaton() -> tuple[BytesAhoCorasick, list[_Pattern]]:
    """Return the automaton and what each of its patterns asks for."""
    alone: dict[bytes, bool] = {}
    company: dict[bytes, set[str]] = {}
    for stem, stands_alone, others in _stems():
        for form in _forms(stem):
            alone[form] = alone.get(form, True) and stands_alone
            plain = b"\0" not in form and b" " not in form
            company.setdefault(form, set()).update(others if plain else {""})
    forms = sorted(alone)
    automaton = BytesAhoCorasick(forms, implementation=Implementation.DFA)
    return automaton, [_Pattern(alone[form], _any_of(frozenset(company[form]))) for form in forms]


@lru_cache(maxsize=4096)
def _any_of(words: frozenset[str]) -> re.Pattern[bytes] | None:
    """Return a pattern of these words; None when one of them is empty: no company is asked for."""
    if "" in words:
        return None
    return re.compile("|".join(sorted(map(re.escape, words))).encode())


def _stems() -> list[tuple[str, bool, frozenset[str]]]:
    """Return a telling word of each term, whether it must stand alone, and its company."""
    terms = [
        term.text for topic in _topics() for term in topic.terms if term.kind in _TERM_KINDS_ALONE
    ]
    single = {t for t in terms if not re.search(r"[\s_-]", t)}
    nobody = frozenset({""})
    stems = [(t.strip("*"), t.isascii() and "*" not in t, nobody) for t in sorted(single)]
    known = {stem for stem, _, _ in stems}
    for term in terms:
        words = re.split(r"[\s_-]+", term.strip("*"))
        if len(words) > 1 and not known.intersection(words):
            telling = max(words, key=lambda word: (word.lower() not in _ORDINARY, len(word)))
            plain = term.isascii()
            others = frozenset(w.lower() for w in words if w != telling) if plain else nobody
            stems.append((telling, telling.isascii(), others or nobody))
    return stems


def _forms(stem: str) -> set[bytes]:
    """Return the bytes of a word in each coding, case and set of characters."""
    forms: set[bytes] = set()
    for variant in _variants(stem):
        texts = {variant.lower(), variant.upper(), variant.capitalize()}
        if variant.isalpha() and variant < "\u2e80":  # no hanzi: their spaces are dropped anyway
            texts |= {" ".join(variant.lower()), " ".join(variant.upper())}
        for text in texts:
            for coding in _CODINGS:
                try:
                    forms.add(text.encode(coding).lower())
                except UnicodeEncodeError:
                    continue
    return forms


def _variants(stem: str) -> list[str]:
    """Return the spellings of a word in simplified, traditional and Japanese characters."""
    unfolded = _unfolded()
    choices = [(c, *unfolded.get(c, ())) for c in stem]
    if prod(len(choice) for choice in choices) > MAX_VARIANTS:
        choices = [choice[:2] for choice in choices]
    return ["".join(letters) for letters in islice(product(*choices), MAX_VARIANTS)]


@cache
def _unfolded() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, plain in traditional().items():
        if chr(code) != plain:
            found[plain] = (*found.get(plain, ()), chr(code))
    return found
