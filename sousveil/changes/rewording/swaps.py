"""Swaps: what of one sentence stands in another, and which words took the place of which.

Two sentences are aligned word by word (longest common subsequence); a word in a script without
spaces is one character, and a name in source code is several words. What differs between words
that stand is a swap, widened to whole terms, so that 民族 became 族别 and not 民 别. Words weigh
less the more often the two documents use them: a sentence is told by its rare ones. Pure.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from sousveil.claims.lexicon import Hit, Lexicon, lexicon
from sousveil.claims.normal import CJK, normalise
from sousveil.topics import Topic, load, shipped

# Longer sentences are compared by their beginnings.
MAX_WORDS = 600

# Swaps told of one sentence: with more it was written anew, and a list would say nothing.
MAX_SWAPS = 4

_UNSPACED = rf"{CJK}\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff"
_WORD = re.compile(
    rf"[{_UNSPACED}]|\d+"
    r"|(?<![^\W\d_])(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)(?:(?=[A-Z])|(?![^\W\d_]))"  # emRace
    r"|(?<=[a-z])(?:[A-Z]+(?![a-z])|[A-Z][a-z]+)(?:(?=[A-Z])|(?![^\W\d_]))"
    rf"|[^\W\d_{_UNSPACED}]+"
)
_STANDINS = "standins"
_BRACKETS = (("(", ")"), ("（", "）"), ("[", "]"), ("「", "」"), ("“", "”"))

# Terms to which a swap is widened: a word for a trait or a group, not a phrase or a name in code.
_TERMS = frozenset({"attribute", "group", "proxy", "value", "ambiguous", "hint"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place in its sentence."""

    start: int
    end: int
    key: str  # case folded, compatibility forms undone


@dataclass(frozen=True, slots=True)
class Swap:
    """Words that took the place of others; one of the two may be empty."""

    was: str
    now: str
    is_watched: bool = False  # a watched term went, and a related one or a stand-in came

    @property
    def told(self) -> str:
        """The swap in words: "“Uyghur” became “minority”"."""
        if not self.was:
            return f"“{self.now}” was put in"
        return f"“{self.was}” became “{self.now}”" if self.now else f"“{self.was}” was taken out"


@dataclass(frozen=True, slots=True)
class Alike:
    """How a later sentence stands to a former one. Shares are 0 to 1."""

    letters: float  # likeness of the two, character by character
    kept: float  # of the former sentence's weight in words, that stands in the later, in order
    known: float  # of the later sentence's weight, that stood in the former
    swaps: tuple[Swap, ...]  # in order; empty when there are more than `MAX_SWAPS`

    @property
    def watched(self) -> tuple[Swap, ...]:
        """The swaps by which a watched term was replaced."""
        return tuple(one for one in self.swaps if one.is_watched)


