"""Several notices are one message, which tells as much as its reader is to know."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.alerts.digest import MAX_CHARACTERS, Place, digest
from sousveil.model import Notice

AT = datetime(2026, 11, 23, 12, 19, tzinfo=UTC)
GONE = Notice("1" * 12, AT, "gone", "The sentence “识别种族” is gone.", "f" * 12, "a" * 12, 7)
FOUND = Notice("2" * 12, AT, "found", "A sentence was found: “民族识别”.", "e" * 12, "a" * 12, 5)
UNWELL = Notice("3" * 12, AT, "unwell", "A watched target cannot be reached.", None, "a" * 12, 9)
PLACES = {
    "f" * 12: Place("https://halcyon.example/gate", "Halcyon Vision"),
    "e" * 12: Place("https://halcyon.example/sdk", None),
}


def test_a_count_tells_no_sentence() -> None:
    history, well = replace(UNWELL, kind="history"), replace(UNWELL, kind="well")
    told = digest([GONE, FOUND, GONE, UNWELL, history, well, well], "count", PLACES)
    assert told.title == (
        "1 sentence found, 2 sentences changed, 1 target changed, 1 target unreachable,"
        " 2 targets answer again"
    )
    assert told.body == f"{told.title}. Open the case."


def test_sentences_are_told_without_where_they_stand() -> None:
    told = digest([GONE, UNWELL], "sentence", PLACES)
    assert told.body == f"{GONE.text}\n\n{UNWELL.text}"


def test_only_who_asks_for_all_is_told_where_and_whose() -> None:
    told = digest([GONE, FOUND, UNWELL], "full", PLACES)
    assert told.body == (
        f"{GONE.text}\nHalcyon Vision: https://halcyon.example/gate\n\n"
        f"{FOUND.text}\nhttps://halcyon.example/sdk\n\n{UNWELL.text}"
    )
    assert "example" not in told.title


def test_a_first_analysis_is_one_message_that_counts_the_rest() -> None:
    told = digest([FOUND] * 500, "sentence", {})
    assert told.title == "500 sentences found"
    assert told.body.count(FOUND.text) == 12
    assert told.body.endswith("And 488 more: open the case.")


def test_a_quote_calls_nobody_and_makes_no_link() -> None:
    hostile = Notice(
        "4" * 12, AT, "gone", "“<!channel> @everyone <http://x|y> `*a*`”", None, None, 1
    )
    body = digest([hostile], "sentence", {}).body
    place = Place("https://x.example/<!channel>@a*b", "<@everyone>")
    assert digest([replace(hostile, finding_id="f")], "full", {"f": place}).body == (
        f"{body}\n‹＠everyone›: https://x.example/%3C!channel%3E@a*b"
    )
    assert body == "“‹!channel› ＠everyone ‹http://x¦y› ‘∗a∗‘”"


@pytest.mark.parametrize("tells", ["count", "sentence", "full"])
@given(texts=st.lists(st.text(min_size=1, max_size=700), min_size=1, max_size=15))
def test_a_message_is_short_enough_for_any_service(tells: str, texts: list[str]) -> None:
    many = [Notice(f"{n:012}", AT, "gone", text, None, None, 1) for n, text in enumerate(texts)]
    told = digest(many, tells, {})  # type: ignore[arg-type]  # one of the three, by name
    assert len(told.body) <= MAX_CHARACTERS + 60
    assert told.title == f"{len(many)} sentence{'s' if len(many) > 1 else ''} changed"
