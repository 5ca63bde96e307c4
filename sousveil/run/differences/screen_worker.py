"""The process that compares two screenshots: pictures come from strangers.

Run as `python -m` with this module's name, with a `Task` as one line of JSON on standard input and
the slices after it; writes one `Answer` (MessagePack) on standard output. It bounds its own memory
and processor time first, as `run/publish/picture_worker.py` does. Rows of pixels that are the same,
but for shades no eye tells apart, are aligned by their longest common subsequence, so that what was
only pushed down is no difference; between them lie the regions that differ. `screens.py` calls.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TypeAlias

import msgspec
from PIL import Image, ImageChops
from rapidfuzz.distance import LCSseq

from sousveil.extract.pdf.worker import limit
from sousveil.model import Area

# Of one side. Two pages of 1,280 by 20,000 fit into the process, and take it two seconds.
MAX_PIXELS = 30_000_000
MAX_ROWS = 20_000

# Shades of grey that are told apart: smoothed edges of letters fall on other pixels each time.
SHADES = 0xE0

# Rows alike between two regions that are fewer than a line of text is high join them.
MIN_ROWS_ALIKE = 10
MIN_ROWS = 3  # a region that is lower is a shifted edge

# Pixels that are asked for the colour of the paper.
SAMPLE = 96, 96

# As they are shown: what fits beside each other on a wide screen.
SHOWN_WIDTH = 640
MAX_SHOWN_ROWS = 12_000
JPEG_QUALITY = 72

RGB = "RGB"


class Task(msgspec.Struct, frozen=True):
    """Two pictures, each as the lengths in bytes of its slices, from the top."""

    before: list[int]
    after: list[int]


class Shown(msgspec.Struct, frozen=True):
    """One of the two pictures, smaller, as JPEG."""

    data: bytes
    width: int  # of the screenshot, in its pixels
    height: int


class Region(msgspec.Struct, frozen=True):
    """Where the two differ, in pixels of each screenshot; None where one has nothing there."""

    before: Area | None
    after: Area | None


class Compared(msgspec.Struct, frozen=True, tag=True):
    """Both pictures, and the regions in which they differ, from the top."""

    before: Shown
    after: Shown
    regions: list[Region]
    notes: list[str]  # what was not compared, in sentences


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Why nothing was compared, in words that follow "the screenshots were not compared: "."""

    reason: str


Answer: TypeAlias = Compared | Refusal
_Rows: TypeAlias = tuple[int, int]


def main() -> None:
    """Answer one task."""
    limit()
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    sides = [[sys.stdin.buffer.read(size) for size in side] for side in (task.before, task.after)]
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer(sides[0], sides[1])))


def answer(before: Sequence[bytes], after: Sequence[bytes]) -> Answer:
    """Return where two screenshots differ, each given as its slices.

    What Pillow cannot open may raise anything: the process ends, and the caller tells.
    """
    notes: list[str] = []
    pictures = [_joined(slices, notes) for slices in (before, after)]
    if pictures[0].width != pictures[1].width:
        widths = " and ".join(str(picture.width) for picture in pictures)
        return Refusal(f"the pages were shown {widths} pixels wide")
    regions = list(_regions(pictures[0], pictures[1]))
    return Compared(_shown(pictures[0]), _shown(pictures[1]), regions, notes)


def _joined(slices: Sequence[bytes], notes: list[str]) -> Image.Image:
    """Return a page's picture, put together of its slices, as far as the limits go."""
    opened = [Image.open(BytesIO(data), formats=("PNG",)) for data in slices]
    width, height = max(one.width for one in opened), sum(one.height for one in opened)
    rows = min(height, MAX_ROWS, MAX_PIXELS // width)
    if rows < height:
        notes.append(f"Only the first {rows:,} of {height:,} rows of pixels were compared.")
    joined = Image.new(RGB, (width, rows), "white")
    top = 0
    for one in opened:
        if top < rows:
            joined.paste(one.convert(RGB), (0, top))
        top += one.height
    return joined


def _regions(before: Image.Image, after: Image.Image) -> Iterator[Region]:
    """Give the regions that differ, from the top."""
    numbers: dict[bytes, int] = {}
    codes = LCSseq.opcodes(_row_numbers(before, numbers), _row_numbers(after, numbers))
    for was, now in _joined_runs(
        ((code.src_start, code.src_end), (code.dest_start, code.dest_end))
        for code in codes
        if code.tag != "equal"
    ):
        if max(was[1] - was[0], now[1] - now[0]) < MIN_ROWS:
            continue
        areas = _areas(before, after, was, now)
        if areas != (None, None):
            yield Region(*areas)


def _row_numbers(picture: Image.Image, numbers: dict[bytes, int]) -> list[int]:
    """Return a number for each row of pixels; rows that look the same have the same."""
    width = picture.width
    grey = picture.convert("L").point([shade & SHADES for shade in range(256)]).tobytes()
    rows = (grey[at : at + width] for at in range(0, len(grey), width))
    return [numbers.setdefault(row, len(numbers)) for row in rows]


def _joined_runs(runs: Iterator[tuple[_Rows, _Rows]]) -> Iterator[tuple[_Rows, _Rows]]:
    """Join runs of rows that stand close to each other on both sides."""
    last: tuple[_Rows, _Rows] | None = None
    for run in runs:
        if last and all(run[k][0] - last[k][1] < MIN_ROWS_ALIKE for k in (0, 1)):
            last = (last[0][0], run[0][1]), (last[1][0], run[1][1])
            continue
        if last:
            yield last
        last = run
    if last:
        yield last


def _areas(
    before: Image.Image, after: Image.Image, was: _Rows, now: _Rows
) -> tuple[Area | None, Area | None]:
    """Return the rectangles in which rows differ; of as many rows on both sides, the same ones."""
    if was[1] - was[0] == now[1] - now[0]:
        parts = (_crop(before, was), _crop(after, now))
        box = ImageChops.difference(*parts).convert("L").point(_SEEN).getbbox()
        return (_area(box, was), _area(box, now)) if box else (None, None)
    return _area(_ink(before, was), was), _area(_ink(after, now), now)


_SEEN = [0 if shade < 256 - SHADES else 255 for shade in range(256)]


def _crop(picture: Image.Image, rows: _Rows) -> Image.Image:
    return picture.crop((0, rows[0], picture.width, rows[1]))


def _ink(picture: Image.Image, rows: _Rows) -> tuple[int, int, int, int] | None:
    """Return the rectangle around what stands out, in these rows, from the page's paper."""
    if rows[0] == rows[1]:
        return None
    part = _crop(picture, rows)
    few = picture.resize(SAMPLE, Image.Resampling.NEAREST).tobytes()
    colours = Counter(few[at : at + len(RGB)] for at in range(0, len(few), len(RGB)))
    blank = Image.new(RGB, part.size, tuple(colours.most_common(1)[0][0]))
    return ImageChops.difference(part, blank).convert("L").point(_SEEN).getbbox()


def _area(box: tuple[int, int, int, int] | None, rows: _Rows) -> Area | None:
    if box is None:
        return None
    left, top, right, bottom = box
    return Area(left, rows[0] + top, right, rows[0] + bottom)


def _shown(picture: Image.Image) -> Shown:
    scale = min(1.0, SHOWN_WIDTH / picture.width, MAX_SHOWN_ROWS / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    written = BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(written, "JPEG", quality=JPEG_QUALITY)
    return Shown(written.getvalue(), picture.width, picture.height)


if __name__ == "__main__":
    main()
