"""Bags: a case's evidence for a repository of documents, as BagIt (RFC 8493) has it.

The payload holds the archive files byte for byte, imports included, the log with the proof of each
file, the findings as annotations, and how to check all this. `bagit.py --validate` checks it. A bag
is a folder; one that is sealed, or is to be named `*.zip`, is a ZIP file with that folder (RFC
8493, section 4). Names are such
as every system takes (section 6.1.1): ours are letters, digits, `.`, `-` and `_`.
"""

import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import bagit

from sousveil.archive.wacz import appearing
from sousveil.durable import sync_folder
from sousveil.errors import EvidenceError, InputError
from sousveil.model import Event
from sousveil.run.publish.bundles import events_at, needed_entries
from sousveil.run.publish.contacts import contacts_told
from sousveil.run.publish.exports.annotations import annotations
from sousveil.run.publish.exports.forms import Made, left_out, withheld
from sousveil.run.publish.exports.told import Told
from sousveil.run.publish.exports.wacz import logged_events
from sousveil.run.publish.leaks import in_bag, judged, wanted_of
from sousveil.run.publish.output import Output, require_new, sealed_ending
from sousveil.run.publish.packages import Progress, proof_files
from sousveil.run.publish.sealed import seal
from sousveil.run.publish.succession import succession_files, succession_told
from sousveil.run.visit.records import SOFTWARE

PAYLOAD = "data"
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_ALGORITHM = "sha256"
_ZIP = ".zip"
_WORKING = ".sousveil-bag-"

_README = """\
# What is in this bag

- `archive/`: archive files, byte for byte as they were logged. Players of web archives open them.
- `sousveil/entry-N.json`: entry N of the log, with the path and the SHA-256 of one of these files,
  and `entry-N.tlog-proof`, the proof that it is in the log (c2sp.org/tlog-proof@v1).
- `sousveil/checkpoint`: the log's signed head (c2sp.org/tlog-checkpoint).
- `log/`: the log's tiles (c2sp.org/tlog-tiles), which hold digests, and no word of what was logged.
- `annotations.jsonld`: what was found (W3C Web Annotation), each with its place in `archive/`.
  Where it says `[withheld: …]`, a contact of somebody stands in the archive file.

The log is signed by

    {key}

Ask the people who gave you this bag, by another way, whether that is their key. That the bag is
whole, `bagit.py --validate` tells; that a file is the one that was logged, its SHA-256 in
`manifest-sha256.txt` beside the one in its entry.
"""


def write_bag(told: Told, output: Output, progress: Progress) -> Made:
    """Write what was asked for into a new folder, or a ZIP file, and return what it holds.

    Raises InputError when there is nothing, or something of ours would leak, EvidenceError when a
    file is not what was logged; then nothing is there.
    """
    ending = f"{_ZIP}{sealed_ending(output)}" if output.recipients else ""
    require_new(output.path, ending)
    path, case = output.path.absolute(), told.case
    events = _events(told)
    if not events:
        raise InputError("nothing to export: no visit brought a WARC file. `sousveil visit --all`")
    is_zip = bool(output.recipients) or path.suffix == _ZIP
    where = case.pending if is_zip else path.parent
    with TemporaryDirectory(prefix=_WORKING, dir=where) as working:
        bag = Path(working) / (path.name.partition(".")[0] or "bag")
        _fill(told, bag, events, progress)
        made = bagit.make_bag(str(bag), _info(told), checksums=[_ALGORITHM])
        _check(made, events)
        leaks = chain(in_bag(bag, wanted_of(case)), contacts_told(bag / PAYLOAD / "archive"))
        notes = judged(leaks, output.allowed)
        size = sum(one.stat().st_size for one in bag.rglob("*") if one.is_file())
        if is_zip:
            _put_zip(bag, output, case.pending)
        else:
            _sync(bag)
            bag.rename(path)
            sync_folder(path.parent)
    notes = [*left_out(told), *withheld(told), *notes]
    return Made((str(output.path),), size, len(told.statements), tuple(notes))


def _events(told: Told) -> list[Event]:
    """Return the events that brought the archive files: of findings alone, those that show them."""
    if told.is_part:
        pairs = [(one.finding, one.fate) for one in told.statements]
        wanted = needed_entries(told.case, pairs, told.head.size)
        return [event for event in events_at(told.case, wanted).values() if event.warc]
    ids = told.watch_ids
    return [
        replace(event, body={})  # which nothing here asks for, and which may be large
        for event in logged_events(told.case, told.head)
        if event.warc and (told.is_whole or event.body.get("watch_id") in ids)
    ]


def _fill(told: Told, bag: Path, events: Sequence[Event], progress: Progress) -> None:
    case = told.case
    for done, event in enumerate(events):
        warc = event.warc or ""
        progress(done, len(events), warc)
        if not (case.root / warc).is_file():
            raise EvidenceError(
                f"{case.root / warc}: is missing; log entry {event.index} brought it. Nothing was"
                " exported. Restore it from a copy."
            )
        place = _place(bag, warc)
        shutil.copyfile(case.root / warc, place)
    for path in sorted(case.log.glob("tile/**/*")):
        if path.is_file():
            name = path.relative_to(case.root).as_posix()
            shutil.copyfile(path, _place(bag, name))
    readme = _README.format(key=case.settings.key) + succession_told(case)
    files = {
        "README.md": readme.encode(),
        "annotations.jsonld": annotations(told),
        "log/checkpoint": told.head.note,
        **dict(succession_files(case, told.head)),
        **dict(proof_files(case, told.head, {event.index for event in events})),
    }
    for name, data in files.items():
        _place(bag, name).write_bytes(data)


def _place(bag: Path, name: str) -> Path:
    """Return where a file of the payload goes; raises EvidenceError for a name that is not safe."""
    parts = name.split("/")
    if not all(_SAFE.fullmatch(one) and not _RESERVED.fullmatch(one) for one in parts):
        raise EvidenceError(f"{name}: no name of ours; not every system could keep such a file.")
    path = bag.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _info(told: Told) -> dict[str, str]:
    return {
        "Bag-Software-Agent": SOFTWARE,
        "Bagging-Date": f"{told.made_at:%Y-%m-%d}",
        "External-Description": "Captures of a sousveil case, with the proof that they were logged",
        "External-Identifier": told.case.settings.origin,
    }


def _check(made: bagit.Bag, events: Iterable[Event]) -> None:
    """Raise EvidenceError when a file in the bag is not the one that was logged."""
    for event in events:
        if made.entries[f"{PAYLOAD}/{event.warc}"][_ALGORITHM] != event.warc_sha256:
            raise EvidenceError(
                f"{event.warc}: its SHA-256 is not the one that was logged, {event.warc_sha256}."
                " Nothing was exported. Run `sousveil verify`, and restore the file from a copy."
            )


def _put_zip(bag: Path, output: Output, pending: Path) -> None:
    """Write a bag as a ZIP file whose one folder it is, encrypted if it is for somebody alone."""
    with TemporaryFile(dir=pending) as plain, appearing(output.path) as file:
        with zipfile.ZipFile(plain, "w") as package:
            for path in sorted(bag.rglob("*")):
                package.write(path, path.relative_to(bag.parent).as_posix())
        plain.seek(0)
        if output.recipients:
            seal(plain, file, list(output.recipients))
        else:
            shutil.copyfileobj(plain, file)


def _sync(bag: Path) -> None:
    for path in sorted(bag.rglob("*")):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(bag)
