"""News are sentences around quotes: the latest of each finding, what is alike together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

import pytest

from sousveil.model import Capture, Fate, Finding, Notice, Source, Verdict
from sousveil.web.news import News, news
from tests.dossier.reports import finding

SEEN = datetime(2026, 11, 20, 12, 4, tzinfo=UTC)
GONE_BY = SEEN + timedelta(minutes=15)
WHEN = "between 2026-11-20 12:04 and 12:19 UTC"
ONE = finding("returns the ethnicity", "It returns the ethnicity.", url="https://a.example/api")
TWO = finding("tells the race", "It tells the race of each.", url="https://a.example/api")
FAR = finding("returns the ethnicity", "It returns the ethnicity.", url="https://b.example/")


Kind: TypeAlias = Literal["found", "held", "gone", "reworded", "moved", "back", "unwell"]


def notice(kind: Kind, about: Finding | None, number: int = 0) -> Notice:
    finding_id = about.id if about else None
    return Notice(f"n{number}", SEEN, kind, "A sentence.", finding_id, "w", None)


def fate(about: Finding, verdict: Verdict = Verdict.REMOVED) -> Fate:
    return Fate(about.id, verdict, 0.9, SEEN, GONE_BY, None, 7, "HTTP 404")


def told(
    *notices: Notice, fates: tuple[Fate, ...] = (), survivors: tuple[Finding, ...] = ()
) -> News:
    found = {one.id: one for one in (ONE, TWO, FAR)}
    return news(notices, found, {one.finding_id: one for one in fates}, {ONE.id: survivors})


def copy(media_type: str, path: str | None = None) -> Finding:
    capture: Capture = replace(FAR.capture, media_type=media_type)
    source: Source = replace(FAR.source, path=path)
    return replace(FAR, capture=capture, source=source)


@pytest.mark.parametrize(
    ("kind", "now", "text", "rest"),
    [
        ("gone", fate(ONE), "left", WHEN),
        ("moved", fate(ONE), "moved away from", WHEN),
        ("reworded", fate(ONE), "was reworded on", WHEN),
        (
            "reworded",
            replace(fate(ONE), remains=True),
            "was reworded on",
            f"{WHEN}, and still makes the claim",
        ),
        (
            "held",
            replace(fate(ONE), due=GONE_BY, looks_left=1),
            "went missing from",
            f"{WHEN}; not confirmed yet: that takes one more look, not before 2026-11-20 12:19 UTC",
        ),
    ],
)
def test_what_went_is_told_with_its_span(kind: Kind, now: Fate, text: str, rest: str) -> None:
    (story,) = told(notice(kind, ONE), fates=(now,)).went
    assert (story.text, story.rest) == (text, rest)
    assert story.findings == (ONE,)


def test_the_latest_of_a_finding_counts() -> None:
    happened = told(notice("gone", ONE, 2), notice("held", ONE, 1), fates=(fate(ONE),))
    assert [one.text for one in happened.went] == ["left"]


def test_what_happened_to_several_sentences_of_a_page_is_one_story() -> None:
    happened = told(
        notice("gone", TWO, 3), notice("gone", FAR, 2), notice("gone", ONE, 1),
        fates=(fate(ONE), fate(TWO), fate(FAR)),
    )  # fmt: skip
    assert [len(one.findings) for one in happened.went] == [2, 1]


def test_several_that_were_found_on_a_page_were_found() -> None:
    (story,) = told(notice("found", ONE, 2), notice("found", TWO, 1)).came
    assert story.text == "were found on"
    (story,) = told(notice("back", ONE)).came
    assert story.text == "stands again on"


def test_what_survives_is_counted_by_what_holds_it() -> None:
    held_by = (
        copy("application/pdf"), copy("text/html"), copy("application/pdf"),
        copy("image/png"), copy("text/plain", path="sdk/face.h"), copy("application/json"),
    )  # fmt: skip
    (story,) = told(notice("gone", ONE), fates=(fate(ONE),), survivors=held_by).went
    assert story.survives == "2 PDFs, 1 page, 1 picture, 1 source file and 1 document"


def test_a_rewording_is_told_with_what_stands_there_now() -> None:
    changed = replace(fate(ONE, Verdict.EDITED), after="It returns a box.")
    (story,) = told(notice("reworded", ONE), fates=(changed,)).went
    assert story.after == "It returns a box."


def test_what_happened_to_a_target_is_told_in_its_own_words() -> None:
    (story,) = told(notice("unwell", None)).targets
    assert (story.text, story.watch_id) == ("A sentence.", "w")


def test_a_finding_that_no_engine_finds_any_more_has_no_story() -> None:
    lost = replace(ONE, id="0" * 12)
    assert not told(notice("gone", lost))
    assert not told()
