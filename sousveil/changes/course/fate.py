"""The fate of a quote: what its looks amount to, as people are told it.

Takes the looks at an address from the first that showed the quote on, and gives a `Fate`. Once one
of our own looks saw a quote, imports neither take it away nor bring it back; where only imports saw
it, all looks count, and none that rests on an import is surer than `IMPORT_CONFIDENCE`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sousveil.changes.answer.quote import Standing
from sousveil.changes.course.course import Absence, Course, Seen
from sousveil.changes.course.verdict import (
    Told,
    course_of,
    in_log_order,
    told_of,
    what_stands,
)
from sousveil.changes.looks import UNSURE
from sousveil.changes.words import awaited
from sousveil.model import GONE, Fate, Verdict

_WITHOUT = {
    Verdict.QUOTE_REMOVED: "without it",
    Verdict.EDITED: "with another sentence in its place",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """A look at a quote, as recorded, with the log entry that tells of it."""

    seen: Seen
    log_index: int
    outcome: str  # "HTTP 404"
    after: str | None = None  # its new wording, where it is reworded


def fate_of(finding_id: str, sights: Sequence[Sight], first_seen: datetime) -> Fate:
    """Return what became of a quote, given the looks at its address, in the order they count.

    At least one of them, by the watch's own exit, shows it. `Seen.log_index` gives their order and
    need not be that of the log, where imports are among them; `Sight.log_index` is. Whether what
    stands there now still makes the claim (`Fate.remains`) is not told here.
    """
    by_rank = {one.seen.log_index: one for one in sights if not one.seen.exit}
    ordered = in_log_order(one.seen for one in sights)
    course = course_of(ordered)
    told = told_of(course, ordered)
    last_seen = course.last_seen or ordered[0]
    absence = _absence(course, told)
    gone_by = absence.first if absence else None
    confirmed = course.confirmed_first if told.verdict in GONE else None
    shows = gone_by or (None if course.stands else course.last)
    return Fate(
        finding_id,
        told.verdict,
        told.confidence,
        last_seen.at,
        gone_by.at if gone_by else None,
        _wording(by_rank, absence, told),
        by_rank[shows.log_index].log_index if shows else None,
        _evidence(told, last_seen, absence, by_rank, course),
        first_seen=first_seen,
        reasons=told.reasons,
        pending=told.pending,
        due=told.due,
        looks_left=told.looks_left,
        confirmed_at=confirmed.at if confirmed else None,
    )


def _absence(course: Course, told: Told) -> Absence | None:
    """Return the absence that a verdict rests on or waits for."""
    if told.verdict in GONE and course.confirmed is not None:
        return course.absence_of(course.confirmed)
    return course.latest_absence if told.pending in GONE else None


def _wording(by_rank: Mapping[int, Sight], absence: Absence | None, told: Told) -> str | None:
    """Return what stands in the quote's place, by the last look that showed it reworded."""
    if absence is None or Verdict.EDITED not in {told.verdict, told.pending}:
        return None
    span = range(absence.first.log_index, absence.last.log_index + 1)
    shown = [one for rank, one in by_rank.items() if rank in span]
    return next((one.after for one in reversed(shown) if one.after is not None), None)


def _evidence(
    told: Told,
    last_seen: Seen,
    absence: Absence | None,
    by_rank: Mapping[int, Sight],
    course: Course,
) -> str:
    if absence is None:
        return _without_absence(told, last_seen, by_rank, course)
    outcome = by_rank[absence.first.log_index].outcome
    without = _WITHOUT.get(told.pending or told.verdict)
    shown = f"the address answered {outcome}"
    if without:
        shown = f"{what_stands(absence.first.came)} {without} ({outcome})"
    seen = (
        f"last seen {last_seen.at:%Y-%m-%d %H:%M:%S}, missing since"
        f" {absence.first.at:%Y-%m-%d %H:%M:%S} UTC: {shown}"
    )
    if told.pending is None or told.due is None:
        return (
            f"{seen}; confirmed by {absence.looks} looks until {absence.last.at:%Y-%m-%d %H:%M} UTC"
        )
    return f"{seen}; {awaited(told.due, told.looks_left)}"


def _without_absence(
    told: Told, last_seen: Seen, by_rank: Mapping[int, Sight], course: Course
) -> str:
    if course.stands:
        if told.verdict is Verdict.MOVED:
            return f"it stands at another address: {last_seen.came.moved_to}"
        sure = last_seen.came.confidence > UNSURE
        return "" if sure else f"last seen in {by_rank[last_seen.log_index].outcome}"
    last = course.last or last_seen
    sentence = f"cannot be told since {last.at:%Y-%m-%d %H:%M} UTC: "
    sentence += by_rank[last.log_index].outcome
    if last.came.is_page and last.quote is Standing.UNSEEN:
        sentence += ", but no browser showed the page, and a script had written the quote"
    if last.quote is Standing.IN_SOURCE:
        sentence += ", and the words are still sent with the page, though they are not in its text"
    if told.pending is not None:
        sentence += f"; {told.reasons[1]}"
    return sentence
