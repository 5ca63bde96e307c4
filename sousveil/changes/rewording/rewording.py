"""What replaced a sentence, if anything did.

Takes a quote and the two captures between which it vanished (`Pair`), and gives a `Rewording`, or
None: a removal. Three things speak for a rewording, each weighed beside the others: the words that
stand in both, a watched term that gave way to a related one or a stand-in, and the place between
neighbours that did not change. Only what was not on the page before can be a new wording. Pure;
bounded by the limits below, whatever a page holds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from rapidfuzz import fuzz, process

from sousveil.changes.rewording.pieces import Gap, Pair, Piece
from sousveil.changes.rewording.swaps import Alike, Swap, alike
from sousveil.model import BlockKind
from sousveil.topics import Topic

# Of the new pieces in a quote's own gap, and of those elsewhere on the page, so many are compared
# with it, the nearest in place and in length first.
MAX_IN_GAP = 60
MAX_ELSEWHERE = 200

# A quote of more pieces is a table or a list; each of its pieces is sought by itself.
MAX_PIECES_OF_QUOTE = 12

# The same words may stand several times on a page.
MAX_PLACES = 8

# A longer piece is no sentence; to compare it takes long.
MAX_CHARACTERS = 2_400

# Shares of a sentence's words, and of its letters, that must stand in its new wording: in its own
# gap, and elsewhere on the page, where chance has more to offer. Of 60 told of
# real pages and read, two were wrong, of kinds that do not count any more.
KEPT_NEAR = 0.5
LETTERS_NEAR = 0.5
KEPT = 0.65
LETTERS = 0.6

# Where a watched term gave way to a related one in the sentence's own gap.
KEPT_SWAP = 0.35

# A sentence of which so much stands in a longer one, in a row, was taken up by it.
KEPT_WITHIN = 0.8
LETTERS_WITHIN = 0.8

# Pieces compared word by word, of those whose letters are nearest.
MAX_WEIGHED = 6

# A longer piece is not sought within longer ones: time grows with the square of its length.
MAX_SOUGHT_CHARACTERS = 600

# What stands there is a member of a list, a cell, a field: its place tells more than its letters.
MAX_MEMBER_CHARACTERS = 48
_MEMBERS = frozenset({BlockKind.CELL, BlockKind.CODE, BlockKind.FIELD, BlockKind.STRING})


@dataclass(frozen=True, slots=True)
class Rewording:
    """What stands in the place of a quote."""

    text: str  # as it stands there now
    by: Literal["words", "swap", "place"]  # what speaks for it most
    likeness: float  # share, 0 to 1, of the former words that stand in it
    swaps: tuple[Swap, ...]  # which words gave way to which, in order

    @property
    def told(self) -> tuple[str, ...]:
        """The swaps in words, those of watched terms first: "“Uyghur” became “minority”"."""
        ordered = sorted(self.swaps, key=lambda one: not one.is_watched)
        return tuple(one.told for one in ordered)


def find_rewording(
    quote: str, pair: Pair, topics: tuple[Topic, ...] | None = None
) -> Rewording | None:
    """Return what stands in the place of a quote that left between two captures, or None.

    `topics` are what is watched for; None for the shipped ones. A quote that stands in both, only
    parted or joined by other words, is its own rewording, with a likeness of 1.
    """
    places = list(islice(pair.places_of(quote), MAX_PLACES))
    for place in places:
        if (found := _at(place, pair, topics)) is not None:
            return found
    if places:
        return None
    # Read from other bytes of the same page, such as a browser's: it has no place here.
    alone = Piece(0, len(quote), quote, BlockKind.PARAGRAPH, "", "")
    return _best(alone, pair, _elsewhere(len(quote), pair, range(0)), topics)


def _at(place: range, pair: Pair, topics: tuple[Topic, ...] | None) -> Rewording | None:
    """Return the rewording of the pieces at a place that left, if most of them have one."""
    gone = [number for number in place if pair.is_gone(number)]
    if not gone:
        text = "\n".join(pair.standing(number).text for number in place)
        return Rewording(text, "words", 1.0, ())
    found = {
        number: told
        for number in gone[:MAX_PIECES_OF_QUOTE]
        if (told := _of_piece(number, pair, topics)) is not None
    }
    weight = {number: len(pair.before[number].text) for number in gone}
    if 2 * sum(weight[number] for number in found) < sum(weight.values()) or not found:
        return None
    strongest = max(found.values(), key=lambda one: (one.by == "swap", one.likeness))
    return Rewording(
        "\n".join(dict.fromkeys(one.text for one in found.values())),
        strongest.by,
        sum(one.likeness * weight[number] for number, one in found.items())
        / sum(weight[number] for number in found),
        tuple(swap for one in found.values() for swap in one.swaps),
    )


def _of_piece(number: int, pair: Pair, topics: tuple[Topic, ...] | None) -> Rewording | None:
    piece = pair.before[number]
    gap = pair.gap_of(number)
    there = range(0) if gap is None else _nearby(number, gap)
    near = [(one, gap is not None and _is_at_same_place(number, one, gap, pair)) for one in there]
    found = _best(piece, pair, near, topics, is_near=True)
    return found or _best(piece, pair, _elsewhere(len(piece.text), pair, there), topics)


def _nearby(number: int, gap: Gap) -> range:
    """Return the later pieces of a gap around the place where a piece stood in it."""
    share = (number - gap.before.start) / len(gap.before)
    middle = gap.after.start + round(share * len(gap.after))
    first = max(gap.after.start, min(middle, gap.after.stop - MAX_IN_GAP // 2) - MAX_IN_GAP // 2)
    return range(first, min(gap.after.stop, first + MAX_IN_GAP))


def _is_at_same_place(number: int, other: int, gap: Gap, pair: Pair) -> bool:
    """Whether, between neighbours that stand, as many pieces stand as did, and this is that one."""
    return (
        len(gap.before) == len(gap.after)
        and number - gap.before.start == other - gap.after.start
        and pair.before[number].kind is pair.after[other].kind
        and pair.is_held(gap)
    )


def _elsewhere(length: int, pair: Pair, there: range) -> Iterator[tuple[int, bool]]:
    """Yield the new pieces elsewhere on the page that are nearest in length to a quote."""
    fresh = pair.fresh
    middle = bisect_left(fresh, length, key=lambda number: len(pair.after[number].text))
    half = MAX_ELSEWHERE // 2
    for number in fresh[max(0, middle - half) : middle + half]:
        if number not in there:
            yield number, False


def _best(
    piece: Piece,
    pair: Pair,
    candidates: Iterable[tuple[int, bool]],
    topics: tuple[Topic, ...] | None,
    *,
    is_near: bool = False,
) -> Rewording | None:
    """Return the likeliest of some new pieces, each with whether it stands at the same place."""
    best, highest = None, 0.0
    for number, is_there, holds in _shortlist(piece, pair, candidates):
        other = pair.after[number]
        told = alike(piece.text, other.text, pair.weight, topics)
        by = _speaks(told, piece, other, is_near=is_near, is_there=is_there, holds=holds)
        score = told.kept + told.letters + bool(told.watched) + is_there
        if by is not None and score > highest:
            best, highest = Rewording(other.text, by, told.kept, told.swaps), score
    return best


def _shortlist(
    piece: Piece, pair: Pair, candidates: Iterable[tuple[int, bool]]
) -> Iterator[tuple[int, bool, bool]]:
    """Yield the new pieces whose letters are nearest, and whether each holds the piece as a part.

    Letters choose, for they are compared fast; words decide.
    """
    if len(piece.text) > MAX_CHARACTERS:
        return
    there = {
        number: is_there
        for number, is_there in candidates
        if pair.is_new(number) and len(pair.after[number].text) <= MAX_CHARACTERS
    }
    texts = {number: pair.after[number].text for number in there}
    nearest = process.extract(piece.text, texts, scorer=fuzz.ratio, limit=MAX_WEIGHED)
    chosen = {number: False for _, _, number in nearest}
    chosen |= {number: False for number, is_there in there.items() if is_there}
    if len(piece.text) <= MAX_SOUGHT_CHARACTERS:
        longer = {n: text for n, text in texts.items() if len(text) > len(piece.text)}
        holding = process.extract(
            piece.text,
            longer,
            scorer=fuzz.partial_ratio,
            limit=2,
            score_cutoff=100 * LETTERS_WITHIN,
        )
        chosen |= {number: True for _, _, number in holding}
    for number, holds in chosen.items():
        yield number, there[number], holds


def _speaks(
    told: Alike, piece: Piece, other: Piece, *, is_near: bool, is_there: bool, holds: bool
) -> Literal["words", "swap", "place"] | None:
    """Return what speaks most for one piece being another's new wording; None: not enough."""
    kept, letters = (KEPT_NEAR, LETTERS_NEAR) if is_near else (KEPT, LETTERS)
    is_alike = told.kept >= kept and told.letters >= letters
    is_framed = told.kept >= (KEPT_SWAP if is_near else KEPT)
    if told.watched and (is_alike or is_there or is_framed):
        return "swap"
    if is_alike or (holds and told.kept >= KEPT_WITHIN):
        return "words"
    is_member = is_there and piece.kind in _MEMBERS and _is_short(piece) and _is_short(other)
    return "place" if is_member else None


def _is_short(piece: Piece) -> bool:
    return len(piece.text) <= MAX_MEMBER_CHARACTERS
