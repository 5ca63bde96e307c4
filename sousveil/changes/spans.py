"""Spans: from which commit to which a quote stood at a path.

Takes the commits of a repository, parents first, each with the files it changed against its first
parent, and the quotes that each version of a file holds; gives, for every path and quote, the
commit that brought it in and the one that took it out. Pure.

History is a graph, and a merge repeats what its parents did. So each commit gets a state: for each
path that ever held a quote, the version that stands there, and the spans known so far. A commit
changes its first parent's state where it changed a file; a merge settles the spans of all parents:
    - a quote that stands, and that some parent knows to stand, goes on as that same span: it came
      in where that parent says, not in the merge;
    - one that is gone, and that some parent knows to be gone, left where that parent says;
    - only what no parent explains is the merge's own doing.
When both sides brought the same quote in, the first parent's span goes on (git's main line).
States share what they do not change, and a state is dropped with the last child.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

# Ended spans remembered for one path, the latest: a hostile history that takes quotes in and out
# for ever costs linear time. A header of 300 claims, all reworded 30 times, stays below.
MAX_ENDED_OF_PATH = 10_000

_BUCKETS = 64  # a state is a tuple of so many dicts, so that a change copies a small part


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote in one version of a file, told apart from equal ones by its number."""

    topic: str
    trait: str
    text: str
    occurrence: int  # of this topic, trait and text in the file, from 0


@dataclass(frozen=True, slots=True)
class Step:
    """A commit with the paths whose quotes it may have changed, against its first parent."""

    commit: str
    parents: tuple[str, ...]
    changed: Mapping[bytes, str | None]  # path -> new blob, None when it holds no quote


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A quote's stay at a path, known by the commit that began it. Compared by identity."""

    path: bytes
    quote: Quote
    entered: str
    order: int  # of the commit that began it among all commits, parents first


@dataclass(frozen=True, slots=True)
class Ending:
    """How a span ended."""

    left: str  # the commit that took the quote out
    last: str  # its parent that still had it
    blob: str  # the version of the file there


@dataclass(frozen=True, slots=True)
class Told:
    """A span as the history of one tip tells it."""

    span: Span
    ending: Ending | None  # None while it stands at the tip
    tip: str
    blob: str  # the version to cite: at the tip, or the last that had the quote


@dataclass(frozen=True, slots=True)
class _Place:
    """A path at one commit."""

    blob: str | None  # None while nothing with a quote stands there
    spans: tuple[tuple[Span, Ending | None], ...]


_State: TypeAlias = tuple[dict[bytes, _Place], ...]
_EMPTY: _State = tuple({} for _ in range(_BUCKETS))


def follow(
    steps: Iterable[Step], quotes: Mapping[str, Sequence[Quote]], tips: Sequence[str]
) -> Iterator[Told]:
    """Give the spans of every path and quote, once each, as the first of `tips` tells them.

    `steps` must give every commit after its parents; `quotes` maps a blob to what it holds, and
    has no entry for a blob without any. For one path and quote the spans come in order; those of
    the first tip come first.
    """
    states: dict[str, _State] = {}
    pending = list(steps)
    children = _count_children(pending)
    kept = frozenset(tips)
    for order, step in enumerate(pending):
        parents = [(parent, states[parent]) for parent in step.parents]
        states[step.commit] = _advance(step, order, parents, quotes)
        for parent in step.parents:
            children[parent] -= 1
            if not children[parent] and parent not in kept:
                del states[parent]
        if not children.get(step.commit) and step.commit not in kept:
            del states[step.commit]
    yield from _tell(states, tips)


def _count_children(steps: Iterable[Step]) -> dict[str, int]:
    children: dict[str, int] = {}
    for step in steps:
        for parent in step.parents:
            children[parent] = children.get(parent, 0) + 1
    return children


