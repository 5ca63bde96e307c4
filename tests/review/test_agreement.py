"""Agreement is Krippendorff's alpha, as he works it out himself, and an interval around it."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.review.agreement import agreement, agreements, independent

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": one row an observer, one
# column a unit, a dot where the observer gave no value.
BINARY = ("0100000010", "1110010000")  # section A: 0.095
NOMINAL = ("aabbdcccedda", "babbbccceddd")  # section B: 0.692
MISSING = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")  # section C: 0.743

values = st.sampled_from(["confirmed", "rejected"])
units = st.lists(
    st.dictionaries(st.sampled_from(["ada", "bo", "cy"]), values, min_size=1), max_size=30
)


def read(rows: Sequence[str]) -> list[dict[str, str]]:
    columns = zip(*rows, strict=True)
    return [
        {f"observer {number}": value for number, value in enumerate(column) if value != "."}
        for column in columns
    ]


@pytest.mark.parametrize(
    ("rows", "expected", "count"), [(BINARY, 0.095, 10), (NOMINAL, 0.692, 12), (MISSING, 0.743, 11)]
)
def test_alpha_is_that_of_the_worked_examples(
    rows: Sequence[str], expected: float, count: int
) -> None:
    told = agreement(read(rows))
    assert told.alpha == pytest.approx(expected, abs=0.0005)
    assert told.units == count
    assert told.low is not None
    assert told.high is not None
    assert told.low < expected < told.high


@given(units)
def test_agreement_is_at_most_perfect_and_perfect_only_without_a_difference(
    decided: list[dict[str, str]],
) -> None:
    told = agreement(decided)
    if told.alpha is not None:
        assert told.alpha <= 1
        assert (told.alpha == pytest.approx(1)) == (told.agreed == told.units)
        assert told.low is not None
        assert told.high is not None
        assert told.low <= told.high <= 1


@settings(deadline=None)  # other programs may have the processor
@given(units, st.randoms())
def test_neither_the_order_nor_the_names_of_people_and_values_matter(
    decided: list[dict[str, str]], order: Random
) -> None:
    shuffled = [
        {f"X{name}": {"confirmed": "no", "rejected": "yes"}[value] for name, value in one.items()}
        for one in decided
    ]
    order.shuffle(shuffled)
    here, there = agreement(decided), agreement(shuffled)
    assert (here.units, here.agreed, here.people) == (there.units, there.agreed, there.people)
    assert here.alpha == pytest.approx(there.alpha)


@given(units)
def test_what_one_person_alone_has_read_changes_nothing(decided: list[dict[str, str]]) -> None:
    paired = [one for one in decided if len(one) > 1]
    assert agreement(decided) == agreement(paired)


def test_nothing_is_claimed_where_all_decisions_are_the_same_or_too_few() -> None:
    same = [{"ada": "confirmed", "bo": "confirmed"}] * 50
    assert agreement(same).alpha is None
    assert agreement(same).agreed == 50
    few = [{"ada": "confirmed", "bo": "rejected"}, {"ada": "rejected", "bo": "rejected"}]
    assert (agreement(few).alpha, agreement(few).low) == (None, None)


def test_ever_more_findings_make_the_interval_narrower() -> None:
    some = read(NOMINAL)
    wide, narrow = agreement(some), agreement(some * 200)
    assert wide.low is not None
    assert wide.high is not None
    assert narrow.low is not None
    assert narrow.high is not None
    assert (narrow.high - narrow.low) * 5 < wide.high - wide.low


def test_only_what_was_decided_before_the_seal_broke_is_independent() -> None:
    offer, policy = ("offers", "ethnicity"), ("denies", "race")
    logged = [
        ("f1", offer, "ada", "rejected"),
        ("f1", offer, "ada", "confirmed"),  # she changed her mind by herself
        ("f1", offer, "bo", "rejected"),  # here both see each other
        ("f1", offer, "bo", "confirmed"),  # so this is no reading of his own
        ("f1", offer, "cy", "confirmed"),
        ("f2", policy, "ada", "rejected"),
    ]
    one, two = independent(logged, 2)
    assert (one.group, one.decided) == (offer, {"ada": "confirmed", "bo": "rejected"})
    assert two.decided == {"ada": "rejected"}
    first, _ = independent(logged, 1)
    assert first.decided == {"ada": "rejected", "bo": "rejected", "cy": "confirmed"}
    assert set(agreements([one, two])) == {
        ("", ""),
        ("offers", ""),
        ("denies", ""),
        ("", "ethnicity"),
        ("", "race"),
    }
