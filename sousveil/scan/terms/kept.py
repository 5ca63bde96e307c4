"""The patterns of topics, ready to be looked for, and kept for the next start.

Takes topics and gives `Patterns`: automata with what each pattern means. Making them takes seconds,
so they are kept in the user's cache folder, in a file named by the digest of all that they are made
of, the engine and what it was built for. As in claims/ready.py, who can write that file could make
us overlook claims: it is read only when it is the user's own, nobody else may write it and it holds
what its digest says. Where the engine refuses it, it is made anew.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import msgspec

from sousveil.claims.identity import words_digest
from sousveil.claims.ready import read_kept, write_kept
from sousveil.scan.terms.automaton import Automaton, Pattern, compiled, engine, loaded
from sousveil.scan.terms.spellings import UNSURE, Spelling, cue_spellings, spellings
from sousveil.settings import cache_folder
from sousveil.topics.load import Topic

MAX_BYTES = 2**27  # of a kept file; ours have a dozen megabytes
MAX_FILES = 4  # kept: the topics of a few cases
_SUFFIX = ".patterns"
_LISTS = ("common.txt", "cues.txt")
TERM, CUE = "term", "cue"  # cues count beside others only
_NEVER = Pattern(rb"\xff\xfe\xff\xfe\xff")  # in no text; an automaton needs a pattern
_UNICODE = frozenset({"", "utf-8"})  # codings of text that is valid UTF-8


class Sense(NamedTuple):
    """What a match of a pattern means."""

    role: str  # what it is looked for as
    coding: str = ""  # a codec; "" for ASCII, which most codings share
    company: bytes = b""  # a word that must stand near; none: it stands for itself
    begins: int = 0  # bytes of the word, where it must not go on to the left
    ends: bool = False  # whether it must not go on to the right


class Table(msgspec.Struct, frozen=True):
    """An automaton, and what its patterns mean; one may mean several things."""

    automaton: Automaton
    senses: list[tuple[Sense, ...]]
    common: Automaton  # common words, which count near cues only


@dataclass(frozen=True, slots=True)
class Patterns:
    """All patterns of some topics."""

    version: str
    unicode: Table
    others: Table  # those in codings of single countries


class _Kept(msgspec.Struct, array_like=True):
    """A table on disk."""

    automaton: bytes
    senses: list[tuple[Sense, ...]]
    common: bytes


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
        kept = [_Kept(one.automaton.saved(), one.senses, one.common.saved()) for one in tables]
        with suppress(OSError):  # it was only to save time
            write_kept(path, msgspec.msgpack.encode(kept), MAX_FILES)
    return Patterns(version, *tables)


def _version(topics: Sequence[Topic]) -> str:
    """Return the digest of all that tells what is found: terms, engine, and each file here."""
    folder = resources.files("sousveil.scan.terms")
    parts = [words_digest(topics).encode(), engine().encode()]
    names = [one.name for one in folder.iterdir() if one.name.endswith(".py")]
    parts += [folder.joinpath(name).read_bytes() for name in sorted([*names, *_LISTS])]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _tables(body: bytes | None) -> tuple[Table, Table] | None:
    """Return what was kept; None when it isn't there or cannot be run here."""
    if body is None:
        return None
    try:
        kept = msgspec.msgpack.decode(body, type=tuple[_Kept, _Kept])
    except msgspec.MsgspecError:
        return None
    one, other = map(_table, kept)
    return None if one is None or other is None else (one, other)


def _table(kept: _Kept) -> Table | None:
    automaton, common = loaded(kept.automaton), loaded(kept.common)
    if automaton is None or common is None:
        return None
    return Table(automaton, kept.senses, common)


def _made(topics: Sequence[Topic]) -> tuple[Table, Table]:
    """Return what is to be looked for in UTF-8, and what in codings of single countries."""
    terms = dict.fromkeys(term for topic in topics for term in topic.terms)
    sure = [one for term in terms if term.kind not in UNSURE for one in spellings(term)]
    common = [one for term in terms if term.kind in UNSURE for one in spellings(term)]
    cues = list(cue_spellings())
    one, other = (
        _compiled(*([s for s in some if (s.coding in _UNICODE) is is_unicode] for some in all_of))
        for is_unicode, all_of in ((True, (sure, common, cues)), (False, (sure, common, cues)))
    )
    return one, other


def _compiled(sure: list[Spelling], common: list[Spelling], cues: list[Spelling]) -> Table:
    senses: dict[Pattern, dict[Sense, None]] = {}
    for role, some in ((TERM, sure), (CUE, cues)):
        for one in some:
            sense = Sense(role, one.coding, one.company, one.begins, one.ends)
            senses.setdefault(_pattern(one), {})[sense] = None
    few = list(dict.fromkeys(map(_pattern, common))) or [_NEVER]
    meant = [tuple(sorted(some, key=lambda sense: len(sense.company))) for some in senses.values()]
    return Table(compiled(list(senses)), meant, compiled(few))


def _pattern(one: Spelling) -> Pattern:
    return Pattern(one.pattern, one.exact_case)
