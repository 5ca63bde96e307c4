from datetime import UTC, datetime, timedelta, timezone

import pytest

from sousveil.dossier.wording import (
    VERDICT_COUNTS,
    VERDICTS,
    count,
    day,
    language,
    listing,
    minute,
    second,
    sentence,
)
from sousveil.model import Verdict


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