def _advance(
    step: Step,
    order: int,
    parents: Sequence[tuple[str, _State]],
    quotes: Mapping[str, Sequence[Quote]],
) -> _State:
    first = parents[0][1] if parents else _EMPTY
    touched = dict(step.changed)
    for _, other in parents[1:]:
        for path in _differing(first, other):
            place = _at(first, path)
            touched.setdefault(path, place.blob if place else None)
    if not touched:
        return first
    buckets = list(first)
    copied = set()
    for path in sorted(touched):
        number = hash(path) % _BUCKETS
        if number not in copied:
            copied.add(number)
            buckets[number] = dict(buckets[number])
        known = [(parent, place) for parent, state in parents if (place := _at(state, path))]
        place = _settle(step.commit, known, touched[path], quotes)
        present = {span.quote for span, ending in place.spans if ending is None}
        new = [quote for quote in quotes.get(place.blob or "", ()) if quote not in present]
        entered = tuple((Span(path, quote, step.commit, order), None) for quote in new)
        buckets[number][path] = _Place(place.blob, place.spans + entered)
    return tuple(buckets)


def _at(state: _State, path: bytes) -> _Place | None:
    return state[hash(path) % _BUCKETS].get(path)


def _differing(one: _State, other: _State) -> Iterator[bytes]:
    for mine, theirs in zip(one, other, strict=True):
        if mine is not theirs:
            for path in mine.keys() | theirs.keys():
                if mine.get(path) is not theirs.get(path):
                    yield path


def _settle(
    commit: str,
    known: Sequence[tuple[str, _Place]],
    blob: str | None,
    quotes: Mapping[str, Sequence[Quote]],
) -> _Place:
    """Return what becomes at `commit`, where `blob` stands, of the spans that its parents know."""
    present = frozenset(quotes.get(blob, ())) if blob else frozenset()
    endings: dict[Span, list[Ending | None]] = {}
    ends_here: dict[Span, Ending] = {}
    for parent, place in known:
        for span, ending in place.spans:
            endings.setdefault(span, []).append(ending)
            if ending is None and place.blob:
                ends_here.setdefault(span, Ending(commit, parent, place.blob))
    going_on = _choose(endings, present)
    ended: list[tuple[Span, Ending | None]] = []
    for span, told in endings.items():
        gone = next((ending for ending in told if ending), None)
        goes_on = going_on.get(span.quote) is span
        if not goes_on and (gone or span.quote not in present):
            ended.append((span, gone or ends_here[span]))
    standing = ((span, None) for span in endings if going_on.get(span.quote) is span)
    return _Place(blob if present else None, (*ended[-MAX_ENDED_OF_PATH:], *standing))


def _choose(
    endings: Mapping[Span, Sequence[Ending | None]], present: frozenset[Quote]
) -> dict[Quote, Span]:
    """Return, for each quote that stands, the span that goes on, if any parent has one.

    First those that no parent saw ending: a merge with an old branch must not revive them.
    """
    chosen: dict[Quote, Span] = {}
    for wholly in (True, False):
        for span, told in endings.items():
            stands = all(one is None for one in told) if wholly else None in told
            if stands and span.quote in present:
                chosen.setdefault(span.quote, span)
    return chosen


def _tell(states: Mapping[str, _State], tips: Sequence[str]) -> Iterator[Told]:
    told: set[tuple[bytes, Quote]] = set()
    for tip in dict.fromkeys(tips):
        fresh: list[Told] = []
        for bucket in states[tip]:
            for place in bucket.values():
                for span, ending in place.spans:
                    blob = ending.blob if ending else place.blob
                    if blob and (span.path, span.quote) not in told:
                        fresh.append(Told(span, ending, tip, blob))
        told.update((one.span.path, one.span.quote) for one in fresh)
        yield from sorted(fresh, key=_by_place)


def _by_place(told: Told) -> tuple[bytes, int, str, str, str, int]:
    span, quote = told.span, told.span.quote
    return span.path, span.order, quote.topic, quote.trait, quote.text, quote.occurrence
