"""The words of answers that are no page: "not found", "access denied", in each language.

Reads `words/*.toml`, one file a language, and `addresses.toml`. Words decide only what other signs
leave open, and only in text that the former page did not have: any page may speak of errors.
TOML 1.0 (tomllib).
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias, get_args

Sign: TypeAlias = Literal[
    "challenge", "blocked", "rate", "login", "consent", "country", "error", "moved", "not_found",
    "parked",
]  # fmt: skip
"""What a phrase is a sign of. Of two that are as strong, the one named first counts."""

SIGNS: tuple[Sign, ...] = get_args(Sign)

_SPACE = re.compile(r"\s+")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


@cache
def patterns() -> Mapping[Sign, re.Pattern[str]]:
    """Return, for each sign, a pattern of its phrases in all languages, for `plain` text."""
    found: dict[Sign, set[str]] = {sign: set() for sign in SIGNS}
    for table in _tables():
        for sign in SIGNS:
            found[sign].update(plain(phrase) for phrase in table.get(sign, ()))
    return {sign: _pattern(phrases) for sign, phrases in found.items()}


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


def _pattern(phrases: set[str]) -> re.Pattern[str]:
    """Match the longest phrase first; one in spaced letters begins and ends with a word."""
    ordered = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile("|".join(_bounded(phrase) for phrase in ordered))


def _bounded(phrase: str) -> str:
    head = r"\b" if phrase[0] < "\u0e00" and phrase[0].isalnum() else ""
    tail = r"\b" if phrase[-1] < "\u0e00" and phrase[-1].isalnum() else ""
    return f"{head}{re.escape(phrase)}{tail}"
