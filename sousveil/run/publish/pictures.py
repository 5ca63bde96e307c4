"""Quotes on pictures: for each finding the part of a picture where its words stand, or why not.

Takes findings and the case's archive; writes pictures into a folder and gives a `Shown` for each
finding that has one, and a reason for each other. A picture is a slice of a page's screenshot, an
image that is itself the capture, or a page drawn from a PDF. `picture_worker.py` opens them in a
process of its own.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.dossier.harm.marks import PictureMark, Sheet
from sousveil.errors import ArchiveError, InputError
from sousveil.model import Area, BlockKind, Finding, Picture, PictureFile, RecordRef, Shown
from sousveil.run.publish.picture_worker import Answer, Part, Parts, Refusal, Task

# By the clock, on a busy machine; the process itself is bounded in processor time.
MAX_WAIT_SECONDS = 120

# Pictures of one report together. A folder beyond this can hardly be sent to anybody.
MAX_REPORT_BYTES = 500_000_000

# A picture larger than this is not copied as a whole; the part is, and the archive has the rest.
MAX_WHOLE_BYTES = 20_000_000

_WORKER = (sys.executable, "-P", "-m", "sousveil.run.publish.picture_worker")
_PDF = "application/pdf"


Cover: TypeAlias = Callable[[Sequence[Finding], "OnSheet"], list[Area]]
"""Gives what is withheld of the words on a picture that shows these findings (`covering.py`)."""


@dataclass(frozen=True, slots=True)
class OnSheet:
    """A picture on which quotes stand: one of the archive's, or a page of a PDF."""

    record: RecordRef
    picture: Picture | None
    page: int | None


def show_quotes(
    case: Case,
    findings: Iterable[Finding],
    folder: Path,
    looked_at: Mapping[Sheet, PictureMark] | None = None,
    cover: Cover = lambda _, __: [],
) -> tuple[dict[str, Shown], dict[str, str]]:
    """Return what shows each finding's quote, and why the others have nothing, by finding id.

    The pictures are written into `folder`, at most MAX_REPORT_BYTES of them. A finding in a
    repository is in neither: nobody misses a picture of source code. What editors drew boxes on,
    `looked_at`, is painted over there, and what `cover` gives; then the whole picture is left out.
    Raises InputError when `folder` cannot be written.
    """
    sheets: dict[OnSheet, list[Finding]] = {}
    unpictured: dict[str, str] = {}
    for finding in findings:
        sheet = _sheet(finding)
        if sheet is not None:
            sheets.setdefault(sheet, []).append(finding)
        elif finding.source.commit is None:
            unpictured[finding.id] = _why_none(finding)
    shown: dict[str, Shown] = {}
    written = 0
    for sheet, there in sheets.items():
        if written > MAX_REPORT_BYTES:
            reason = f"the report's pictures already take {MAX_REPORT_BYTES // 10**6} MB"
            unpictured |= {finding.id: reason for finding in there}
            continue
        covers = cover(there, sheet)
        drawn, missing = _show_on(case, sheet, there, folder, looked_at or {}, covers=covers)
        shown |= drawn
        unpictured |= missing
        written += _size(drawn.values())
    return shown, unpictured


def sheet_of(case: Case, finding: Finding) -> Sheet | None:
    """Return the picture on which a finding's quote stands, for marks; None when on none.

    Raises ArchiveError when it cannot be had from the archive.
    """
    sheet = _sheet(finding)
    if sheet is None:
        return None
    content = payload(case.root, sheet.record).body
    return hashlib.sha256(content).hexdigest(), sheet.page


def redrawn(case: Case, finding: Finding) -> bytes:
    """Return the whole picture on which a finding's quote stands, as a JPEG that we wrote.

    Raises InputError when there is none, or it cannot be opened, ArchiveError as `sheet_of`.
    """
    sheet = _sheet(finding)
    if sheet is None:
        raise InputError(f"finding {finding.id}: has no picture: {_why_none(finding)}.")
    task = msgspec.structs.replace(_task(sheet, [finding], (), None), wants_whole=True)
    answer = _ask(task, payload(case.root, sheet.record).body)
    if isinstance(answer, Refusal) or answer.redrawn is None:
        why = answer.reason if isinstance(answer, Refusal) else "it is too tall to be shown"
        raise InputError(f"finding {finding.id}: its picture cannot be shown: {why}.")
    return answer.redrawn


def _sheet(finding: Finding) -> OnSheet | None:
    """Return the picture on which the quote begins; None if it stands on none."""
    source = finding.source
    if source.regions:
        return OnSheet(source.regions[0].picture.record, source.regions[0].picture, None)
    if source.boxes and source.part is None:
        return OnSheet(finding.capture.record, None, source.boxes[0].page)
    return None


def _why_none(finding: Finding) -> str:
    source = finding.source
    if source.kind is BlockKind.META or source.seen_in == "wire":
        return "the words are in the source of the page, and a browser does not show them"
    if source.part is not None:
        return "the file lies in a package, and no picture is made of files in packages"
    if finding.capture.media_type == _PDF:
        return "where on the page the words stand is not known"
    if finding.capture.media_type.startswith("image/"):
        return "where in the picture the words stand is not known"
    if source.slide is not None or source.cell is not None:
        return "office files are read, not drawn"
    given = "it was handed in, and text without pages is not drawn"
    return given if finding.capture.is_handed_in else "no browser showed it when it was captured"


