"""Feeds between two looks: taken out, slid out, edited, built anew."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.histories.feeds import feeds_between
from sousveil.extract.feeds import Feed, FeedEntry
from tests.conftest import NOW


def entry(number: int, text: str = "Cameras came.", *, dated: bool = True) -> FeedEntry:
    at = NOW + timedelta(days=number) if dated else None
    return FeedEntry(f"id{number}", f"/{number}", f"News {number}", text, at)


def feed(*entries: FeedEntry, is_whole: bool = True) -> Feed:
    return Feed(entries, is_whole)


@given(size=st.integers(3, 12), new=st.integers(0, 15), dated=st.booleans())
def test_a_window_that_slides_takes_nothing_out(*, size: int, new: int, dated: bool) -> None:
    entries = [entry(number, dated=dated) for number in range(30, 0, -1)]
    before, after = entries[new : new + size], entries[:size]
    assert feeds_between(feed(*before), feed(*after)) == ()


@given(st.integers(3, 12), st.integers(0, 8))
def test_a_pinned_entry_does_not_make_a_window_that_slides_a_removal(size: int, new: int) -> None:
    entries, pinned = [entry(number) for number in range(30, 5, -1)], entry(0)
    before, after = entries[new : new + size], entries[:size]
    assert feeds_between(feed(*before, pinned), feed(*after, pinned)) == ()


@given(st.integers(4, 12), st.data())
def test_an_entry_among_others_that_leaves_was_taken_out(size: int, data: st.DataObject) -> None:
    before = [entry(number) for number in range(size, 0, -1)]
    taken = before[data.draw(st.integers(0, size - 2))]
    (turn,) = feeds_between(feed(*before), feed(*(one for one in before if one != taken)))
    assert (turn.kind, turn.subject, turn.items) == ("entry_left", taken.title, (taken.href,))


@given(st.lists(st.integers(0, 20), unique=True), st.lists(st.integers(0, 20), unique=True))
def test_a_feed_that_is_cut_shows_nothing(one: list[int], other: list[int]) -> None:
    before, after = feed(*map(entry, one)), feed(*map(entry, other), is_whole=False)
    assert feeds_between(before, after) == ()
    assert feeds_between(after, before) == ()


def test_a_feed_built_anew_shows_nothing() -> None:
    before = [entry(number) for number in range(9, 0, -1)]
    assert feeds_between(feed(*before), feed(before[0], before[-1])) == ()
    reworded = [entry(number, "Read more in our portal.") for number in range(9, 0, -1)]
    assert feeds_between(feed(*before), feed(*reworded)) == ()


def test_a_new_id_or_address_is_no_new_entry() -> None:
    before = [entry(number) for number in range(5, 0, -1)]
    after = [
        FeedEntry(f"n{one.id}", f"/n{one.href}", one.title, one.text, one.at) for one in before
    ]
    assert feeds_between(feed(*before), feed(*after)) == ()


def test_an_edit_tells_the_sentences_that_differ_and_figures_do_not() -> None:
    old = entry(2, "It came in 2024. It tells ethnicity. Seen 12 times.")
    new = entry(2, "It came in 2024. It tells nothing. Seen 13 times.")
    (turn,) = feeds_between(feed(old, entry(1)), feed(new, entry(1)))
    assert (turn.before, turn.after) == (
        "It tells ethnicity. Seen 12 times.",
        "It tells nothing. Seen 13 times.",
    )
    assert feeds_between(feed(entry(2, "Seen 1 times")), feed(entry(2, "Seen 2 times"))) == ()