def words(text: str) -> list[Word]:
    """Return the words of a sentence, at most `MAX_WORDS`."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        if len(found) == MAX_WORDS:
            break
        key = unicodedata.normalize("NFKC", match[0]).casefold()
        found.append(Word(match.start(), match.end(), key))
    return found


def weights(*texts: str) -> Mapping[str, float]:
    """Return what each word of two documents weighs, 0 to 1; one that they lack weighs 1."""
    count = Counter(
        word.casefold()
        for text in texts
        for word in _WORD.findall(unicodedata.normalize("NFKC", text))
    )
    # A word that stands in the quote and in its rewording stands twice at least.
    return {word: min(1.0, (2 / times) ** 0.5) for word, times in count.items()}


def alike(
    was: str, now: str, weight: Mapping[str, float], topics: tuple[Topic, ...] | None = None
) -> Alike:
    """Compare a sentence with one that may be its new wording.

    `topics` are what is watched for; None for the shipped ones.
    """
    former, later = words(was), words(now)
    matches = _matches(former, later)
    left, right = _weigh(former, weight), _weigh(later, weight)
    common = _weigh([former[one] for one, _ in matches], weight)
    return Alike(
        letters=fuzz.ratio(_plain(was), _plain(now)) / 100,
        kept=common / left if left else 0.0,
        known=common / right if right else 0.0,
        swaps=_swaps(was, now, (former, later), matches, _watching(topics)),
    )


def _plain(text: str) -> str:
    """Return a text without what pads the cells of a table."""
    return " ".join(text.casefold().split())


def _weigh(some: Sequence[Word], weight: Mapping[str, float]) -> float:
    return sum(weight.get(word.key, 1.0) for word in some)


def _matches(former: Sequence[Word], later: Sequence[Word]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    keys = [word.key for word in former], [word.key for word in later]
    for one in LCSseq.opcodes(*keys):
        if one.tag == "equal":
            found += zip(
                range(one.src_start, one.src_end), range(one.dest_start, one.dest_end), strict=True
            )
    return found


# ---------------------------------------------------------------- swaps


def _swaps(
    was: str,
    now: str,
    sentences: tuple[Sequence[Word], Sequence[Word]],
    matches: Sequence[tuple[int, int]],
    watching: Lexicon,
) -> tuple[Swap, ...]:
    """Return what lies between the matches, in words as written."""
    former, later = sentences
    terms, others = _terms(was, watching), _terms(now, watching)
    parted = _parted(former, {one for one, _ in matches}, terms)
    other_parted = _parted(later, {one for _, one in matches}, others)
    kept = [(a, b) for a, b in matches if a not in parted and b not in other_parted]
    found = []
    for (start, first), (end, last) in _between(kept, len(former), len(later)):
        old, new = former[start:end], later[first:last]
        if old or new:
            watched = _is_watched(_within(terms, old), _within(others, new))
            found.append(Swap(_cut(was, old), _cut(now, new), watched))
    return tuple(found) if len(found) <= MAX_SWAPS else ()


def _cut(text: str, some: Sequence[Word]) -> str:
    """Return the text of some words, with the bracket that closes one opened among them."""
    if not some:
        return ""
    start, end = some[0].start, some[-1].end
    for opening, closing in _BRACKETS:
        is_open = text.count(opening, start, end) > text.count(closing, start, end)
        if is_open and text.startswith(closing, end):
            return text[start : end + 1]
    return text[start:end]


def _between(
    kept: Sequence[tuple[int, int]], former: int, later: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where each gap between kept words begins, in both sentences, and where it ends."""
    start = (0, 0)
    for one, other in (*kept, (former, later)):
        yield start, (one, other)
        start = one + 1, other + 1


def _parted(sentence: Sequence[Word], standing: Collection[int], terms: Sequence[Hit]) -> set[int]:
    """Return the words that belong to a term of which another word does not stand."""
    starts = [word.start for word in sentence]
    parted: set[int] = set()
    for term in terms:
        of_term = range(bisect_left(starts, term.start), bisect_left(starts, term.end))
        if not all(number in standing for number in of_term):
            parted.update(of_term)
    return parted


def _within(terms: Sequence[Hit], some: Sequence[Word]) -> list[Hit]:
    if not some:
        return []
    start, end = some[0].start, some[-1].end
    return [term for term in terms if start <= term.start and term.end <= end]


def _is_watched(went: Sequence[Hit], came: Sequence[Hit]) -> bool:
    """Whether a watched term went, and one of the same topic, or a stand-in for it, came."""
    topics = {term.topic for term in went if term.topic != _STANDINS}
    return any(
        term.topic in topics or (term.topic == _STANDINS and term.trait in topics) for term in came
    )


def _terms(text: str, watching: Lexicon) -> list[Hit]:
    """Return the watched terms and stand-ins of a sentence, the longest only, by its offsets."""
    normal = normalise(text)
    found: list[Hit] = []
    reach, longest = 0, (0, 0)
    for hit in watching.terms(normal.text):
        if hit.kind in _TERMS and (hit.end > reach or hit[:2] == longest):
            reach, longest = hit.end, (hit.start, hit.end)
            start, end = normal.source_span(hit.start, hit.end)
            found.append(hit._replace(start=start, end=end))
    return found


def _watching(topics: tuple[Topic, ...] | None) -> Lexicon:
    return lexicon((*(_shipped() if topics is None else topics), _standins()))


@cache
def _shipped() -> tuple[Topic, ...]:
    return tuple(load(name) for name in shipped())


@cache
def _standins() -> Topic:
    with resources.as_file(resources.files(__package__).joinpath(f"{_STANDINS}.toml")) as path:
        return load(str(path))
