"""Marking: what editors decide to withhold from published pages, or to show there, as events.

A mark is an event with its editor's name and reason; to take it back is an event, too. The latest
on the same words and place, or on the same picture, holds. Words must stand where they are marked,
and boxes lie on a picture that was shown: a mark that withholds nothing would be a false comfort.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from sousveil.case import Case
from sousveil.dossier.harm.marks import Marks, PictureMark, Sheet, WordsMark
from sousveil.errors import InputError
from sousveil.ledger import Writer, read_events
from sousveil.model import Area, Event, Finding, Shown
from sousveil.review.decisions import MAX_NOTE_CHARACTERS, checked, name_of
from sousveil.run.publish.pictures import show_quotes

WORDS, PICTURE = "words.marked", "picture.marked"

# A letter alone stands in every word; two are a name in Chinese.
LEAST_WORDS_CHARACTERS = 2
MAX_WORDS_CHARACTERS = 2_000  # a page; nobody marks more at once
MAX_BOXES = 200  # on one picture: a crowd is one box


def marks_of(case: Case) -> Marks:
    """Return the marks of a case that hold; raises EvidenceError when its events cannot be read."""
    words: dict[tuple[str, str], WordsMark] = {}
    pictures: dict[Sheet, PictureMark] = {}
    for event in read_events(case, wanted=lambda _, kind: kind in {WORDS, PICTURE}):
        if event.type == WORDS:
            _take_words(words, event)
        else:
            _take_picture(pictures, event)
    return Marks(tuple(words.values()), pictures)


def _take_words(words: dict[tuple[str, str], WordsMark], event: Event) -> None:
    body = event.body
    place = (body["words"], body["finding"])
    words.pop(place, None)
    if body["shown_as"] != "unmarked":
        words[place] = WordsMark(
            body["words"],
            body["shown_as"],
            body["finding"],
            body["by"],
            event.time,
            body["note"],
            event.index,
        )


def _take_picture(pictures: dict[Sheet, PictureMark], event: Event) -> None:
    body = event.body
    sheet = (str(body["sha256"]), body["page"])
    pictures.pop(sheet, None)
    if body["boxes"] is not None:
        pictures[sheet] = PictureMark(
            body["finding"],
            sheet,
            (body["size"][0], body["size"][1]),
            tuple(msgspec.convert(body["boxes"], list[Area])),
            body["by"],
            event.time,
            body["note"],
            event.index,
        )


def mark_words(
    writer: Writer,
    words: str,
    finding: Finding | None,
    shown_as: Literal["withheld", "shown", "unmarked"],
    *,
    by: str,
    note: str,
    now: datetime,
) -> Event:
    """Log that words are withheld, shown, or neither any more: in a finding, or everywhere.

    Raises InputError for words that are too few or too many, that do not stand in the finding, or
    that were not marked; for no name, and for none of a reason.
    """
    words = checked("words", words, MAX_WORDS_CHARACTERS)
    if len(words) < LEAST_WORDS_CHARACTERS:
        raise InputError(
            f"{words!r}: too short to mark; it would be withheld within other words. Give at least"
            f" {LEAST_WORDS_CHARACTERS} characters."
        )
    place = finding.id if finding else ""
    if shown_as == "unmarked":
        marked = {(one.words, one.finding_id) for one in marks_of(writer.case).words}
        if (words, place) not in marked:
            where = f"in finding {place}" if place else "everywhere"
            raise InputError(f"{words!r}: not marked {where}. `sousveil withhold` lists marks.")
    elif finding is not None and not any(words in text for text in _texts(finding)):
        raise InputError(
            f"{words!r}: does not stand in finding {finding.id}. Copy the words from its page,"
            " character by character."
        )
    body = {"words": words, "finding": place, "shown_as": shown_as, **_said(by, note)}
    return writer.commit(WORDS, body, now=now)


def mark_picture(
    writer: Writer,
    finding: Finding,
    boxes: Sequence[Area] | None,
    *,
    by: str,
    note: str,
    now: datetime,
) -> Event:
    """Log the boxes that an editor drew on a finding's picture, in pixels of the whole picture.

    No boxes: it was looked at, and needs none. None: as if nobody had looked. They take the place
    of those drawn before. Raises InputError for a finding without a picture, and for a box that is
    none or does not lie on it.
    """
    shown = picture_of(writer.case, finding)
    if boxes is not None:
        _check_boxes(boxes, shown.size)
    body = {
        "finding": finding.id,
        "sha256": shown.sha256,
        "page": shown.page,
        "size": list(shown.size),
        "boxes": None if boxes is None else msgspec.to_builtins(list(boxes)),
        **_said(by, note),
    }
    return writer.commit(PICTURE, body, now=now)


def picture_of(case: Case, finding: Finding) -> Shown:
    """Return what shows a finding's quote; its files are gone. InputError where there is none."""
    with tempfile.TemporaryDirectory(prefix="sousveil-") as scratch:
        shown, unpictured = show_quotes(case, [finding], Path(scratch))
    if finding.id not in shown:
        why = unpictured.get(finding.id, "it stands in a repository")
        raise InputError(f"finding {finding.id}: has no picture to mark: {why}.")
    return shown[finding.id]


def box_of(told: str) -> Area:
    """Return a box that is written LEFT,TOP,RIGHT,BOTTOM; raises InputError for what is none."""
    try:
        sides = [float(side) for side in told.split(",")]
    except ValueError:
        sides = []
    if len(sides) != len(fields(Area)):
        raise InputError(f"box {told!r}: no box. Write LEFT,TOP,RIGHT,BOTTOM in pixels.")
    return Area(*sides)


def box_told(box: Area) -> str:
    """Return a box as `box_of` reads it."""
    return ",".join(f"{side:g}" for side in (box.left, box.top, box.right, box.bottom))


def _check_boxes(boxes: Sequence[Area], size: tuple[int, int]) -> None:
    width, height = size
    if len(boxes) > MAX_BOXES:
        raise InputError(f"more than {MAX_BOXES} boxes on one picture. Draw larger ones.")
    for box in boxes:
        is_on_it = 0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height
        if not is_on_it:
            raise InputError(
                f"box {box_told(box)}: does not lie on the picture, which has {width} by {height}"
                " pixels. Give LEFT,TOP,RIGHT,BOTTOM from its top left corner."
            )


def _texts(finding: Finding) -> tuple[str, ...]:
    around = finding.prefix + finding.quote + finding.suffix
    commits = (finding.source.commit, finding.source.entered, finding.source.left)
    messages = (one.message for one in commits if one)
    return (finding.passage, around, finding.title, finding.source.context, *messages)


def _said(by: str, note: str) -> dict[str, str]:
    note = checked("note", note, MAX_NOTE_CHARACTERS)
    if not note:
        raise InputError("--note: no reason. Say in a few words why it is marked so.")
    return {"by": name_of(by), "note": note}
