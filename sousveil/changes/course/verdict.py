"""Verdicts: what became of a page or of a quote, from answers over time, and what is waited for.

A pure function of recorded looks: the same looks give the same verdict. One answer proves nothing;
an absence that `course.py` has not confirmed is held, and the reasons say until when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from sousveil.changes.answer.outcome import verdict_of_one
from sousveil.changes.answer.values import LOST_SHARE, STANDS_SHARE, Came, Kind
from sousveil.changes.course.course import (
    MAX_DISPUTED_GAP,
    SPACING,
    STANDING,
    WEAK_CONFIDENCE,
    Absence,
    Course,
    Seen,
    after,
)
from sousveil.changes.looks import UNSURE
from sousveil.changes.words import awaited
from sousveil.model import GONE, Verdict

# Adverse looks at our own exit, `SPACING` apart, before what others see is laid to the country: one
# may have met a fault.
LOOKS_AT_WALL = 2

# Other exits may differ in more than the country: an address that a firewall knows.
WALL_CONFIDENCE = 0.85

# However often it is seen: a page written anew may be a wall of many words.
ANEW_CONFIDENCE = 0.7

# Nothing that a network shows is surer.
MAX_CONFIDENCE = 0.99

_DISPUTED = (
    "by its host's clock less time passed between the last two looks than by ours; at most"
    f" {MAX_DISPUTED_GAP // timedelta(hours=1)} hours of what is in dispute count"
)


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict, and what it waits for."""

    verdict: Verdict
    confidence: float  # 0 to 1, of `verdict`
    reasons: tuple[str, ...]  # in words, the strongest first
    pending: Verdict | None = None  # what it becomes if the absence lasts
    due: datetime | None = None  # when that can be confirmed at the earliest
    looks_left: int = 0  # until then, at the least

    @property
    def is_held(self) -> bool:
        """Whether an absence was seen that is not confirmed."""
        return self.pending is not None


def verdict_of(looks: Iterable[Seen]) -> Told:
    """Return what became of a page, or of the quote that the looks asked about.

    Looks at the watch's own exit decide; those at others tell a wall for this country from an
    absence. The order in which they are given does not matter.
    """
    ordered = in_log_order(looks)
    return told_of(course_of(ordered), ordered)


def in_log_order(looks: Iterable[Seen]) -> list[Seen]:
    """Return looks as they count: in the order of the log, whatever the clock said."""
    return sorted(looks, key=lambda one: (one.log_index, one.at, one.exit))


def course_of(ordered: Iterable[Seen]) -> Course:
    """Return what the looks at the watch's own exit amount to; `ordered` as `in_log_order`."""
    return reduce(after, (one for one in ordered if not one.exit), Course())


def told_of(course: Course, ordered: Sequence[Seen]) -> Told:
    """Return the verdict on a course; `ordered` holds the looks at other exits, too."""
    if course.last is None:
        return Told(Verdict.UNKNOWN, 0.0, ("nobody has looked yet",))
    if course.stands:
        return _standing(course, course.last)
    elsewhere = _seen_elsewhere(course, ordered)
    if elsewhere:
        return _walled(course, course.last, elsewhere)
    if course.confirmed is not None:
        return _gone(course, course.confirmed)
    absence = course.latest_absence
    return _silent(course, course.last) if absence is None else _held(course, absence)


def _standing(course: Course, look: Seen) -> Told:
    reasons = list(look.came.reasons)
    if course.returns:
        was = "once" if course.returns == 1 else f"{course.returns} times"
        reasons.append(f"it came back {was}, after {_span(course.longest)} at the longest")
    return Told(verdict_of_one(look.came, look.quote), look.came.confidence, tuple(reasons))


def _gone(course: Course, look: Seen) -> Told:
    absence = course.absence_of(look)
    sureness = 1 - absence.doubt if absence else look.came.confidence
    reasons = (*(_shown(absence) if absence else look.came.reasons), *_silence(course))
    verdict = verdict_of_one(look.came, look.quote)
    is_anew = look.came.is_page and look.came.confidence < WEAK_CONFIDENCE
    return Told(verdict, min(ANEW_CONFIDENCE if is_anew else MAX_CONFIDENCE, sureness), reasons)


