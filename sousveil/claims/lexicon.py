"""Finds the terms of topics and the shared cues in normalised text, all in one pass.

One Aho-Corasick automaton holds every pattern. Patterns of letters that are written with spaces
between words match whole words only; a star frees that end. A term inside a longer cue that
clears it ("race" in "race condition") or inside a longer term is dropped.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from sousveil.claims.identity import engine_name, words_digest
from sousveil.claims.ready import Words, kept, words
from sousveil.topics.cues import CLEARING, shared
from sousveil.topics.load import Topic

_SURROGATE = re.compile("[\ud800-\udfff]")


class Hit(NamedTuple):
    """A term or cue at `start:end` of the normalised text; hostile text has one a character."""

    start: int
    end: int
    cls: str  # a cue class, or "" for a term
    topic: str = ""
    trait: str = ""
    kind: str = ""  # of the term, one of topics.KINDS


class Lexicon:
    """All patterns of some topics; built once, then only read."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._terms = _Automaton(
            kept(
                words_digest(topics),
                lambda: words(
                    (term.text, "", topic.name, term.trait, term.kind)
                    for topic in topics
                    for term in topic.terms
                ),
            )
        )
        self.engine = engine_name(topics)

    def terms(self, text: str) -> list[Hit]:
        """Return the terms in normalised `text`, in order, before any is cleared."""
        return self._terms.find(text)

    def cues(self, text: str) -> list[Hit]:
        """Return the cues in normalised `text`, in order; they may overlap."""
        return self._cues.find(text)

    @cached_property
    def _cues(self) -> "_Automaton":
        """Built when the first term is found: most files hold none."""
        return _Automaton(
            kept(words_digest(()), lambda: words((c.text, c.cls, "", "", "") for c in shared()))
        )


@lru_cache(maxsize=8)
def lexicon(topics: tuple[Topic, ...]) -> Lexicon:
    """Return the lexicon of these topics, built at the first call."""
    return Lexicon(topics)


class _Automaton:
    """Patterns with what they mean."""

    def __init__(self, found: Words) -> None:
        self._meanings = [found.meanings[index] for index in found.which]
        self._automaton = AhoCorasick(found.keys)

    def find(self, text: str) -> list[Hit]:
        hits: list[Hit] = []
        for index, start, end in self._matches(text):
            left = start == 0 or _apart(text[start - 1], text[start])
            right = end == len(text) or _apart(text[end], text[end - 1])
            hits += [
                Hit(start, end, m.cls, m.topic, m.trait, m.kind)
                for m in self._meanings[index]
                if (left or m.open_left) and (right or m.open_right)
            ]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        return hits

    def _matches(self, text: str) -> list[tuple[int, int, int]]:
        try:
            return self._automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:  # a lone surrogate, which JSON can escape: RFC 8259 section 8.2
            plain = _SURROGATE.sub("\ufffd", text)
            return self._automaton.find_matches_as_indexes(plain, overlapping=True)


def _apart(outside: str, inside: str) -> bool:
    """Whether a word may end between these two characters."""
    return outside == " " or not (_spaced(inside) and (_spaced(outside) or outside.isdigit()))


@lru_cache(maxsize=4096)
def _spaced(character: str) -> bool:
    """Whether the character is a letter of a script that puts spaces between words."""
    if character.isascii():
        return character.isalpha()
    # Hangul puts spaces too, but glues particles to words, so a match may end anywhere.
    return character.isalpha() and unicodedata.name(character, "").split(" ")[0] not in {
        "CJK",
        "HIRAGANA",
        "KATAKANA",
        "KATAKANA-HIRAGANA",
        "HANGUL",
    }


def uncleared(terms: list[Hit], cues: list[Hit]) -> list[Hit]:
    """Return the terms, given in order, that no longer term and no longer clearing cue contains."""
    furthest: dict[int, int] = {}  # where the longest cover that starts there ends
    for hit in (*terms, *cues):
        if hit.cls in CLEARING or (not hit.cls and hit.kind != "value"):
            furthest[hit.start] = max(hit.end, furthest.get(hit.start, 0))
    starts = sorted(furthest)
    kept: list[Hit] = []
    passed = reach = 0  # covers that start before the term, and the furthest end of these
    for hit in terms:
        while passed < len(starts) and starts[passed] < hit.start:
            reach = max(reach, furthest[starts[passed]])
            passed += 1
        if hit.end > reach and hit.end >= furthest.get(hit.start, 0):
            kept.append(hit)
    return kept
