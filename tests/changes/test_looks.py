"""In which order looks count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.looks import (
    Look,
    in_order,
)
from sousveil.model import Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)


def look(day: int, verdict: Verdict) -> Look:
    at = START + timedelta(days=day)
    return Look(day, at, verdict, 0.9, f"day {day}", 10 + day, watch_id="0123456789ab")


def imported(day: int) -> Look:
    made = replace(look(day, Verdict.PRESENT), id=100 + day, log_index=5)
    return replace(made, watch_id=None)


def test_our_own_visits_count_in_the_order_of_the_log_whatever_the_clock_said() -> None:
    own = [look(0, Verdict.PRESENT), look(1, Verdict.PRESENT), look(2, Verdict.PRESENT)]
    own[1] = replace(own[1], at=START + timedelta(days=9_000))
    shuffled = [imported(-1), own[2], imported(7), own[1], imported(1), own[0]]
    assert [one.id for one in in_order(shuffled)] == [99, 0, 101, 107, 1, 2]


@given(st.lists(st.tuples(st.integers(-5, 30), st.booleans()), max_size=12))
def test_the_order_of_looks_does_not_depend_on_how_they_are_given(
    given_looks: list[tuple[int, bool]],
) -> None:
    every = [
        replace(
            look(day, Verdict.PRESENT),
            id=number,
            log_index=number,
            watch_id=None if is_import else "0123456789ab",
        )
        for number, (day, is_import) in enumerate(given_looks)
    ]
    ordered = in_order(every)
    assert in_order(reversed(every)) == ordered
    own = [one.log_index for one in ordered if not one.is_import]
    assert own == sorted(own)
    foreign = [one.at for one in ordered if one.is_import]
    assert foreign == sorted(foreign)
