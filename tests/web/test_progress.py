"""A command that runs for the desk tells it how far it is, and nobody else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.cli.telling.screen import is_followed, progress
from sousveil.web.jobs.progress import VARIABLE, Progress, read_progress


def test_a_bar_is_written_down_where_the_desk_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    assert is_followed()
    with progress("visiting", 3) as bar:
        assert read_progress(path) == Progress("visiting", 0, 3)
        bar(3, 3, "[b]\x1bdone" + "x" * 999)
    told = read_progress(path)
    assert told is not None
    assert (told.title, told.done, told.total) == ("visiting", 3, 3)
    assert told.note.startswith("[b]<U+001B>done")
    assert len(told.note) < 80


def test_elsewhere_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with progress("visiting", 3) as bar:
        bar(1)
    assert list(tmp_path.iterdir()) == []


def test_before_anything_is_said_there_is_nothing(tmp_path: Path) -> None:
    assert read_progress(tmp_path / "progress.json") is None


@given(st.binary(max_size=200))
def test_any_bytes_are_progress_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    assert isinstance(read_progress(path), Progress | None)
