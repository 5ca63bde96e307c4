"""Marks: what editors decided is withheld from published pages, or shown there. Values only.

Words are withheld or shown wherever they stand, or in one finding. A picture was looked at, with
the boxes that were drawn on it, none where nothing on it needs them; who drew them is a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from sousveil.model import Area

Sheet: TypeAlias = tuple[str, int | None]
"""A picture: the SHA-256, hexadecimal, of it or of a PDF, and the page of the latter."""


@dataclass(frozen=True, slots=True)
class WordsMark:
    """Words that an editor marked."""

    words: str  # exactly, as they stand in what is published
    shown_as: Literal["withheld", "shown"]
    finding_id: str  # in which; "" for everywhere
    by: str
    at: datetime
    note: str  # why; "" when none was given
    log_index: int


@dataclass(frozen=True, slots=True)
class PictureMark:
    """A picture that an editor looked at."""

    finding_id: str  # whose picture it was when they looked
    sheet: Sheet
    size: tuple[int, int]  # of the whole picture, in pixels
    boxes: tuple[Area, ...]  # what is painted over, in pixels of the whole picture
    by: str
    at: datetime
    note: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Marks:
    """All marks of a case that hold."""

    words: tuple[WordsMark, ...] = ()  # the earliest first; no two of the same words and place
    pictures: Mapping[Sheet, PictureMark] = field(default_factory=dict)
