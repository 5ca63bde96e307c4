"""Before and after: two texts side by side, with the words that differ marked.

Takes two texts and gives their pieces; a word is a run of letters and digits, a Chinese character
is a word by itself. The marks are the longest common subsequence of the words.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from rapidfuzz.distance import LCSseq

from sousveil.dossier.text import Piece, quote_bounds
from sousveil.model import Finding

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+|\s+|.", re.DOTALL)

# The comparison is quadratic in words, and nobody reads more than this of either side.
MAX_COMPARED_CHARS = 8_000

# With less in common than this the marks would only be noise, so both texts are shown whole.
LEAST_IN_COMMON = 0.25


def before_and_after(finding: Finding, after: str) -> tuple[list[Piece], list[Piece]]:
    """Return the context of the quote as it was and `after`, with what differs marked.

    The quote is marked on the first side. Of either text the first MAX_COMPARED_CHARS are used.
    """
    passage, start, end = quote_bounds(finding)
    before, after = passage[:MAX_COMPARED_CHARS], after[:MAX_COMPARED_CHARS]
    gone, new = changed_spans(before, after)
    was = _pieces(before, gone, "del", (start, end))
    return was, _pieces(after, new, "ins", (0, 0))


def changed_spans(before: str, after: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the spans of `before` that are gone and the spans of `after` that are new.

    Both are empty when the texts have too little in common for marks to mean anything.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    if LCSseq.normalized_similarity(old, new) < LEAST_IN_COMMON:
        return [], []
    changes = [code for code in LCSseq.opcodes(old, new) if code.tag != "equal"]
    return (
        _spans(old, ((code.src_start, code.src_end) for code in changes)),
        _spans(new, ((code.dest_start, code.dest_end) for code in changes)),
    )


def _spans(words: list[str], runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Turn runs of words into spans of characters, joining those with only spaces between."""
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    spans: list[tuple[int, int]] = []
    last = 0  # word at which the last span ends
    for first, end in runs:
        if first == end:
            continue
        if spans and not "".join(words[last:first]).strip():
            spans[-1] = (spans[-1][0], offsets[end])
        else:
            spans.append((offsets[first], offsets[end]))
        last = end
    return spans


def _pieces(
    text: str, spans: list[tuple[int, int]], change: Literal["del", "ins"], quote: tuple[int, int]
) -> list[Piece]:
    """Cut `text` wherever a span or the quote starts or ends, and say what each piece is."""
    starts = [start for start, _ in spans]
    edges = {0, len(text), *quote, *(edge for span in spans for edge in span)}
    cuts = sorted(edge for edge in edges if edge <= len(text))
    pieces = []
    for start, end in pairwise(cuts):
        span = bisect_right(starts, start) - 1
        changed = span >= 0 and start < spans[span][1]
        quoted = quote[0] <= start < quote[1]
        pieces.append(Piece(text[start:end], quoted, change if changed else ""))
    return pieces
