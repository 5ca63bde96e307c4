"""The story of a quote in sentences, for whoever shows it.

Takes a `Trace`, its `Fate` and the name of its place, and gives sentences; addresses stand only
where the caller put them, for some readers get a link and others a path without its folders. What
is held is said to be held, and until when. Times are in UTC, to the minute where that tells them
apart.
"""

from datetime import UTC, datetime

from sousveil.model import Copy, Fate, Trace

_RELATIONS = {
    "same_words": "the same words",
    "other_language": "in another language",
    "same_claim": "in other words",
}
_STATES = {
    "stands": "stands",
    "held": "missing, not confirmed",
    "gone": "gone",
    "unclear": "cannot be told",
}


def story(trace: Trace, fate: Fate | None, place: str) -> tuple[str, ...]:
    """Return what became of a quote at `place`, the most telling sentence first."""
    sentences = [_first(trace, fate, place)]
    if trace.swaps:
        sentences.append(f"{_and(trace.swaps)}.")
    if trace.state == "reworded" and fate is not None:
        still = "still makes" if fate.remains else "no longer makes"
        sentences.append(f"What stands there now {still} the claim.")
    if trace.moved_to is not None and trace.state != "moved":
        sentences.append(
            f"The same words came up elsewhere on {_minute(trace.moved_to.first_seen)}."
        )
    if trace.state in {"gone", "held", "reworded", "moved", "unclear"}:
        sentences.append(_surviving(trace))
    return tuple(sentences)


def _first(trace: Trace, fate: Fate | None, place: str) -> str:
    missing = trace.missing_since
    when = between(trace.last_seen, missing) if missing else f"after {_minute(trace.last_seen)}"
    match trace.state:
        case "stands":
            told = f"Stands at {place} since {_minute(trace.first_seen)}"
            if trace.last_seen > trace.first_seen:
                told += f", last seen {_minute(trace.last_seen)}"
        case "held":
            told = f"Missing from {place}, {when} (held: {_held(fate)})"
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
            told = f"Last seen at {place} {_minute(trace.last_seen)}; it cannot be told since{why}"
    return f"{told}."


def _held(fate: Fate | None) -> str:
    if fate is None or fate.due is None:
        return "to be confirmed"
    looks = "one more look" if fate.looks_left == 1 else f"{fate.looks_left} more looks"
    return f"to be confirmed by {looks}, not before {_minute(fate.due)}"


def _surviving(trace: Trace) -> str:
    """Return in how many copies the words, or the claim, survive."""
    words = sum(one.relation == "same_words" for one in trace.survivors)
    others = len(trace.survivors) - words
    if not words and not others:
        return "No copy of it is known to stand."
    told = []
    if words:
        told.append(f"the same words stand in {_count(words, 'other place')}")
    if others:
        told.append(f"the claim stands in {_count(others, 'place')} in other words or languages")
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def copy_line(copy: Copy, place: str) -> str:
    """Return one copy in a line: where, in what relation, and whether it stands."""
    relation = _RELATIONS[copy.relation]
    if copy.relation == "other_language" and copy.lang:
        relation = f"{relation} ({copy.lang})"
    seen = f"last seen {_minute(copy.last_seen)}"
    if copy.state == "gone" and copy.gone_by is not None:
        seen = f"gone {between(copy.last_seen, copy.gone_by)}"
    return f"{place}: {relation}, {_STATES[copy.state]}, {seen}"


def between(start: datetime, end: datetime) -> str:
    """Return a span in words: "between 2026-11-23 12:04 and 12:19 UTC"."""
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if first > last:  # clocks of commits and donors may run backwards
        return f"between {_minute(last)} and {_minute(first)}"
    form = "%H:%M" if f"{first:%Y%m%d%H%M}" != f"{last:%Y%m%d%H%M}" else "%H:%M:%S"
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"between {first:%Y-%m-%d} {first.strftime(form)} and {day}{last.strftime(form)} UTC"


def _minute(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _count(number: int, thing: str) -> str:
    return f"one {thing}" if number == 1 else f"{number} {thing}s"


def _and(items: tuple[str, ...]) -> str:
    *rest, last = items
    return f"{', '.join(rest)} and {last}" if rest else last
