"""What happened after a letter is told in order, with the time after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sousveil.changes.inquiry import Course, Frozen, Reply, course, shortfall, span_words
from sousveil.model import BlockKind, Fate, Finding, Inquiry, Source, Verdict, Visit
from tests.dossier.reports import finding

SENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = "https://halcyon.example/gate"
REPOSITORY = "https://halcyon.example/sdk.git"
QUOTE = "tells the ethnicity of passers-by"
INQUIRY = Inquiry("0123456789ab", PAGE, "press office", SENT, ("aa", "bb"), 10)
FOUND = finding(QUOTE, f"The camera {QUOTE}.", url=PAGE, watch_id="aa")


def after(**span: float) -> datetime:
    return SENT + timedelta(**span)


def look(entry: int, at: datetime, verdict: Verdict, outcome: str, status: int | None) -> Visit:
    return Visit("aa", at, verdict, outcome, status, (), entry, PAGE)


FIRST = look(3, after(minutes=-20), Verdict.PRESENT, "HTTP 200", 200)


def fate(
    verdict: Verdict, *, entry: int | None = None, of: Finding = FOUND, **told: object
) -> Fate:
    plain = Fate(of.id, verdict, 0.9, after(hours=2, minutes=9), None, None, entry, "")
    return replace(plain, **told)  # type: ignore[arg-type]  # fields by name


def told(
    *fates: tuple[Finding, Fate], visits: tuple[Visit, ...] = (FIRST,), **more: object
) -> Course:
    inquiry = replace(INQUIRY, **more)  # type: ignore[arg-type]  # fields by name
    return course(inquiry, (), visits=visits, fates=fates, replies=(), polled={})


def test_a_phrase_that_left_is_told_with_both_looks_and_then_the_page() -> None:
    gone = fate(
        Verdict.QUOTE_REMOVED, entry=12, gone_by=after(hours=2, minutes=14), evidence="HTTP 200"
    )
    off = look(13, after(hours=3, minutes=2), Verdict.REMOVED, "HTTP 404", 404)
    happened = told((FOUND, gone), visits=(FIRST, off)).happenings
    assert [one.sentence for one in happened] == [
        (
            f"2 h 14 min after the letter the phrase “{QUOTE}” left {PAGE}: HTTP 200"
            " (still there at 2 h 09 min)"
        ),
        f"3 h 02 min after the letter {PAGE} answered: HTTP 404",
    ]
    assert [(one.kind, one.after_seconds, one.log_index) for one in happened] == [
        ("left", 8_040.0, 12),
        ("answered", 10_920.0, 13),
    ]


def test_a_rewording_is_told_with_what_stands_there_now() -> None:
    edited = fate(
        Verdict.EDITED, entry=12, gone_by=after(hours=3), after="tells skin tones", remains=True
    )
    (only,) = told((FOUND, edited)).happenings
    assert "was reworded at https://halcyon.example/gate into “tells skin tones”" in only.sentence
    assert "which still makes the claim" in only.sentence
    assert only.kind == "reworded"


def test_what_went_before_the_letter_is_no_news() -> None:
    long_gone = fate(Verdict.QUOTE_REMOVED, entry=4, gone_by=after(days=-3))
    drawn = told((FOUND, long_gone))
    assert (drawn.happenings, drawn.stands, drawn.unclear) == ((), (), ())


def test_what_went_between_the_freeze_and_the_letter_is_told_as_before_it() -> None:
    hasty = fate(
        Verdict.QUOTE_REMOVED,
        entry=11,
        gone_by=after(minutes=-5),
        last_seen=after(minutes=-20),
        evidence="HTTP 200",
    )
    (only,) = told((FOUND, hasty)).happenings
    assert only.sentence.startswith("5 min before the letter the phrase")
    assert only.after_seconds == -300


def test_an_absence_that_waits_for_confirmation_is_not_told_as_gone() -> None:
    held = fate(
        Verdict.UNKNOWN,
        entry=12,
        gone_by=after(hours=2, minutes=14),
        pending=Verdict.QUOTE_REMOVED,
        due=after(hours=4),
        looks_left=1,
        evidence="not there since 11:14",
    )
    drawn = told((FOUND, held))
    (only,) = drawn.happenings
    assert only.kind == "missing"
    assert only.sentence == (
        f"2 h 14 min after the letter the phrase “{QUOTE}” was missing from {PAGE}; not"
        " confirmed yet: that takes one more look, not before 2026-11-23 13:00 UTC (still there at"
        " 2 h 09 min)"
    )
    # One that was missing before the letter went is no news, and not told as gone either.
    before = told((FOUND, replace(held, log_index=4)))
    assert before.happenings == ()
    assert before.unclear[0].sentence == (
        f"“{QUOTE}” at {PAGE}, last seen 2 h 09 min after the letter: not there since 11:14"
    )


def test_what_stands_is_told_with_its_last_look() -> None:
    (only,) = told((FOUND, fate(Verdict.PRESENT))).stands
    assert only.sentence == f"“{QUOTE}” stands at {PAGE}, last seen 2 h 09 min after the letter"


def test_an_outage_and_its_end_are_told_as_answers_not_as_removal() -> None:
    down = look(12, after(hours=1), Verdict.UNREACHABLE, "timed out", None)
    still = look(13, after(hours=2), Verdict.UNREACHABLE, "timed out", None)
    back = look(14, after(hours=3), Verdict.PRESENT, "HTTP 200", 200)
    happened = told(visits=(FIRST, down, still, back)).happenings
    assert [(one.kind, one.sentence) for one in happened] == [
        ("silent", f"1 h 00 min after the letter {PAGE} did not answer: timed out"),
        ("answered", f"3 h 00 min after the letter {PAGE} answered: HTTP 200"),
    ]


def test_a_file_left_a_repository_when_a_visit_saw_it_whatever_the_commit_says() -> None:
    source = Source(BlockKind.COMMENT, "", 4, 4, 0, 10, "utf-8", path="api.h")
    in_code = finding(QUOTE, f"// {QUOTE}", url=REPOSITORY, source=source, watch_id="bb")
    seen = Visit("bb", after(hours=5), Verdict.PRESENT, "read", None, (), 15, REPOSITORY)
    backdated = fate(
        Verdict.QUOTE_REMOVED, of=in_code, entry=15, gone_by=after(days=-30), evidence="by commit x"
    )
    (only,) = told((in_code, backdated), visits=(FIRST, seen)).happenings
    assert only.sentence == (
        f"5 h 00 min after the letter the phrase “{QUOTE}” left {REPOSITORY} api.h: by commit x"
    )


def test_replies_and_the_end_stand_in_their_order() -> None:
    inquiry = replace(INQUIRY, closed_at=after(days=3))
    drawn = course(
        inquiry,
        (),
        visits=(),
        fates=(),
        replies=(Reply(after(days=2), 20, "ab" * 32), Reply(after(days=1), 21)),
        polled={},
    )
    assert [one.sentence for one in drawn.happenings] == [
        "1 d 0 h after the letter a reply came",
        f"2 d 0 h after the letter a reply came (SHA-256 {'ab' * 32})",
        "3 d 0 h after the letter the inquiry was closed",
    ]


def test_a_watch_counts_as_looked_at_when_a_poll_found_nothing_new() -> None:
    frozen = (Frozen("aa", PAGE, (), 3), Frozen("bb", REPOSITORY, (), 4))
    drawn = course(
        INQUIRY, frozen, visits=(FIRST,), fates=(), replies=(), polled={"aa": after(minutes=5)}
    )
    assert drawn.unseen == (REPOSITORY,)


@pytest.mark.parametrize(
    ("verdict", "is_whole"),
    [
        (Verdict.PRESENT, True),
        (Verdict.REMOVED, True),  # it was gone already, and is frozen as that
        (Verdict.BLOCKED, False),
        (Verdict.UNREACHABLE, False),
        (Verdict.LOGIN_WALL, False),
        (Verdict.REDIRECTED_AWAY, False),
    ],
)
def test_a_target_is_frozen_when_its_publisher_answered(
    verdict: Verdict, *, is_whole: bool
) -> None:
    seen = look(3, SENT, verdict, "HTTP 200", 200)
    why = shortfall(Frozen("aa", PAGE, (), 3), {3: seen})
    assert why == ("" if is_whole else f"{verdict}: HTTP 200")


def test_a_file_that_cannot_be_read_is_frozen_as_its_bytes_unless_they_are_cut() -> None:
    odd = look(3, SENT, Verdict.UNKNOWN, "HTTP 200, read in part", 200)
    frozen = Frozen("aa", PAGE, (), 3)
    assert shortfall(frozen, {3: odd}) == ""
    assert shortfall(frozen, {3: odd}, {3}) == "unknown: HTTP 200, read in part"
    refused = replace(odd, status=None, outcome="not asked")
    assert shortfall(frozen, {3: refused}) == "unknown: not asked"


def test_a_server_that_asked_for_rest_leaves_its_target_not_frozen() -> None:
    resting = Frozen("aa", PAGE, (), None, after(hours=1))
    until = "its server asked for rest until 2026-11-23 10:00 UTC"
    assert shortfall(resting, {}) == f"not visited: {until}"
    assert shortfall(replace(resting, log_index=3), {3: FIRST}) == f"visited in part: {until}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h 00 min"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_span_is_cut_not_rounded(seconds: float, words: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == words
