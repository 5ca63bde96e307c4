"""Questions: what a person typed into the search, taken apart.

Words must all be there; `"…"` holds words that stand one after the other; `word*` is how a word
begins; `-word` must not be there; `/…/` is a regular expression of Python, in any case, on the
text as it stands. Case, accents, width, simplified or traditional characters do not matter to
words. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.claims.normal import normalise
from sousveil.errors import InputError
from sousveil.index.search.tokens import matching, pattern, runs

MAX_QUESTION_CHARACTERS = 500  # a paragraph; longer ones are pasted by mistake
MAX_TERMS = 20  # each costs a look into the index

_ITEM = re.compile(
    r"""(?P<minus>-?)(?:["“„](?P<phrase>[^"“”„]*)["”“]|/(?P<regex>(?:[^/\\]|\\.)+)/(?=\s|\Z)|(?P<word>\S+))""",
    re.DOTALL,
)
# What makes a literal of a regular expression uncertain: it may be missing from what matches.
_UNSURE = re.compile(r"[|(\[]|\\[^\W\d_]|\\\d")
_LITERAL = re.compile(r"[^\W_]+(?![?*{\w])")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that are looked for, one after the other."""

    match: str  # as an expression of FTS5
    pattern: re.Pattern[str]  # finds them in text of normal form
    is_excluded: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for."""

    terms: tuple[Term, ...]
    regexes: tuple[str, ...]  # all must match

    @property
    def match(self) -> str:
        """The whole as an expression of FTS5; "" where only regular expressions are asked for."""
        wanted = " AND ".join(term.match for term in self.terms if not term.is_excluded)
        literals = " AND ".join(filter(None, map(_literals, self.regexes)))
        positive = " AND ".join(filter(None, (wanted, literals)))
        unwanted = " OR ".join(term.match for term in self.terms if term.is_excluded)
        return f"({positive}) NOT ({unwanted})" if unwanted and positive else positive


def ask(text: str) -> Question:
    """Return the question that was typed.

    Raises InputError for one that is too long, holds nothing to look for, or a regular expression
    that is none.
    """
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise InputError(
            f"the search has {len(text):,} characters, and at most {MAX_QUESTION_CHARACTERS} are"
            " looked for. Shorten it."
        )
    terms = tuple(_terms(text))
    regexes = tuple(match["regex"] for match in _ITEM.finditer(text) if match["regex"])
    for regex in regexes:
        try:
            re.compile(regex)
        except (re.error, OverflowError, RecursionError) as error:
            raise InputError(f"/{regex}/: no regular expression: {error}. Mend it.") from error
    if len(terms) > MAX_TERMS:
        raise InputError(f"{len(terms)} words: at most {MAX_TERMS} are looked for. Shorten it.")
    if not regexes and not any(not term.is_excluded for term in terms):
        raise InputError(
            f"“{text.strip()}”: nothing to look for. Give a word, a “phrase” or a /pattern/."
        )
    return Question(terms, regexes)


def _terms(text: str) -> Iterator[Term]:
    for match in _ITEM.finditer(text):
        if match["regex"]:
            continue
        word = match["word"] or ""
        is_prefix = word.endswith("*")
        normal = normalise(match["phrase"] or word.rstrip("*")).text
        if any(runs(normal)):
            yield Term(
                matching(normal, is_prefix=is_prefix),
                pattern(normal, is_prefix=is_prefix),
                match["minus"] == "-",
            )


def _literals(regex: str) -> str:
    """Return an expression of FTS5 for what must stand in any text that a pattern matches.

    Only pairs of characters of scripts without spaces are certain, for a pattern may begin and end
    within a word: "" where there are none.
    """
    if _UNSURE.search(regex):
        return ""
    return " AND ".join(
        matching(run.text, is_prefix=False)
        for match in _LITERAL.finditer(regex)
        for run in runs(normalise(match.group()).text)
        if run.is_unspaced and len(run.text) > 1
    )
