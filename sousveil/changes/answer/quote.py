"""Quotes: whether a sentence still stands in a page, in the same words or in others."""

import re
import sys
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from html import unescape

from sousveil.changes.answer.text import without_addresses, words_of
from sousveil.changes.rewording import Pair, find_rewording
from sousveil.extract.charset import decode_as
from sousveil.model import Document

# Texts that are remembered as they are compared: of two looks, in the bytes and on the screen.
_TEXTS = 4

# Of a page's source, as much is searched for what its text lacks; the largest shops have half.
MAX_SOURCE_BYTES = 8 * 2**20

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_SIMPLE_ESCAPE = re.compile(r"\\[nrtbfv/]")


class Standing(StrEnum):
    """How a quote stands in one answer that is the page."""

    STANDS = "stands"
    REWORDED = "reworded"
    MISSING = "missing"
    UNSEEN = "unseen"  # cannot be told: without the browser that showed it, or without text
    IN_SOURCE = "in_source"  # its words are sent with the page, and stand in none of its text


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


def is_in_source(quote: str, source: bytes, charsets: Iterable[str]) -> bool:
    """Whether the bytes of a page still hold a quote that stands in none of its text.

    In a script that writes it when a tab is opened, in an attribute, or in an encoding that the
    server does not name any more; `charsets` are those to try, as `Document.charset` names them.
    What is commented out does not count: no visitor can come to see it.
    """
    wanted = _letters(quote)
    return bool(wanted) and any(
        wanted in letters
        for charset in charsets
        for letters in _letters_of_source(source[:MAX_SOURCE_BYTES], charset)
    )


@lru_cache(maxsize=_TEXTS)
def _letters_of_source(source: bytes, charset: str) -> tuple[str, str]:
    """Return the letters of a source with its tags, for their attributes, and without them."""
    code = _ESCAPE.sub(_character, _COMMENT.sub(" ", decode_as(source, charset)))
    text = unescape(_SIMPLE_ESCAPE.sub(" ", code))
    return _letters(text), _letters(_TAG.sub(" ", text))


def _character(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2] or escape[3], 16)
    return chr(code) if code <= sys.maxunicode else " "


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", without_addresses(text)).casefold()
    return "".join(filter(str.isalpha, folded))


def _words(text: str) -> str:
    return f" {' '.join(words_of(text))} "


# One text is asked about many quotes.
_letters_of = lru_cache(maxsize=_TEXTS)(_letters)
_words_of = lru_cache(maxsize=_TEXTS)(_words)
