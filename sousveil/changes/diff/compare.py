"""Comparing: two documents in, a `Diff` out.

Aligns the blocks (`align.py`), tells within each edited one the words (`words.py`), and lays all
out in reading order: what went stands where it stood, before what came in its place. Pure; time is
bounded whatever the documents hold, and what the bounds leave out is told.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sousveil.changes.answer.text import words_of
from sousveil.changes.diff.align import Alignment, align
from sousveil.changes.diff.values import Budget, Change, Diff, Piece, Row, Watched
from sousveil.changes.diff.words import edited_pieces, whole
from sousveil.model import Document

# Blocks of one document that are compared: a manual of 1,500 pages has 40,000.
MAX_BLOCKS = 60_000
# Characters of one document that are compared: five times the largest real page here.
MAX_CHARACTERS = 2_000_000
# Steps of 64 tokens or characters each; so many take some two seconds.
MAX_WORK = 60_000_000

_START = -1  # in place of the number of a block: before the first


def compare(before: Document, after: Document, watched: Watched) -> Diff:
    """Return what became of each block of `before`, and where each one of `after` came from.

    `watched` tells where watched terms stand in a text: no change cuts one in two.
    """
    budget = Budget(MAX_WORK)
    sides, unread = [], []
    for document, name in ((before, "former"), (after, "later")):
        texts = compared_texts(document)
        sides.append(texts)
        if len(texts) < len(document.blocks):
            left_out = len(document.blocks) - len(texts)
            unread.append(f"The last {left_out:,} blocks of the {name} document.")
    found = align(sides[0], sides[1], budget)
    writer = _Writer(sides[0], sides[1], watched, budget)
    rows = tuple(writer.rows(found))
    if found.untried:
        unread.append(f"The order of {found.untried:,} blocks that stand there more than once.")
    if found.unweighed:
        unread.append(f"How alike {found.unweighed:,} pairs of blocks are.")
    if writer.too_long:
        unread.append(f"The words within {writer.too_long:,} edited blocks, which are too long.")
    return Diff(before, after, rows, tuple(unread), budget.spent)


def compared_texts(document: Document) -> list[str]:
    """Return the texts of the blocks that are compared, in order: as many as the limits allow."""
    texts, characters = [], 0
    for block in document.blocks[:MAX_BLOCKS]:
        characters += block.end - block.start
        if characters > MAX_CHARACTERS:
            break
        texts.append(document.text[block.start : block.end])
    return texts


@dataclass(slots=True)
class _Writer:
    """Lays rows out, and counts what was too long."""

    former: Sequence[str]
    later: Sequence[str]
    watched: Watched
    budget: Budget
    too_long: int = 0

    def rows(self, found: Alignment) -> Iterator[Row]:
        """Give the rows in reading order."""
        elsewhere = {**dict(found.moved), **dict(found.moved_edited)}
        here = {j: i for i, j in elsewhere.items()}
        partner = dict(found.standing) | dict(found.edited)
        gone = self._behind_partner(partner, elsewhere)
        came_from = {j: i for i, j in partner.items()}
        yield from gone[_START]
        for j, now in enumerate(self.later):
            if j in came_from:
                yield self._pair(came_from[j], j, moved=False)
                yield from gone[came_from[j]]
            elif j in here:
                yield self._pair(here[j], j, moved=True)
            else:
                yield Row(Change.ADDED, None, j, (whole("", now, self.watched),))

    def _behind_partner(
        self, partner: dict[int, int], elsewhere: dict[int, int]
    ) -> dict[int, list[Row]]:
        """Return what went, by the former number of the block that it stood behind."""
        gone: dict[int, list[Row]] = defaultdict(list)
        last = _START
        for i, was in enumerate(self.former):
            if i in partner:
                last = i
            else:
                change = Change.AWAY if i in elsewhere else Change.REMOVED
                pieces = (whole(was, "", self.watched),)
                gone[last].append(Row(change, i, elsewhere.get(i), pieces))
        return gone

    def _pair(self, i: int, j: int, *, moved: bool) -> Row:
        was, now = self.former[i], self.later[j]
        is_edited = was.split() != now.split()
        pieces: Sequence[Piece] | None = [
            Piece(was, now, is_changed=False, is_watched=bool(self.watched(now)))
        ]
        if is_edited:
            pieces = edited_pieces(was, now, self.watched, self.budget)
        if pieces is None:
            self.too_long += 1
            pieces = [whole(was, now, self.watched)]
        is_edited = any(piece.is_changed for piece in pieces)  # 中 文 to 中文 is no edit
        standing = Change.EDITED if is_edited else Change.SAME
        change = Change.MOVED if moved else standing
        is_minor = is_edited and words_of(was) == words_of(now)
        return Row(change, i, j, tuple(pieces), is_edited, is_minor)
