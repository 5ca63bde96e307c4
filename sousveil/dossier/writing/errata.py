"""Errata: what each published edition of a text said otherwise than the one before it.

Takes the editions that the log holds, and the text of the one to come; gives their differences,
sentence by sentence. Nobody writes this page: whoever corrects only says what was wrong. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise

from sousveil.dossier.writing.parse import parse


@dataclass(frozen=True, slots=True)
class Edition:
    """A text as it was published."""

    number: int  # from 1
    at: datetime
    text: str  # in Markdown
    correction: str  # what was wrong with the one before, in its publisher's words; "" for none


@dataclass(frozen=True, slots=True)
class Change:
    """Sentences that one edition has in the place of others."""

    was: tuple[str, ...]  # none where something was only added
    now: tuple[str, ...]  # none where something was only taken out


@dataclass(frozen=True, slots=True)
class Erratum:
    """How an edition differs from the one before."""

    edition: Edition
    changes: tuple[Change, ...]


def errata(editions: Sequence[Edition]) -> tuple[Erratum, ...]:
    """Return the errata of editions in their order, the latest first; none of a first edition."""
    return tuple(
        Erratum(later, changes(one.text, later.text)) for one, later in pairwise(editions)
    )[::-1]


def changes(was: str, now: str) -> tuple[Change, ...]:
    """Return the differences between two texts, in the order of the later one."""
    before = [statement.text for statement in parse(was).statements]
    after = [statement.text for statement in parse(now).statements]
    parts = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(
        Change(tuple(before[start:end]), tuple(after[low:high]))
        for kind, start, end, low, high in parts
        if kind != "equal"
    )
