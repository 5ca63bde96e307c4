"""Edits: how much of a page was edited, when the answer is the page.

Takes two texts and gives a kind among `PAGES`, with how many words left and how many came: those
outside the longest common subsequence. Passages that only changed places are noise; words that did
may turn the sense, and are an edit.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from sousveil.changes.answer.text import MAX_COMPARED_CHARACTERS, Text, words_of
from sousveil.changes.answer.values import Kind

# A slip of the pen: so few words, those that left and those that came together.
MAX_TINY_WORDS = 3

# An edit that leaves behind a tenth of what it takes away, or brings, only removes or only adds: a
# number, a name or a date in a heading changes with almost every removal.
ONE_SIDED_SHARE = 0.1

# Time grows with the product of the lengths: so many pairs of words take a second. Beyond it, words
# are counted without regard to their order.
MAX_COMPARED_PAIRS = 10**9


@dataclass(frozen=True, slots=True)
class Edits:
    """What was edited, in words; a hanzi counts as one."""

    kind: Kind
    removed: int
    added: int
    reason: str


def edits_between(before: Text, after: Text) -> Edits:
    """Return what was edited between two captures of one page."""
    if before.document.text == after.document.text:
        return Edits(Kind.UNCHANGED, 0, 0, "the text is the same, character for character")
    removed, added = _counts(before.words, after.words)
    if before.is_cut or after.is_cut:
        counts = f"{removed} words left and {added} came"
        reason = (
            f"of the first {MAX_COMPARED_CHARACTERS:,} characters, all that is compared: {counts}"
        )
        kind = _kind(removed, added) if removed or added else Kind.EDIT
        return Edits(kind, removed, added, reason)
    if not removed and not added:
        words = "only figures, dates, addresses, punctuation or what is not seen changed"
        return Edits(Kind.NOISE, 0, 0, words)
    if _passages(before) == _passages(after):
        return Edits(Kind.NOISE, 0, 0, "the same passages stand in another order")
    reason = f"{removed} words left and {added} came"
    return Edits(_kind(removed, added), removed, added, reason)


def _counts(former: Sequence[str], later: Sequence[str]) -> tuple[int, int]:
    """Return how many words left and came."""
    if len(former) * len(later) > MAX_COMPARED_PAIRS:
        left, came = Counter(former), Counter(later)
        return (left - came).total(), (came - left).total()
    common = LCSseq.similarity(former, later)
    return len(former) - common, len(later) - common


def _passages(text: Text) -> Counter[tuple[str, ...]]:
    return Counter(words for one in text.passages if (words := tuple(words_of(one))))


def _kind(removed: int, added: int) -> Kind:
    if removed + added <= MAX_TINY_WORDS:
        return Kind.TINY_EDIT
    if added <= ONE_SIDED_SHARE * removed:
        return Kind.REMOVAL
    if removed <= ONE_SIDED_SHARE * added:
        return Kind.ADDITION
    return Kind.EDIT
