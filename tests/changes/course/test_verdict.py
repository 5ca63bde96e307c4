"""What became of a page: never told of one answer, never taken back by one more of the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.changes.answer import ABSENCES, Came, Kind, Standing, verdict_of_one
from sousveil.changes.course import Seen, Told, verdict_of
from sousveil.changes.course.course import LASTING, LONG, MAX_SILENT_GAP, MAX_WAIT, SOON
from sousveil.model import GONE, Verdict

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STANDS = Came(Kind.UNCHANGED, 0.95, ("the same",), 1.0)
SILENT = sorted(set(Kind) - ABSENCES - {kind for kind in Kind if Came(kind, 1, ("",)).is_page})


def answer(kind: Kind, confidence: float = 0.8) -> Came:
    return Came(kind, confidence, (f"it was {kind}",))


def seen(hours: float, came: Came, quote: Standing | None = None, exit_: str = "") -> Seen:
    return Seen(START + hours * HOUR, round(1000 + hours * 10), came, quote, exit_)


def course(kind: Kind, hours: Sequence[float], confidence: float = 0.8) -> list[Seen]:
    """Return looks: the page once, then answers of one kind."""
    return [seen(-24, STANDS), *(seen(hour, answer(kind, confidence)) for hour in hours)]


def told(kind: Kind, hours: Sequence[float], confidence: float = 0.8) -> Told:
    return verdict_of(course(kind, hours, confidence))


def test_nobody_has_looked() -> None:
    assert verdict_of([]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("kind", sorted(ABSENCES))
def test_an_absence_is_held_until_it_was_seen_often_enough_over_long_enough(kind: Kind) -> None:
    for hours in ([0], [0, 1, 2], [0, 0.01, 200], [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]):
        if len(hours) < 3 or hours[-1] < 24:
            held = told(kind, hours)
            assert held.verdict is Verdict.UNKNOWN
            assert held.is_held
            assert held.pending is verdict_of_one(answer(kind))
            assert held.due is not None
            assert held.due > START + hours[-1] * HOUR
            assert held.reasons[0].startswith("not confirmed yet: that takes ")
    sure = told(kind, [0, 24, 48, 72, 168])
    assert sure.verdict is verdict_of_one(answer(kind))
    assert sure.verdict in GONE
    assert not sure.is_held


def test_looks_within_an_hour_are_one() -> None:
    assert told(Kind.NOT_FOUND, [number / 60 for number in range(50)]).looks_left == 2
    assert told(Kind.NOT_FOUND, [0, 36, 72]).verdict is Verdict.REMOVED
    assert told(Kind.NOT_FOUND, [0, 71.5, 72]).is_held


def test_a_410_needs_less_and_a_host_in_trouble_more() -> None:
    day, days = SOON / HOUR, LASTING / HOUR
    assert told(Kind.NOT_FOUND, [0, day / 2, day], 0.95).verdict is Verdict.REMOVED
    assert told(Kind.NOT_FOUND, [0, day], 0.95).is_held, "two looks may both meet one old copy"
    assert told(Kind.NOT_FOUND, [0, day / 2, day], 0.8).is_held
    assert told(Kind.NOT_FOUND, [0, 24, days], 0.5).is_held
    assert told(Kind.NOT_FOUND, [0, 24, 48, LONG / HOUR], 0.5).verdict is Verdict.REMOVED


@pytest.mark.parametrize("kind", SILENT)
def test_what_says_nothing_of_the_page_is_never_a_removal(kind: Kind) -> None:
    assert told(kind, range(0, 5000, 24)).verdict not in GONE
    assert not told(kind, range(0, 5000, 24)).is_held


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SILENT), st.floats(0, 2000), st.floats(0, 1)), max_size=25
    ),
    st.lists(st.tuples(st.sampled_from(sorted(ABSENCES)), st.floats(0, 47)), max_size=8),
)  # fmt: skip
def test_no_outage_with_two_days_of_absences_in_it_is_ever_a_removal(
    outage: list[tuple[Kind, float, float]], absences: list[tuple[Kind, float]]
) -> None:
    looks = [seen(hour, answer(kind, sure)) for kind, hour, sure in outage]
    looks += [seen(100 + hour, answer(kind, 0.9)) for kind, hour in absences]
    for end in range(len(looks) + 1):
        assert verdict_of([seen(-1, STANDS), *looks[:end]]).verdict not in GONE


LOOKS = st.lists(
    st.builds(
        seen,
        st.integers(0, 900),
        st.builds(answer, st.sampled_from(sorted(Kind)), st.floats(0, 1)),
        st.none() | st.sampled_from(sorted(Standing)),
        st.sampled_from(["", "", "", "Lima"]),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(LOOKS, st.randoms(use_true_random=False))
def test_the_order_in_which_looks_are_given_does_not_matter(
    looks: list[Seen], chance: Random
) -> None:
    unique = list({(one.log_index, one.exit): one for one in looks}.values())
    mixed = unique[:]
    chance.shuffle(mixed)
    assert verdict_of(mixed) == verdict_of(unique) == verdict_of(reversed(unique))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from(sorted(Kind))), max_size=12),
    st.sampled_from(sorted(ABSENCES)),
    st.lists(st.integers(901, 1900), min_size=1, max_size=12, unique=True),
    st.floats(0.31, 1),
)
def test_one_more_confirmation_takes_nothing_back(
    history: list[tuple[int, Kind]], kind: Kind, hours: list[int], confidence: float
) -> None:
    looks = [seen(hour, answer(one)) for hour, one in history]
    confirmed, sureness, left = False, 0.0, 99
    for hour in sorted(hours):
        looks.append(seen(hour, answer(kind, confidence)))
        now = verdict_of(looks)
        assert now.verdict in GONE if confirmed else True
        if now.verdict in GONE:
            assert now.confidence >= sureness
            confirmed, sureness = True, now.confidence
        else:
            assert now.looks_left <= left
            left = now.looks_left


@settings(deadline=None)
@given(LOOKS)
def test_a_page_that_the_last_own_look_saw_is_present(looks: list[Seen]) -> None:
    assert verdict_of([*looks, seen(2000, STANDS)]).verdict is Verdict.PRESENT


@settings(deadline=None)
@given(LOOKS)
def test_a_verdict_of_gone_always_rests_on_two_days_of_looks_of_which_none_saw_it(
    looks: list[Seen],
) -> None:
    own = sorted((one for one in looks if not one.exit), key=lambda one: one.log_index)
    if verdict_of(own).verdict in GONE:
        absent: list[Seen] = []
        for one in own:
            verdict = verdict_of_one(one.came, one.quote)
            if verdict in {Verdict.PRESENT, Verdict.MOVED}:
                absent.clear()
            elif verdict in GONE:
                absent.append(one)
        assert absent[-1].at - absent[0].at >= SOON


def test_an_outage_after_a_confirmed_removal_changes_nothing() -> None:
    looks = course(Kind.NOT_FOUND, [0, 40, 80])
    later = [*looks, *(seen(hour, answer(Kind.NO_ANSWER)) for hour in (90, 100))]
    assert verdict_of(later).verdict is Verdict.REMOVED
    assert "2 other answers since" in " ".join(verdict_of(later).reasons)
    assert verdict_of([*later, seen(110, STANDS)]).verdict is Verdict.PRESENT


def test_what_came_back_before_must_stay_away_for_twice_as_long() -> None:
    back = [*course(Kind.NOT_FOUND, [0, 50, 100, 199]), seen(200, STANDS)]
    assert "it came back once, after 8 days" in verdict_of(back).reasons[-1]
    again = [*back, *(seen(hour, answer(Kind.NOT_FOUND)) for hour in (300, 400, 600))]
    assert verdict_of(again).is_held
    assert verdict_of([*again, seen(701, answer(Kind.NOT_FOUND))]).verdict is Verdict.REMOVED


def test_flapping_for_ever_is_never_a_removal_and_waits_no_longer_than_a_month() -> None:
    looks = [
        seen(hour, answer(Kind.SOFT_404) if hour % 96 else STANDS) for hour in range(0, 6000, 24)
    ]
    assert all(verdict_of(looks[:end]).verdict not in GONE for end in range(0, len(looks), 7))
    ages = [*course(Kind.NOT_FOUND, [0, 5000]), seen(9000, STANDS)]
    month = [seen(9001 + hour, answer(Kind.NOT_FOUND)) for hour in (0, 99, 200, MAX_WAIT / HOUR)]
    assert verdict_of([*ages, *month]).verdict is Verdict.REMOVED


def test_a_clock_set_back_confirms_nothing() -> None:
    looks = course(Kind.NOT_FOUND, [0, 500, 501])
    wrong = [replace(one, at=START) if one.log_index > 1005 else one for one in looks]
    assert verdict_of(wrong).is_held


def test_a_clock_that_was_ahead_for_a_while_confirms_nothing() -> None:
    looks = course(Kind.NOT_FOUND, [0, 1, 2, 3])
    ahead = replace(looks[2], at=START + timedelta(days=365))
    assert verdict_of([*looks[:2], ahead, *looks[3:]]).is_held


# ---------------------------------------------------------------- silence between absences


def mixed(absent: Sequence[float], silent: Sequence[float]) -> list[Seen]:
    """Return looks: the page once, then "not found" at some hours and a wall at others."""
    wall = [seen(hour, answer(Kind.BLOCK_PAGE, 0.6)) for hour in silent]
    return [*course(Kind.NOT_FOUND, absent), *wall]


def test_two_short_absences_with_a_wall_between_them_are_no_removal() -> None:
    """The page was away for thirty hours, back behind a wall that hid it, and away again."""
    looks = mixed([*range(0, 31, 6), 180, 184, 188], range(36, 180, 12))
    assert verdict_of(looks).is_held


def test_a_removal_on_a_host_that_fails_every_other_time_is_told_later() -> None:
    days = [mixed(range(0, end, 24), range(12, end, 24)) for end in range(24, 24 * 20, 24)]
    told_on = [day for day, looks in enumerate(days) if verdict_of(looks).verdict in GONE]
    assert told_on[0] == LASTING // MAX_SILENT_GAP
    held = verdict_of(days[3])
    assert held.due == START + 72 * HOUR + LASTING - 3 * MAX_SILENT_GAP


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=10),
    st.lists(st.floats(31, 999), min_size=1, max_size=30),
    st.lists(st.floats(1000, 1011), max_size=10),
    st.sampled_from(SILENT),
)
def test_absences_shorter_than_a_proof_on_both_sides_of_an_outage_prove_nothing(
    before: list[float], between: list[float], later: list[float], kind: Kind
) -> None:
    absent = [seen(hour, answer(Kind.NOT_FOUND, 0.95)) for hour in (*before, *later)]
    silent = [seen(hour, answer(kind)) for hour in between]
    assert verdict_of([seen(-1, STANDS), *absent, *silent]).verdict not in GONE


# ---------------------------------------------------------------- quotes


def quote_looks(standing: Standing, hours: Sequence[float], came: Came) -> list[Seen]:
    return [seen(-24, STANDS, Standing.STANDS), *(seen(hour, came, standing) for hour in hours)]


@pytest.mark.parametrize(
    ("standing", "verdict"),
    [(Standing.MISSING, Verdict.QUOTE_REMOVED), (Standing.REWORDED, Verdict.EDITED)],
)
def test_a_quote_is_gone_when_its_page_stands_without_it_for_two_days(
    standing: Standing, verdict: Verdict
) -> None:
    page = Came(Kind.REMOVAL, 0.95, ("9 words left",), 0.9)
    held = verdict_of(quote_looks(standing, [0, 24], page))
    assert held.pending is verdict
    assert verdict_of(quote_looks(standing, [0, 48], page)).pending is verdict
    gone = verdict_of(quote_looks(standing, [0, 24, 48], page))
    assert gone.verdict is verdict
    assert gone.reasons[0].startswith("the page stands without the quote")


def test_a_quote_missing_from_a_page_written_anew_needs_a_week() -> None:
    anew = Came(Kind.EDIT, 0.5, ("1% stands",), 0.01)
    assert verdict_of(quote_looks(Standing.MISSING, [0, 24, 48, 72], anew)).is_held
    assert verdict_of(quote_looks(Standing.MISSING, [0, 24, 72, 168], anew)).verdict in GONE


def test_the_same_text_after_a_page_written_anew_is_not_the_page_unchanged() -> None:
    anew = Came(Kind.EDIT, 0.5, ("1% stands",), 0.01)
    looks = quote_looks(Standing.MISSING, [0], anew)
    again = [seen(hour, STANDS, Standing.MISSING) for hour in (24, 48, 72)]
    held = verdict_of([*looks, *again])
    assert held.is_held
    assert "another text stands there (1% of the former one) without the quote" in held.reasons[1]
    assert verdict_of([*looks, *again, seen(168, STANDS, Standing.MISSING)]).verdict in GONE


def test_a_quote_that_a_script_wrote_is_not_missed_where_no_browser_looked() -> None:
    looks = quote_looks(Standing.UNSEEN, range(0, 900, 24), STANDS)
    assert verdict_of(looks).verdict is Verdict.UNKNOWN


# ---------------------------------------------------------------- other exits


@pytest.mark.parametrize(
    "kind", [Kind.BLOCK_PAGE, Kind.NOT_FOUND, Kind.NO_ANSWER, Kind.COUNTRY_WALL, Kind.SOFT_404]
)
def test_what_stands_through_another_exit_is_blocked_here_not_gone(kind: Kind) -> None:
    looks = [*course(kind, [0, 50, 100, 200]), seen(201, STANDS, exit_="Lima")]
    walled = verdict_of(looks)
    assert walled.verdict is Verdict.BLOCKED_BY_COUNTRY
    assert "Lima" in walled.reasons[0]
    assert verdict_of(looks[:1] + looks[1:2] + looks[-1:]).pending is Verdict.BLOCKED_BY_COUNTRY


def test_what_other_exits_saw_before_or_no_longer_see_proves_no_wall() -> None:
    looks = course(Kind.NOT_FOUND, [0, 50, 100])
    assert verdict_of([*looks, seen(-2, STANDS, exit_="Lima")]).verdict is Verdict.REMOVED
    gone = [seen(20, STANDS, exit_="Lima"), seen(101, answer(Kind.NOT_FOUND), exit_="Lima")]
    assert verdict_of([*looks, *gone]).verdict is Verdict.REMOVED


def test_ten_thousand_looks_are_told_in_a_second() -> None:
    before = datetime.now(UTC)
    verdict_of(course(Kind.NOT_FOUND, range(10_000)))
    assert datetime.now(UTC) - before < timedelta(seconds=5)
