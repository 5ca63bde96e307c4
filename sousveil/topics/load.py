"""Loads topic files: TOML in, a frozen `Topic` out.

A topic names the traits it watches and, for each trait, terms by kind and language. The format is
strict: an unknown key, kind or an empty list is refused with the place named. TOML 1.0 (tomllib).
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from sousveil.errors import TopicError

KINDS = {
    "attribute": "the trait itself: ethnicity",
    "group": "people who have it: Uyghurs",
    "capability": "a phrase that by itself names inferring or targeting: racial profiling",
    "proxy": "a sign that stands for the trait: a headscarf",
    "value": "an ordinary word that counts only in a list of three or more: white, black, asian",
    "ambiguous": "a word with other senses; counts only beside faces, people or other traits: race",
    "hint": "a common word of prose; counts only beside words of inferring or faces: angry, church",
    "field": "a name in source code, in words: em nation type",
}
MAX_FILE_BYTES = 1_000_000  # ours have 30 kB; a larger file is no word list
MAX_TERM_CHARACTERS = 80  # a term is a phrase, not a sentence

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,4}")
_KEYS = {"name", "version", "title", "description", "trait"}
_PACKAGE = "sousveil.topics"


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase that points to a trait."""

    trait: str
    kind: str  # one of KINDS
    lang: str  # "en", …, or "code"
    text: str  # as written; a star at either end stands for the rest of a word


@dataclass(frozen=True, slots=True)
class Topic:
    """What one kind of claim is about."""

    name: str
    version: int
    title: str
    description: str
    terms: tuple[Term, ...]

    def __hash__(self) -> int:
        """Tell topics apart fast: what was made of one is looked up for every document."""
        return hash((self.name, self.version, len(self.terms)))

    @property
    def traits(self) -> tuple[str, ...]:
        """Return the traits in the order of the file."""
        return tuple(dict.fromkeys(term.trait for term in self.terms))


def shipped() -> list[str]:
    """Return the names of the topics that come with sousveil, in alphabetical order."""
    folder = resources.files(_PACKAGE)
    return sorted(
        p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")
    )


def load(name_or_path: str) -> Topic:
    """Return a shipped topic by name, or the topic in a TOML file.

    Raises TopicError when there is no such topic or file, or when the file is malformed; the
    message names the file and the key, or the line that TOML refuses.
    """
    return parse(source(name_or_path), name_or_path)


def distinct(topics: Iterable[Topic]) -> tuple[Topic, ...]:
    """Return the topics; raises TopicError when two have one name, by which findings tell them."""
    found: dict[str, Topic] = {}
    for topic in topics:
        if topic.name in found:
            raise TopicError(f"two topics are called {topic.name!r}. Rename one, or leave it out.")
        found[topic.name] = topic
    return tuple(found.values())


def check(path: str) -> list[str]:
    """Return the faults of a topic file in words; an empty list says that it is sound.

    Besides what `load` refuses: terms given twice, and terms so short that they match everywhere.
    """
    try:
        topic = load(path)
    except TopicError as error:
        return [str(error)]
    return list(faults(topic, path))


def faults(topic: Topic, path: str) -> Iterator[str]:
    """Yield what `check` finds amiss with a topic that could be loaded; `path` names it."""
    seen: dict[tuple[str, str, str], str] = {}
    for term in topic.terms:
        key = (term.trait, term.lang, _as_matched(term.text))
        place = f"{path}: trait.{term.trait}.{term.kind}.{term.lang}"
        if key in seen and "value" not in {seen[key], term.kind}:  # a value may be a group too
            yield f"{place}: {term.text!r} is also listed under {seen[key]}; keep one of the two."
        seen[key] = term.kind
        letters = term.text.strip("*")
        if term.kind not in {"value", "ambiguous", "hint"} and len(letters) < _shortest(letters):
            yield f"{place}: {term.text!r} is too short and would match everywhere; use a phrase."


