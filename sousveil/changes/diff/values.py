"""What a comparison of two documents is made of.

A `Diff` is rows in reading order. Taken in order, the rows that are not `AWAY` or `REMOVED` give
the later document block by block, and those that are not `MOVED` or `ADDED` the former one, so
that nothing is lost between the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from sousveil.model import Document

Span: TypeAlias = tuple[int, int]

Watched: TypeAlias = Callable[[str], Sequence[Span]]
"""Where watched terms stand in a text; `watched.py` makes one."""


class Change(StrEnum):
    """What became of a block."""

    SAME = "same"  # but for white space
    EDITED = "edited"
    REMOVED = "removed"
    ADDED = "added"
    MOVED = "moved"  # stands here now, and stood elsewhere; `is_edited` tells if other words did
    AWAY = "away"  # stood here, and stands elsewhere now


class Noise(StrEnum):
    """Why a change is left out until it is asked for, in words that follow its number."""

    FIGURES = "in figures, dates or tokens that are others at each look"
    PLACE = "in places whose text is another at each look"
    RETURNING = "of passages that come and go again"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of a block, before and after. Equal but for white space unless `is_changed`."""

    was: str
    now: str
    is_changed: bool
    is_watched: bool = False  # whether a watched term stands in it


@dataclass(frozen=True, slots=True)
class Row:
    """One block, or the same block before and after."""

    change: Change
    was: int | None  # number of its block in the former document, from 0
    now: int | None  # in the later one
    pieces: tuple[Piece, ...]
    is_edited: bool = False
    is_minor: bool = False  # only figures, dates, addresses or punctuation differ
    noise: Noise | None = None

    @property
    def text_before(self) -> str:
        """The block's text in the former document, "" when it is not in this row."""
        return "".join(piece.was for piece in self.pieces)

    @property
    def text_after(self) -> str:
        """The block's text in the later document, "" when it is not in this row."""
        return "".join(piece.now for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Diff:
    """Two documents, compared."""

    before: Document
    after: Document
    rows: tuple[Row, ...]
    unread: tuple[str, ...] = ()  # what was not compared, in sentences
    work: int = 0  # steps of comparing that were spent, in words of 64 characters

    def context(self, row: Row) -> str:
        """Return what the row's block stands under: headings, or a JSON pointer."""
        if row.now is not None and row.change is not Change.AWAY:
            return self.after.blocks[row.now].context
        return self.before.blocks[row.was].context if row.was is not None else ""


MemberKind: TypeAlias = Literal["endpoint", "field", "member", "constant"]
"""What an interface is made of; a member is that of an enumeration."""


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that an interface offers or takes."""

    kind: MemberKind
    name: str  # "ethnicity", "POST /face/ethnicity"
    of: str  # the type, table, enumeration or endpoint it belongs to; "" when it has none
    line: int | None  # of the source, from 1; None where nobody would count lines


class Budget:
    """Steps of comparing that are left: hostile pages must not make a comparison slow."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self.spent = 0

    def take(self, steps: int) -> bool:
        """Spend so many steps; False, and none spent, when fewer are left."""
        if self.spent + steps > self._steps:
            return False
        self.spent += steps
        return True
