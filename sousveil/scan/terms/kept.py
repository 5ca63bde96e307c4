"""The patterns of topics, ready to be looked for, and kept for the next start.

Takes topics and gives `Patterns`: automata with what each pattern means. Making them takes seconds,
so they are kept in the user's cache folder, in a file named by the digest of all that they are made
of, the engine and what it was built for. As in claims/ready.py, who can write that file could make
us overlook claims: it is read only when it is the user's own, nobody else may write it and it holds
what its digest says. Where the engine refuses it, it is made anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path

import msgspec

from sousveil.claims.identity import words_digest
from sousveil.claims.ready import read_kept, write_kept
from sousveil.scan.terms.automaton import Automaton, Pattern, compiled, engine, loaded
from sousveil.scan.terms.spellings import UNSURE, spellings, trigger_spellings
from sousveil.scan.terms.views import is_utf8
from sousveil.settings import cache_folder
from sousveil.topics.load import Topic

MAX_BYTES = 2**27  # of a kept file; ours have a dozen megabytes
MAX_FILES = 4  # kept: the topics of a few cases
_SUFFIX = ".patterns"
_MAKERS = ("automaton.py", "kept.py", "spellings.py", "common.txt", "triggers.txt")
_UNICODE = frozenset({"", "utf-8"})  # codings of text that is valid UTF-8


class Sense(msgspec.Struct, frozen=True, array_like=True):
    """What a match of a pattern means."""

    coding: str  # a codec; "" for ASCII, which most codings share
    company: tuple[bytes, ...]  # words one of which must stand near; none: it stands for itself


class Table(msgspec.Struct, frozen=True):
    """An automaton, and what its patterns mean; one may mean several things."""

    automaton: Automaton
    senses: list[tuple[Sense, ...]]


@dataclass(frozen=True, slots=True)
class Patterns:
    """All patterns of some topics."""

    version: str
    unicode: Table
    others: Table  # those in codings of single countries

    def tables_for(self, data: bytes) -> Iterator[Table]:
        """Yield what is to be looked for in `data`."""
        yield self.unicode
        if not is_utf8(data):
            yield self.others


class _Kept(msgspec.Struct, array_like=True):
    """A table on disk."""

    automaton: bytes
    senses: list[tuple[Sense, ...]]


def patterns(topics: Sequence[Topic], cache: Path | None) -> Patterns:
    """Return the patterns of some topics, as they were kept or else made and kept."""
    version = _version(topics)
    try:
        path = (cache or cache_folder()) / f"{version}{_SUFFIX}"
    except RuntimeError:  # nobody's home
        return Patterns(version, *_made(topics))
    tables = _tables(read_kept(path, MAX_BYTES))
    if tables is None:
        tables = _made(topics)
        kept = [_Kept(one.automaton.saved(), one.senses) for one in tables]
        with suppress(OSError):  # it was only to save time
            write_kept(path, msgspec.msgpack.encode(kept), MAX_FILES)
    return Patterns(version, *tables)


def _version(topics: Sequence[Topic]) -> str:
    """Return the digest of all that the patterns are made of and by."""
    folder = resources.files("sousveil.scan.terms")
    parts = [words_digest(topics).encode(), engine().encode()]
    parts += [folder.joinpath(name).read_bytes() for name in _MAKERS]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _tables(body: bytes | None) -> tuple[Table, Table] | None:
    """Return what was kept; None when it isn't there or cannot be run here."""
    if body is None:
        return None
    try:
        one, other = msgspec.msgpack.decode(body, type=tuple[_Kept, _Kept])
    except msgspec.MsgspecError:
        return None
    automata = loaded(one.automaton), loaded(other.automaton)
    if automata[0] is None or automata[1] is None:
        return None
    return Table(automata[0], one.senses), Table(automata[1], other.senses)


def _made(topics: Sequence[Topic]) -> tuple[Table, Table]:
    found: dict[bool, dict[Pattern, list[Sense]]] = {True: {}, False: {}}
    terms = dict.fromkeys(term for topic in topics for term in topic.terms)
    sure = (term for term in terms if term.kind not in UNSURE)
    for one in chain(trigger_spellings(), *map(spellings, sure)):
        pattern = Pattern(one.pattern, one.exact_case)
        senses = found[one.coding in _UNICODE].setdefault(pattern, [])
        sense = Sense(one.coding, one.company)
        if sense not in senses:
            senses.append(sense)
    return _table(found[True]), _table(found[False])


def _table(found: dict[Pattern, list[Sense]]) -> Table:
    return Table(compiled(list(found)), [tuple(senses) for senses in found.values()])
