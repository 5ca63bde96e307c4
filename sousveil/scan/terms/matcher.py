"""Whether a term of some topics can be read in the bytes of a page.

    body -> matches of spellings -> passages read as the finder reads them -> yes or no

`matcher(topics)` gives one `Matcher` a process; `may_hold(body)` takes the body of an answer with
transfer and content coding undone, in any charset. What hides a term from the automaton is undone
in `views.py` and looked through again.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.scan.terms.automaton import Automaton
from sousveil.scan.terms.codings import in_utf8
from sousveil.scan.terms.kept import CUE, Patterns, Table, patterns
from sousveil.scan.terms.views import (
    BORDER,
    hidden,
    in_unread_tag,
    overview,
    plain_elsewhere,
    plain_page,
    wide,
    without_scripts,
)
from sousveil.scan.terms.windows import passages, tells
from sousveil.topics.load import Topic

AROUND_BYTES = 320  # a term of 80 characters in three bytes each, and its line breaks
TOGETHER_BYTES = 400  # between a cue and a common word of one passage
MAX_CHECKS = 256  # passages read in one body; one with more passes
MAX_HITS = 20_000  # of patterns in one body; one with more passes
MAX_PLACES = 2_000  # of terms in one body; one with more passes
HEAD_BYTES = 2**14  # in which a page has its title
MAX_TITLE_BYTES = 500
_TITLE = re.compile(rb"<title\b[^<>]*>([^<]{1,%d})" % MAX_TITLE_BYTES, re.IGNORECASE)

Place = tuple[int, str]  # byte behind a match, and its coding


class Matcher:
    """Tells bodies that may say something of a trait; threads may share it."""

    def __init__(self, words: Lexicon, found: Patterns) -> None:
        self.version = (
            found.version
        )  # hex digest of the topics' terms, the engine and how it searches
        self._words = words
        self._found = found

    def may_hold(self, body: bytes | memoryview) -> bool:
        """Return whether the finder may find something in `body`, which is in any charset.

        The passage around each term that counts alone is judged, wherever the term can be read;
        the bar is below the finder's. Common words (hints, values) count near the cues of
        cues.txt only.
        """
        data = b"".join((b"\n", body, b"\n"))  # words at either end have bounds, too
        return self._shows(data) or any(self._shows(text) for text in wide(data))

    def _shows(self, data: bytes) -> bool:
        """Whether `data`, or what is hidden in it, tells something."""
        data = without_scripts(data)
        text = in_utf8(data)
        utf_8 = text is not None
        seen = overview(data, utf_8=utf_8)
        if text is None:
            texts: Iterable[bytes] = (data, *plain_elsewhere(data))
        else:
            texts = (plain_page(data, text, seen),)
        return any(self._says(text, data, utf_8=utf_8) for text in texts) or any(
            self._says(text, data) for text in hidden(data, seen.hides, utf_8=utf_8)
        )

    def _says(self, data: bytes, page: bytes, *, utf_8: bool = True) -> bool:
        """Whether what can be read in `data`, which is a `page` or of one, tells something."""
        tables = (self._found.unicode,) if utf_8 else (self._found.unicode, self._found.others)
        places: list[Place] = []
        for table in tables:
            hits = table.automaton.hits(data)
            if len(hits) > MAX_HITS:
                return True
            places += _places(table, hits, data)
        read = [place for place in places if not in_unread_tag(data, place[0])]
        return len(read) > MAX_PLACES or (bool(read) and self._tells(data, read, _title(page)))

    def _tells(self, data: bytes, places: Sequence[Place], above: str) -> bool:
        """Whether a passage around one of some places tells something under the title `above`."""
        judged: set[str] = set()
        for end, coding in places:
            for text, is_code in passages(data, end, coding):
                if text in judged:
                    continue
                judged.add(text)
                if len(judged) > MAX_CHECKS or tells(text, self._words, above, code=is_code):
                    return True
        return False


def _title(page: bytes) -> str:
    found = _TITLE.search(page, 0, HEAD_BYTES)
    return found.group(1).decode("utf-8", "replace") if found else ""


def _places(table: Table, hits: Sequence[tuple[int, int]], data: bytes) -> Iterator[Place]:
    """Yield where terms stand, and common words near cues, by the hits of a table."""
    last: Place | None = None
    cues: list[Place] = []
    for index, end in hits:
        for role, coding, company, begins, ends in table.senses[index]:
            place = (end, coding)
            if role == CUE:
                cues.append(place)
            elif (
                place != last
                and not _goes_on(data, end, begins, ends=ends)
                and (not company or _is_near(data, end, company))
            ):
                last = place
                yield place
    yield from _companions(table.common, data, cues)


def _companions(common: Automaton, data: bytes, cues: Iterable[Place]) -> Iterator[Place]:
    """Yield where a common word stands near a cue: all that lies near cues is searched at once."""
    windows = list(_windows(cues))
    if not windows:
        return
    pieces = [data[low:high] for low, high, _ in windows]
    starts = list(accumulate((len(piece) + len(BORDER) for piece in pieces), initial=0))
    for _, end in common.hits(BORDER.join(pieces)):
        index = bisect_left(starts, end) - 1
        low, _, coding = windows[index]
        yield low + end - starts[index], coding


def _windows(cues: Iterable[Place]) -> Iterator[tuple[int, int, str]]:
    """Yield what lies near some cues: where it begins and ends, and its coding."""
    low = high = 0
    last = ""
    for end, coding in cues:
        if high and end - TOGETHER_BYTES <= high and coding == last:
            high = end + TOGETHER_BYTES
            continue
        if high:
            yield low, high, last
        low, high, last = max(0, end - TOGETHER_BYTES), end + TOGETHER_BYTES, coding
    if high:
        yield low, high, last


def _goes_on(data: bytes, end: int, begins: int, *, ends: bool) -> bool:
    """Whether a word that must begin or end here is part of a longer one: not of EthnicityType.

    A piece of a page may end with a word.
    """
    if ends and data[end - 1 : end].islower() and data[end : end + 1].islower():
        return True
    start = end - begins
    return (
        begins > 0
        and data[start : start + 1].islower()
        and data[max(0, start - 1) : start].islower()
    )


def _is_near(data: bytes, end: int, company: bytes) -> bool:
    return company in data[max(0, end - AROUND_BYTES) : end + AROUND_BYTES].lower()


@lru_cache(maxsize=4)
def _matcher(topics: tuple[Topic, ...], cache: Path | None) -> Matcher:
    return Matcher(lexicon(topics), patterns(topics, cache))


def matcher(topics: Sequence[Topic], *, cache: Path | None = None) -> Matcher:
    """Return what tells bodies that may hold a term of `topics`: the same one in all of a process.

    Compiling takes seconds, so the result is kept in the folder `cache`, or else the user's own
    cache folder. Raises InputError when the engine is not installed.
    """
    return _matcher(tuple(topics), cache)
