"""Whether a term of some topics can be read in the bytes of a page.

    body -> matches of spellings -> passages read as the finder reads them -> yes or no

`matcher(topics)` gives one `Matcher` a process; `may_hold(body)` takes the body of an answer with
transfer and content coding undone, in any charset. What hides a term from the automaton is undone
in `views.py` and looked through again.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.scan.terms.automaton import Automaton
from sousveil.scan.terms.codings import is_utf8
from sousveil.scan.terms.kept import CLOSES, CUE, OPENS, Patterns, Table, patterns
from sousveil.scan.terms.views import (
    Span,
    hidden,
    holds_data,
    in_unread_tag,
    outside,
    overview,
    plain,
    plain_elsewhere,
    wide,
)
from sousveil.scan.terms.windows import passages, tells
from sousveil.topics.load import Topic

AROUND_BYTES = 320  # a term of 80 characters in three bytes each, and its line breaks
TOGETHER_BYTES = 400  # between a cue and a common word of one passage
MAX_CHECKS = 256  # passages read in one body; one with more passes
MAX_TITLE_BYTES = 500
_TITLE = re.compile(rb"<title\b[^<>]*>([^<]{1,%d})" % MAX_TITLE_BYTES, re.IGNORECASE)

Place = tuple[int, str]  # byte behind a match, and its coding


class Matcher:
    """Tells bodies that may say something of a trait; threads may share it."""

    def __init__(self, words: Lexicon, found: Patterns) -> None:
        self.version = found.version  # hex digest of the topics' terms, pattern makers and engine
        self._words = words
        self._found = found

    def may_hold(self, body: bytes | memoryview) -> bool:
        """Return whether the finder may find something in `body`, which is in any charset.

        The passage around each term that counts alone is judged, wherever the term can be read;
        the bar is below the finder's. Common words (hints, values) count in passages with two of
        the cues of cues.txt only.
        """
        data = b"".join((b"\n", body, b"\n"))  # words at either end have bounds, too
        return self._shows(data) or any(self._shows(text) for text in wide(data))

    def _shows(self, data: bytes) -> bool:
        """Whether `data`, or what is hidden in it, tells something."""
        utf_8 = is_utf8(data)
        seen = overview(data, utf_8=utf_8)
        texts = (plain(data, seen.accented),) if utf_8 else (data, *plain_elsewhere(data))
        return any(self._says(text, utf_8=utf_8) for text in texts) or any(
            self._says(text) for text in hidden(data, seen.hides, utf_8=utf_8)
        )

    def _says(self, data: bytes, *, utf_8: bool = True) -> bool:
        """Whether what can be read in `data` tells something."""
        scripts: list[Span] = []
        places = list(_places(self._found.unicode, data, scripts))
        if not utf_8:
            places += _places(self._found.others, data)
        ends = set(outside((end for end, _ in places), scripts))
        read = [one for one in places if one[0] in ends and not in_unread_tag(data, one[0])]
        return bool(read) and self._tells(data, read)

    def _tells(self, data: bytes, places: Sequence[Place]) -> bool:
        title = _TITLE.search(data)
        context = title.group(1).decode("utf-8", "replace") if title else ""
        judged: set[str] = set()
        for end, coding in places:
            for text, is_code in passages(data, end, coding):
                if text in judged:
                    continue
                judged.add(text)
                if len(judged) > MAX_CHECKS or tells(text, self._words, context, code=is_code):
                    return True
        return False


def _places(table: Table, data: bytes, scripts: list[Span] | None = None) -> Iterator[Place]:
    """Yield where terms stand, and common words near cues; scripts are added to `scripts`."""
    cues: list[Place] = []
    opened = -1
    for index, end in table.automaton.hits(data):
        for role, coding, company in table.senses[index]:
            if role == CUE:
                cues.append((end, coding))
            elif role == OPENS:
                opened = end if opened < 0 and not holds_data(data, end) else opened
            elif role == CLOSES:
                if opened >= 0 and scripts is not None:
                    scripts.append((opened, end))
                opened = -1
            elif not company or _is_near(data, end, company):
                yield end, coding
    yield from _companions(table.common, data, cues)


def _companions(common: Automaton, data: bytes, cues: Sequence[Place]) -> Iterator[Place]:
    """Yield where a common word stands near a cue."""
    done = 0
    for end, coding in cues:
        low, high = max(done, end - TOGETHER_BYTES), end + TOGETHER_BYTES
        done = max(done, high)
        near = common.hits(data[low:high])
        yield from ((low + place, coding) for _, place in near)


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
