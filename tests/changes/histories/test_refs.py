"""Branches and tags between two visits: what was dropped, moved, renamed, and what only went on."""

import string

from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.histories.refs import MAX_EACH, Refs, refs_between

ids = st.text(string.hexdigits.lower()[:16], min_size=40, max_size=40)
names = st.builds(
    "refs/{}/{}".format, st.sampled_from(["heads", "tags"]), st.sampled_from("abcdefgh")
)
refs = st.builds(Refs, st.dictionaries(names, ids))
A, B, C = "a" * 40, "b" * 40, "c" * 40


@given(refs)
def test_what_stays_as_it_was_is_nothing_to_tell(seen: Refs) -> None:
    assert refs_between(seen, seen, {}) == ()


@given(refs, refs)
def test_where_nothing_was_dropped_no_history_was_rewritten(before: Refs, after: Refs) -> None:
    turns = refs_between(before, after, {})
    assert all(turn.kind != "rewritten" and not turn.items for turn in turns)


@given(refs, refs)
def test_each_name_that_left_is_told_once(before: Refs, after: Refs) -> None:
    told = [
        turn.subject
        for turn in refs_between(before, after, {})
        if turn.kind.endswith(("_deleted", "_renamed"))
    ]
    assert sorted(told) == sorted(before.named.keys() - after.named.keys())


def test_a_branch_set_back_drops_the_commits_that_nothing_else_reaches() -> None:
    (turn,) = refs_between(Refs({"refs/heads/main": B}), Refs({"refs/heads/main": A}), {B: (B, C)})
    assert (turn.kind, turn.before, turn.after, turn.items) == ("rewritten", B, A, (B, C))


def test_a_tag_made_anew_at_the_same_commit_is_not_moved() -> None:
    before = Refs({"refs/tags/v1": A}, {A: C})
    assert refs_between(before, Refs({"refs/tags/v1": B}, {B: C}), {}) == ()
    (moved,) = refs_between(before, Refs({"refs/tags/v1": B}), {})
    assert (moved.kind, moved.before, moved.after) == ("tag_moved", C, B)


def test_a_tag_without_a_number_is_told_to_be_of_a_kind_that_moves() -> None:
    (moved,) = refs_between(Refs({"refs/tags/latest": A}), Refs({"refs/tags/latest": B}), {})
    assert "often moved on purpose" in moved.reasons[1]


def test_a_detached_head_that_nothing_reaches_was_rewritten() -> None:
    (turn,) = refs_between(Refs({"HEAD": A}), Refs({"HEAD": B}), {A: (A,)})
    assert (turn.kind, turn.subject) == ("rewritten", "HEAD")


def test_many_deletions_at_once_are_one_turn() -> None:
    tags = {f"refs/tags/v{number}": A for number in range(MAX_EACH + 1)}
    (turn,) = refs_between(Refs(tags), Refs({}), {A: (A,)})
    assert (turn.kind, turn.items) == ("tag_deleted", (A,))
    assert turn.reasons[0].startswith(f"{MAX_EACH + 1} at one visit: refs/tags/v0, ")
