"""Patterns: regular expressions over many texts, within a time.

Takes texts and gives the spans that match; the work is done by `pattern_worker.py`, which is ended
when its time is over.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What a person waits for an answer. A pattern that nests its repetitions could take centuries.
MAX_SECONDS = 3.0

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Matched:
    """What patterns matched."""

    spans: dict[int, tuple[Span, ...]]  # by the number of the text, from 0
    is_whole: bool  # False: time was over before the last text


def match_all(
    patterns: Sequence[str], texts: Iterable[str], seconds: float = MAX_SECONDS
) -> Matched:
    """Return where all of `patterns` match, in any case, in those texts that they all match."""
    lines = [json.dumps(list(patterns)), *map(json.dumps, texts), ""]
    command = [sys.executable, "-P", "-m", "sousveil.index.search.pattern_worker"]
    try:
        done = subprocess.run(
            command,
            input="\n".join(lines).encode(),
            stdout=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
        told = done.stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""
    # What the worker was writing when it was ended is no whole line.
    *whole, _ = told.split(b"\n")
    answers = [json.loads(line) for line in whole]
    found = [answer for answer in answers if answer is not None]
    return Matched(
        {number: tuple((start, end) for start, end in spans) for number, *spans in found},
        is_whole=answers[-1:] == [None],
    )
