"""Tokens: the words that text is found by, and the words of a question, made alike.

Takes text in the normal form of `claims/normal.py`; gives tokens parted by spaces, as SQLite's FTS5
stores them with its `ascii` tokenizer, which takes every character above U+007F as part of a word.
Scripts that put no space between words (Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer) are
written as overlapping pairs of characters, with the last one alone: "种族识别" is
"种族 族识 识别 别".
So any two characters that stand side by side are one token, more of them a phrase, and one is the
beginning of a pair. Pure; linear in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

UNSPACED = (
    # Han with radicals, kana without the dot between words, Hangul
    "\u2e80-\u2fd5\u3005\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff\u1100-\u11ff\uac00-\ud7a3"
    # Thai, Lao, Burmese, Khmer, without their digits and punctuation
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u109f\u1780-\u17d3"
)
# Vowel signs and marks inside words, which are no letters to `re`: Hebrew, Arabic, the scripts of
# India, Tibetan.
_MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0dff\u0f18\u0f19\u0f35\u0f37\u0f39"
    "\u0f3e-\u0f47\u0f49-\u0f84\u0f86-\u0fbc"
)
_IN_WORD = rf"(?:[^\W_{UNSPACED}]|[{_MARKS}])"
_BETWEEN = rf"(?:(?![{_MARKS}])[\W_])"
_RUN = re.compile(rf"([{UNSPACED}]+)|({_IN_WORD}+)")

# Longer words are written as several: they are keys and encoded data, which would make the index
# as large as themselves.
MAX_WORD_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Run:
    """Letters that stand together, of one of the two kinds of script."""

    text: str
    is_unspaced: bool


def runs(normal: str) -> Iterator[Run]:
    """Yield the runs of letters and digits of a text in normal form, in order."""
    for unspaced, spaced in _RUN.findall(normal):
        yield Run(unspaced or spaced, bool(unspaced))


def tokens(normal: str) -> str:
    """Return the tokens of a text in normal form, parted by spaces."""
    return " ".join(
        [
            _pairs(unspaced)
            if unspaced
            else spaced
            if len(spaced) <= MAX_WORD_CHARACTERS
            else _chunks(spaced)
            for unspaced, spaced in _RUN.findall(normal)
        ]
    )


def _pairs(text: str) -> str:
    return " ".join([*[a + b for a, b in pairwise(text)], text[-1]])


def _chunks(text: str) -> str:
    return " ".join(
        text[at : at + MAX_WORD_CHARACTERS] for at in range(0, len(text), MAX_WORD_CHARACTERS)
    )


def matching(normal: str, *, is_prefix: bool) -> str:
    """Return the FTS5 expression that finds these words one after the other; "" for no words.

    `is_prefix` lets the last word go on. A run without spaces may always go on, for nothing tells
    where its words end. SQLite, "FTS5 Query Syntax": a string, and `*` behind it.
    """
    found = list(runs(normal))
    if not found:
        return ""
    last = found[-1]
    text = " ".join([*(tokens(run.text) for run in found[:-1]), _open_end(last)])
    goes_on = is_prefix if not last.is_unspaced else len(last.text) == 1
    return f'"{text}"' + (" *" if goes_on else "")


def _open_end(run: Run) -> str:
    """Return the tokens of a run behind which others of its kind may stand."""
    told = tokens(run.text)
    return told.rpartition(" ")[0] if run.is_unspaced and len(run.text) > 1 else told


def pattern(normal: str, *, is_prefix: bool) -> re.Pattern[str]:
    """Return what finds in a text of normal form the places that `matching` finds.

    There must be words in `normal`. Linear: what stands between two words is of no word.
    """
    found = list(runs(normal))
    parts = [rf"(?<!{_IN_WORD})" if not found[0].is_unspaced else ""]
    before: Run | None = None
    for run in found:
        if before is not None:
            is_parted = run.is_unspaced == before.is_unspaced
            parts.append(rf"{_BETWEEN}{'+' if is_parted else '*'}")
        parts.append(re.escape(run.text))
        before = run
    if not found[-1].is_unspaced and not is_prefix:
        parts.append(rf"(?!{_IN_WORD})")
    return re.compile("".join(parts))
