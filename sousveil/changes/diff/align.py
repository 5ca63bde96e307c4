"""Alignment: which block of a former document is which of a later one.

Takes the texts of the blocks and gives pairs. First come blocks that stand as they were, in order;
then those that stand as they were in another place, held to git's measure for `--color-moved` (20
letters, of which a hanzi counts three), unless they stand once on each side; then those that were
edited: in their place, and last, when very alike, in another. Comparing every pair, as others do,
takes minutes for a long page (EDGI's html_token differ: 154 seconds); here a block is compared with
those in its own gap, or that share runs of words with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from sousveil.changes.answer.text import shingles, words_of
from sousveil.changes.diff.order import heaviest_rising, in_common
from sousveil.changes.diff.tokens import has_word
from sousveil.changes.diff.values import Budget

# How alike, 0 to 1, two blocks in the same place must be to be one, edited. Unrelated sentences of
# one page reach about 0.45 by characters, a sentence with a third of its words replaced 0.65.
EDITED_LIKENESS = 0.52

# The same in another place: a pair that is wrong misleads more than none does.
MOVED_LIKENESS = 0.72

# Letters that make a passage one's own (git, diff.c, COLOR_MOVED_MIN_ALNUM_COUNT).
MIN_MOVED_LETTERS = 20
HANZI_LETTERS = 3

# Pairs of blocks of one gap that are all compared; in a larger gap, those that share words are, and
# those that stand equally far down, so many blocks up and down.
MAX_GAP_BLOCKS = 1_600
NEAR = 4
# A run of words that stands in more blocks than this tells nothing of any.
MAX_SHARED_BY = 20
MAX_CANDIDATES = 6  # for one block, those that share the most

# Of a block that was cut down or grew: so much of the shorter one stands in the longer one, in so
# many runs of words at least. Containing is worth a little less than being alike.
MIN_CONTAINED_RUNS = 3
CONTAINED_WORTH = 0.9

_WORD_BITS = 64


@dataclass(slots=True)
class Alignment:
    """Pairs of block numbers, former and later; a block is in one of them at most."""

    standing: list[tuple[int, int]] = field(default_factory=list)  # rising on both sides
    moved: list[tuple[int, int]] = field(default_factory=list)  # as they were
    edited: list[tuple[int, int]] = field(default_factory=list)  # in order with what stands
    moved_edited: list[tuple[int, int]] = field(default_factory=list)
    untried: int = 0  # blocks of a part too large to be aligned
    unweighed: int = 0  # pairs of blocks left uncompared when the budget was spent


def align(former: Sequence[str], later: Sequence[str], budget: Budget) -> Alignment:
    """Return which of the blocks `later` is which of `former`; white space makes no difference."""
    found = Alignment()
    numbers: dict[str, int] = {}
    keys = [
        [numbers.setdefault(" ".join(text.split()), len(numbers)) for text in side]
        for side in (former, later)
    ]
    found.standing, found.untried = in_common(keys[0], keys[1], budget)
    _Rest(former, later, keys, found, budget).settle()
    return found


class _Rest:
    """The blocks that do not stand in order, while they are being settled."""

    def __init__(
        self,
        former: Sequence[str],
        later: Sequence[str],
        keys: Sequence[Sequence[int]],
        found: Alignment,
        budget: Budget,
    ) -> None:
        self._texts = former, later
        self._keys = keys
        self._found = found
        self._budget = budget
        standing = tuple({pair[side] for pair in found.standing} for side in (0, 1))
        self._gone = [i for i in range(len(former)) if i not in standing[0]]
        self._new = [j for j in range(len(later)) if j not in standing[1]]
        self._runs: tuple[dict[int, Counter[int]], dict[int, Counter[int]]] = ({}, {})

    def settle(self) -> None:
        """Find what moved, what was edited, and what both."""
        self._found.moved = list(self._moved())
        self._drop(self._found.moved)
        weighed = self._weighed()
        gaps = self._gaps()
        in_place = ((i, j, w) for i, j, w in weighed if gaps[0][i] == gaps[1][j])
        self._found.edited = list(heaviest_rising(in_place))
        self._drop(self._found.edited)
        self._found.moved_edited = sorted(self._alike_elsewhere(weighed))
        self._drop(self._found.moved_edited)

    def _drop(self, pairs: Iterable[tuple[int, int]]) -> None:
        settled = list(pairs)
        was, now = {i for i, _ in settled}, {j for _, j in settled}
        self._gone = [i for i in self._gone if i not in was]
        self._new = [j for j in self._new if j not in now]

    def _moved(self) -> Iterator[tuple[int, int]]:
        """Give the blocks that stand elsewhere as they were, in runs that are long enough."""
        places = defaultdict(list)
        for i in reversed(self._gone):
            places[self._keys[0][i]].append(i)
        often = Counter(self._keys[0]), Counter(self._keys[1])
        run: list[tuple[int, int]] = []
        for j in self._new:
            waiting = places.get(self._keys[1][j])
            pair = (waiting.pop(), j) if waiting else None
            if run and pair != (run[-1][0] + 1, run[-1][1] + 1):
                yield from self._long_enough(run, often)
                run = []
            if pair is not None:
                run.append(pair)
        yield from self._long_enough(run, often)

    def _long_enough(
        self, run: Sequence[tuple[int, int]], often: Sequence[Counter[int]]
    ) -> Iterable[tuple[int, int]]:
        if sum(letters(self._texts[1][j]) for _, j in run) >= MIN_MOVED_LETTERS:
            return run
        return [
            (i, j)
            for i, j in run
            if often[0][self._keys[0][i]] == often[1][self._keys[0][i]] == 1
            and has_word(self._texts[1][j])
        ]

    def _gaps(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return the number of blocks that stand before each of the rest, on each side."""
        counted: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for side, rest in ((0, self._gone), (1, self._new)):
            standing = sorted(pair[side] for pair in self._found.standing)
            passed = 0
            for number in rest:
                while passed < len(standing) and standing[passed] < number:
                    passed += 1
                counted[side][number] = passed
        return counted

    def _weighed(self) -> list[tuple[int, int, float]]:
        """Return the pairs that are alike enough, each with how alike they are."""
        weighed = []
        for i, j in dict.fromkeys((*self._in_same_gaps(), *self._sharing_words())):
            likeness = self._likeness(i, j)
            if likeness >= EDITED_LIKENESS:
                weighed.append((i, j, likeness))
        return weighed

    def _in_same_gaps(self) -> Iterator[tuple[int, int]]:
        """Give all pairs of a small gap; of a large one, those that stand equally far down."""
        sides: tuple[dict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
        for side, gaps in zip(sides, self._gaps(), strict=True):
            for number, gap in gaps.items():
                side[gap].append(number)
        for gap, gone in sides[0].items():
            new = sides[1].get(gap, [])
            for place, i in enumerate(gone):
                if len(gone) * len(new) <= MAX_GAP_BLOCKS:
                    yield from ((i, j) for j in new)
                else:
                    across = place * len(new) // len(gone)
                    yield from ((i, j) for j in new[max(0, across - NEAR) : across + NEAR + 1])

    def _sharing_words(self) -> Iterator[tuple[int, int]]:
        holders = defaultdict(list)
        for j in self._new:
            for run in self._runs_of(1, j):
                holders[run].append(j)
        for i in self._gone:
            shared: Counter[int] = Counter()
            for run in self._runs_of(0, i):
                if len(holders.get(run, ())) <= MAX_SHARED_BY:
                    shared.update(holders.get(run, ()))
            yield from ((i, j) for j, _ in shared.most_common(MAX_CANDIDATES))

    def _runs_of(self, side: int, number: int) -> Counter[int]:
        """Return the runs of words of a block, worked out once."""
        known = self._runs[side]
        if number not in known:
            known[number] = shingles(words_of(self._texts[side][number]))
        return known[number]

    def _likeness(self, i: int, j: int) -> float:
        """Return how alike two blocks are, 0 to 1; 0 for what is not worth comparing."""
        was, now = self._texts[0][i], self._texts[1][j]
        shortest, longest = sorted((self._runs_of(0, i), self._runs_of(1, j)), key=Counter.total)
        contained = 0.0
        if shortest.total() >= MIN_CONTAINED_RUNS:
            contained = CONTAINED_WORTH * (shortest & longest).total() / shortest.total()
        if 2 * min(len(was), len(now)) < EDITED_LIKENESS * (len(was) + len(now)):
            return contained
        if not self._budget.take(len(was) * len(now) // _WORD_BITS + 1):
            self._found.unweighed += 1
            return contained
        return max(contained, fuzz.ratio(was, now) / 100)

    def _alike_elsewhere(
        self, weighed: Iterable[tuple[int, int, float]]
    ) -> Iterator[tuple[int, int]]:
        gone, new = set(self._gone), set(self._new)
        for i, j, likeness in sorted(weighed, key=lambda one: (-one[2], one[0], one[1])):
            is_long = letters(self._texts[0][i]) >= MIN_MOVED_LETTERS
            if likeness >= MOVED_LIKENESS and is_long and i in gone and j in new:
                gone.discard(i)
                new.discard(j)
                yield i, j


def letters(text: str) -> int:
    """Return how many letters a text is worth; a hanzi says as much as three of others."""
    return sum(HANZI_LETTERS if "\u3400" <= one <= "\u9fff" else 1 for one in text if one.isalnum())
