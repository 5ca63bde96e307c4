import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.extract.layout import rectangles, regions
from sousveil.model import Document, Picture, RecordRef, Run

RECORD = RecordRef("archive/a.warc.gz", 0, 9, "<urn:uuid:0>", "sha256:00")


def document(text: str, *runs: Run) -> Document:
    return Document(text=text, blocks=(), format="image", charset="", runs=runs)


def picture(width: int, height: int, top: int = 0) -> Picture:
    return Picture(RECORD, "image/png", width, height, top)


def box(run: Run) -> tuple[float, float, float, float]:
    return run.left, run.top, run.right, run.bottom


def test_a_part_of_a_run_takes_the_room_of_its_characters() -> None:
    page = document("民族識別", Run(0, 4, 100, 10, 180, 30))
    (part,) = rectangles(page, 1, 3)
    assert (part.start, part.end) == (1, 3)
    assert box(part) == (120, 10, 160, 30)


def test_wide_characters_take_more_room_than_letters() -> None:
    page = document("ab民族", Run(0, 4, 0, 0, 300, 20))
    (letters,), (wide,) = rectangles(page, 0, 2), rectangles(page, 2, 4)
    assert letters.right == wide.left
    assert wide.right - wide.left > 1.5 * (letters.right - letters.left)


def test_right_to_left_text_is_cut_from_the_right() -> None:
    (first,) = rectangles(document("ئۇيغۇر", Run(0, 6, 0, 0, 60, 20)), 0, 3)
    assert box(first) == (30, 0, 60, 20)


def test_vertical_text_is_cut_from_the_top() -> None:
    (second,) = rectangles(document("竖排文字很长", Run(0, 6, 50, 0, 66, 96)), 3, 6)
    assert box(second) == (50, 48, 66, 96)


def test_a_line_in_pieces_is_one_rectangle_and_the_next_line_another() -> None:
    page = document(
        "one two three",
        Run(0, 4, 0, 0, 40, 20, confidence=0.9),
        Run(4, 8, 40, 2, 80, 18, confidence=0.7),
        Run(8, 13, 0, 24, 60, 44, confidence=0.8),
    )
    found = rectangles(page, 0, 13)
    assert [box(run) for run in found] == [(0, 0, 80, 20), (0, 24, 60, 44)]
    assert [run.confidence for run in found] == [0.7, 0.8]


def test_cells_of_one_row_keep_their_own_rectangles() -> None:
    page = document("Race\nYes", Run(0, 4, 0, 0, 40, 20), Run(5, 8, 300, 0, 330, 20))
    assert len(rectangles(page, 0, 8)) == 2


def test_boxes_of_a_pdf_keep_their_direction_and_pages() -> None:
    page = document(
        "民族識別",
        Run(0, 2, 72, 712, 96, 700, page=1),
        Run(2, 3, 96, 711, 108, 699, page=1),
        Run(3, 4, 96, 711, 108, 699, page=2),
    )
    found = rectangles(page, 0, 4)
    assert [box(run) for run in found] == [(72, 712, 108, 699), (96, 711, 108, 699)]
    assert [run.page for run in found] == [1, 2]


def test_text_that_no_run_holds_has_no_rectangle() -> None:
    page = document("seen unseen", Run(0, 4, 0, 0, 40, 20))
    assert rectangles(page, 5, 11) == ()
    assert rectangles(document("no runs"), 0, 7) == ()


def test_a_rectangle_over_two_slices_is_a_region_on_each() -> None:
    first, second = picture(800, 4000), picture(800, 1000, top=4000)
    over = Run(0, 1, 10, 3990, 60, 4010)
    told = [
        (r.picture.top, r.left, r.top, r.right, r.bottom) for r in regions([over], [first, second])
    ]
    assert told == [(0, 10, 3990, 60, 4000), (4000, 10, 0, 60, 10)]


def test_what_lies_outside_the_picture_gives_no_region() -> None:
    slices = [picture(100, 50)]
    assert regions([Run(0, 1, 120, 0, 140, 20), Run(0, 1, 0, 60, 20, 80)], slices) == ()
    (cut,) = regions([Run(0, 1, 90, 40, 140, 70)], slices)
    assert (cut.right, cut.bottom) == (100, 50)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30), st.data())
def test_parts_lie_within_their_run_and_meet_where_they_part(
    text: str, data: st.DataObject
) -> None:
    page = document(text, Run(0, len(text), 7, 3, 207, 23))
    cut = data.draw(st.integers(0, len(text)))
    sides = [rectangles(page, 0, cut), rectangles(page, cut, len(text))]
    found = [run for side in sides for run in side]
    assert min(run.left for run in found) == pytest.approx(7)
    assert max(run.right for run in found) == pytest.approx(207)
    assert sum(run.right - run.left for run in found) == pytest.approx(200)
