"""The leading statement of a passage: what is said to be done with which trait.

Takes a `Passage` and gives the anchor, the words that act on it, further statements, and the trait.
LABELLING rule 10: the first, leading statement decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.claims.lexicon import Hit
from sousveil.claims.passage import NEAR, Passage, overlap
from sousveil.claims.quote import quote_of
from sousveil.claims.windows import Span

LINKED = 140  # units; an attribute list may stand between the verb and the term
NOUN_PHRASE = 40  # units within which two groups are one: Uyghur Muslims
SURE = 2  # rank of a term with an inferring or targeting word
MAX_MENTIONS = 6  # further clauses given for one passage

Cues = dict[int, list[Hit]]  # by index of the statement

STOPS = re.compile(r"[.;!?。，；！？|]")
_NAMING = frozenset({"attribute", "ambiguous", "capability", "hint"})
_FIELDS = frozenset({"attribute", "capability", "field"})
_ACTION = frozenset({"infer", "target", "flag", "weakinfer"})


@dataclass(frozen=True, slots=True)
class Mention:
    """Another clause of the passage that says the same as the anchor's, or of another trait."""

    trait: str
    topic: str
    quote: Span


def anchor_of(passage: Passage, cues: Cues) -> tuple[Hit, list[Hit]]:
    """Return the first term that something is done with, and the words that say what."""
    best = passage.terms[0]
    best_rank, best_actions = -1, list[Hit]()
    for term in passage.terms:
        actions = actions_on(passage, term, cues)
        rank = _rank(term, actions)
        if rank > best_rank:
            best, best_rank, best_actions = term, rank, actions
        if best_rank >= SURE:
            break  # the first that is surely linked stays
    if best.trait == "emotion":
        best = _weightier(passage, best)
        best_actions = actions_on(passage, best, cues)
    return best, best_actions


def _weightier(passage: Passage, anchor: Hit) -> Hit:
    """Return ethnicity or race where a list of attributes names it beside an emotion.

    In code such a list takes several lines.
    """
    here = passage.sentence(anchor)
    for term in passage.terms:
        if (
            term.trait in {"ethnicity", "race"}
            and term.kind in {"attribute", "ambiguous", "capability", "field"}
            and (passage.code or passage.sentence(term) == here)
        ):
            return term
    return anchor


def _rank(term: Hit, actions: list[Hit]) -> int:
    """Return how surely something is done with a term."""
    if term.kind == "capability":
        return SURE + 1
    strong = any(action.cls != "weakinfer" for action in actions)
    rank = SURE if strong else 1 if actions else 0
    return rank + (term.kind == "list") - (term.kind == "hint")  # common words yield to plain ones


def actions_on(passage: Passage, term: Hit, cues: Cues) -> list[Hit]:
    """Return the words in the term's sentence that do something with it, the nearest first."""
    near = passage.near(term, cues.get(passage.sentence(term), []), LINKED)
    actions = [c for c in near if c.cls in _ACTION and not overlap(c, term)]
    return sorted(actions, key=lambda c: passage.gap(c, term))


def mentions(passage: Passage, cues: Cues, quote: Span) -> tuple[Mention, ...]:
    """Return further clauses that name a trait as surely as the anchor's, without overlap."""
    taken = [quote]
    found: list[Mention] = []
    quoted: set[str] = set()  # traits of code, whose quote is a run of lines: once is enough
    for term in passage.terms:
        if term.kind in {"ambiguous", "hint", "proxy"} or term.trait in quoted:
            continue
        place = passage.normal.source_span(term.start, term.end)[0]
        if not passage.code and any(low <= place < high for low, high in taken):
            continue  # a quote of prose holds its term
        actions = actions_on(passage, term, cues)
        strong = term.kind in {"capability", "field", "list"} or any(
            a.cls in {"infer", "target", "flag"} and passage.gap(a, term) <= NEAR for a in actions
        )
        if not strong and not passage.code:
            continue
        start, end = quote_of(passage, term, actions)
        if passage.code:
            quoted.add(term.trait)
        if all(end <= low or high <= start for low, high in taken) and start < end:
            taken.append((start, end))
            found.append(Mention(term.trait, term.topic, (start, end)))
        if len(found) == MAX_MENTIONS:
            break
    return tuple(found)


def trait_of(passage: Passage, anchor: Hit, here: int) -> tuple[str, str]:
    """Return trait and topic of the leading statement; Uyghur Muslims are picked by ethnicity.

    Values say what a name means: an ethnicity of white, black or asian is race. In code the name
    says it: a "race" whose values are peoples, or that stands beside a field of ethnicity.
    """
    if passage.code:
        return _trait_in_code(passage, anchor)
    if anchor.trait == "ethnicity" and anchor.kind in _NAMING:
        for hit in passage.terms:
            if hit.kind == "list" and hit.trait == "race" and passage.sentence(hit) == here:
                return hit.trait, hit.topic
    if anchor.trait == "religion":
        for hit in passage.terms:
            if (
                hit.trait == "ethnicity"
                and hit.kind == "group"
                and passage.sentence(hit) == here
                and abs(hit.start - anchor.start) <= NOUN_PHRASE
            ):
                return hit.trait, hit.topic
    return anchor.trait, anchor.topic


def _trait_in_code(passage: Passage, anchor: Hit) -> tuple[str, str]:
    for hit in passage.terms:
        if anchor.trait == "race" and hit.trait == "ethnicity" and hit.kind in _FIELDS:
            return hit.trait, hit.topic
    return anchor.trait, anchor.topic


def first_word(passage: Passage, anchor: Hit, actions: Sequence[Hit]) -> int:
    """Return where the inferring starts: at the verb of the anchor's own clause, or the anchor."""
    if anchor.kind == "capability":
        return anchor.start
    for action in actions:
        between = passage.text[action.end : anchor.start]
        if action.cls != "flag" and action.start < anchor.start and not STOPS.search(between):
            return action.start
    return anchor.start
