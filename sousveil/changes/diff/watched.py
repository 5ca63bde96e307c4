"""Watched terms: where the words of a case's topics stand in a text.

Takes topics and gives a function from text to spans. Terms are matched as the claim finder does
(`claims/lexicon.py`), before any is cleared by the words around it: what is shown whole, and never
held for noise, may be more than what makes a claim.
"""

from collections.abc import Sequence
from functools import lru_cache

from sousveil.changes.diff.values import Span, Watched
from sousveil.claims.lexicon import lexicon
from sousveil.claims.normal import normalise
from sousveil.topics import Topic

# Passages whose terms are remembered: each is asked for when it is cut, marked and shown.
_REMEMBERED = 4_096


def watched_terms(topics: tuple[Topic, ...]) -> Watched:
    """Return what tells the spans of the terms of `topics`; overlapping ones are joined."""
    known = lexicon(topics)

    @lru_cache(maxsize=_REMEMBERED)
    def spans(text: str) -> Sequence[Span]:
        normal = normalise(text)
        found = (normal.source_span(hit.start, hit.end) for hit in known.terms(normal.text))
        return _joined(sorted(found))

    return spans


def _joined(spans: Sequence[Span]) -> Sequence[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
