from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import pytest

from sousveil.changes.words import VERDICTS
from sousveil.dossier.wording import (
    VERDICT_COUNTS,
    count,
    day,
    language,
    listing,
    minute,
    second,
    seen,
    sentence,
)
from sousveil.model import BlockKind, Origin, RecordRef, Source, Verdict


def test_times_are_told_in_utc() -> None:
    when = datetime(2026, 3, 1, 2, 5, 9, tzinfo=timezone(timedelta(hours=8)))
    assert day(when) == "28 February 2026"
    assert minute(when) == "28 February 2026, 18:05 UTC"
    assert second(when) == "28 February 2026, 18:05:09 UTC"
    assert day(datetime(2026, 12, 31, tzinfo=UTC)) == "31 December 2026"


def test_numbers_agree_with_their_nouns() -> None:
    assert count(1, "visit") == "1 visit"
    assert count(1_200, "visit") == "1,200 visits"
    assert count(0, "address", "addresses") == "0 addresses"


def test_lists_read_as_in_a_sentence() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("left in commit 12ab", "Left in commit 12ab."),
        ("it says “Tidy up.”", "It says “Tidy up.”"),
        ("done.", "Done."),
        ("", ""),
    ],
)
def test_a_sentence_starts_large_and_stops_once(text: str, expected: str) -> None:
    assert sentence(text) == expected


def test_languages_have_names_and_unknown_ones_keep_their_tag() -> None:
    assert language("zh-Hant-TW") == "Chinese"
    assert language("zh-Hant") == "Chinese, traditional"
    assert language("ug") == "Uyghur"
    assert language("tlh") == "tlh"


def test_there_are_words_for_every_verdict() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(VERDICT_COUNTS) == set(Verdict) - {Verdict.PRESENT}


PAGE = "https://vendor.example/"


def origin(path: str, media_type: str) -> Origin:
    record = RecordRef("archive/a.warc.gz", 0, 9, "<urn:uuid:0>", "sha256:00")
    return Origin(PAGE + path, record, media_type, "browser")


@pytest.mark.parametrize(
    ("seen_in", "came_from", "words"),
    [
        (None, (), ""),
        ("both", (), "in the bytes the server sent and on the screen"),
        ("wire", (), "only in the bytes the server sent: it was not on the screen"),
        ("rendered", (), "only on the screen: script made it, and no answer of the visit"),
        ("rendered", (origin("", "text/html"),), "the server sent it to the browser, but not to"),
        ("rendered", (origin("ad", "text/html"),), "in a page framed there, https://vendor.ex"),
        (
            "rendered",
            (origin("a.json", "application/json"), origin("b.js", "text/javascript")),
            f"script put it there, from the answer of {PAGE}a.json and {PAGE}b.js",
        ),
    ],
)
def test_where_a_quote_was_seen_is_told_in_words(
    seen_in: Literal["wire", "rendered", "both"] | None, came_from: tuple[Origin, ...], words: str
) -> None:
    source = Source(
        BlockKind.PARAGRAPH, "", 1, 1, 0, 9, "utf-8", seen_in=seen_in, came_from=came_from
    )
    assert words in seen(source, PAGE)
    assert bool(seen(source, PAGE)) == (seen_in is not None)
