import subprocess
import sys
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image, ImageDraw

from sousveil.case import Case
from sousveil.model import Area, Rendering
from sousveil.run.differences.screen_worker import Compared, Refusal, Task, answer
from sousveil.run.differences.screens import compare_screens
from tests.conftest import NOW

LINES = ("Our cameras count people.", "They tell their age.", "Ask us for an offer.")


def screenshot(*lines: str, banner: int = 0, width: int = 400, cut: int = 0) -> list[bytes]:
    """Draw a page of lines, pushed down by a banner; in two slices if it is cut."""
    page = Image.new("RGB", (width, 60 * len(lines) + banner + 40), "white")
    draw = ImageDraw.Draw(page)
    if banner:
        draw.rectangle((0, 0, width, banner - 1), fill="navy")
    for number, line in enumerate(lines):
        draw.text((20, banner + 30 + 60 * number), line, fill="black")
    tops = (0, cut, page.height) if cut else (0, page.height)
    slices = []
    for top, bottom in pairwise(tops):
        written = BytesIO()
        page.crop((0, top, width, bottom)).save(written, "PNG")
        slices.append(written.getvalue())
    return slices


def compared(before: list[bytes], after: list[bytes]) -> Compared:
    told = answer(before, after)
    assert isinstance(told, Compared)
    return told


def area(found: Area | None) -> Area:
    assert found is not None
    return found


def test_the_same_page_differs_nowhere() -> None:
    assert compared(screenshot(*LINES), screenshot(*LINES, cut=70)).regions == []


def test_a_line_that_was_edited_is_boxed_on_both_pictures() -> None:
    after = (LINES[0], "They tell their mood.", LINES[2])
    (region,) = compared(screenshot(*LINES), screenshot(*after)).regions
    assert region.before == region.after
    assert 88 <= area(region.before).top < area(region.before).bottom <= 110
    assert area(region.before).left > 20  # the words before it stand


def test_what_a_banner_pushes_down_is_no_difference() -> None:
    (region,) = compared(screenshot(*LINES), screenshot(*LINES, banner=150)).regions
    assert region.before is None
    assert area(region.after).bottom <= 150


def test_a_line_that_went_is_boxed_where_it_stood() -> None:
    (region,) = compared(screenshot(*LINES), screenshot(LINES[0], LINES[2])).regions
    assert 88 <= area(region.before).top < area(region.before).bottom <= 110


def test_pages_of_two_widths_are_not_compared() -> None:
    told = answer(screenshot(*LINES), screenshot(*LINES, width=500))
    assert told == Refusal("the pages were shown 400 and 500 pixels wide")


def test_what_is_no_picture_ends_the_process_and_not_ours() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(
            [sys.executable, "-P", "-m", "sousveil.run.differences.screen_worker"],
            input=b'{"before": [4], "after": [4]}\nGIF8GIF8',
            capture_output=True,
            check=True,
        )
    assert Task([4], [4]).before == [4]


def test_a_page_without_a_screenshot_is_told(case: Case) -> None:
    shown = Rendering("https://a.example/", NOW, "Chrome", 200, 1, 1, None, (), None, 0, None, None)
    assert compare_screens(case, shown, None) == Refusal(
        "a browser did not picture the page at both looks"
    )