def _as_matched(text: str) -> str:
    """Return a term without what makes no difference to what it finds: case, width, spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shortest(letters: str) -> int:
    """Return the least length of a telling term: two hanzi, or three letters."""
    return 3 if letters.isascii() else 2


def source(name_or_path: str) -> str:
    """Return the text of a shipped topic by name, or of a TOML file; raises as `load`."""
    if name_or_path in shipped():
        return resources.files(_PACKAGE).joinpath(f"{name_or_path}.toml").read_text("utf-8")
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise TopicError(
            f"There is no topic {name_or_path!r}. Shipped topics: {', '.join(shipped())}. "
            "Give one of these, or the path of a .toml file."
        )
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise TopicError(
                f"{path}: larger than {MAX_FILE_BYTES} bytes; a topic file is a short word list."
            )
        return path.read_text("utf-8")
    except OSError as error:
        raise TopicError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise TopicError(
            f"{path}: is not UTF-8 at byte {error.start}. Save it as UTF-8."
        ) from error


# A text takes some thirty milliseconds; a desk and a service ask for the same few all the time.
@lru_cache(maxsize=8)
def parse(text: str, place: str) -> Topic:
    """Return the topic that a TOML text tells; `place` names it in messages. Raises as `load`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopicError(f"{place}: not valid TOML: {error}. Correct that line.") from error
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise TopicError(f"{place}: unknown key {unknown[0]!r}. Known: {', '.join(sorted(_KEYS))}.")
    name = _string(data, "name", place)
    if not _NAME.fullmatch(name):
        raise TopicError(
            f"{place}: name {name!r} is not a short lower-case word. Rename the topic."
        )
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise TopicError(f"{place}: version must be a whole number from 1. Set it.")
    terms = tuple(_terms(_table(data, "trait", place), place))
    if not terms:
        raise TopicError(f"{place}: holds no terms. Add [trait.NAME.KIND] with terms by language.")
    title, description = _string(data, "title", place), _string(data, "description", place)
    return Topic(name, version, title, description, terms)


def _terms(traits: dict[str, Any], place: str) -> Iterator[Term]:
    for trait in traits:
        if not _NAME.fullmatch(trait):
            raise TopicError(f"{place}: trait {trait!r} is not a short lower-case word. Rename it.")
        kinds = _table(traits, trait, f"{place}: trait")
        for kind in kinds:
            if kind not in KINDS:
                raise TopicError(
                    f"{place}: trait.{trait}: unknown kind {kind!r}. Known: {', '.join(KINDS)}."
                )
            languages = _table(kinds, kind, f"{place}: trait.{trait}")
            for lang, texts in languages.items():
                where = f"{place}: trait.{trait}.{kind}.{lang}"
                yield from (Term(trait, kind, lang, t) for t in term_list(lang, texts, where))


def term_list(lang: str, texts: object, where: str) -> list[str]:
    """Return a list of terms as it stands in a file, checked.

    `where` names the place for the message. Raises TopicError when it is no list of short texts
    in a language code of two to four letters, or has a star inside a term.
    """
    if not _LANGUAGE.fullmatch(lang):
        raise TopicError(f"{where}: {lang!r} is no language code. Write two letters, or 'code'.")
    if not isinstance(texts, list) or not texts:
        raise TopicError(f'{where}: must be a list of terms. Write ["…", "…"].')
    for text in texts:
        if not isinstance(text, str) or not text.strip("* "):
            raise TopicError(f"{where}: {text!r} is no term. Write a word or phrase in quotes.")
        if "*" in text[1:-1]:
            raise TopicError(f"{where}: {text!r} has a star inside. Put it at an end of the term.")
        if len(text) > MAX_TERM_CHARACTERS:
            raise TopicError(f"{where}: {text[:20]!r}… is too long. Use its telling words.")
    return texts


def _table(data: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise TopicError(f"{place}: {key} must be a table. Write [trait.NAME.KIND].")
    return value


def _string(data: dict[str, Any], key: str, place: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TopicError(f'{place}: {key} must be a text. Add {key} = "…".')
    return value
