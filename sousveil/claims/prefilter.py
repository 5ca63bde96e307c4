"""A quick look at raw bytes: can this file hold a term at all?

One pass of a byte automaton over the stems of all terms, in UTF-8, GB18030, Big5, UTF-16 (both
orders), windows-1251 and KOI8-R. It errs on the side of yes.
"""

from functools import cache

from ahocorasick_rs import BytesAhoCorasick, Implementation

from sousveil.topics.load import load, shipped

_CODINGS = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "cp1251", "koi8-r")
STEM_CHARACTERS = 4  # shortest stem of letters: fewer would let every file through


def maybe(data: bytes) -> bool:
    """Return False only if no term of a shipped topic can stand in `data`."""
    return bool(_automaton().find_matches_as_indexes(data.lower()))


@cache
def _automaton() -> BytesAhoCorasick:
    stems = sorted({form for stem in _stems() for form in _forms(stem)})
    return BytesAhoCorasick(stems, implementation=Implementation.DFA)


def _stems() -> set[str]:
    return {
        term.text.strip("*").lower()
        for name in shipped()
        for term in load(name).terms
        if term.kind != "value"
    }


def _forms(stem: str) -> set[bytes]:
    forms: set[bytes] = set()
    for coding in _CODINGS:
        try:
            forms.add(stem.encode(coding).lower())
        except UnicodeEncodeError:
            continue
    return forms
