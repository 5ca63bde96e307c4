"""What the answers of a visit speak for, before any text is read."""

import pytest

from sousveil.changes.answer import judge_address, judge_import
from sousveil.changes.looks import UNSURE, Probe
from sousveil.model import Failure, FailureKind, Verdict

URL = "https://halden.example/product"


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
        (503, Verdict.UNREACHABLE),
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
        "https://halden.example/product/",
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
