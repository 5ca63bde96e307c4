"""Tells from raw bytes whether a file can hold a term at all.

One pass of a byte automaton over a telling word of each term, in UTF-8, GB18030, Big5, UTF-16
(both orders), windows-1251 and KOI8-R. Words that occur inside others ("race" in "trace") count
only where a word may begin and end, in source code too. Bytes that no plain match can judge
(accents, full width, invisible characters) are normalised and searched as text. It errs on the
side of yes.
"""

import re
from functools import cache
from itertools import islice, product
from math import prod

from ahocorasick_rs import BytesAhoCorasick, Implementation

from sousveil.claims.lexicon import lexicon
from sousveil.claims.normal import normalise, traditional
from sousveil.topics.load import Topic, load, shipped

MAX_VARIANTS = 64  # spellings of one word; a longer word keeps its commonest
_CODINGS = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "cp1251", "koi8-r")
_TERM_KINDS_ALONE = {"attribute", "group", "capability", "proxy", "field", "ambiguous"}
# Accented Latin, combining marks, invisible and full-width characters, in UTF-8: what hides a
# plain match.
_HIDING = re.compile(
    rb"[\xc3-\xc6\xcc\xcd]|\xc2\xad|\xe1[\xb8-\xbb]"
    rb"|\xe2(?:\x80[\x8b-\x8f]|\x81[\xa0-\xaf])|\xef(?:\xbb\xbf.|\xbc|\xbd)",
    re.DOTALL,
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
_HANZI_BREAK = re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}[ \t\r\n]+[\xe4-\xe9]")


def maybe(data: bytes) -> bool:
    """Return False only if no term of a shipped topic can stand in `data`."""
    automaton, words = _automaton()
    for index, start, end in automaton.find_matches_as_indexes(data.lower(), overlapping=True):
        if not words[index] or _stands_alone(data, start, end):
            return True
    if data.isascii():
        return False
    if _HIDING.search(data) or _HANZI_BREAK.search(data):
        return bool(lexicon(_topics()).terms(normalise(data.decode("utf-8", "replace")).text))
    return False


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


@cache
def _automaton() -> tuple[BytesAhoCorasick, list[bool]]:
    """Return the automaton and, for each pattern, whether it must stand alone."""
    patterns: dict[bytes, bool] = {}
    for stem, alone in _stems():
        for form in _forms(stem):
            patterns[form] = patterns.get(form, True) and alone
    forms = sorted(patterns)
    automaton = BytesAhoCorasick(forms, implementation=Implementation.DFA)
    return automaton, [patterns[form] for form in forms]


def _stems() -> list[tuple[str, bool]]:
    """Return a telling word of each term, and whether it must stand alone."""
    terms = [
        term.text for topic in _topics() for term in topic.terms if term.kind in _TERM_KINDS_ALONE
    ]
    single = {t for t in terms if not re.search(r"[\s_-]", t)}
    stems = {(t.strip("*"), t.isascii() and "*" not in t) for t in single}
    known = {stem for stem, _ in stems}
    for term in terms:
        words = re.split(r"[\s_-]+", term.strip("*"))
        if len(words) > 1 and not known.intersection(words):
            telling = max(words, key=lambda word: (word.lower() not in _ORDINARY, len(word)))
            stems.add((telling, telling.isascii()))
    return sorted(stems)


def _forms(stem: str) -> set[bytes]:
    """Return the bytes of a word in each coding, case and set of characters."""
    forms: set[bytes] = set()
    for variant in _variants(stem):
        for text in {variant.lower(), variant.upper(), variant.capitalize()}:
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
