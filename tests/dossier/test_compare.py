import time

from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.compare import MAX_COMPARED_CHARS, before_and_after, changed_spans
from sousveil.dossier.text import Piece
from tests.dossier.reports import EDITED, finding


def words_of(text: str, spans: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_words_that_differ_are_found() -> None:
    before, after = "reads age and ethnicity of all", "reads age and mood of all"
    gone, new = changed_spans(before, after)
    assert (words_of(before, gone), words_of(after, new)) == (["ethnicity"], ["mood"])


def test_a_chinese_character_is_a_word() -> None:
    before, after = "支持识别民族属性", "支持识别年龄属性"
    gone, new = changed_spans(before, after)
    assert (words_of(before, gone), words_of(after, new)) == (["民族"], ["年龄"])


def test_neighbouring_changes_are_one_mark() -> None:
    before, after = "it can tell Han from Uyghur faces", "it can see all these faces"
    gone, new = changed_spans(before, after)
    assert words_of(before, gone) == ["tell Han from Uyghur"]
    assert words_of(after, new) == ["see all these"]


def test_texts_with_nothing_in_common_are_not_marked() -> None:
    assert changed_spans("reads ethnicity", "Contact our sales team, today!") == ([], [])


def test_the_quote_is_marked_on_the_first_side_only() -> None:
    found = finding("sees ethnicity", "It sees ethnicity well.", url="https://x.example/")
    assert before_and_after(found, "It sees well.") == (
        [
            Piece("It "),
            Piece("sees ", quoted=True),
            Piece("ethnicity", quoted=True, change="del"),
            Piece(" ", change="del"),
            Piece("well."),
        ],
        [Piece("It sees well.")],
    )


@given(st.text(st.sampled_from("ab 民族.\n"), max_size=60), st.text(max_size=60))
def test_the_pieces_join_to_the_texts_and_what_is_not_marked_is_the_same(
    passage: str, after: str
) -> None:
    found = finding("q", "q" + passage, url="https://x.example/")
    was, now = before_and_after(found, after)
    assert "".join(piece.text for piece in was) == "q" + passage
    assert "".join(piece.text for piece in now) == after
    kept = ["".join(p.text for p in side if not p.change) for side in (was, now)]
    if any(piece.change for piece in (*was, *now)):
        assert kept[0].split() == kept[1].split()


def test_hostile_texts_are_compared_in_bounded_time() -> None:
    started = time.monotonic()
    found = finding("q", "q" + "民族" * 500_000, url="https://x.example/")
    was, now = before_and_after(found, "族 民" * 500_000)
    assert sum(len(piece.text) for piece in (*was, *now)) <= 2 * MAX_COMPARED_CHARS
    assert time.monotonic() - started < 5


def test_the_made_up_edit_reads_well() -> None:
    was, _ = before_and_after(EDITED, EDITED.passage)
    assert not any(piece.change for piece in was)
