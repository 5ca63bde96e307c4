"""Queue: which undecided finding to look at first, and why.

Takes undecided findings and the decided ones, and gives them in order, each with sentences that
explain its place. What is likely, grave and new comes first; what is like findings that were
rejected, or says the same words again, sinks. Nothing is hidden: the last is still in the queue.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from sousveil.claims.judgement import meaning
from sousveil.claims.wording import WORD
from sousveil.model import Finding, Label

# What a confirmed finding of each label is worth to a case.
WEIGHTS: dict[Label, float] = {"offers": 1.0, "reports": 0.9, "denies": 0.8, "discusses": 0.3}

ALIKE = 0.6  # of the cues of two passages, in common
NEAR = 90.0  # percent of characters in common (Indel), from which on two quotes say the same
PRIOR = 2.0  # decisions that the score is worth against like ones
SAME_REJECTED = 0.05
SAME_CONFIRMED = 1.2
REPEATED = 0.5  # the same words further up the queue
MAX_TELLING = 2  # cues named of a likeness
MAX_ASKED = 50  # decisions that tell which cues those are
MAX_COMPARED = 1_000  # the latest decisions: like ones are soon found, and the rest is slow
MAX_QUOTE_CHARACTERS = 600  # compared of each quote


@dataclass(frozen=True, slots=True)
class Decided:
    """A finding with what people made of it: true when they confirmed it."""

    finding: Finding
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A finding in the queue."""

    finding: Finding
    worth: float  # greater comes first
    why: tuple[str, ...]  # sentences without a full stop, the weightiest first


@dataclass(frozen=True, slots=True)
class _Known:
    """A decision, ready to compare with; its cues are bits of a number, which compare fast."""

    finding_id: str
    words: str
    cues: int
    count: int  # of its cues
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Experience:
    """The latest decisions of a case, ready to be compared with what waits."""

    known: tuple[_Known, ...]
    bits: Mapping[str, int]  # the bit of each cue
    taught: bool  # whether the case's own model made the scores


def experience(decided: Sequence[Decided], *, taught: bool) -> Experience:
    """Return what the latest of some decisions tell; `decided` are in their order.

    `taught` says that the case's own model made the scores: like decisions are explained then, but
    not counted a second time.
    """
    latest = decided[-MAX_COMPARED:]
    cues = sorted({name for one in latest for name in _cues(one.finding)})
    bits = {name: 1 << number for number, name in enumerate(cues)}
    known = tuple(
        _Known(
            one.finding.id,
            _words(one.finding),
            _bits(one.finding, bits),
            len(_cues(one.finding)),
            one.is_confirmed,
        )
        for one in latest
    )
    return Experience(known, bits, taught)


def queue(undecided: Iterable[Finding], gained: Experience) -> list[Place]:
    """Return the undecided findings in the order in which to look at them."""
    placed = sorted((place(finding, gained) for finding in undecided), key=_order)
    return sorted(_once(placed), key=_order)


def _order(one: Place) -> tuple[float, str]:
    return -one.worth, one.finding.id


def place(finding: Finding, gained: Experience) -> Place:
    """Return what a finding is worth by itself, and why."""
    claim = finding.claim
    alike = _alike(finding, gained)
    confirmed = sum(one.is_confirmed for one in alike)
    chance, why = claim.score, []
    if not gained.taught:
        chance = (claim.score * PRIOR + confirmed) / (PRIOR + len(alike))
    worth = chance * WEIGHTS[claim.label]
    same = _same(finding, gained.known)
    if same is not None:
        worth *= SAME_CONFIRMED if same.is_confirmed else SAME_REJECTED
        verb = "confirmed" if same.is_confirmed else "rejected"
        why.append(f"nearly the words that you {verb} in {same.finding_id}")
    for is_confirmed in (True, False):
        told = _like(alike, gained, _cues(finding), is_confirmed=is_confirmed)
        if told:
            why.append(told)
    why.append(f"{claim.label}, with a score of {claim.score:.2f}")
    return Place(finding, worth, tuple(why))


def _alike(finding: Finding, gained: Experience) -> list[_Known]:
    """Return the decisions on passages that share ALIKE of their cues with this one (Jaccard)."""
    cues, count = _bits(finding, gained.bits), len(_cues(finding))
    found = []
    for one in gained.known:
        common = (cues & one.cues).bit_count()
        if common >= ALIKE * (count + one.count - common or 1):
            found.append(one)
    return found


def _like(
    alike: Sequence[_Known], gained: Experience, cues: Iterable[str], *, is_confirmed: bool
) -> str:
    """Say how many like findings were decided so, and which cues they share and others lack."""
    group = [one for one in alike if one.is_confirmed is is_confirmed]
    if not group:
        return ""
    others = [one for one in gained.known if one.is_confirmed is not is_confirmed]
    telling: dict[str, float] = {}
    for name in sorted(cues):
        bit = gained.bits.get(name, 0)
        apart = _share(bit, group) - _share(bit, others)
        if apart > 0 and (words := meaning(name)):
            telling[words] = max(apart, telling.get(words, 0.0))
    first = sorted(telling, key=lambda words: (-telling[words], words))[:MAX_TELLING]
    told = f"like {len(group)} you {'confirmed' if is_confirmed else 'rejected'}"
    return f"{told}: {'; '.join(first)}" if first else told


def _share(bit: int, group: Sequence[_Known]) -> float:
    """Return in how many of the latest of a group a cue stands, 0 to 1."""
    latest = group[-MAX_ASKED:]
    return sum(bool(bit & one.cues) for one in latest) / (len(latest) or 1)


def _once(placed: Iterable[Place]) -> Iterable[Place]:
    """Let words that stand further up count for less."""
    first: dict[str, str] = {}
    for one in placed:
        words = _words(one.finding)
        if words in first:
            why = (f"the same words as in {first[words]}, further up", *one.why)
            yield Place(one.finding, one.worth * REPEATED, why)
        else:
            first[words] = one.finding.id
            yield one


def _same(finding: Finding, known: Sequence[_Known]) -> _Known | None:
    """Return the decision on the nearest words, the latest of equals; None when none are near."""
    latest_first = list(reversed(known))
    found = process.extractOne(
        _words(finding),
        [one.words for one in latest_first],
        scorer=fuzz.ratio,
        score_cutoff=NEAR,
    )
    return latest_first[found[2]] if found else None


def _words(finding: Finding) -> str:
    quote = unicodedata.normalize("NFKC", finding.quote[:MAX_QUOTE_CHARACTERS])
    return " ".join(quote.casefold().split())


def _cues(finding: Finding) -> frozenset[str]:
    return frozenset(name for name in finding.claim.features if not name.startswith(WORD))


def _bits(finding: Finding, bits: Mapping[str, int]) -> int:
    return sum(bits.get(name, 0) for name in _cues(finding))
