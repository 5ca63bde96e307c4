"""The source of two answers, line by line: what was taken out and what was put in.

Takes two bodies as text and gives runs of lines. Lines are aligned by their longest common
subsequence; markup that a server wrote on one line is broken between its tags first. Pure, and
bounded: what is beyond the limits is counted and not compared.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import LCSseq

# A page of 1 MB has some 20,000 tags; two sides of 8,000 lines are aligned within a second.
MAX_LINES = 8_000
MAX_LINE_CHARS = 400  # shown of one; scripts have lines of megabytes
NEIGHBOURS = 2  # lines that stand, shown before and behind those that changed
MAX_SHOWN = 500  # lines

_BREAK = re.compile(r"\r\n|\r|\n|(?<=>)(?=<)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line, with its numbers in either source, from 1; None where it does not stand."""

    kind: Literal["same", "was", "now"]
    was: int | None
    now: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What differs between two sources."""

    runs: Sequence[Sequence[Line]]  # of lines that follow one another
    changed: int  # lines taken out or put in, of those that were compared
    left_out: int  # of them, those that are not in `runs`
    uncompared: int  # lines beyond the limit, of both sides


def compare_sources(before: str, after: str) -> Sources:
    """Return which lines differ, with those around them."""
    was, now = _BREAK.split(before), _BREAK.split(after)
    uncompared = max(len(was) - MAX_LINES, 0) + max(len(now) - MAX_LINES, 0)
    was, now = was[:MAX_LINES], now[:MAX_LINES]
    every = list(_lines(was, now))
    changed = [number for number, line in enumerate(every) if line.kind != "same"]
    near = {
        number + step
        for number in changed[:MAX_SHOWN]
        for step in range(-NEIGHBOURS, NEIGHBOURS + 1)
        if 0 <= number + step < len(every)
    }
    runs: list[list[Line]] = []
    for number in sorted(near):
        if number - 1 not in near:
            runs.append([])
        runs[-1].append(every[number])
    shown = sum(line.kind != "same" for run in runs for line in run)
    return Sources(runs, len(changed), len(changed) - shown, uncompared)


def _lines(was: Sequence[str], now: Sequence[str]) -> Iterator[Line]:
    codes = LCSseq.opcodes([_sign(line) for line in was], [_sign(line) for line in now])
    for stands, run in groupby(codes, lambda one: one.tag == "equal"):
        one, *others = run
        i, j = one.src_start, one.dest_start
        # Of what follows one another without a line that stands, what was taken out comes first.
        last = others[-1] if others else one
        i_end, j_end = last.src_end, last.dest_end
        if stands:
            for step in range(i_end - i):
                text = now[j + step][:MAX_LINE_CHARS]
                yield Line("same", i + step + 1, j + step + 1, text)
        else:
            yield from (Line("was", n + 1, None, was[n][:MAX_LINE_CHARS]) for n in range(i, i_end))
            yield from (Line("now", None, n + 1, now[n][:MAX_LINE_CHARS]) for n in range(j, j_end))


def _sign(line: str) -> str:
    return line.strip()
