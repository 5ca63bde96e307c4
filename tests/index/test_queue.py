"""The queue holds what waits, once, in order of worth, however it is paged through."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.index.queue import (
    Waiting,
    count_waiting,
    kin_of,
    put_places,
    waiting,
    waiting_ids,
)
from sousveil.index.reviews import has_decided, last_by, past_of, put_review, reviews
from sousveil.index.store import Index
from sousveil.model import Event
from sousveil.review.decisions import review_body, withdrawal_body
from tests.conftest import NOW
from tests.dossier import reports

PEOPLE = ("ada", "bo", "cy")
places = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1, max_size=20
)
decided = st.lists(
    st.tuples(
        st.integers(0, 19), st.sampled_from(PEOPLE), st.sampled_from(["confirmed", "rejected"])
    ),
    max_size=25,
)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.sqlite", create=True)
    yield opened
    opened.close()


def name_of(number: int) -> str:
    return f"{number:012x}"


def fill(index: Index, placed: list[tuple[int, float]], readings: int) -> None:
    """Make the index one of these findings alone, by kin and worth."""
    index.readings = readings
    with index.transaction():
        index.change("DELETE FROM queue")
        index.change("DELETE FROM review")
    put_places(
        index,
        [(name_of(number), f"kin {kin}", worth) for number, (kin, worth) in enumerate(placed)],
    )


def decide(index: Index, entry: int, number: int, by: str, decision: str) -> None:
    found = reports.finding("Our camera tells ethnicity.", "Our camera tells ethnicity.", url="u")
    body = review_body([found], "confirmed" if decision == "confirmed" else "rejected", by, "")
    body["findings"][0]["id"] = name_of(number)
    take(index, entry, body)


def take(index: Index, entry: int, body: dict[str, object]) -> None:
    with index.transaction():
        put_review(index, Event(entry, "review", NOW + timedelta(seconds=entry), body))


def paged(index: Index, by: str, size: int) -> list[Waiting]:
    found: list[Waiting] = []
    while page := waiting(index, by, size, found[-1].place if found else ""):
        found += page
    return found


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(placed=places, made=decided, size=st.integers(1, 7), needed=st.integers(1, 3))
def test_pages_of_any_size_hold_each_kin_that_waits_once_and_in_order(
    index: Index,
    placed: list[tuple[int, float]],
    made: list[tuple[int, str, str]],
    size: int,
    needed: int,
) -> None:
    fill(index, placed, needed)
    people: dict[int, set[str]] = {number: set() for number in range(len(placed))}
    for entry, (number, by, decision) in enumerate(made):
        if number < len(placed):
            decide(index, entry, number, by, decision)
            people[number].add(by)
    for by in ("", *PEOPLE):
        open_ = {n for n, whose in people.items() if len(whose) < needed and by not in whose}
        found = paged(index, by, size)
        assert found == waiting(index, by, 100)
        keys = [(-one.readings, -one.worth, one.finding_id) for one in found]
        assert keys == sorted(keys)
        kin = {(placed[n][0], len(people[n])) for n in open_}
        assert {(placed[int(one.finding_id, 16)][0], one.readings) for one in found} == kin
        assert len(found) == len(kin)
        assert sum(one.count for one in found) == len(open_) == count_waiting(index, by)
        names = [name_of(number) for number in range(len(placed))]
        assert waiting_ids(index, by, names) == {name_of(number) for number in open_}


def test_of_kin_the_worthiest_stands_for_all_and_the_finding_itself_comes_first(
    index: Index,
) -> None:
    fill(index, [(1, 0.2), (1, 0.9), (2, 0.5), (1, 0.9)], 1)
    assert [(one.finding_id, one.count) for one in waiting(index, "", 10)] == [
        (name_of(1), 3),
        (name_of(2), 1),
    ]
    assert kin_of(index, name_of(0), 10) == [name_of(0), name_of(1), name_of(3)]
    assert kin_of(index, "not there", 10) == ["not there"]


@pytest.mark.parametrize("after", ["", "x", "~~", "0~nan~a", "0~1e999~a", "99~1~a", "-5~1~a", "0~"])
def test_a_place_that_cannot_be_read_is_no_fault(index: Index, after: str) -> None:
    fill(index, [(1, 0.2), (2, 0.9)], 1)
    assert len(waiting(index, "", 10, after)) <= 2


def test_what_was_withdrawn_lets_the_decision_before_count_and_stays_in_the_past(
    index: Index,
) -> None:
    fill(index, [(1, 0.2)], 1)
    decide(index, 1, 0, "ada", "rejected")
    decide(index, 2, 0, "ada", "confirmed")
    assert [one.log_index for one in last_by(index, "Ada")] == [2]
    take(index, 3, withdrawal_body([2], "Bo", ""))  # which is not his
    assert reviews(index)[name_of(0)][0].decision == "confirmed"
    take(index, 4, withdrawal_body([2], "ADA", ""))
    assert reviews(index)[name_of(0)][0].decision == "rejected"
    assert [one.standing for one in past_of(index, name_of(0))] == ["counts", "withdrawn"]
    take(index, 5, withdrawal_body([1], "ada", ""))
    assert reviews(index) == {}
    assert not has_decided(index, "ada")
    assert [one.finding_id for one in waiting(index, "ada", 5)] == [name_of(0)]
