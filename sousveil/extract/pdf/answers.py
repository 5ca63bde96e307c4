"""What the process that opens a PDF is asked and answers, and its limits.

Shared by `document.py`, which asks, and `worker.py`, which runs apart.
"""

from typing import Literal, TypeAlias

import msgspec

from sousveil.extract.pdf.layout import LaidBlock
from sousveil.model import Box

MAX_PAGES = 10_000  # a year of an official gazette; 20 ms of reading each at most
MAX_SECONDS = 120  # of the processor; 500 pages of dense text take 3
MAX_WAIT_SECONDS = 300  # by the clock, on a busy machine
MAX_MEMORY_BYTES = 2 << 30  # of address space; a scan of 100 MB in one page fits


class Page(msgspec.Struct, frozen=True):
    """A page: its text with blocks, and whether it is one to be read by eye.

    A "picture" has no text, or hardly any on a picture that is the page, or text that says nothing.
    """

    text: str
    blocks: tuple[LaidBlock, ...]
    holds: Literal["text", "picture", "blank", "broken"]


class Pages(msgspec.Struct, frozen=True, tag=True):
    """The text of a PDF."""

    title: str
    pages: list[Page]


class Boxes(msgspec.Struct, frozen=True, tag=True):
    """Where spans stand: for each of those asked for, a box a line."""

    boxes: list[list[Box]]


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Why there is no text, in words that follow the file's name."""

    reason: str


Answer: TypeAlias = Pages | Boxes | Refusal
