"""`sousveil export` says what it wrote, and refuses in one line."""

import zipfile
from pathlib import Path

import pytest

from sousveil.case import Case
from tests.commands import lines, sousveil
from tests.sites import Page, case_for, serve


@pytest.fixture
def visited(tmp_path: Path) -> Case:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        site.pages["/"] = Page(b"<title>Front</title><p>Hello")
        assert sousveil("add", "--case", case.root, f"{site.url}/").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    return case


def test_it_writes_the_package_and_tells_what_is_in_it(visited: Case, tmp_path: Path) -> None:
    output = tmp_path / "a.wacz"
    ran = sousveil("export", "--case", visited.root, "--format", "wacz", "-o", output)
    assert ran.status == 0, ran.err
    assert ran.out.splitlines() == [str(output)]
    assert "1 archive files, 1 records, 1 pages" in ran.err
    assert zipfile.is_zipfile(output)


def test_with_json_it_prints_one_line(visited: Case, tmp_path: Path) -> None:
    output = tmp_path / "a.wacz"
    ran = sousveil("export", "--case", visited.root, "--format", "wacz", "-o", output, "--json")
    (told,) = ran.json()
    assert told["file"] == str(output)
    assert told["size_bytes"] == output.stat().st_size
    assert (told["archive_files"], told["pages"], told["notes"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "wacz", "-o", "case"], "ends in .wacz"),
        (["--format", "wacz", "-o", "a.wacz", "https://b.example/"], "not watched"),
        (["--format", "zip", "-o", "a.wacz"], "--format"),
        (["-o", "a.wacz"], "--format"),
        (["--format", "wacz"], "--output"),
    ],
)
def test_it_refuses_in_one_line(
    visited: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = sousveil("export", "--case", visited.root, *options)
    assert ran.status == 2
    (line,) = lines(ran.err)
    assert words in line
    assert not (tmp_path / "a.wacz").exists()
