"""Former readings: what another engine had found in captures that were read again since.

No event tells them: they are kept so that people can be told what changed, and go with the index
file. `reindex` carries them over while that file can still be read.
"""

import sqlite3
from pathlib import Path

import msgspec

from sousveil.index.file import INDEX_FILE
from sousveil.index.schema import SCHEMA_VERSION
from sousveil.index.store import Index
from sousveil.model import Finding

Record = tuple[str, int]  # WARC file below the case folder, and the record's offset in it

EARLIER_FILE = f"{INDEX_FILE}.earlier"

# What `_carry` takes from an earlier index, where a record is the same capture: first what
# another engine had found, then what was a former reading there already.
_SAME = "c.warc = e.warc AND c.offset = e.offset AND c.url = e.url"
_CARRIED_READINGS = (
    f"""INSERT OR REPLACE INTO main.former SELECT s.finding_id, c.id, s.data FROM earlier.sighting s
        JOIN earlier.capture e ON e.id = s.capture_id
        JOIN main.capture c ON {_SAME} WHERE e.engine != c.engine""",
    f"""UPDATE main.capture AS c SET former_engine = e.engine FROM earlier.capture e
        WHERE {_SAME} AND e.engine != c.engine""",
)
_CARRIED_FORMER = (
    f"""INSERT OR REPLACE INTO main.former SELECT f.finding_id, c.id, f.data FROM earlier.former f
        JOIN earlier.capture e ON e.id = f.capture_id
        JOIN main.capture c ON {_SAME} WHERE e.engine = c.engine""",
    f"""UPDATE main.capture AS c SET former_engine = e.former_engine FROM earlier.capture e
        WHERE {_SAME} AND e.engine = c.engine""",
)


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
        _carry(index, earlier)
        former_findings(index)
    except (sqlite3.DatabaseError, msgspec.MsgspecError):
        _forget(index)
        return False
    return True


def _carry(index: Index, earlier: Path) -> None:
    """Take what an index that is being made again said of captures, as their former reading.

    Of captures that it had read by another engine, what it found; of the others, what was their
    former reading there. An index of another version may lack the latter.
    """
    index.change("ATTACH DATABASE ? AS earlier", str(earlier))
    try:
        ((version,),) = index.rows("PRAGMA earlier.user_version")
        with index.transaction():
            is_same = version == SCHEMA_VERSION
            for statement in (*_CARRIED_READINGS, *(_CARRIED_FORMER if is_same else ())):
                index.change(statement)
    finally:
        index.change("DETACH DATABASE earlier")


def _forget(index: Index) -> None:
    """Forget all former readings."""
    with index.transaction():
        index.change("DELETE FROM former")
        index.change("UPDATE capture SET former_engine = NULL")


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
