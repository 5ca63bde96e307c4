"""When a watch is next looked at."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sousveil.model import Watch, WatchKind
from sousveil.watch.schedule import (
    INQUIRY_CLOSE,
    INQUIRY_EVERY,
    JITTER,
    LONGEST_BACK_OFF,
    SPACING,
    Past,
    due,
    next_due,
)
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

intervals = st.integers(60, 14 * 86_400)
spans = st.timedeltas(timedelta(0), timedelta(days=400))


def watch(every: float = 86_400, name: str = "0123456789ab") -> Watch:
    return Watch(name, "https://a.example/", WatchKind.PAGE, int(every), None, NOW)


def waits(one: Watch, past_of: Callable[[int], Past], looks: int) -> list[timedelta]:
    """Return the times between looks that each come when due."""
    found, at = [], NOW
    for index in range(looks):
        past = past_of(index)
        seen = Past(at, index, past.failures, past.held_until, past.looks_left, past.inquired_at)
        then = next_due(one, seen, at).at
        found.append(then - at)
        at = then
    return found


def test_what_was_never_looked_at_is_due_at_once_even_when_added_by_a_clock_ahead() -> None:
    ahead = next_due(watch(), Past(), NOW - DAY)
    assert ahead.at == NOW - DAY
    assert ahead.why == "never looked at"


@given(intervals, st.integers(0, 10**9))
def test_a_look_comes_after_the_interval_or_a_little_before(every: int, index: int) -> None:
    found = next_due(watch(every), Past(NOW, index), NOW)
    assert (1 - JITTER) * every <= (found.at - NOW).total_seconds() <= every
    assert found == next_due(watch(every), Past(NOW, index), NOW)


def test_a_thousand_watches_looked_at_together_spread_out() -> None:
    many = [watch(name=f"{number:012x}") for number in range(1_000)]
    times = sorted(next_due(one, Past(NOW, 7), NOW).at for one in many)
    window = JITTER * DAY
    tenths = [0] * 10
    for at in times:
        tenths[min(9, int((NOW + DAY - at) / window * 10))] += 1
    assert min(tenths) > 60


@given(st.integers(0, 60), intervals)
def test_a_host_without_answers_is_asked_less_but_at_least_daily_or_at_its_interval(
    failures: int, every: int
) -> None:
    own = timedelta(seconds=every)
    wait = next_due(watch(every), Past(NOW, 1, failures), NOW).at - NOW
    assert wait <= max(own, LONGEST_BACK_OFF)
    assert wait >= (1 - JITTER) * own
    if failures < 3:
        assert wait <= own


def test_waits_double_while_a_host_is_silent_and_the_reason_is_told() -> None:
    found = [next_due(watch(3_600), Past(NOW, 1, failures), NOW) for failures in range(9)]
    hours = [round((one.at - NOW) / HOUR / (1 - JITTER / 2)) for one in found]
    assert hours == [1, 1, 1, 2, 4, 8, 8, 8, 8]
    assert found[5].why == "its interval, longer after 5 looks without an answer"


@given(st.timedeltas(-30 * DAY, 30 * DAY), st.integers(0, 5), intervals)
def test_an_absence_is_confirmed_sooner_but_no_two_looks_are_within_an_hour(
    until: timedelta, left: int, every: int
) -> None:
    held = Past(NOW, 1, 0, NOW + until, left)
    found = next_due(watch(every), held, NOW)
    own = next_due(watch(every), Past(NOW, 1), NOW)
    assert found.at <= own.at
    if found.at < own.at:
        assert found.at - NOW >= SPACING
        assert found.why == "to confirm an absence that was seen"


def test_the_looks_that_an_absence_lacks_are_spread_over_the_time_it_lacks() -> None:
    one = next_due(watch(14 * 86_400), Past(NOW, 1, 0, NOW + 72 * HOUR, 3), NOW)
    assert one.at == NOW + 24 * HOUR


def test_an_absence_that_nothing_confirms_is_looked_for_ever_less() -> None:
    found = waits(watch(), lambda _: Past(held_until=NOW + HOUR, looks_left=1), 20)
    assert found[0] == found[1] == SPACING
    assert all(after >= before for before, after in pairwise(found[:8]))
    assert found[8] > 12 * HOUR
    assert max(found) <= DAY


def test_after_a_letter_a_site_is_not_crawled_every_few_minutes() -> None:
    site = replace(watch(), kind=WatchKind.SITE)
    found = waits(site, lambda _: Past(inquired_at=NOW), 20)
    assert min(found) >= HOUR


def test_after_a_letter_looks_are_minutes_apart_for_two_hours_then_half_as_far_again() -> None:
    found = waits(watch(), lambda _: Past(inquired_at=NOW), 60)
    close = int(INQUIRY_CLOSE / INQUIRY_EVERY)
    assert set(found[:close]) == {INQUIRY_EVERY}
    growing = found[close + 1 : close + 12]
    ratios = [after / before for before, after in pairwise(growing)]
    assert all(1.49 < ratio < 1.51 for ratio in ratios)
    assert max(found) <= DAY
    assert found[-1] >= (1 - JITTER) * DAY


def test_a_letter_that_went_after_the_last_look_makes_the_watch_due_when_it_went() -> None:
    found = next_due(watch(), Past(NOW, 1, inquired_at=NOW + HOUR), NOW)
    assert (found.at, found.why) == (NOW + HOUR, "an inquiry is open")


@given(intervals, spans)
def test_a_clock_that_went_back_starves_nobody(every: int, back: timedelta) -> None:
    """Whatever the clock said at the last look, the next is within two intervals of now."""
    now = NOW - back
    found = next_due(watch(every), Past(NOW, 3), now)
    assert found.at <= now + 2 * timedelta(seconds=every)


@given(st.timedeltas(timedelta(0), DAY))
def test_a_clock_that_goes_back_less_than_an_interval_makes_nobody_due(back: timedelta) -> None:
    assert due([watch()], {watch().id: Past(NOW, 3)}, NOW - back) == []


def test_a_clock_far_ahead_that_is_put_right_asks_everybody_once() -> None:
    now = NOW - 30 * DAY
    many = [watch(name=f"{number:012x}") for number in range(50)]
    assert len(due(many, {one.id: Past(NOW, 3) for one in many}, now)) == 50
    assert due(many, {one.id: Past(now, 3) for one in many}, now) == []


@given(st.lists(st.tuples(intervals, st.none() | spans), max_size=20))
def test_what_is_due_comes_with_the_longest_overdue_first(given_: list[tuple[int, object]]) -> None:
    many, past = [], {}
    for number, (every, ago) in enumerate(given_):
        many.append(watch(every, f"{number:012x}"))
        if isinstance(ago, timedelta):
            past[many[-1].id] = Past(NOW - ago, number)
    found = due(many, past, NOW)
    times = [when.at for _, when in found]
    assert times == sorted(times)
    assert all(at <= NOW for at in times)
    late = {one.id for one in many if one.id in past and _is_overdue(one, past[one.id])}
    assert late <= {one.id for one, _ in found}


def _is_overdue(one: Watch, past: Past) -> bool:
    assert past.last_at is not None
    return past.last_at + timedelta(seconds=one.every_seconds) <= NOW
