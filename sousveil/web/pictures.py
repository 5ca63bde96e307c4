"""Pictures at the desk: a quote where it was seen, cut out and re-encoded by us.

Takes a case and a finding; gives the part of the screenshot, of the picture or of the drawn PDF
page that shows the quote, or why there is none. No byte of a picture is sent as it was captured:
`run/publish/picture_worker.py` opens it in a process of its own, with limits, and writes it anew.
What was made lies in the case's `cache/pictures/`, under a name that follows from the archived
record's digest and the place in it, so the same is made once, and what changed is made anew.
"""

import hashlib
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sousveil.case import Case
from sousveil.durable import make_folders
from sousveil.model import Area, Finding
from sousveil.run.publish.pictures import show_quotes

FOLDER = "pictures"  # below the case's `cache/`
FORM = 1  # of what is made; another number lets all be made anew

# Parts of pictures that are kept: some 100 kB each. Of more, the oldest go.
MAX_KEPT = 3_000

_TYPES = {".png": "image/png", ".webp": "image/webp"}

# A screenshot takes hundreds of megabytes to open: one at a time, whoever asks.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Seen:
    """A quote on a picture, or why there is none."""

    kind: str  # "screenshot", "page", "image"; "" without a picture
    width: int = 0  # pixels
    height: int = 0
    marks: tuple[Area, ...] = ()  # the quote, one a line
    notes: tuple[str, ...] = ()
    suffix: str = ""  # of the file beside
    missing: str = ""  # why there is no picture, in words


def seen(case: Case, finding: Finding) -> Seen:
    """Return what shows a finding's quote, made now if it was not; `file_of` has the picture."""
    told = _kept(case, finding)
    if told is not None:
        return told
    with _turn:
        return _kept(case, finding) or _make(case, finding)


def file_of(case: Case, finding: Finding) -> tuple[Path, str] | None:
    """Return the file of the picture that `seen` told of, and its media type."""
    told = seen(case, finding)
    return (_path(case, finding, told.suffix), _TYPES[told.suffix]) if told.suffix else None


def _kept(case: Case, finding: Finding) -> Seen | None:
    path = _path(case, finding, ".json")
    if not path.is_file():
        return None
    try:
        told = msgspec.json.decode(path.read_bytes(), type=Seen)
    except msgspec.MsgspecError:
        return None
    whole = not told.suffix or _path(case, finding, told.suffix).is_file()
    return told if whole and told.suffix in {"", *_TYPES} else None


def _make(case: Case, finding: Finding) -> Seen:
    folder = case.cache / FOLDER
    make_folders(folder)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        shown, unpictured = show_quotes(case, [finding], Path(scratch))
        if finding.id not in shown:
            told = Seen("", missing=unpictured.get(finding.id, "source code has no picture"))
        else:
            one = shown[finding.id]
            suffix = one.part.path.suffix
            told = Seen(one.kind, one.part.width, one.part.height, one.marks, one.notes, suffix)
            one.part.path.replace(_path(case, finding, suffix))
        note = Path(scratch) / "note"
        note.write_bytes(msgspec.json.encode(told))
        note.replace(_path(case, finding, ".json"))
    _forget_oldest(folder)
    return told


def _path(case: Case, finding: Finding, suffix: str) -> Path:
    source = finding.source
    place = (FORM, finding.capture.record.digest, source.boxes, source.regions, finding.quote)
    name = hashlib.sha256(msgspec.json.encode(place)).hexdigest()[:32]
    return case.cache / FOLDER / f"{name}{suffix}"


def _forget_oldest(folder: Path) -> None:
    notes = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in notes[MAX_KEPT:]:
        for suffix in (".json", *_TYPES):
            old.with_suffix(suffix).unlink(missing_ok=True)
