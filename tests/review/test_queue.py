"""The queue puts first what is worth a look, and says why."""

import time
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.model import Finding, Label
from sousveil.review import queue as queue_
from sousveil.review.queue import Decided, Place, experience
from tests.dossier import reports

POLICY = ("says law", "says self", "negation governs", "anchor attribute", "has attribute")
PRODUCT = ("says offer", "says tech", "infer near", "anchor attribute", "has attribute")


def made(
    quote: str, *, score: float = 0.8, label: Label = "offers", cues: tuple[str, ...] = PRODUCT
) -> Finding:
    found = reports.finding(quote, quote, url="https://a.example/", label=label, score=score)
    return replace(found, claim=replace(found.claim, features=tuple(sorted(cues))))


def queue(waiting: list[Finding], decided: list[Decided], *, taught: bool) -> list[Place]:
    return queue_.queue(waiting, experience(decided, taught=taught))


def order(places: list[Place]) -> list[str]:
    return [place.finding.quote for place in places]


def test_the_likely_and_the_grave_come_first() -> None:
    waiting = [
        made("It discusses ethnicity at length.", label="discusses", score=0.9),
        made("Perhaps our camera tells ethnicity.", score=0.5),
        made("Our terminal recognises ethnicity.", score=0.9),
    ]
    assert order(queue(waiting, [], taught=False)) == [
        "Our terminal recognises ethnicity.",
        "Perhaps our camera tells ethnicity.",
        "It discusses ethnicity at length.",
    ]


def test_what_is_like_rejected_findings_sinks_and_says_what_they_share() -> None:
    policy = made("We never sell data on ethnicity to others.", score=0.9, cues=POLICY)
    product = made("Our kiosk recognises ethnicity.", score=0.6)
    rejected = [
        Decided(made(f"Rule {n}: {'x' * 40 * n} no ethnicity.", cues=POLICY), is_confirmed=False)
        for n in range(1, 5)
    ]
    placed = queue([policy, product], rejected, taught=False)
    assert order(placed) == [product.quote, policy.quote]
    assert placed[1].why[0].startswith("like 4 you rejected: ")
    assert order(queue([policy, product], [], taught=False)) == [policy.quote, product.quote]


def test_like_decisions_are_not_counted_again_when_the_case_model_has_learnt_them() -> None:
    policy = made("We never sell data on ethnicity to others.", score=0.9, cues=POLICY)
    rejected = [Decided(made("Quite other words, but alike.", cues=POLICY), is_confirmed=False)]
    (place,) = queue([policy], rejected, taught=True)
    assert place.worth == 0.9
    assert "like 1 you rejected" in place.why[0]


def test_nearly_the_same_words_share_the_fate_of_those_decided_on() -> None:
    near = made("Our terminal recognises the ethnicity of visitors!", score=0.9, cues=())
    fresh = made("Its gateway tells Han from Uyghur.", score=0.5, cues=())
    same = made("Our terminal recognises the ethnicity of visitors.", cues=())
    for is_confirmed, first in ((True, near), (False, fresh)):
        placed = queue([near, fresh], [Decided(same, is_confirmed=is_confirmed)], taught=False)
        assert placed[0].finding == first
    assert f"nearly the words that you rejected in {same.id}" in placed[1].why


def test_the_same_words_twice_are_asked_about_once_before_all_else() -> None:
    one = made("Our terminal recognises ethnicity.", score=0.9)
    two = replace(one, id="f" * 12)
    other = made("Another camera tells the race of people.", score=0.7)
    placed = queue([two, one, other], [], taught=False)
    assert [place.finding.quote for place in placed[:2]] == [one.quote, other.quote]
    assert "the same words as in" in placed[2].why[0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=20), st.floats(0, 1)), max_size=8),
    st.lists(st.tuples(st.text(min_size=1, max_size=20), st.booleans()), max_size=8),
)
def test_everything_undecided_is_there_once_whatever_the_order(
    waiting: list[tuple[str, float]], decided: list[tuple[str, bool]]
) -> None:
    findings = [made(text, score=score) for text, score in waiting]
    findings = [replace(one, id=f"{number:012x}") for number, one in enumerate(findings)]
    known = [Decided(made(text), is_confirmed=confirmed) for text, confirmed in decided]
    placed = queue(findings, known, taught=False)
    assert sorted(place.finding.id for place in placed) == sorted(one.id for one in findings)
    assert queue(list(reversed(findings)), known, taught=False) == placed
    assert all(place.why for place in placed)


def test_thousands_of_findings_are_ordered_in_seconds() -> None:
    waiting = [made(f"Number {n} recognises ethnicity {'x' * (n % 50)}.") for n in range(1_000)]
    known = [
        Decided(
            made(f"Rule {n} {'y' * (n % 60)} ethnicity.", cues=POLICY if n % 2 else PRODUCT),
            is_confirmed=n % 3 > 0,
        )
        for n in range(3_000)
    ]
    began = time.thread_time()
    assert len(queue(waiting, known, taught=False)) == 1_000
    assert time.thread_time() - began < 10
