"""Quotes: whether a sentence still stands in a page, in the same words or in others."""

import unicodedata
from enum import StrEnum
from functools import lru_cache

from sousveil.changes.answer.text import without_addresses, words_of
from sousveil.changes.rewording import Pair, find_rewording
from sousveil.model import Document

# Texts that are remembered as they are compared: of two looks, in the bytes and on the screen.
_TEXTS = 4


class Standing(StrEnum):
    """How a quote stands in one answer that is the page."""

    STANDS = "stands"
    REWORDED = "reworded"
    MISSING = "missing"
    UNSEEN = "unseen"  # cannot be told: without the browser that showed it, or without text


def standing_of(
    quote: str, before: Document, after: Document, pair: Pair | None = None
) -> tuple[Standing, str | None]:
    """Return how a quote of `before` stands in `after`, and its new wording if it has one.

    Figures, punctuation, spaces, case and the borders of passages are no difference. `pair` are the
    two documents made ready, for who asks about many quotes of theirs.
    """
    if stands(quote, after.text):
        return Standing.STANDS, None
    reworded = find_rewording(quote, pair or Pair(before, after))
    return (Standing.MISSING, None) if reworded is None else (Standing.REWORDED, reworded.text)


def stands(quote: str, text: str) -> bool:
    """Whether the letters of a quote stand in a text in a row, or its words but for dates."""
    if not any(one.isalpha() for one in quote):
        return "".join(quote.split()) in "".join(text.split())
    return _letters(quote) in _letters_of(text) or _words(quote) in _words_of(text)


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", without_addresses(text)).casefold()
    return "".join(filter(str.isalpha, folded))


def _words(text: str) -> str:
    return f" {' '.join(words_of(text))} "


# One text is asked about many quotes.
_letters_of = lru_cache(maxsize=_TEXTS)(_letters)
_words_of = lru_cache(maxsize=_TEXTS)(_words)