def _held(course: Course, absence: Absence) -> Told:
    looks, time = absence.lacking(course.longest, course.returns)
    due = absence.last.at + max(time, SPACING)
    reasons = [awaited(due, looks)]
    if course.returns:
        reasons.append(f"it was away for {_span(course.longest)} before, and came back")
    if absence.is_disputed:
        reasons.append(_DISPUTED)
    reasons += [*_shown(absence), *_silence(course)]
    pending = verdict_of_one(absence.last.came, absence.last.quote)
    return Told(_meanwhile(course), UNSURE, tuple(reasons), pending, due, looks)


def _silent(course: Course, look: Seen) -> Told:
    reasons = [
        *look.came.reasons,
        f"{course.adverse} answers in a row do not show whether it stands",
    ]
    if course.last_seen:
        reasons.append(f"last seen at {_time(course.last_seen.at)}")
    return Told(_meanwhile(course), look.came.confidence, tuple(reasons))


def _meanwhile(course: Course) -> Verdict:
    """Return what is said of the last look while nothing is confirmed: it never says gone."""
    verdict = Verdict.UNKNOWN
    if course.last is not None:
        verdict = verdict_of_one(course.last.came, course.last.quote)
    return Verdict.UNKNOWN if verdict in GONE else verdict


def _walled(course: Course, last: Seen, elsewhere: Sequence[Seen]) -> Told:
    exits = ", ".join(sorted(one.exit for one in elsewhere))
    reasons = (f"it stands when asked through {exits}", f"here: {last.came.reasons[0]}")
    first = course.first_adverse or last
    if course.adverse >= LOOKS_AT_WALL and last.at - first.at >= SPACING:
        return Told(Verdict.BLOCKED_BY_COUNTRY, WALL_CONFIDENCE, reasons)
    due = first.at + SPACING
    held = (awaited(due, 1), *reasons)
    return Told(Verdict.UNKNOWN, UNSURE, held, Verdict.BLOCKED_BY_COUNTRY, due, 1)


def _seen_elsewhere(course: Course, looks: Sequence[Seen]) -> list[Seen]:
    """Return the looks by which other exits still see what this one does not.

    What was not asked at all (`Kind.UNTOLD` throughout) is no wall.
    """
    first = course.first_adverse
    if first is None or (course.last and course.last.came.kind is Kind.UNTOLD):
        return []
    latest = {one.exit: one for one in looks if one.exit and one.log_index > first.log_index}
    return [one for one in latest.values() if verdict_of_one(one.came, one.quote) in STANDING]


def _shown(absence: Absence) -> list[str]:
    span = _span(absence.last.at - absence.first.at)
    often = "once" if absence.looks == 1 else f"{absence.looks} times over {span}"
    reasons = absence.last.came.reasons
    if absence.last.came.is_page:
        reasons = (
            f"{what_stands(absence.first.came)} without the quote",
            *absence.first.came.reasons,
        )
    return [f"{reasons[0]}: seen {often}, first at {_time(absence.first.at)}", *reasons[1:]]


def what_stands(came: Came) -> str:
    """Return what stands where the page stood, when it came: "the page stands", or less of it."""
    if came.moved_to:
        share = f"{came.kept or 0:.0%} of the former text stands"
        return f"the address leads to {came.moved_to}, where {share}"
    if came.kept is None or came.kept >= STANDS_SHARE:
        return "the page stands"
    if came.kept < LOST_SHARE:
        language = f", in another language ({came.other_lang})" if came.other_lang else ""
        return f"another text stands there{language} ({came.kept:.0%} of the former one)"
    return f"{came.kept:.0%} of the page stands"


def _silence(course: Course) -> list[str]:
    count = course.silent
    return [f"{count} other answers since show nothing and do not count"] if count else []


def _span(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    return f"{hours} hours" if span < timedelta(days=2) else f"{hours // 24} days"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
