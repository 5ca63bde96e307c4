"""The source of two answers is compared line by line, and nothing is lost between them."""

import time

from hypothesis import given
from hypothesis import strategies as st

from sousveil.run.differences import source
from sousveil.run.differences.source import MAX_LINES, MAX_SHOWN, compare_sources

LINES = st.lists(st.sampled_from(["a", "b", "<p>c</p>", ""]), max_size=30).map("\n".join)


@given(LINES, LINES)
def test_the_lines_taken_out_and_put_in_make_one_source_of_the_other(was: str, now: str) -> None:
    every = list(source._lines(was.split("\n"), now.split("\n")))
    assert [one.text for one in every if one.kind != "now"] == was.split("\n")
    assert [one.text for one in every if one.kind != "was"] == now.split("\n")


def test_markup_on_one_line_is_broken_between_its_tags() -> None:
    found = compare_sources("<div><p>one</p><p>two</p></div>", "<div><p>one</p><p>three</p></div>")
    assert [(one.kind, one.text) for run in found.runs for one in run if one.kind != "same"] == [
        ("was", "<p>two</p>"),
        ("now", "<p>three</p>"),
    ]
    assert (found.changed, found.left_out, found.uncompared) == (2, 0, 0)


def test_what_is_too_much_is_counted_and_does_not_take_long() -> None:
    before = "\n".join(f"a{number}" for number in range(MAX_LINES + 5))
    after = "\n".join(f"b{number}" for number in range(MAX_LINES + 7))
    begun = time.process_time()
    found = compare_sources(before, after)
    assert time.process_time() - begun < 5
    assert found.uncompared == 12
    assert found.changed == 2 * MAX_LINES
    assert sum(len(run) for run in found.runs) <= MAX_SHOWN + 4
    assert found.left_out == found.changed - MAX_SHOWN - 2


def test_the_same_source_has_no_runs() -> None:
    assert compare_sources("<a>\n<b>", "<a>\n<b>").runs == []
