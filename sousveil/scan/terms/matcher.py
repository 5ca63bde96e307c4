"""Whether a term of some topics can be read in the bytes of a page.

    body -> matches of spellings -> passages read as the finder reads them -> yes or no

`matcher(topics)` gives one `Matcher` a process; `may_hold(body)` takes the body of an answer with
transfer and content coding undone, in any charset. What hides a term from the automaton is undone
in `views.py` and looked through again.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.scan.terms.kept import Patterns, patterns
from sousveil.scan.terms.views import outside, scripts, views
from sousveil.scan.terms.windows import passages, tells
from sousveil.topics.load import Topic

AROUND_BYTES = 320  # a term of 80 characters in three bytes each, and its line breaks
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
        the bar is below the finder's. Common words (hints, values) count in passages with one of
        the cues of triggers.txt only: they alone bring one in ten of the findings in labelled
        passages, and half of those have such a cue.
        """
        data = b"\n" + bytes(body) + b"\n"  # words at either end have bounds, too
        return any(self._holds(view) for view in views(data))

    def _holds(self, data: bytes) -> bool:
        places = self._places(data)
        if not places:
            return False
        context = (
            title.group(1).decode("utf-8", "replace") if (title := _TITLE.search(data)) else ""
        )
        judged: set[str] = set()
        unread = scripts(data)
        for end, coding in places:
            if not any(outside((end,), unread)):
                continue
            for text, is_code in passages(data, end, coding):
                if text in judged:
                    continue
                judged.add(text)
                if len(judged) > MAX_CHECKS or tells(text, self._words, context, code=is_code):
                    return True
        return False

    def _places(self, data: bytes) -> list[Place]:
        """Return where a term or a trigger may stand."""
        return [
            (end, sense.coding)
            for table in self._found.tables_for(data)
            for index, end in table.automaton.hits(data)
            for sense in table.senses[index]
            if not sense.company or _is_near(data, end, sense.company)
        ]


def _is_near(data: bytes, end: int, company: Sequence[bytes]) -> bool:
    around = data[max(0, end - AROUND_BYTES) : end + AROUND_BYTES].lower()
    return any(word in around for word in company)


@lru_cache(maxsize=4)
def _matcher(topics: tuple[Topic, ...], cache: Path | None) -> Matcher:
    return Matcher(lexicon(topics), patterns(topics, cache))


def matcher(topics: Sequence[Topic], *, cache: Path | None = None) -> Matcher:
    """Return what tells bodies that may hold a term of `topics`: the same one in all of a process.

    Compiling takes seconds, so the result is kept in the folder `cache`, or else the user's own
    cache folder. Raises InputError when the engine is not installed.
    """
    return _matcher(tuple(topics), cache)
