"""Each quote has its copies beside it, and its story says where it survives."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.trace import Known, copy_line, story, trace_all
from sousveil.changes.trace.editions import edition_key
from sousveil.changes.words import between
from sousveil.model import (
    BlockKind,
    Capture,
    Claim,
    Fate,
    Finding,
    RecordRef,
    Source,
    Trace,
    Verdict,
)

START = datetime(2026, 3, 1, 12, 4, tzinfo=UTC)
QUOTE = "The camera tells the ethnicity of every visitor."
ZITAT = "摄像机可识别每位访客的民族。"
EN, ZH = "https://halden.example/en/camera", "https://halden.example/zh-cn/camera"
PDF = "https://halden.example/files/camera.pdf"


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def finding(number: int, quote: str, url: str, *, lang: str = "en", start: int = 0) -> Finding:
    claim = Claim("ethnicity", "ethnicity", "offers", 0.9, start, start + 9, 0, 9, (), "claims")
    record = RecordRef("archive/x.warc.gz", 0, 1, "<urn:uuid:0>", "sha256:0")
    return Finding(
        id=f"{number:012x}",
        claim=claim,
        quote=quote,
        prefix="",
        suffix="",
        passage=quote,
        url=url,
        title="",
        lang=lang,
        actor="Halden",
        capture=Capture(url, at(0), 200, "text/html", record),
        source=Source(BlockKind.PARAGRAPH, "", 1, 1, 0, 9, "utf-8"),
        log_index=1,
        watch_id=None,
    )


def stands(one: Finding, first: int = 0, last: int = 15) -> Known:
    fate = Fate(one.id, Verdict.PRESENT, 0.9, at(last), None, None, None, "", first_seen=at(first))
    return Known(one, fate, looked_before=first > 0)


def gone(one: Finding, verdict: Verdict = Verdict.QUOTE_REMOVED, after: str | None = None) -> Known:
    fate = Fate(one.id, verdict, 0.9, at(0), at(15), after, 7, "", first_seen=at(0))
    return Known(one, fate, looked_before=False)


def traced(*known: Known, named: dict[str, list[str]] | None = None) -> list[Trace]:
    return list(trace_all(known, named))


def test_a_quote_that_left_a_page_survives_in_the_pdf() -> None:
    page, paper = finding(1, QUOTE, EN), finding(2, QUOTE.upper(), PDF)
    trace, _ = traced(gone(page), stands(paper))
    assert trace.state == "gone"
    assert [copy.url for copy in trace.survivors] == [PDF]
    assert story(trace, gone(page).fate, EN) == (
        f"Left {EN} between 2026-03-01 12:04 and 12:19 UTC.",
        "The same words stand in one other place.",
    )
    assert copy_line(trace.copies[0], PDF).startswith(f"{PDF}: the same words, stands, last seen")


def test_what_came_up_elsewhere_when_it_was_gone_here_moved() -> None:
    old, new = finding(1, QUOTE, EN), finding(2, QUOTE, f"{EN}/more")
    trace, _ = traced(gone(old), stands(new, first=15))
    assert trace.state == "moved"
    assert trace.moved_to is not None
    assert trace.moved_to.url == f"{EN}/more"
    first_watched = replace(stands(new, first=15), looked_before=False)
    assert traced(gone(old), first_watched)[0].state == "gone"
    assert traced(gone(old), stands(new, first=0))[0].moved_to is None


def test_the_other_language_stands_beside_a_reworded_page() -> None:
    chinese, english = finding(1, ZITAT, ZH, lang="zh"), finding(2, QUOTE, EN)
    reworded = gone(chinese, Verdict.EDITED, "摄像机可识别每位访客的肤色。")
    trace, other = traced(reworded, stands(english))
    assert trace.state == "reworded"
    assert trace.swaps == ("“民族” became “肤色”",)
    assert [(copy.url, copy.relation) for copy in trace.copies] == [(EN, "other_language")]
    assert other.copies[0].state == "gone"
    told = story(trace, reworded.fate, ZH)
    assert told[1] == "“民族” became “肤色”."
    assert "was not found to make the claim" in told[2]
    assert told[3] == "The claim stands in one other place, in other words or languages."


def test_editions_that_a_page_names_are_joined() -> None:
    chinese = finding(1, ZITAT, "https://halden.example/产品", lang="zh")
    english = finding(2, QUOTE, "https://halden.example/product")
    assert not traced(stands(chinese), stands(english))[0].copies
    named = {english.url: [chinese.url]}
    trace, _ = traced(stands(chinese), stands(english), named=named)
    assert [copy.relation for copy in trace.copies] == ["other_language"]


def test_findings_of_two_editions_are_paired_in_their_order() -> None:
    english = [finding(n, f"{QUOTE} {'x' * n}", EN, start=9 * n) for n in range(1, 4)]
    chinese = [finding(10 + n, f"{n}{ZITAT}", ZH, lang="zh", start=5 * n) for n in range(1, 4)]
    told = traced(*map(stands, [*english, *chinese]))
    pairs = [
        {copy.finding_id for copy in trace.copies if copy.relation == "other_language"}
        for trace in told[:3]
    ]
    assert pairs == [{one.id} for one in chinese]


def test_the_same_claim_in_nearly_the_same_words_is_kin() -> None:
    one = finding(1, "The camera tells the ethnicity of every visitor at the gate.", EN)
    other = finding(2, "Our camera tells the ethnicity of every visitor at a gate.", PDF)
    unlike = finding(3, "Alarms can be set for people of one ethnicity.", PDF, start=40)
    trace, *_ = traced(gone(one), stands(other), stands(unlike))
    assert [(copy.finding_id, copy.relation) for copy in trace.copies] == [(other.id, "same_claim")]


def test_short_words_are_copies_only_of_the_same_actor() -> None:
    one = finding(1, "民族", EN)
    other = replace(finding(2, "民族", "https://other.example/"), actor="Other")
    assert not traced(gone(one), stands(other))[0].copies
    assert traced(gone(one), stands(replace(other, actor="Halden")))[0].copies


def test_an_absence_that_is_not_confirmed_says_what_is_lacking() -> None:
    one = finding(1, QUOTE, EN)
    fate = Fate(
        one.id, Verdict.UNKNOWN, 0.3, at(0), at(15), None, 7, "",
        pending=Verdict.REMOVED, due=at(15) + timedelta(hours=72), looks_left=2,
    )  # fmt: skip
    (trace,) = traced(Known(one, fate, looked_before=False))
    assert trace.state == "held"
    first, last = story(trace, fate, EN)
    assert first.startswith(f"Went missing from {EN} between 2026-03-01 12:04 and 12:19 UTC; ")
    assert first.endswith(
        "not confirmed yet: that takes 2 more looks, not before 2026-03-04 12:19 UTC."
    )
    assert last == "No other place is known that still says it."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h.example/en/a", "https://h.example/zh-cn/a/"),
        ("https://h.example/a?lang=en&id=3", "https://h.example/a?id=3&lang=zh"),
        ("https://en.h.example/a", "https://cn.h.example/a"),
        ("https://www.h.example/a", "https://h.example/zh_Hans/a"),
        ("https://h.example/manual_en.pdf", "https://h.example/manual_cn.pdf"),
        ("https://h.example/manual-en-US.pdf", "https://h.example/manual.pdf"),
    ],
)
def test_addresses_that_differ_in_their_language_are_editions(one: str, other: str) -> None:
    assert edition_key(one) == edition_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h.example/ai/a", "https://h.example/tv/a"),
        ("https://h.example/a?id=3", "https://h.example/a?id=4"),
        ("https://h.example/manual_v2.pdf", "https://h.example/manual_v3.pdf"),
        ("https://h.example/a", "https://g.example/a"),
    ],
)
def test_other_addresses_are_no_editions(one: str, other: str) -> None:
    assert edition_key(one) != edition_key(other)


@given(st.text(max_size=80))
def test_any_address_has_a_key(url: str) -> None:
    assert edition_key(f"https://{url}") == edition_key(f"https://{url}")


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_a_span_tells_two_times(start: datetime, end: datetime) -> None:
    assert " and " in between(start, end)


def test_ten_thousand_equal_headers_take_bounded_time() -> None:
    started = time.monotonic()
    known = [
        stands(finding(number, QUOTE, f"https://m{number}.example/sdk.h"))
        for number in range(10_000)
    ]
    told = traced(*known)
    assert all(len(trace.copies) == 40 for trace in told)
    assert told[0].unlisted + len(told[0].copies) in range(9_998, 10_001)
    assert time.monotonic() - started < 20


def test_what_other_exits_still_see_is_not_missing() -> None:
    walled = Fate(
        f"{1:012x}", Verdict.UNKNOWN, 0.3, at(0), None, None, 7, "cannot be told since then",
        pending=Verdict.BLOCKED_BY_COUNTRY, due=at(75), looks_left=1,
    )  # fmt: skip
    (trace,) = traced(Known(finding(1, QUOTE, EN), walled, looked_before=False))
    assert trace.state == "unclear"
    assert story(trace, walled, EN)[0].startswith(f"Last seen at {EN}")
