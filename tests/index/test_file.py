"""The index's file is opened to write and to read, and told apart from what it is not."""

import sqlite3
from pathlib import Path

import pytest

from sousveil.errors import BusyError, CaseError
from sousveil.index import file as module
from sousveil.index.file import MissingIndexError, make_or_open, open_to_read
from sousveil.index.schema import SCHEMA_VERSION
from sousveil.index.store import Index


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "index.sqlite"
    make_or_open(path).close()
    return path


def test_what_is_not_there_or_holds_nothing_yet_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with pytest.raises(MissingIndexError, match="sousveil reindex"):
        open_to_read(path)
    path.touch()
    with pytest.raises(MissingIndexError):
        open_to_read(path)


def test_another_version_and_what_is_no_index_are_refused(path: Path, tmp_path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"no database at all" * 100)
    for one, why in ((path, f"its version is {SCHEMA_VERSION + 1}"), (other, "not a database")):
        for opened in (make_or_open, open_to_read):
            with pytest.raises(CaseError, match=why):
                opened(one)


def test_a_reader_sees_one_state_and_changes_nothing(path: Path) -> None:
    writer, reader = make_or_open(path), open_to_read(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM stale").fetchall() == [(0,)]
    writer.execute("INSERT INTO stale VALUES ('a')")
    assert reader.execute("SELECT count(*) FROM stale").fetchall() == [(0,)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO stale VALUES ('b')")
    reader.close()
    writer.close()


def test_only_where_nothing_can_be_written_a_file_is_read_as_one_that_does_not_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the log's name stands for media on which SQLite cannot make one."""
    path.with_name("index.sqlite-wal").mkdir()
    with pytest.raises(CaseError, match="unable to open"):
        open_to_read(path)
    monkeypatch.setattr("os.access", lambda *_: False)
    db = open_to_read(path)
    assert db.execute("SELECT count(*) FROM event").fetchall() == [(0,)]
    db.close()


def test_who_waits_too_long_for_another_writer_is_told_that_it_passes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    other, index = make_or_open(path), Index(path, create=True)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match="Try again in a while"), index.transaction():
        pytest.fail("it was not our turn")
    other.execute("ROLLBACK")
    with index.transaction():
        index.change("INSERT INTO stale VALUES ('a')")
    assert index.rows("SELECT * FROM stale") == [("a",)]
    index.close()
    other.close()
