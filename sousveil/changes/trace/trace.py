"""Traces of all findings: what became of each quote, with its copies beside it.

Takes every finding of a case with its fate, and the editions that pages name; gives a `Trace` for
each, in the order given. Pure, and linear in their number (`kin.py`). A quote *moved* when it left,
and the same words came up elsewhere at that look or later, at an address that had been looked at
without them before: what was first watched then only survives.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sousveil.changes.rewording.swaps import alike
from sousveil.changes.trace.kin import (
    MAX_IN_BUCKET,
    other_language,
    place_of,
    same_claim,
    same_words,
)
from sousveil.model import GONE, Copy, Fate, Finding, Trace, Verdict

# Copies listed of one quote; a header that is in every release stands a thousand times.
MAX_COPIES = 40

# Share of a quote's words that must stand for its swaps to be told, if none is of a watched term:
# of a sentence written anew they say nothing.
KEPT_FOR_SWAPS = 0.7

Relation = Literal["same_words", "other_language", "same_claim"]
State = Literal["stands", "held", "reworded", "moved", "gone", "unclear"]
_RELATIONS: tuple[Relation, ...] = ("same_words", "other_language", "same_claim")
_STATES = ("stands", "held", "unclear", "gone")
_THERE = frozenset({Verdict.PRESENT, Verdict.MOVED})


@dataclass(frozen=True, slots=True)
class Known:
    """A finding, as far as the case knows it."""

    finding: Finding
    fate: Fate | None
    looked_before: bool  # whether its watch had been looked at before, without it


def trace_all(
    known: Sequence[Known], named: Mapping[str, Collection[str]] | None = None
) -> Iterator[Trace]:
    """Yield the trace of each finding, in order.

    `named` gives, by address, the editions in other languages that a page names itself.
    """
    findings = [one.finding for one in known]
    copies = [_copy(one) for one in known]
    kin: list[dict[int, Relation]] = [{} for _ in known]
    unlisted = [0] * len(known)
    for group in same_words(findings):
        _join(group, copies, kin, unlisted)
    pairs_of: tuple[tuple[Relation, Iterator[tuple[int, int]]], ...] = (
        ("other_language", other_language(findings, named or {})),
        ("same_claim", same_claim(findings)),
    )
    for relation, pairs in pairs_of:
        for one, other in pairs:
            for left, right in ((one, other), (other, one)):
                if place_of(findings[left]) == place_of(findings[right]):
                    continue  # two sentences of one page are two statements
                if len(kin[left]) < 2 * MAX_COPIES:
                    kin[left].setdefault(right, relation)
                elif right not in kin[left]:
                    unlisted[left] += 1
    for number, each in enumerate(known):
        yield _trace(each, _listed(kin[number], copies), known, unlisted[number])


def _join(
    group: Sequence[int],
    copies: Sequence[Copy],
    kin: Sequence[dict[int, Relation]],
    unlisted: list[int],
) -> None:
    """Let the findings of a group know the first of each other, those that stand first."""
    order = sorted(group, key=lambda n: (_STATES.index(copies[n].state), copies[n].first_seen, n))
    first = order[:MAX_IN_BUCKET]
    for number in group:
        mine = copies[number]
        for other in first:
            its = copies[other]
            same_place = (its.url, its.path) == (mine.url, mine.path)
            # Said twice on one page is one statement, until one of the two goes.
            if other != number and not (same_place and its.state == mine.state):
                kin[number][other] = "same_words"
        unlisted[number] = len(group) - len(first)


def _listed(kin: Mapping[int, Relation], copies: Sequence[Copy]) -> list[tuple[int, Copy]]:
    """Return the copies of one finding with their numbers: those that stand, then the nearest."""
    ordered = sorted(
        kin.items(),
        key=lambda one: (
            _STATES.index(copies[one[0]].state),
            _RELATIONS.index(one[1]),
            copies[one[0]].first_seen,
            one[0],
        ),
    )
    return [(number, _related(copies[number], relation)) for number, relation in ordered]


def _trace(
    one: Known,
    copies: Sequence[tuple[int, Copy]],
    known: Sequence[Known],
    unlisted: int,
) -> Trace:
    mine, fate = _copy(one), one.fate
    state = state_of(fate)
    moved_to = None
    if state in {"gone", "held", "reworded"}:
        moved_to = _arrival(mine, copies, known)
    after = fate.after if fate else None
    if state == "gone" and moved_to is not None:
        state = "moved"
    return Trace(
        finding_id=one.finding.id,
        state=state,
        first_seen=mine.first_seen,
        last_seen=mine.last_seen,
        missing_since=mine.gone_by,
        after=after,
        swaps=_swaps(one.finding.quote, after) if state in {"reworded", "held"} else (),
        moved_to=moved_to,
        copies=tuple(copy for _, copy in copies[:MAX_COPIES]),
        unlisted=unlisted + max(0, len(copies) - MAX_COPIES),
    )


def _arrival(mine: Copy, copies: Iterable[tuple[int, Copy]], known: Sequence[Known]) -> Copy | None:
    """Return where the same words came up when they were gone here: the first such place."""
    arrived = [
        copy
        for number, copy in copies
        if copy.relation == "same_words"
        and copy.state == "stands"
        and copy.first_seen > mine.last_seen
        and known[number].looked_before
    ]
    return min(arrived, key=lambda copy: (copy.first_seen, copy.url, copy.finding_id), default=None)


def state_of(fate: Fate | None) -> State:
    """Return what became of a finding where it stood, as its fate alone tells."""
    if fate is None:
        return "stands"
    if fate.pending in GONE:
        return "held"
    if fate.verdict is Verdict.EDITED:
        return "reworded"
    if fate.verdict is Verdict.MOVED and fate.after is not None:
        return "moved"  # within a repository: `after` is the new path
    if fate.verdict in GONE:
        return "gone"
    return "stands" if fate.verdict in _THERE else "unclear"


def _told_of_copies(state: State) -> Literal["stands", "held", "gone", "unclear"]:
    """Return what of a state matters to others: reworded or moved, the words are gone."""
    match state:
        case "reworded" | "moved":
            return "gone"
        case _:
            return state


def _copy(one: Known) -> Copy:
    """Return a finding as others see it; whoever lists it says how it is related."""
    finding, fate, state = one.finding, one.fate, state_of(one.fate)
    if finding.capture.is_handed_in:
        state = "unclear"  # nobody can look again where it stood, if it ever did
    entered = finding.source.entered
    first = entered.committed_at if entered else finding.capture.captured_at
    url, path = place_of(finding)
    return Copy(
        finding_id=finding.id,
        relation="same_words",
        url=url,
        path=path,
        lang=finding.lang,
        quote=finding.quote,
        state=_told_of_copies(state),
        first_seen=(fate.first_seen if fate else None) or first,
        last_seen=fate.last_seen if fate else first,
        gone_by=fate.gone_by if fate else None,
    )


def _related(copy: Copy, relation: Relation) -> Copy:
    return copy if copy.relation == relation else replace(copy, relation=relation)


def _swaps(quote: str, after: str | None) -> tuple[str, ...]:
    """Return which words of a quote gave way to which; watched terms alone, where some did."""
    if after is None:
        return ()
    told = alike(quote, after, {})
    if told.watched:
        return tuple(one.told for one in told.watched)
    if told.kept < KEPT_FOR_SWAPS:
        return ()
    return tuple(one.told for one in told.swaps if one.was)
