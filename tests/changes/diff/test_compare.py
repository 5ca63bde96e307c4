from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.changes.diff.compare import MAX_BLOCKS, MAX_WORK, compare
from sousveil.changes.diff.values import Change, Diff, Row
from sousveil.changes.diff.watched import watched_terms
from sousveil.model import Document
from sousveil.topics import load
from tests.changes.diff.documents import document, nothing, watching

WORDS = st.sampled_from(["face", "age", "种族", "识别", "of", "people", "ئۇيغۇر", "7", ","])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), max_size=9)


def texts(of: Document) -> list[str]:
    return [of.text[block.start : block.end] for block in of.blocks]


def marked(row: Row) -> str:
    return "".join(
        f"[-{piece.was}-]{{+{piece.now}+}}" if piece.is_changed else piece.now
        for piece in row.pieces
    )


def one_change(was: str, now: str, *terms: str) -> str:
    (row,) = compare(document(was), document(now), watching(*terms)).rows
    assert row.change is Change.EDITED
    return marked(row)


def kinds(diff: Diff) -> list[str]:
    return [row.change.value for row in diff.rows]


def replayed(diff: Diff) -> list[str]:
    """Make the later document of the former one: what a row keeps is taken from there."""
    former = texts(diff.before)
    made = []
    for row in diff.rows:
        if row.change in {Change.REMOVED, Change.AWAY}:
            continue
        taken = former[row.was] if row.was is not None else ""
        assert taken == row.text_before
        made.append("".join(piece.now for piece in row.pieces))
    return made


@settings(deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([(), ("face age",), ("种", "of people")]))
def test_the_diff_makes_the_later_document_of_the_former(
    was: list[str], now: list[str], terms: tuple[str, ...]
) -> None:
    diff = compare(document(*was), document(*now), watching(*terms))
    assert replayed(diff) == now
    kept = [row for row in diff.rows if row.change not in {Change.ADDED, Change.MOVED}]
    assert [row.text_before for row in kept] == was
    moved = {(row.was, row.now) for row in diff.rows if row.change is Change.MOVED}
    assert moved == {(row.was, row.now) for row in diff.rows if row.change is Change.AWAY}


@settings(deadline=None)
@given(TEXTS)
def test_a_document_and_itself_differ_in_nothing(was: list[str]) -> None:
    assert set(kinds(compare(document(*was), document(*was), nothing))) <= {"same"}


@settings(deadline=None)
@given(st.text(alphabet="ab 种族年龄", max_size=40), st.text(alphabet="ab 种族年龄", max_size=40))
def test_a_watched_term_is_never_shown_cut(was: str, now: str) -> None:
    terms = ("种族", "族年", "ab a")
    for row in compare(document(was), document(now), watching(*terms)).rows:
        at = 0
        edges = [at := at + len(piece.was) for piece in row.pieces]
        for start, end in watching(*terms)(row.text_before):
            changed = [p for p, e in zip(row.pieces, edges, strict=True) if start < e <= end]
            inside = [edge for edge in edges if start < edge < end]
            assert not inside or not any(piece.is_changed for piece in changed)


def test_an_edit_in_chinese_shows_the_words_and_no_more() -> None:
    assert one_change("支持年龄、性别、民族识别", "支持年龄、性别识别") == (
        "支持年龄、性别[-、民族-]{++}识别"
    )


def test_a_term_of_which_one_hanzi_changed_changed_as_a_whole() -> None:
    assert one_change("可识别人员民族", "可识别人员种族") == "可识别人员[-民-]{+种+}族"
    assert one_change("可识别人员民族", "可识别人员种族", "民族", "种族") == (
        "可识别人员[-民族-]{+种族+}"
    )


def test_the_terms_of_a_topic_are_watched_in_every_script() -> None:
    watched = watched_terms((load("ethnicity"),))
    was, now = "可识别维吾尔族人员", "可识别少数民族人员"
    (row,) = compare(document(was), document(now), watched).rows
    (edited,) = (piece for piece in row.pieces if piece.is_changed)
    assert edited.is_watched
    assert "维吾尔族" in edited.was
    assert "少数民族" in edited.now


