"""Fates: a pure function of what was recorded, and slow to call anything gone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.fate import Look, Probe, find_rewording, judge_address, quote_fate
from sousveil.extract import extract
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
        (206, Verdict.PRESENT),
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
        refused = kind is FailureKind.REFUSED_ADDRESS
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


def page(*paragraphs: str) -> bytes:
    return "".join(f"<p>{text}</p>" for text in paragraphs).encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "The camera estimates the age, gender and ethnicity of each passer-by.",
            "The camera estimates the age, gender and appearance of each passer-by.",
        ),
        ("支持性别、年龄、民族等人脸属性识别。", "支持性别、年龄、肤色等人脸属性识别。"),
    ],
)
def test_a_new_wording_is_found_among_the_new_sentences(before: str, after: str) -> None:
    others = ("Contact us for a quotation.", "联系我们获取报价。")
    old = extract(page(before, *others), media_type="text/html", charset="utf-8", name=URL)
    new = extract(
        page(*others, after, "Our offices are open."),
        media_type="text/html",
        charset="utf-8",
        name=URL,
    )
    assert find_rewording(before, old, new) == after


def test_a_sentence_that_was_there_before_is_no_new_wording() -> None:
    gone = "The camera estimates the age, gender and ethnicity of each passer-by."
    kept = "The camera estimates the age, gender and mood of each passer-by."
    old = extract(page(gone, kept), media_type="text/html", charset="utf-8", name=URL)
    new = extract(page(kept), media_type="text/html", charset="utf-8", name=URL)
    assert find_rewording(gone, old, new) is None


def test_an_address_that_leads_elsewhere_without_the_quote_was_redirected_away() -> None:
    looks = [look(0, Verdict.PRESENT, found=True), look(1, Verdict.MOVED)]
    assert quote_fate("f", looks, never).verdict is Verdict.REDIRECTED_AWAY
    assert quote_fate("f", [looks[0], look(1, Verdict.MOVED, found=True)], never).gone_by is None
