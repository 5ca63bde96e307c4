"""The automaton that looks for many byte patterns at once, compiled by hyperscan.

Takes regular expressions over bytes and gives an `Automaton`, which says where which of them match.
Expressions stay close to literals: those compile by the thousand in a second, and match at the
speed of memory. Hyperscan's own literals are not used, for they end at a NUL. Written after the
Hyperscan Developer's Reference Guide, "Compiling Patterns" and "Serialization".
"""

import platform
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import NamedTuple

from sousveil.errors import InputError

try:
    import hyperscan
except ImportError as error:
    raise InputError(
        "Scanning needs the engine hyperscan, which is not installed. "
        "Install it with: pip install 'sousveil[scan]'"
    ) from error


class Pattern(NamedTuple):
    """A regular expression over bytes; the case of ASCII letters matters only in some."""

    expression: bytes
    exact_case: bool = False
    once: bool = False  # told only where it matches first


class Automaton:
    """Patterns, ready to be looked for. Threads may share it: each scans in its own scratch."""

    def __init__(self, database: hyperscan.Database) -> None:
        self._database = database
        self._own = threading.local()

    def hits(self, data: bytes) -> list[tuple[int, int]]:
        """Return (index of the pattern, byte behind the match) in the order of the matches."""
        found: list[tuple[int, int]] = []
        add = found.append

        def on_match(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((index, end))

        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        self._database.scan(data, match_event_handler=on_match, scratch=scratch)
        return found

    def saved(self) -> bytes:
        """Return the automaton for `loaded`, which must run on a like processor."""
        return hyperscan.dumpb(self._database)


def compiled(patterns: Sequence[Pattern]) -> Automaton:
    """Return the automaton of some patterns; index counts them from 0."""
    flags = [
        hyperscan.HS_FLAG_DOTALL
        | (0 if one.exact_case else hyperscan.HS_FLAG_CASELESS)
        | (hyperscan.HS_FLAG_SINGLEMATCH if one.once else 0)
        for one in patterns
    ]
    database = hyperscan.Database()
    database.compile(
        expressions=[one.expression for one in patterns],
        ids=list(range(len(patterns))),
        flags=flags,
    )
    return Automaton(database)


def loaded(saved: bytes) -> Automaton | None:
    """Return an automaton that was saved; None when this engine or processor cannot run it."""
    try:
        automaton = Automaton(hyperscan.loadb(saved, hyperscan.HS_MODE_BLOCK))
        automaton.hits(b"")
    except hyperscan.error:
        return None
    return automaton


def engine() -> str:
    """Return the name of the engine and of what it was built for."""
    database = hyperscan.Database()
    database.compile(expressions=[b"a"], ids=[0])
    version = metadata.version("hyperscan")
    return f"hyperscan {version}, {database.info()!r}, {platform.machine()}"