def _show_on(
    case: Case,
    sheet: OnSheet,
    findings: Sequence[Finding],
    folder: Path,
    looked_at: Mapping[Sheet, PictureMark],
    *,
    covers: Sequence[Area],
) -> tuple[dict[str, Shown], dict[str, str]]:
    """Return what one picture shows, and why it does not show the rest."""
    try:
        content = payload(case.root, sheet.record).body
    except ArchiveError as error:
        return {}, {
            finding.id: f"it cannot be had from the archive: {error}" for finding in findings
        }
    digest = hashlib.sha256(content).hexdigest()
    mark = looked_at.get((digest, sheet.page))
    boxes = mark.boxes if mark else ()
    task = _task(sheet, findings, boxes, mark.size if mark else None)
    answer = _ask(msgspec.structs.replace(task, covers=list(covers)), content)
    if isinstance(answer, Refusal):
        return {}, {finding.id: answer.reason for finding in findings}
    painted = [*boxes, *covers]
    whole, why_none = None, _why_no_whole(answer, content, painted)
    if not why_none:
        name = f"{digest[:16]}-{sheet.page or 'whole'}"
        data = content if answer.drawn is None else answer.drawn
        whole = _write(folder / f"{name}.{answer.suffix}", data, answer.width, answer.height)
    shown = {
        finding.id: Shown(
            kind=_kind(sheet, finding),
            part=_write(folder / f"{finding.id}.{part.suffix}", part.data, part.width, part.height),
            marks=tuple(part.marks),
            whole=whole,
            record=sheet.record,
            sha256=digest,
            notes=_notes(part, painted),
            page=sheet.page,
            size=(answer.width, answer.height),
            without_whole=why_none,
            covered=len(covers),
        )
        for finding, part in zip(findings, answer.parts, strict=True)
        if part is not None
    }
    outside = "where the words are said to stand is outside of the picture"
    return shown, {finding.id: outside for finding in findings if finding.id not in shown}


def _task(
    sheet: OnSheet,
    findings: Iterable[Finding],
    boxes: Sequence[Area],
    boxes_size: tuple[int, int] | None,
) -> Task:
    drawn = list(boxes)
    if sheet.picture is None:
        quotes = [_on_page(finding, sheet) for finding in findings]
        return Task(None, sheet.page, quotes, drawn, boxes_size)
    size = sheet.picture.width, sheet.picture.height
    quotes = [_on_picture(finding, sheet) for finding in findings]
    return Task(size, None, quotes, drawn, boxes_size)


def _on_page(finding: Finding, sheet: OnSheet) -> list[Area]:
    return [
        Area(box.left, box.top, box.right, box.bottom)
        for box in finding.source.boxes
        if box.page == sheet.page
    ]


def _on_picture(finding: Finding, sheet: OnSheet) -> list[Area]:
    return [
        Area(region.left, region.top, region.right, region.bottom)
        for region in finding.source.regions
        if region.picture.record == sheet.record
    ]


def _ask(task: Task, content: bytes) -> Answer:
    """Return what the worker answers; a picture on which it breaks is refused."""
    try:
        ran = subprocess.run(
            _WORKER,
            input=msgspec.json.encode(task) + b"\n" + content,
            capture_output=True,
            timeout=MAX_WAIT_SECONDS,
            check=True,
        )
        answer: Answer = msgspec.msgpack.decode(ran.stdout, type=Answer)
    except subprocess.TimeoutExpired:
        return Refusal(f"the picture was not ready within {MAX_WAIT_SECONDS} seconds")
    except (subprocess.CalledProcessError, msgspec.MsgspecError):
        return Refusal("what opens pictures broke on it, or ran out of its time or memory")
    return answer


def _kind(sheet: OnSheet, finding: Finding) -> Literal["screenshot", "page", "image"]:
    if sheet.picture is None:
        return "page"
    return "image" if sheet.record == finding.capture.record else "screenshot"


def _notes(part: Part, boxes: Sequence[Area]) -> tuple[str, ...]:
    """Return what the reader of a part must know, in sentences."""
    notes = []
    if not part.is_whole:
        notes.append("The quote goes on beyond what is shown here.")
    if boxes:
        notes.append("What is black there may be painted over by us, for the sake of people.")
    if part.scale < 1:
        notes.append(f"Shown at {part.scale:.0%} of its size.")
    return tuple(notes)


def _why_no_whole(answer: Parts, content: bytes, boxes: Sequence[Area]) -> str:
    """Return why the whole picture is not shown, as it was archived or drawn; "" when it is."""
    if boxes:
        return "The whole picture is left out, for parts of it are painted over"
    if answer.drawn is None and answer.has_notes:
        return "The whole picture is left out, for its file tells more than it shows"
    if len(content if answer.drawn is None else answer.drawn) > MAX_WHOLE_BYTES:
        return "The whole picture is too large for these pages"
    return ""


def _write(path: Path, data: bytes, width: int, height: int) -> PictureFile:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(
            f"{path.parent}: the report's pictures cannot be written: {error.strerror}. Free some "
            "space there, or name another folder in TMPDIR."
        ) from error
    return PictureFile(path, width, height)


def _size(shown: Iterable[Shown]) -> int:
    """Return the bytes of the pictures, each file counted once."""
    files = {file.path for each in shown for file in (each.part, each.whole) if file is not None}
    return sum(path.stat().st_size for path in files)
