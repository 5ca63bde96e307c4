"""Who is named in what was found, and where.

Takes a finding and a register; yields everybody who is named in the quote, before it, behind it, in
the headings, in the title, in the file's path, in this order. What code makes use of names nobody,
nor does an address of electronic mail.
Linear in the passage.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sousveil.actors.address import address_of
from sousveil.actors.names import key, shown
from sousveil.actors.publishers import Party
from sousveil.actors.register import Actor, Register
from sousveil.claims.windows import sentences
from sousveil.model import BlockKind, Finding

MAX_TITLE_CHARACTERS = 1_000  # looked at, of a title, a path or a heading: they come from strangers

# Before the name of somebody else's goods: "works with Acme cameras".
_BESIDE = re.compile(
    r"(?:\b(?:with|via|for|like|unlike|replaces|supports|integrates|compatible with|based on)"
    r"|兼容|支持|对接|接入|适配|适用于)\s*(?:the\s)?[“\"「]?\Z",
    re.IGNORECASE,
)
_LONGEST_BESIDE = 24
# What code makes use of is nobody's statement: a line that takes in a library, "com.acme.json".
_LIBRARY = re.compile(
    r"(?:^|\n)[ \t]*(?:import|from|using|#[ ]?include|require)\b[^\n]*\Z"
    r"|(?<!package )\b(?:com|cn|org|net|io)\.\Z"
)
_LONGEST_IMPORT = 120  # characters ahead of a name on its line
_CODE = frozenset({BlockKind.CODE, BlockKind.COMMENT})


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is named in what was found."""

    name: str
    actor: Actor | None
    words: str  # as they stand there
    place: str  # "the quote names", "the title names"
    leads: bool  # whether the quote's own statement is about them

    @property
    def evidence(self) -> str:
        """The sentence that says so."""
        said = f"{self.place} “{shown(self.words)}”"
        if key(self.words) == key(self.name):
            return said
        return f"{said}, a name that stands for {self.name}"


_Mentions = Callable[[str], list[tuple[int, int, Actor | Party]]]


def named_in(finding: Finding, publisher: Party | None, register: Register) -> list[Named]:
    """Return who is named, the most telling place first, each once.

    A publisher whom the register does not know is found by the name that the watch or the document
    gives.
    """
    mentions = _mentions_of(register, publisher)
    by_name: dict[str, Named] = {}
    for named in (*_in_passage(finding, mentions), *_around(finding, mentions)):
        by_name.setdefault(named.name, named)
    return list(by_name.values())


def _in_passage(finding: Finding, mentions: _Mentions) -> Iterator[Named]:
    """Yield who is named in the quote, the nearest before it, then who is named behind it.

    What only stands beside somebody else's goods comes after whom the statement is about.
    """
    passage, claim = finding.passage, finding.claim
    begin, finish = claim.start - claim.passage_start, claim.end - claim.passage_start
    is_code = finding.source.path is not None or finding.source.kind in _CODE
    found = mentions(passage)
    clause = _clause(passage, begin) if found else begin
    inside, before, behind = list[Named](), list[Named](), list[Named]()
    for start, end, who in found:
        if _is_mailbox(passage, start, end) or (is_code and _is_library(passage, start)):
            continue
        words = passage[start:end]
        is_beside = _BESIDE.search(passage, max(0, start - _LONGEST_BESIDE), start) is not None
        if end <= begin:
            leads = start >= clause and not is_beside
            before.append(_named_as(who, words, "the passage names", leads=leads))
        elif start >= finish:
            behind.append(_named_as(who, words, "the passage names", leads=False))
        else:
            inside.append(_named_as(who, words, "the quote names", leads=not is_beside))
    yield from sorted([*inside, *reversed(before)], key=lambda named: not named.leads)
    yield from behind


def _clause(passage: str, at: int) -> int:
    """Return where the sentence begins that goes on at `at`."""
    return max((start for start, end in sentences(passage) if start <= at < end), default=at)


def _is_mailbox(passage: str, start: int, end: int) -> bool:
    """Whether a name is that of the company where somebody has mail: "jo@acme.example"."""
    return passage[start - 1 : start] == "@" and passage[end : end + 1] in {".", "-"}


def _is_library(code: str, start: int) -> bool:
    """Whether a name is that of a library which the code makes use of."""
    return _LIBRARY.search(code, max(0, start - _LONGEST_IMPORT), start) is not None


def _around(finding: Finding, mentions: _Mentions) -> Iterator[Named]:
    """Yield who is named above the passage, in the title, and in names of files."""
    path = finding.source.path
    places = (
        ("the heading above it names", finding.source.context),
        ("the title names", finding.title),
        ("the file’s path names", path or ""),
        ("the repository’s address names", address_of(finding.url).path if path else ""),
    )
    for place, text in places:
        for start, end, who in mentions(text[:MAX_TITLE_CHARACTERS]):
            yield _named_as(who, text[start:end], place, leads=False)


def _named_as(who: Actor | Party, words: str, place: str, *, leads: bool) -> Named:
    known = who if isinstance(who, Actor) else who.actor
    return Named(who.name, known, words, place, leads)


def _mentions_of(register: Register, publisher: Party | None) -> _Mentions:
    """Return what finds the names in a text, with that of a publisher whom nobody knows."""
    own = None
    if publisher is not None and publisher.actor is None and publisher.way in {"watch", "imprint"}:
        own = _register_of(publisher.name)

    def mentions(text: str) -> list[tuple[int, int, Actor | Party]]:
        found: list[tuple[int, int, Actor | Party]] = list(register.mentions(text))
        if own is not None and publisher is not None:
            found += [(start, end, publisher) for start, end, _ in own.mentions(text)]
            found.sort(key=lambda mention: mention[:2])
        return found

    return mentions


@lru_cache(maxsize=64)  # watches of a case that name somebody whom the register does not know
def _register_of(name: str) -> Register:
    return Register([Actor(name, names=(name,))])
