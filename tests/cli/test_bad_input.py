"""Bad input of every kind gets one clear line and exit status 2, and loses nothing."""

import errno
import io
import os
import sys
from pathlib import Path

import pytest

from sousveil.case import Case, writing
from tests.commands import Ran, lines, sousveil


def refused(ran: Ran, *words: str) -> None:
    """Check that a command was refused in one line that holds these words."""
    assert ran.status == 2, (ran.out, ran.err)
    (line,) = lines(ran.err)
    assert line.startswith("sousveil: ")
    for word in words:
        assert word in line
    assert "Traceback" not in line


def test_a_missing_folder(tmp_path: Path) -> None:
    refused(sousveil("findings", "--case", tmp_path / "missing"), "no such folder", "init")
    refused(sousveil("verify", tmp_path / "missing"), "no such folder")


def test_a_folder_that_is_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(sousveil("verify", tmp_path), "not a case")
    monkeypatch.chdir(tmp_path)
    refused(sousveil("visit"), "not in a case", "--case")


def test_a_case_where_there_is_something_already(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(sousveil("init", tmp_path), "not empty")


def test_a_locked_case(case: Case) -> None:
    with writing(case):
        refused(sousveil("visit", "--case", case.root), "another sousveil")
        refused(sousveil("add", "https://a.example/", "--case", case.root), "another sousveil")


def test_a_case_found_from_a_folder_inside_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sousveil("add", "https://a.example/", "--case", case.root).status == 0
    monkeypatch.chdir(case.root / "archive")
    assert sousveil("findings").status == 0


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("ftp://a.example/", "only http"),
        ("https://", "no host"),
        ("not-there", "no such folder"),
        ("https://u:p@a.example/", "password"),
    ],
)
def test_a_bad_target(case: Case, target: str, word: str) -> None:
    before = sorted(path.name for path in case.root.rglob("*"))
    refused(sousveil("add", target, "--case", case.root), word)
    assert sorted(path.name for path in case.root.rglob("*")) == before


def test_one_bad_target_among_good_ones_adds_none(case: Case) -> None:
    refused(sousveil("add", "https://a.example/", "nope://b", "--case", case.root), "nope://b")
    refused(sousveil("visit", "--all", "--case", case.root), "nothing is watched")


def test_a_watch_that_is_not_there(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    refused(sousveil("visit", "https://b.example/", "--case", case.root), "not watched")


def test_an_unknown_topic(case: Case, tmp_path: Path) -> None:
    refused(sousveil("read", tmp_path, "--topic", "weather"), "weather")
    text = (case.root / "case.toml").read_text(encoding="utf-8")
    (case.root / "case.toml").write_text(text.replace('"ethnicity"', '"weather"'))
    sousveil("add", "https://a.example/", "--case", case.root)
    refused(sousveil("analyse", "--case", case.root), "weather")


def test_an_unknown_finding_label_or_option(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    refused(sousveil("show", "abc", "--case", case.root), "no such finding")
    refused(sousveil("findings", "--label", "claims", "--case", case.root), "no such label")
    refused(sousveil("findings", "--colour", "--case", case.root), "--colour")
    refused(sousveil("add", "https://a.example/", "--every", "often", "--case", case.root), "often")
    refused(sousveil("frobnicate"), "frobnicate")


def test_files_to_import_or_read_that_are_not_there(case: Case, tmp_path: Path) -> None:
    refused(sousveil("import", tmp_path / "no.warc", "--case", case.root), "no such file")
    refused(sousveil("read", tmp_path / "no.html"), "no such file")
    (tmp_path / "empty").mkdir()
    refused(sousveil("import", tmp_path / "empty", "--case", case.root), "no WARC")


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>Our camera infers the ethnicity of every face it sees.</p>")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n\0\0")
    ran = sousveil("read", page, broken, "--json")
    assert ran.status == 1
    assert "broken.pdf" in ran.err
    assert [finding["label"] for finding in ran.json()] == ["offers"]


def test_a_file_that_is_no_archive_is_not_taken_in(case: Case, tmp_path: Path) -> None:
    note = tmp_path / "note.warc"
    note.write_text("just a note")
    ran = sousveil("import", note, "--case", case.root)
    assert ran.status == 1
    assert "not taken in" in ran.out
    assert sousveil("verify", case.root).status == 0


def test_a_broken_index_is_refused_and_made_again(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    for path in case.root.glob("index.sqlite*"):
        path.unlink()
    (case.root / "index.sqlite").write_bytes(b"no database, but sixteen bytes or more")
    refused(sousveil("findings", "--case", case.root), "reindex")
    assert sousveil("reindex", "--case", case.root).status == 0
    assert sousveil("findings", "--case", case.root).status == 0


def test_a_full_disk_is_said_in_one_line_and_the_case_stays_whole(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    left = [2]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(case.root))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    refused(sousveil("add", "https://a.example/", "--case", case.root), "No space left")
    monkeypatch.setattr(os, "fsync", real)
    assert sousveil("add", "https://b.example/", "--case", case.root).status == 0
    assert sousveil("verify", case.root).status == 0


def test_a_dossier_never_replaces_what_is_not_one(case: Case, tmp_path: Path) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    ran = sousveil("dossier", "-o", tmp_path / "mine", "--case", case.root)
    refused(ran, "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_lines_that_are_no_passage_get_an_answer_each(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b'{"id": 1, "text": "A cake."}\nnot json\n{"id": 3}\n\n{"id": 4, "text": ""}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows)))
    ran = sousveil("read", "-", "--json")
    assert ran.status == 1
    assert [("error" in line, line["id"]) for line in ran.json()] == [
        (False, 1),
        (True, None),
        (True, None),
        (False, 4),
    ]


def test_help_and_version_are_no_errors() -> None:
    assert sousveil("--help").status == 0
    assert sousveil("--version").out.startswith("sousveil 0.")
    assert sousveil("doctor").status == 0
    assert "ethnicity" in sousveil("topics", "list").out
