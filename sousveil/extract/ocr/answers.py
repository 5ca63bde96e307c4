"""What the process that reads pictures is asked and answers, and its limits.

Shared by `process.py`, which asks, and `worker.py`, which runs apart. A request is the length of
the task and of the payload (`FRAME`), the task as JSON, and the payload; an answer its length
(`LENGTH`) and JSON.
"""

import struct
from typing import TypeAlias

import msgspec

FRAME = struct.Struct(">II")
LENGTH = struct.Struct(">I")

MIN_SIDE = 32  # pixels; smaller pictures are icons
MAX_PIXELS = 100_000_000  # A3 at 600 dots per inch has 70 million; four bytes each fit into memory
MAX_BYTES = 256 << 20  # of the file; the largest scans of one sheet have 100 MB
MAX_SECONDS = 120  # by the clock, for one picture; a page takes 3 on two free cores
MAX_MEMORY_BYTES = 6 << 30  # of address space; a slice of `worker.MAX_SLICE_PIXELS` takes 2 GB
IDLE_SECONDS = 60  # after which the process ends; to start it anew takes 2
THREADS = 2  # more gain little on lines of text, and other work goes on beside

# Between what PP-OCRv6 makes of real letters (0.9 and more; blurred ones 0.8) and of a script that
# it does not know, or of leaves and fabric (mostly below 0.7).
MIN_CONFIDENCE = 0.7


class Task(msgspec.Struct, frozen=True):
    """What the payload is: a picture, or a PDF of which one page is read."""

    page: int | None = None  # from 1


class Line(msgspec.Struct, frozen=True):
    """A line of text in a picture."""

    text: str  # without outer white space, not empty
    confidence: float  # 0 to 1
    # Four, clockwise from the top left: pixels of the picture once it is set upright.
    corners: tuple[tuple[float, float], ...]
    # Left, top, right and bottom in the units of `model.Run`.
    box: tuple[float, float, float, float]


class Picture(msgspec.Struct, frozen=True, tag=True):
    """What was read of a picture, lines in no order that means anything."""

    frames: int  # pictures in the file, of which the first was read
    lines: list[Line]
    width: int = 0  # pixels, as a viewer shows it; 0 of a page of a PDF
    height: int = 0


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Why it was not read, in words that follow the file's name."""

    reason: str


Answer: TypeAlias = Picture | Refusal
