"""Two clocks: a wrong one of ours proves nothing, and a wrong one of the host's hides nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.changes.answer import Came, Kind
from sousveil.changes.course import Seen, Told, verdict_of
from sousveil.changes.course.course import CLOCK_TOLERANCE, LASTING, MAX_DISPUTED_GAP
from sousveil.model import GONE, Verdict

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STANDS = Came(Kind.UNCHANGED, 0.95, ("the same",), 1.0)
NOT_FOUND = Came(Kind.NOT_FOUND, 0.8, ("HTTP 404",))
ANY_DATE = st.none() | st.datetimes(timezones=st.just(UTC))


def told(ours: Sequence[timedelta], theirs: Sequence[datetime | None]) -> Told:
    """Return what is told of a page that was seen a day before, and was away at these times."""
    before = Seen(START - DAY, 0, STANDS, dated=START - DAY)
    looks = [
        Seen(START + at, number, NOT_FOUND, dated=dated)
        for number, (at, dated) in enumerate(zip(ours, theirs, strict=True), 1)
    ]
    return verdict_of([before, *looks])


def true(*hours: float) -> list[datetime | None]:
    return [START + hour * HOUR for hour in hours]


def test_days_that_only_our_clock_saw_confirm_nothing() -> None:
    ahead = [0 * HOUR, 1 * HOUR, 5 * DAY + 2 * HOUR, 5 * DAY + 7 * HOUR]
    held = told(ahead, true(0, 1, 2, 7))
    assert held.pending is Verdict.REMOVED
    assert any("by its host's clock less time passed" in reason for reason in told(
        ahead[:3], true(0, 1, 2)
    ).reasons)  # fmt: skip
    assert told(ahead, [None] * 4).verdict is Verdict.REMOVED, "nothing but our clock to go by"
    right_again = told([*ahead, 8 * HOUR], true(0, 1, 2, 7, 8))
    assert right_again.pending is Verdict.REMOVED
    assert right_again.due is not None
    assert right_again.due <= START + LASTING


def test_what_was_first_missed_by_a_clock_ahead_is_told_in_time_once_it_is_right() -> None:
    ours = [5 * DAY, 5 * DAY + 6 * HOUR, *(hour * HOUR for hour in range(12, 85, 24))]
    theirs = true(0, 6, *range(12, 85, 24))
    assert told(ours[:-1], theirs[:-1]).is_held
    assert told(ours, theirs).verdict is Verdict.REMOVED
    assert told(ours, [None] * len(ours)).is_held


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 4), st.integers(-30, 30)), min_size=1, max_size=7),
    st.integers(-9, 9),
)
def test_no_clock_of_ours_that_jumps_makes_a_removal_of_a_short_absence(
    steps: list[tuple[float, int]], first: int
) -> None:
    hours = list(accumulate(step for step, _ in steps))
    wrong = [first, *(days for _, days in steps)][: len(hours)]
    ours = [hour * HOUR + days * DAY for hour, days in zip(hours, wrong, strict=True)]
    for end in range(1, len(ours) + 1):
        assert told(ours[:end], true(*hours[:end])).verdict not in GONE


@settings(deadline=None)
@given(st.lists(ANY_DATE, min_size=13, max_size=13))
def test_no_clock_of_the_host_delays_a_removal_where_it_is_looked_at_four_times_a_day(
    theirs: list[datetime | None],
) -> None:
    ours = [number * MAX_DISPUTED_GAP for number in range(13)]
    assert ours[-1] == LASTING
    assert told(ours, theirs).verdict is Verdict.REMOVED
    assert told(ours[:-1], theirs[:-1]).is_held


@settings(deadline=None)
@given(st.lists(ANY_DATE, min_size=13, max_size=13))
def test_where_it_is_looked_at_once_a_day_the_host_delays_it_fourfold_at_most(
    theirs: list[datetime | None],
) -> None:
    assert told([number * DAY for number in range(13)], theirs).verdict is Verdict.REMOVED


def test_a_date_that_stands_still_has_us_look_more_often() -> None:
    held = told([0 * HOUR, 24 * HOUR], [START, START])
    assert held.due == START + 24 * HOUR + LASTING - MAX_DISPUTED_GAP
    assert held.looks_left == (LASTING - MAX_DISPUTED_GAP) // MAX_DISPUTED_GAP
    assert told([0 * HOUR, 24 * HOUR], true(0, 24)).looks_left == 1


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=9).map(sorted),
    st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    st.lists(st.floats(0, 1), min_size=9, max_size=9),
)
def test_a_clock_of_the_host_that_is_wrong_but_goes_right_changes_nothing(
    hours: list[float], wrong: timedelta, late: list[float]
) -> None:
    ours = [hour * HOUR for hour in hours]
    theirs = [
        START + at + wrong + share * CLOCK_TOLERANCE for at, share in zip(ours, late, strict=False)
    ]
    assert told(ours, theirs) == told(ours, [None] * len(ours))


@pytest.mark.parametrize("of", [lambda at: at, lambda _: None])
def test_a_look_whose_host_told_no_time_counts_by_our_clock(
    of: Callable[[datetime], datetime | None],
) -> None:
    looks = [Seen(START + day * DAY, day, NOT_FOUND, dated=START + day * DAY) for day in (1, 2, 4)]
    middle = replace(looks[1], dated=of(looks[1].at))
    stood = Seen(START, 0, STANDS)
    assert verdict_of([stood, looks[0], middle, looks[2]]).verdict is Verdict.REMOVED
