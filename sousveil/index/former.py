"""Former readings: what another engine had found in captures that were read again since.

No event tells them: they are kept so that people can be told what changed, and go with the index
file. `reindex` carries them over while that file can still be read.
"""

import sqlite3
from pathlib import Path

import msgspec

from sousveil.index.file import INDEX_FILE
from sousveil.index.store import Index
from sousveil.model import Finding

Record = tuple[str, int]  # WARC file below the case folder, and the record's offset in it

EARLIER_FILE = f"{INDEX_FILE}.earlier"


def former_findings(index: Index) -> dict[str, Finding]:
    """Return what was found in captures before they were read again, by id, each from its first."""
    earliest: dict[str, Finding] = {}
    for (data,) in index.rows(
        "SELECT f.data FROM former f JOIN capture c ON c.id = f.capture_id"
        " JOIN look l ON l.id = c.look_id ORDER BY c.captured_at, l.log_index, c.id"
    ):
        finding = msgspec.json.decode(data, type=Finding)
        earliest.setdefault(finding.id, finding)
    return earliest


def former_engines(index: Index) -> dict[Record, str]:
    """Return the engine that had read each capture before it was read again, by its record."""
    rows = index.rows(
        "SELECT warc, offset, former_engine FROM capture WHERE former_engine NOT NULL"
    )
    return {(warc, offset): engine for warc, offset, engine in rows}


def carry_over(index: Index, earlier: Path) -> bool:
    """Take former readings from an index that this one replaces, once all captures are read.

    Returns False when it holds nothing that can be read: it is no database, or from a version that
    wrote findings otherwise.
    """
    try:
        index.carry_over(earlier)
        former_findings(index)
    except (sqlite3.DatabaseError, msgspec.MsgspecError):
        index.forget_former()
        return False
    return True


def set_aside(folder: Path) -> Path | None:
    """Move a case's index aside, so that it can be made again; return where, None without one.

    One that was set aside before is kept instead: its successor was never finished.
    """
    path, earlier = folder / INDEX_FILE, folder / EARLIER_FILE
    if path.exists() and not earlier.exists():
        log = folder / f"{INDEX_FILE}-wal"
        if log.exists():  # SQLite looks for it beside the file, by name
            log.rename(folder / f"{EARLIER_FILE}-wal")
        path.rename(earlier)
    for left in folder.glob(f"{INDEX_FILE}*"):
        if not left.name.startswith(EARLIER_FILE):
            left.unlink()
    return earlier if earlier.exists() else None


def forget_aside(folder: Path) -> None:
    """Delete the index that was set aside."""
    for left in folder.glob(f"{EARLIER_FILE}*"):
        left.unlink()
