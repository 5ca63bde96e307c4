"""Order: the longest runs of things that stand in the same order on both sides.

Pure sequence work under `align.py`: numbers in, pairs of positions out. Things that stand once on
each side are anchors (git's patience diff, after Cohen); between two anchors the longest common
subsequence is taken where it can be had in bounded time.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from sousveil.changes.diff.values import Budget

# Of one gap between two anchors: so many pairs take 0.1 seconds and 10 MB. A larger gap, whose
# blocks all stand there several times, is aligned at its two ends only.
MAX_GAP_PAIRS = 80_000_000

_WORD_BITS = 64


def in_common(
    former: Sequence[int], later: Sequence[int], budget: Budget
) -> tuple[list[tuple[int, int]], int]:
    """Return the pairs of positions that stand, rising on both sides, and how many were not tried.

    Equal numbers are equal things.
    """
    pairs: list[tuple[int, int]] = []
    untried = 0
    anchors = [(-1, -1), *_anchors(former, later), (len(former), len(later))]
    for (i, j), (k, m) in pairwise(anchors):
        if i >= 0:
            pairs.append((i, j))
        inside, missed = _within(former[i + 1 : k], later[j + 1 : m], budget)
        pairs += ((i + 1 + a, j + 1 + b) for a, b in inside)
        untried += missed
    return pairs, untried


def _anchors(former: Sequence[int], later: Sequence[int]) -> list[tuple[int, int]]:
    """Return what stands once on each side, as far as it is in order."""
    often, often_later = Counter(former), Counter(later)
    place = {key: j for j, key in enumerate(later) if often_later[key] == 1}
    found = [(i, place[key]) for i, key in enumerate(former) if often[key] == 1 and key in place]
    return list(heaviest_rising((i, j, 1.0) for i, j in found))


def heaviest_rising(weighted: Iterable[tuple[int, int, float]]) -> Iterator[tuple[int, int]]:
    """Give the pairs (i, j) of the greatest weight in all that rise on both sides, in order.

    Takes (i, j, weight); time grows as n log n.
    """
    ordered = sorted(weighted, key=lambda one: (one[0], -one[1]))
    columns = sorted({j for _, j, _ in ordered})
    best: list[tuple[float, int]] = [(0.0, -1)] * (len(columns) + 1)  # a Fenwick tree of maxima
    before: list[int] = []
    for number, (_, j, weight) in enumerate(ordered):
        column = bisect_left(columns, j)
        reach = (0.0, -1)
        at = column
        while at > 0:
            reach = max(reach, best[at])
            at -= at & -at
        before.append(reach[1])
        at = column + 1
        while at < len(best):
            best[at] = max(best[at], (reach[0] + weight, number))
            at += at & -at
    total, last = (0.0, -1)
    at = len(columns)
    while at > 0:
        total, last = max((total, last), best[at])
        at -= at & -at
    chain: list[tuple[int, int]] = []
    while last >= 0:
        chain.append(ordered[last][:2])
        last = before[last]
    yield from reversed(chain)


def _within(
    former: Sequence[int], later: Sequence[int], budget: Budget
) -> tuple[list[tuple[int, int]], int]:
    """Return the pairs in one gap, and how many things in it were not tried."""
    shortest = min(len(former), len(later))
    head = next((k for k in range(shortest) if former[k] != later[k]), shortest)
    rest = shortest - head
    tail = next((k for k in range(rest) if former[-1 - k] != later[-1 - k]), rest)
    pairs = [(k, k) for k in range(head)]
    ends = [(len(former) - k, len(later) - k) for k in range(tail, 0, -1)]
    inner = range(head, len(former) - tail), range(head, len(later) - tail)
    aligned, untried = _aligned(former, later, inner, budget)
    return pairs + aligned + ends, untried


def _aligned(
    former: Sequence[int], later: Sequence[int], inner: tuple[range, range], budget: Budget
) -> tuple[list[tuple[int, int]], int]:
    """Return the longest common subsequence of two parts, and how much was not tried.

    Only what stands in both parts counts: of a page that was written anew nothing is left to try.
    """
    keys = {former[i] for i in inner[0]} & {later[j] for j in inner[1]}
    rows = [i for i in inner[0] if former[i] in keys]
    columns = [j for j in inner[1] if later[j] in keys]
    size = len(rows) * len(columns)
    if size > MAX_GAP_PAIRS or not budget.take(size // _WORD_BITS):
        return [], len(rows)
    codes = LCSseq.opcodes([former[i] for i in rows], [later[j] for j in columns])
    pairs = [
        (rows[code.src_start + k], columns[code.dest_start + k])
        for code in codes
        if code.tag == "equal"
        for k in range(code.src_end - code.src_start)
    ]
    return pairs, 0
