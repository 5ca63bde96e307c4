"""The index's file: made, and opened, for the one who writes or for those who read.

Takes a path and gives a connection of SQLite on which no transaction is open. One who writes waits
for another's transaction to end; readers wait for nobody and see one state for as long as they ask
(SQLite, "Write-Ahead Logging"). They change nothing, not even beside the file.
"""

import os
import sqlite3
from pathlib import Path

from sousveil.errors import BusyError, CaseError
from sousveil.index.schema import SCHEMA, SCHEMA_VERSION, TRIGGERS

INDEX_FILE = "index.sqlite"

# A transaction of another's ends within a second; a checkpoint of a large write-ahead log on a slow
# disk takes some more.
BUSY_SECONDS = 10.0

# What SQLite says where the files beside the index, by which it keeps readers and the writer apart,
# are not there and cannot be made ("Read-Only Databases").
_CANNOT_WRITE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


class MissingIndexError(CaseError):
    """There is no index yet, or its making was cut short before anything was in it."""


def make_or_open(path: Path) -> sqlite3.Connection:
    """Open the index to write, and make it where there is none.

    Raises BusyError when another's transaction does not end, and CaseError for one that cannot be
    used or is of another version.
    """
    try:
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        # In WAL mode a power cut then takes the newest transactions, whole, and nothing else; they
        # follow from the log again.
        db.execute("PRAGMA synchronous = NORMAL")
        # What is replaced is deleted, to triggers, too.
        db.execute("PRAGMA recursive_triggers = ON")
        if _version(db) == 0:
            _make(db)
        _check_version(db)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the index to read.

    Raises MissingIndexError where there is none, and CaseError as `make_or_open`.
    """
    if not path.exists():
        raise _missing(path)
    try:
        db = _reader(path)
        if _version(db) == 0:
            db.close()
            raise _missing(path)
        _check_version(db)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    return db


def is_busy(error: sqlite3.Error) -> bool:
    """Whether SQLite only says that somebody else is at it."""
    return isinstance(error, sqlite3.OperationalError) and _primary(error) == sqlite3.SQLITE_BUSY


def unusable(path: Path, error: sqlite3.Error) -> CaseError:
    """Return what is told of an index that SQLite cannot use."""
    if is_busy(error):
        return BusyError(f"{path}: another sousveil is writing to the index. Try again in a while.")
    return CaseError(
        f"{path}: the index cannot be used ({error}). Make it again with `sousveil reindex`; no"
        " evidence is in it."
    )


def _missing(path: Path) -> MissingIndexError:
    return MissingIndexError(
        f"{path}: the index is missing. Make it again with `sousveil reindex`."
    )


def _make(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN IMMEDIATE")
    for statement in (*SCHEMA.split(";"), *TRIGGERS):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    return int(version)


def _check_version(db: sqlite3.Connection) -> None:
    version = _version(db)
    if version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"its version is {version}, not {SCHEMA_VERSION}")


def _reader(path: Path) -> sqlite3.Connection:
    """Open a file that others may be writing.

    On media that cannot be written nobody is: there, and nowhere else, SQLite is told that the file
    does not change. Told so of one that does change, it would read half of a transaction.
    """
    uri = path.resolve().as_uri()
    db = sqlite3.connect(f"{uri}?mode=ro", timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    try:
        _version(db)
    except sqlite3.OperationalError as error:
        db.close()
        if _primary(error) not in _CANNOT_WRITE or os.access(path.parent, os.W_OK):
            raise
        return sqlite3.connect(f"{uri}?mode=ro&immutable=1", isolation_level=None, uri=True)
    return db


def _primary(error: sqlite3.OperationalError) -> int:
    """Return the primary of SQLite's result codes, which its extended ones begin with."""
    return error.sqlite_errorcode & 0xFF
