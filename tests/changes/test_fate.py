"""Looks: what one answer speaks for, and in which order looks count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.fate import (
    UNSURE,
    Look,
    Probe,
    in_order,
    judge_address,
    judge_import,
)
from sousveil.model import Failure, FailureKind, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://halden.example/product"


def look(day: int, verdict: Verdict) -> Look:
    at = START + timedelta(days=day)
    return Look(day, at, verdict, 0.9, f"day {day}", 10 + day, watch_id="0123456789ab")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.PRESENT),
        (202, Verdict.UNKNOWN),
        (203, Verdict.PRESENT),
        (204, Verdict.UNKNOWN),
        (206, Verdict.UNKNOWN),
        (301, Verdict.UNKNOWN),
        (401, Verdict.LOGIN_WALL),
        (403, Verdict.BLOCKED),
        (404, Verdict.REMOVED),
        (410, Verdict.REMOVED),
        (429, Verdict.BLOCKED),
        (451, Verdict.BLOCKED_BY_COUNTRY),
        (500, Verdict.UNREACHABLE),
        (503, Verdict.BLOCKED),
    ],
)
def test_the_last_answer_tells_what_became_of_an_address(status: int, verdict: Verdict) -> None:
    judged, confidence, outcome = judge_address([Probe(URL, status, None)])
    assert judged is verdict
    assert 0 < confidence < 1
    assert str(status) in outcome


def test_a_failure_is_unreachable_and_never_a_removal() -> None:
    for kind in FailureKind:
        probe = Probe(URL, None, Failure(kind, "no answer from halden.example"))
        refused = kind in {FailureKind.REFUSED_ADDRESS, FailureKind.EXIT}
        expected = Verdict.UNKNOWN if refused else Verdict.UNREACHABLE
        assert judge_address([probe])[0] is expected


def test_a_page_that_sends_to_the_front_page_was_redirected_away() -> None:
    probes = [Probe(URL, 302, None), Probe("https://halden.example/", 200, None)]
    assert judge_address(probes)[0] is Verdict.REDIRECTED_AWAY


def test_a_page_that_sends_to_another_page_has_moved() -> None:
    probes = [Probe(URL, 301, None), Probe("https://halden.example/en/product", 200, None)]
    verdict, _, outcome = judge_address(probes)
    assert verdict is Verdict.MOVED
    assert "sent to https://halden.example/en/product" in outcome


def test_http_to_https_is_no_move() -> None:
    probes = [Probe(URL.replace("https", "http"), 301, None), Probe(URL, 200, None)]
    assert judge_address(probes)[2] == "HTTP 200"


@pytest.mark.parametrize(
    ("arrived", "verdict"),
    [
        ("https://parked.example/product", Verdict.REDIRECTED_AWAY),
        ("https://parked.example/", Verdict.REDIRECTED_AWAY),
        ("https://parked.example/other", Verdict.REDIRECTED_AWAY),
        ("https://halden.example:8443/product", Verdict.REDIRECTED_AWAY),
        ("http://[::1/product", Verdict.UNKNOWN),
        ("https://halden.example:70000/product", Verdict.UNKNOWN),
    ],
)
def test_the_same_path_on_another_host_is_not_the_page(arrived: str, verdict: Verdict) -> None:
    judged, confidence, outcome = judge_address([Probe(URL, 302, None), Probe(arrived, 200, None)])
    assert judged is verdict
    assert confidence <= 0.6
    assert arrived in outcome


@pytest.mark.parametrize(
    "arrived",
    [
        "https://www.halden.example/product",
        "https://HALDEN.example:443/product",
        "http://halden.example./product",
    ],
)
def test_www_and_default_ports_make_no_other_host(arrived: str) -> None:
    probes = [Probe(URL, 302, None), Probe(arrived, 200, None)]
    assert judge_address(probes) == (Verdict.PRESENT, 0.95, "HTTP 200")


@pytest.mark.parametrize("status", [200, 404, 410, 403])
def test_behind_a_certificate_that_does_not_hold_nothing_is_gone_or_sure(status: int) -> None:
    verdict, confidence, outcome = judge_address([Probe(URL, status, None)], is_verified=False)
    assert verdict in {Verdict.PRESENT, Verdict.UNKNOWN, Verdict.BLOCKED}
    assert confidence <= 0.3
    assert outcome == f"HTTP {status}, the server's certificate did not hold"


def test_an_answer_that_broke_off_is_not_sure() -> None:
    cut = Failure(FailureKind.DISCONNECT, "the connection was closed")
    verdict, confidence, _ = judge_address([Probe(URL, 200, cut)])
    assert (verdict, confidence) == (Verdict.PRESENT, UNSURE)


def test_an_imported_answer_is_told_as_one_and_less_sure() -> None:
    assert judge_import(200) == (Verdict.PRESENT, 0.6, "HTTP 200 in an imported archive")
    assert judge_import(404)[:2] == (Verdict.REMOVED, 0.6)
    assert judge_import(None) == (Verdict.PRESENT, 0.6, "an imported document")


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
