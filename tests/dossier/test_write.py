import errno
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.dossier import write_dossier
from sousveil.errors import InputError
from tests.dossier.reports import EDITED, made_up_report

REPORT = made_up_report()
LATER = replace(REPORT, title="A later title", findings=(EDITED,))


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_dossier_is_written_where_asked_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    first_page = write_dossier(REPORT, tmp_path / "new" / "dossier")
    assert first_page == tmp_path / "new" / "dossier" / "index.html"
    assert first_page.is_file()
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["dossier"]


def test_an_earlier_dossier_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_dossier(REPORT, tmp_path / "dossier")
    write_dossier(LATER, tmp_path / "dossier")
    write_dossier(LATER, tmp_path / "other")
    assert files_in(tmp_path / "dossier") == files_in(tmp_path / "other")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["dossier", "other"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "dossier").mkdir()
    assert write_dossier(REPORT, tmp_path / "dossier").is_file()


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>my own site</h1>")
    before = files_in(tmp_path)
    with pytest.raises(InputError, match=r"exists and is not a dossier\. Choose an empty"):
        write_dossier(REPORT, tmp_path)
    assert files_in(tmp_path) == before


def test_what_a_person_put_into_a_dossier_is_not_deleted(tmp_path: Path) -> None:
    write_dossier(REPORT, tmp_path / "dossier")
    (tmp_path / "dossier" / "notes.txt").write_text("call the editor")
    with pytest.raises(InputError, match=r"holds notes\.txt, which no dossier wrote"):
        write_dossier(LATER, tmp_path / "dossier")
    assert (tmp_path / "dossier" / "notes.txt").read_text() == "call the editor"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dossier").write_text("x")
    with pytest.raises(InputError, match=r"is a file\. Name a folder"):
        write_dossier(REPORT, tmp_path / "dossier")


@pytest.mark.parametrize("failing", range(1, 15))
def test_when_the_disk_is_full_the_earlier_dossier_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The n-th write fails: style sheet, data, a page, …; or, past the last, a rename."""
    target = tmp_path / "dossier"
    write_dossier(LATER, target)
    earlier = files_in(target)
    write_bytes, rename, calls = Path.write_bytes, Path.rename, 0

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.ENOSPC, "No space left on device")

    def failing_write(path: Path, content: bytes) -> int:
        count()
        return write_bytes(path, content)

    def failing_rename(path: Path, to: Path) -> Path:
        count()
        return rename(path, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", failing_write)
        patched.setattr(Path, "rename", failing_rename)
        with pytest.raises(InputError, match="cannot be written: No space left"):
            write_dossier(REPORT, target)
    survivor = target if target.exists() else tmp_path / ".dossier.sousveil-old"
    assert files_in(survivor) == earlier
    write_dossier(LATER, target)
    assert files_in(target) == earlier
    assert [entry.name for entry in tmp_path.iterdir()] == ["dossier"]
