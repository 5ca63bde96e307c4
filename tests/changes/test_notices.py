"""What happened to a sentence is told in one sentence, once, and names nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sousveil.changes.notices import Health, health_notice, notice_of
from sousveil.changes.words import between
from sousveil.model import Fate, Finding, Notice, Verdict
from tests.actors.findings import finding

NOON = datetime(2026, 11, 23, 12, 4, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
QUOTE = "The camera tells the ethnicity of passers-by"


def found(quote: str = QUOTE) -> Finding:
    return replace(finding(quote, quote), id="0123456789ab")


def quote(text: str) -> str:
    return f"“{text}”"


def fate(verdict: Verdict = Verdict.PRESENT, **told: object) -> Fate:
    plain = Fate("0123456789ab", verdict, 0.9, NOON, None, None, 7, "")
    return replace(plain, **told)  # type: ignore[arg-type]  # fields by name


DUE = LATER + timedelta(hours=48)
HELD = fate(Verdict.UNKNOWN, pending=Verdict.QUOTE_REMOVED, gone_by=LATER, due=DUE, looks_left=1)
GONE = fate(Verdict.QUOTE_REMOVED, gone_by=LATER)


def told(before: Fate | None, after: Fate, last: Notice | None = None) -> Notice:
    notice = notice_of(found(), before, after, last, quote)
    assert notice is not None
    return notice


@pytest.mark.parametrize(
    ("before", "after", "kind", "text"),
    [
        (None, fate(), "found", f"A sentence was found: “{QUOTE}”, seen 2026-11-02 08:00 UTC."),
        (
            fate(),
            HELD,
            "held",
            (
                f"The sentence “{QUOTE}” went missing between 2026-11-23 12:04 and 12:19 UTC;"
                " not confirmed yet: that takes one more look, not before 2026-11-25 12:19 UTC."
            ),
        ),
        (
            HELD,
            GONE,
            "gone",
            (
                f"The sentence “{QUOTE}” left between 2026-11-23 12:04 and 12:19 UTC; that is"
                " confirmed."
            ),
        ),
        (
            fate(),
            fate(Verdict.EDITED, gone_by=LATER, after="It tells skin colours", remains=True),
            "reworded",
            (
                f"The sentence “{QUOTE}” was reworded between 2026-11-23 12:04 and 12:19 UTC, and"
                " now reads “It tells skin colours”, which still makes the claim."
            ),
        ),
        (
            fate(),
            fate(Verdict.MOVED, after="docs/old.md"),
            "moved",
            (
                f"The sentence “{QUOTE}” stands elsewhere now; last seen where it stood"
                " 2026-11-23 12:04 UTC."
            ),
        ),
    ],
)
def test_each_happening_is_one_sentence(
    before: Fate | None, after: Fate, kind: str, text: str
) -> None:
    notice = told(before, after)
    assert (notice.kind, notice.text) == (kind, text)


def test_a_sentence_that_is_back_is_told_with_the_time_it_was_missing() -> None:
    gone = told(fate(), GONE)
    notice = told(GONE, fate(last_seen=LATER + timedelta(days=1)), gone)
    assert notice.kind == "back"
    assert notice.text == (
        f"The sentence “{QUOTE}” stands where it stood again, seen 2026-11-24 12:19 UTC; it was"
        " missing at 2026-11-23 12:19 UTC."
    )


def test_it_is_told_to_be_back_after_a_wall_had_hidden_it() -> None:
    gone = told(fate(), GONE)
    walled = fate(Verdict.BLOCKED_BY_COUNTRY)
    assert notice_of(found(), GONE, walled, gone, quote) is None
    assert told(walled, fate(), gone).kind == "back"


@pytest.mark.parametrize("verdict", [Verdict.UNREACHABLE, Verdict.BLOCKED, Verdict.UNKNOWN])
def test_a_look_that_cannot_tell_says_nothing_of_a_sentence(verdict: Verdict) -> None:
    assert notice_of(found(), fate(), fate(verdict), None, quote) is None


def test_a_wall_for_a_country_is_no_absence_that_is_held() -> None:
    walled = fate(Verdict.UNKNOWN, pending=Verdict.BLOCKED_BY_COUNTRY)
    assert notice_of(found(), fate(), walled, None, quote) is None


def test_a_sentence_that_stands_is_told_once() -> None:
    assert notice_of(found(), fate(), fate(last_seen=LATER), None, quote) is None
    first = told(None, fate())
    assert notice_of(found(), None, fate(), first, quote) is None


def test_what_is_confirmed_is_news_of_the_day_on_which_it_is_confirmed() -> None:
    gone_by, confirmed_at = NOON + timedelta(hours=1), NOON + timedelta(days=3)
    gone = fate(Verdict.REMOVED, gone_by=gone_by, confirmed_at=confirmed_at)
    news = told(fate(), gone)
    assert news.at == confirmed_at
    assert between(NOON, gone_by) in news.text, "it left when it left"
    assert told(fate(), fate(Verdict.REMOVED, gone_by=gone_by)).at == gone_by


def test_the_same_absence_has_one_id_and_a_later_one_another() -> None:
    again = replace(GONE, confidence=0.99, verdict=Verdict.REMOVED)
    assert told(HELD, GONE).id == told(None, again).id
    assert told(HELD, GONE).id != told(fate(), HELD).id
    later = replace(GONE, last_seen=LATER + timedelta(days=3))
    assert told(fate(), later).id != told(fate(), GONE).id


def test_a_move_is_told_once_and_again_after_it_was_back() -> None:
    moved = fate(Verdict.MOVED)
    first = told(fate(), moved)
    assert notice_of(found(), moved, replace(moved, last_seen=LATER), first, quote) is None
    back = told(moved, fate(), first)
    assert told(fate(), moved, back).id != first.id


def test_a_watch_is_told_to_be_unwell_once_and_to_be_well_again() -> None:
    sick = Health("feedfeedfeed", LATER + timedelta(hours=1), 9, NOON, 3)
    notice = health_notice(sick, None)
    assert notice is not None
    assert notice.text == (
        "A watched target cannot be reached or does not show its page since 2026-11-23 12:04 UTC;"
        " 3 looks in a row told nothing."
    )
    assert (notice.kind, notice.watch_id, notice.log_index) == ("unwell", "feedfeedfeed", 9)
    assert health_notice(replace(sick, failing_looks=9), notice) is None
    well = health_notice(Health("feedfeedfeed", LATER + timedelta(hours=2), 11, None), notice)
    assert well is not None
    assert well.text == "A watched target answers again; it had not since 2026-11-23 12:04 UTC."
    again = health_notice(replace(sick, failing_since=LATER, at=LATER), well)
    assert again is None, "within the hour"
    relapse = replace(sick, failing_since=LATER, at=LATER + timedelta(hours=5))
    told_again = health_notice(relapse, well)
    assert told_again is not None
    assert told_again.id != notice.id


@pytest.mark.parametrize(("looks", "hours"), [(2, 5), (3, 0.9)])
def test_a_short_outage_is_nobodys_business(looks: int, hours: float) -> None:
    health = Health("feedfeedfeed", NOON + timedelta(hours=hours), 9, NOON, looks)
    assert health_notice(health, None) is None
    assert health_notice(Health("feedfeedfeed", NOON, 9, None), None) is None
