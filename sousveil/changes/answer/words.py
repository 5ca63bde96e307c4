"""The words of answers that are no page: "not found", "access denied", in each language.

Reads `words/*.toml`, one file a language, and `addresses.toml`. Words decide only what other signs
leave open, and only in text that the former page did not have: any page may speak of errors.
TOML 1.0 (tomllib).
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, TypeAlias, get_args

Sign: TypeAlias = Literal[
    "challenge", "blocked", "rate", "login", "consent", "country", "error", "moved", "not_found",
    "parked",
]  # fmt: skip
"""What a phrase is a sign of. Of two that are as strong, the one named first counts."""

SIGNS: tuple[Sign, ...] = get_args(Sign)

# Patterns that are kept, of the phrases that texts were found to hold: error pages repeat theirs.
MAX_PATTERNS = 256

_SPACE = re.compile(r"\s+")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


def phrases_in(text: str, sign: Sign) -> Iterator[str]:
    """Yield the phrases of a sign, in any language, that `plain` text holds, in order.

    Of those that begin at one place the longest; one in spaced letters begins and ends with a word.
    """
    # A pattern of all phrases tries each at every letter; most texts hold none of them.
    held = tuple(phrase for phrase in _phrases()[sign] if phrase in text)
    if held:
        yield from (found[0] for found in _pattern(held).finditer(text))


@cache
def _phrases() -> Mapping[Sign, Sequence[str]]:
    """Return the phrases of each sign in all languages, the longest first."""
    found: dict[Sign, set[str]] = {sign: set() for sign in SIGNS}
    for table in _tables():
        for sign in SIGNS:
            found[sign].update(plain(phrase) for phrase in table.get(sign, ()))
    return {
        sign: sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
        for sign, phrases in found.items()
    }


@cache
def date_words() -> frozenset[str]:
    """Return the names of months, days and parts of a date, case folded."""
    return frozenset(word.casefold() for table in _tables() for word in table.get("dates", ()))


@cache
def address_words() -> Mapping[str, Sign]:
    """Return parts of addresses, each with what it is a sign of."""
    file = resources.files("sousveil.changes.answer").joinpath("addresses.toml")
    table = tomllib.loads(file.read_text("utf-8"))
    return {word: sign for sign in reversed(SIGNS) for word in table.get(sign, ())}


def plain(text: str) -> str:
    """Return a text as phrases are compared: case folded, one kind of space and apostrophe."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return _SPACE.sub(" ", folded).strip()


def _tables() -> Iterator[Mapping[str, list[str]]]:
    folder = resources.files("sousveil.changes.answer").joinpath("words")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text("utf-8"))


@lru_cache(MAX_PATTERNS)
def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(_bounded(phrase) for phrase in phrases))


def _bounded(phrase: str) -> str:
    head = r"\b" if phrase[0] < "\u0e00" and phrase[0].isalnum() else ""
    tail = r"\b" if phrase[-1] < "\u0e00" and phrase[-1].isalnum() else ""
    return f"{head}{re.escape(phrase)}{tail}"
