"""The story of a quote in sentences, for whoever shows it.

Takes a `Trace`, its `Fate` and the name of its place, and gives sentences; addresses stand only
where the caller put them, for some readers get a link and others a path without its folders. What
is not confirmed is said not to be, and what is lacking.
"""

from sousveil.changes.words import MISSING, awaited, between, minute
from sousveil.model import Copy, Fate, Trace

_RELATIONS = {
    "same_words": "the same words",
    "other_language": "in another language",
    "same_claim": "in other words",
}
_STATES = {
    "stands": "stands",
    "held": MISSING,
    "gone": "gone",
    "unclear": "cannot be told",
}


def story(trace: Trace, fate: Fate | None, place: str) -> tuple[str, ...]:
    """Return what became of a quote at `place`, the most telling sentence first."""
    sentences = [_first(trace, fate, place)]
    if trace.swaps:
        sentences.append(f"{_and(trace.swaps)}.")
    if trace.state == "reworded" and fate is not None:
        still = "still makes the claim" if fate.remains else "was not found to make the claim"
        sentences.append(f"What stands there now {still}.")
    if trace.moved_to is not None and trace.state != "moved":
        sentences.append(
            f"The same words came up elsewhere on {minute(trace.moved_to.first_seen)}."
        )
    if trace.state in {"gone", "held", "reworded", "moved", "unclear"}:
        sentences.append(_surviving(trace))
    return tuple(sentences)


def _first(trace: Trace, fate: Fate | None, place: str) -> str:
    missing = trace.missing_since
    when = between(trace.last_seen, missing) if missing else f"after {minute(trace.last_seen)}"
    match trace.state:
        case "stands":
            told = f"Stands at {place} since {minute(trace.first_seen)}"
            if trace.last_seen > trace.first_seen:
                told += f", last seen {minute(trace.last_seen)}"
        case "held":
            told = f"Went missing from {place} {when}; {_lacking(fate)}"
        case "reworded":
            told = f"Reworded at {place} {when}"
        case "gone":
            told = f"Left {place} {when}"
        case "moved" if trace.moved_to is not None:
            told = f"Left {place} {when}; the same words came up elsewhere"
        case "moved":
            told = f"Moved within {place} {when}"
        case "unclear":
            why = f": {fate.evidence}" if fate and fate.evidence else ""
            told = f"Last seen at {place} {minute(trace.last_seen)}; it cannot be told since{why}"
    return f"{told}."


def _lacking(fate: Fate | None) -> str:
    return awaited(fate.due, fate.looks_left) if fate else awaited(None, 0)


def _surviving(trace: Trace) -> str:
    """Return in how many copies the words, or the claim, survive."""
    words = sum(one.relation == "same_words" for one in trace.survivors)
    others = len(trace.survivors) - words
    if not words and not others:
        return "No other place is known that still says it."
    told = []
    if words:
        told.append(f"the same words stand in {_count(words, 'other place')}")
    if others:
        told.append(
            f"the claim stands in {_count(others, 'other place')}, in other words or languages"
        )
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def copy_line(copy: Copy, place: str) -> str:
    """Return one copy in a line: where, in what relation, and whether it stands."""
    relation = _RELATIONS[copy.relation]
    if copy.relation == "other_language" and copy.lang:
        relation = f"{relation} ({copy.lang})"
    if copy.state == "gone" and copy.gone_by is not None:
        return f"{place}: {relation}, gone {between(copy.last_seen, copy.gone_by)}"
    return f"{place}: {relation}, {_STATES[copy.state]}, last seen {minute(copy.last_seen)}"


def _count(number: int, thing: str) -> str:
    return f"one {thing}" if number == 1 else f"{number} {thing}s"


def _and(items: tuple[str, ...]) -> str:
    *rest, last = items
    return f"{', '.join(rest)} and {last}" if rest else last