def test_an_edit_in_uyghur_shows_whole_words() -> None:
    was, now = "بۇ سىستېما ئۇيغۇر چىرايىنى تونۇيدۇ", "بۇ سىستېما ئادەم چىرايىنى تونۇيدۇ"
    assert one_change(was, now) == "بۇ سىستېما [-ئۇيغۇر-]{+ئادەم+} چىرايىنى تونۇيدۇ"


def test_an_edit_in_english_joins_what_one_word_parts() -> None:
    was = "It sorts the guests at the door of your shop by their looks."
    now = "It greets all visitors at the door of your shop by their looks."
    assert one_change(was, now) == (
        "It [-sorts the guests-]{+greets all visitors+} at the door of your shop by their looks."
    )


def test_a_passage_that_moved_is_shown_where_it_went_and_where_it_was() -> None:
    moved = "Our cameras tell the age of those who pass."
    rest = ("First of all, welcome.", "Second, our prices.", "Third, where we are.")
    diff = compare(document(moved, *rest), document(*rest, moved), nothing)
    assert kinds(diff) == ["away", "same", "same", "same", "moved"]
    assert (diff.rows[0].was, diff.rows[0].now) == (diff.rows[-1].was, diff.rows[-1].now) == (0, 3)


def test_a_passage_that_moved_and_was_edited_is_shown_as_both() -> None:
    was = "Our cameras tell the age and the ethnicity of everybody who passes by the gate."
    now = "Our cameras tell the age of everybody who passes by the gate."
    rest = ("First of all, welcome.", "Second, our prices.", "Third, where we are.")
    diff = compare(document(was, *rest), document(*rest, now), nothing)
    assert kinds(diff) == ["away", "same", "same", "same", "moved"]
    assert "[-and the ethnicity -]" in marked(diff.rows[-1])


def test_a_passage_cut_down_to_its_first_sentence_is_one_edited() -> None:
    kept = "We sell cameras that see by night and by day and in the rain."
    cut = " ".join(f"They also tell trait number {n} of guests." for n in range(12))
    (row,) = compare(document(f"{kept} {cut}"), document(kept), nothing).rows
    assert row.change is Change.EDITED
    assert row.pieces[-1].was.strip() == cut


def test_what_went_stands_before_what_came_in_its_place() -> None:
    former, later = ("Welcome.", "12345 678", "Goodbye."), ("Welcome.", "uvw xyz", "Goodbye.")
    diff = compare(document(*former), document(*later), nothing)
    assert kinds(diff) == ["same", "removed", "added", "same"]


def test_a_common_short_block_is_not_said_to_have_moved() -> None:
    rest = ("Welcome to our shop.", "Our prices are these.", "Where we are.")
    diff = compare(document("yes", *rest, "yes", "no"), document(*rest, "no", "yes"), nothing)
    assert "moved" not in kinds(diff)


def test_white_space_makes_no_difference_and_figures_a_minor_one() -> None:
    assert kinds(compare(document("a  b\nc"), document("a b c"), nothing)) == ["same"]
    (row,) = compare(document("Seen 12 times today"), document("Seen 15 times today"), nothing).rows
    assert row.is_minor
    (row,) = compare(document("Seen by two men today"), document("Seen by men today"), nothing).rows
    assert not row.is_minor


def test_pages_made_to_be_slow_cost_bounded_work_and_what_was_left_out_is_told() -> None:
    words = ["aa", "ab", "ba", "bb"]
    former = [" ".join(words[(n * k) % 4] for k in range(1, 90)) for n in range(1_000)]
    later = [" ".join(words[(n * k + 1) % 4] for k in range(2, 80)) for n in range(1_000)]
    diff = compare(document(*former), document(*later), nothing)
    assert diff.work <= MAX_WORK
    assert replayed(diff) == later
    long = compare(document("a b " * 60_000), document("b a c " * 60_000), nothing)
    assert long.work <= MAX_WORK
    assert long.unread
    many = compare(document(*["x"] * (MAX_BLOCKS + 5)), document("x"), nothing)
    assert many.unread == ("The last 5 blocks of the former document.",)


def test_twice_the_page_costs_about_twice_the_work() -> None:
    def work(size: int) -> int:
        former = [f"Passage {n} tells of thing {n * 7} and of thing {n * 11}." for n in range(size)]
        later = [f"{text} And more." if n % 3 else text for n, text in enumerate(former)]
        return compare(document(*former), document(*later), nothing).work

    assert work(2_000) < 3 * work(1_000)
