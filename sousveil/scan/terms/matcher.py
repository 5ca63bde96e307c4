"""Whether a term of some topics can be read in the bytes of a page.

    body -> matches of spellings -> windows read as text -> yes or no

`matcher(topics)` gives one `Matcher` a process; `may_hold(body)` takes the body of an answer with
transfer and content coding undone, in any charset. What hides a term from the automaton is undone
in `views.py` and looked through again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.scan.terms.kept import Patterns, patterns
from sousveil.scan.terms.spellings import Worth
from sousveil.scan.terms.views import views
from sousveil.scan.terms.windows import holds_term, tells, text_around
from sousveil.topics.load import Topic

AROUND_BYTES = 320  # a term of 80 characters in three bytes each, and its line breaks
WEAK_BYTES = 600  # a statement of some sentences
CUE_BYTES = 300  # 60 characters between a term and its cue, in tags and references
LIST_BYTES = 240  # 36 characters between two values, in tags and marks
LISTED = 3  # values that make a list
MAX_CHECKS = 256  # windows read in one body; one with more passes

Place = tuple[int, str]  # byte behind a match, and its coding


class Matcher:
    """Tells bodies that may hold a term of some topics; threads may share it."""

    def __init__(self, words: Lexicon, found: Patterns) -> None:
        self.version = found.version  # hex digest of the topics' terms, pattern makers and engine
        self._words = words
        self._found = found

    def may_hold(self, body: bytes | memoryview) -> bool:
        """Return whether the finder may find something in `body`, which is in any charset.

        A term that counts alone is seen wherever it can be read. Common words (hints, ambiguous
        ones, values) count where a cue stands near and what is around them reads like a claim,
        which misses one in fifty of the passages that the finder takes for claims by these alone.
        """
        data = b"\n" + bytes(body) + b"\n"  # words at either end have bounds, too
        return any(self._holds(view) for view in views(data))

    def _holds(self, data: bytes) -> bool:
        places = self._places(data)
        for turn, (end, coding) in enumerate(_apart(places[Worth.SURE], AROUND_BYTES)):
            text = text_around(data, end, AROUND_BYTES, coding)
            if turn == MAX_CHECKS or holds_term(text, self._words):
                return True
        weak = sorted(places[Worth.WEAK] + _listed(places[Worth.VALUE]))
        for turn, (end, coding) in enumerate(_apart(_cued(weak, places[Worth.CUE]), WEAK_BYTES)):
            text = text_around(data, end, WEAK_BYTES, coding)
            if turn == MAX_CHECKS or tells(text, self._words):
                return True
        return False

    def _places(self, data: bytes) -> dict[Worth, list[Place]]:
        """Return where what may stand that counts alone, beside others, in lists, and as a cue."""
        places: dict[Worth, list[Place]] = {worth: [] for worth in Worth}
        for table in self._found.tables_for(data):
            for index, end in table.automaton.hits(data):
                for sense in table.senses[index]:
                    if not sense.company or _is_near(data, end, sense.company):
                        places[sense.worth].append((end, sense.coding))
        return places


def _is_near(data: bytes, end: int, company: Sequence[bytes]) -> bool:
    around = data[max(0, end - AROUND_BYTES) : end + AROUND_BYTES].lower()
    return any(word in around for word in company)


def _apart(places: Iterable[Place], reach: int) -> Iterator[Place]:
    """Yield places of one coding half a window apart: what lies between is in a window, too."""
    done: dict[str, int] = {}
    for end, coding in places:
        if end >= done.get(coding, 0):
            done[coding] = end + reach // 2
            yield end, coding


def _cued(weak: list[Place], cues: list[Place]) -> Iterator[Place]:
    """Yield the common words that a cue stands near."""
    ends = [end for end, _ in cues]
    for place in weak:
        nearest = bisect_left(ends, place[0] - CUE_BYTES)
        if nearest < len(ends) and ends[nearest] <= place[0] + CUE_BYTES:
            yield place


def _listed(values: list[Place]) -> list[Place]:
    """Return the values that stand near two others."""
    values.sort()
    reach = LIST_BYTES * (LISTED - 1)
    runs = zip(values, values[LISTED - 1 :], strict=False)
    return [first for first, last in runs if last[0] - first[0] <= reach]


@lru_cache(maxsize=4)
def _matcher(topics: tuple[Topic, ...], cache: Path | None) -> Matcher:
    return Matcher(lexicon(topics), patterns(topics, cache))


def matcher(topics: Sequence[Topic], *, cache: Path | None = None) -> Matcher:
    """Return what tells bodies that may hold a term of `topics`: the same one in all of a process.

    Compiling takes seconds, so the result is kept in the folder `cache`, or else the user's own
    cache folder. Raises InputError when the engine is not installed.
    """
    return _matcher(tuple(topics), cache)
