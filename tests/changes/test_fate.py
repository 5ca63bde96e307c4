"""Fates: a pure function of what was recorded, and slow to call anything gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.fate import (
    IMPORT_CONFIDENCE,
    UNSURE,
    Look,
    Probe,
    in_order,
    judge_address,
    judge_import,
    quote_fate,
)
from sousveil.model import Failure, FailureKind, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://halden.example/product"


def look(day: int, verdict: Verdict, *, found: bool = False) -> Look:
    return Look(day, START + timedelta(days=day), verdict, 0.9, f"day {day}", 10 + day, found=found)


def never(_: Look) -> str | None:
    return None


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
    assert "moved to https://halden.example/en/product" in outcome


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


@pytest.mark.parametrize("verdict", [Verdict.PRESENT, Verdict.REMOVED, Verdict.REDIRECTED_AWAY])
def test_an_unsure_look_never_makes_a_quote_gone(verdict: Verdict) -> None:
    unsure = replace(look(1, verdict), confidence=UNSURE)
    fate = quote_fate("f", [look(0, Verdict.PRESENT, found=True), unsure], never)
    assert (fate.verdict, fate.gone_by, fate.is_gone) == (Verdict.UNKNOWN, None, False)
    assert fate.evidence.startswith("cannot be told since")
    later = look(2, Verdict.PRESENT)
    fate = quote_fate("f", [look(0, Verdict.PRESENT, found=True), unsure, later], never)
    assert (fate.verdict, fate.gone_by) == (Verdict.QUOTE_REMOVED, later.at)


def test_a_quote_seen_only_over_a_doubtful_connection_says_so() -> None:
    seen = replace(look(0, Verdict.PRESENT, found=True), confidence=UNSURE)
    fate = quote_fate("f", [seen], never)
    assert (fate.verdict, fate.confidence) == (Verdict.PRESENT, UNSURE)
    assert fate.evidence == "last seen in day 0"


def imported(day: int, *, found: bool = False) -> Look:
    made = replace(look(day, Verdict.PRESENT, found=found), id=100 + day, log_index=5)
    return replace(made, is_import=True)


def test_an_import_never_takes_away_what_one_of_our_own_visits_saw() -> None:
    own = [look(0, Verdict.PRESENT, found=True), look(2, Verdict.PRESENT, found=True)]
    for seen in (own[:1], own):
        for day in (-1, 1, 3):
            fate = quote_fate("f", in_order([imported(day), *seen]), never)
            assert (fate.verdict, fate.last_seen) == (Verdict.PRESENT, seen[-1].at)


def test_an_import_never_brings_back_what_one_of_our_own_visits_missed() -> None:
    own = [look(0, Verdict.PRESENT, found=True), look(2, Verdict.PRESENT)]
    fate = quote_fate("f", in_order([*own, imported(3, found=True)]), never)
    assert (fate.verdict, fate.gone_by) == (Verdict.QUOTE_REMOVED, own[1].at)


def test_what_only_imports_saw_is_gone_by_the_next_look_and_less_surely() -> None:
    for gone in (imported(4), look(5, Verdict.PRESENT)):
        fate = quote_fate("f", in_order([gone, imported(1, found=True)]), never)
        assert (fate.verdict, fate.gone_by) == (Verdict.QUOTE_REMOVED, gone.at)
        assert fate.confidence <= IMPORT_CONFIDENCE


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
        replace(look(day, Verdict.PRESENT), id=number, log_index=number, is_import=is_import)
        for number, (day, is_import) in enumerate(given_looks)
    ]
    ordered = in_order(every)
    assert in_order(reversed(every)) == ordered
    own = [one.log_index for one in ordered if not one.is_import]
    assert own == sorted(own)
    foreign = [one.at for one in ordered if one.is_import]
    assert foreign == sorted(foreign)


def test_a_quote_that_is_always_there_is_present() -> None:
    fate = quote_fate("f", [look(0, Verdict.PRESENT, found=True)] * 2, never)
    assert (fate.verdict, fate.gone_by) == (Verdict.PRESENT, None)


def test_a_page_without_the_quote_took_it_out() -> None:
    looks = [look(0, Verdict.PRESENT, found=True), look(1, Verdict.PRESENT)]
    fate = quote_fate("f", looks, never)
    assert fate.verdict is Verdict.QUOTE_REMOVED
    assert (fate.last_seen, fate.gone_by) == (looks[0].at, looks[1].at)
    assert fate.log_index == 11


def test_a_page_with_another_wording_edited_it() -> None:
    looks = [look(0, Verdict.PRESENT, found=True), look(1, Verdict.PRESENT)]
    fate = quote_fate("f", looks, lambda _: "estimates appearance")
    assert (fate.verdict, fate.after) == (Verdict.EDITED, "estimates appearance")


def test_an_outage_is_no_removal_and_the_removal_after_it_is_dated_by_both_sides() -> None:
    looks = [
        look(0, Verdict.PRESENT, found=True),
        look(1, Verdict.UNREACHABLE),
        look(2, Verdict.BLOCKED),
    ]
    fate = quote_fate("f", looks, never)
    assert (fate.verdict, fate.gone_by) == (Verdict.BLOCKED, None)
    fate = quote_fate("f", [*looks, look(3, Verdict.REMOVED)], never)
    assert fate.verdict is Verdict.REMOVED
    assert (fate.last_seen, fate.gone_by) == (looks[0].at, START + timedelta(days=3))


def test_a_quote_that_came_back_is_present() -> None:
    looks = [
        look(0, Verdict.PRESENT, found=True),
        look(1, Verdict.REMOVED),
        look(2, Verdict.PRESENT, found=True),
    ]
    assert quote_fate("f", looks, never).verdict is Verdict.PRESENT


@given(st.lists(st.tuples(st.sampled_from(list(Verdict)), st.booleans()), min_size=1, max_size=12))
def test_a_fate_says_gone_only_after_a_look_that_can_tell(
    history: list[tuple[Verdict, bool]],
) -> None:
    looks = [look(0, Verdict.PRESENT, found=True)] + [
        look(day, Verdict.PRESENT if found else verdict, found=found)
        for day, (verdict, found) in enumerate(history, start=1)
    ]
    fate = quote_fate("f", looks, never)
    assert fate.last_seen == max(one.at for one in looks if one.found)
    if fate.gone_by is not None:
        (gone,) = [one for one in looks if one.at == fate.gone_by]
        assert gone.verdict in {
            Verdict.PRESENT,
            Verdict.MOVED,
            Verdict.REMOVED,
            Verdict.SOFT_404,
            Verdict.REDIRECTED_AWAY,
        }
        assert gone.at > fate.last_seen


def test_an_address_that_leads_elsewhere_without_the_quote_was_redirected_away() -> None:
    looks = [look(0, Verdict.PRESENT, found=True), look(1, Verdict.MOVED)]
    assert quote_fate("f", looks, never).verdict is Verdict.REDIRECTED_AWAY
    assert quote_fate("f", [looks[0], look(1, Verdict.MOVED, found=True)], never).gone_by is None


def test_what_a_script_wrote_is_missed_only_where_a_browser_showed_the_page() -> None:
    seen = replace(look(0, Verdict.PRESENT, found=True), is_shown=True, found_by_script=True)
    on_the_wire_alone = look(1, Verdict.PRESENT)
    fate = quote_fate("f", [seen, on_the_wire_alone], never)
    assert (fate.verdict, fate.gone_by) == (Verdict.UNKNOWN, None)
    assert "no browser showed the page" in fate.evidence
    shown = replace(look(2, Verdict.PRESENT), is_shown=True)
    assert quote_fate("f", [seen, on_the_wire_alone, shown], never).gone_by == shown.at
    not_found = look(1, Verdict.REMOVED)
    assert quote_fate("f", [seen, not_found], never).verdict is Verdict.REMOVED
