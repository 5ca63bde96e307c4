"""Bad input of every kind gets one clear line and exit status 2, and loses nothing."""

import errno
import io
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.case import Case
from sousveil.cli import options
from sousveil.ledger import read_events, writing
from tests.commands import Ran, lines, sousveil
from tests.conftest import NOW


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


def test_a_locked_case(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "PATIENCE_SECONDS", 0.0)
    with writing(case):
        refused(sousveil("visit", "--case", case.root), "another sousveil")
        refused(sousveil("add", "https://a.example/", "--case", case.root), "another sousveil")


def test_a_case_that_is_locked_for_a_moment_is_waited_for(case: Case) -> None:
    taken = threading.Event()

    def write() -> None:
        with writing(case):
            taken.set()
            time.sleep(0.5)

    writer = threading.Thread(target=write)
    writer.start()
    assert taken.wait(10)
    ran = sousveil("add", "https://a.example/", "--case", case.root)
    writer.join()
    assert ran.status == 0, ran.err
    assert "waiting for another sousveil to finish writing" in ran.err


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
    rows = (
        b'{"id": 1, "text": "A cake."}\nnot json\n{"id": 3}\n\n{"id": 4, "text": "\\ud800"}\n'
        + b"[" * 100_000
        + b"\n"
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows)))
    ran = sousveil("read", "-", "--json")
    assert ran.status == 1
    assert [("error" in line, line["id"]) for line in ran.json()] == [
        (False, 1),
        (True, None),
        (True, 3),
        (False, 4),
        (True, None),
    ]
    assert "line 6" in ran.json()[-1]["error"]


def test_help_and_version_are_no_errors() -> None:
    assert sousveil("--help").status == 0
    assert sousveil("--version").out.startswith("sousveil 0.")
    assert sousveil("doctor").status == 0
    assert "ethnicity" in sousveil("topics", "list").out


def test_a_case_may_be_named_before_the_command(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUSVEIL_CASE", "")
    assert sousveil("--case", case.root, "verify").status == 0


def test_what_vanished_from_a_target_that_is_not_watched_is_refused(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    refused(sousveil("changes", "nonsense", "--case", case.root), "nonsense")
    assert sousveil("changes", "https://a.example/", "--case", case.root).status == 0


def test_without_the_key_the_index_is_made_again_all_the_same(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "elsewhere"))
    for path in case.root.glob("index.sqlite*"):
        path.unlink()
    assert sousveil("reindex", "--case", case.root).status == 0
    assert sousveil("findings", "--case", case.root).status == 0
    refused(sousveil("add", "https://b.example/", "--case", case.root), "signing key is missing")


def test_a_wrong_topic_stops_a_visit_before_anybody_is_asked(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    settings = case.root / "case.toml"
    settings.write_text(settings.read_text().replace('"ethnicity"', '"weather"'))
    refused(sousveil("visit", "--case", case.root), "case.toml", "weather")
    settings.write_text(settings.read_text().replace('"weather"', '"ethnicity"'))
    (opened, added) = read_events(case)
    assert (opened.type, added.type) == ("case.opened", "watch.added")


def test_a_private_address_is_not_asked_and_says_how_to_allow_it(case: Case) -> None:
    sousveil("add", "http://127.0.0.1:9/", "--case", case.root)
    ran = sousveil("visit", "--case", case.root, "--json")
    (visit,) = ran.json()
    assert (ran.status, visit["verdict"]) == (0, "unknown")
    assert "not asked" in visit["outcome"]
    assert "allow_hosts in case.toml" in visit["outcome"]


def test_a_watch_that_is_added_again_takes_its_new_actor(case: Case) -> None:
    sousveil("add", "https://a.example/", "--every", "6h", "--case", case.root)
    ran = sousveil("add", "https://a.example/", "--actor", "A", "--case", case.root, "--json")
    (watch,) = ran.json()
    assert (watch["actor"], watch["every_seconds"]) == ("A", 6 * 3600)
    assert "already" in sousveil("add", "https://a.example/", "--case", case.root).out


def test_the_same_archive_is_taken_in_once(case: Case, tmp_path: Path) -> None:
    warc = tmp_path / "a.warc.gz"
    with WarcWriter(warc, "a.warc.gz", software="t", user_agent="t", now=NOW) as writer:
        writer.write_resource("https://a.example/", NOW, "text/plain", b"nothing of note")
    assert sousveil("import", warc, "--case", case.root).status == 0
    again = sousveil("import", warc, warc, "--case", case.root)
    assert (again.status, again.out.count("already in this case")) == (0, 1)
    assert len([event for event in read_events(case) if event.type == "import"]) == 1


def test_a_reader_that_has_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "sousveil", "topics", "show", "ethnicity", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(1)
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("delay_seconds = 2.0", "delay_seconds = nan", "at most 3600"),
        ("delay_seconds = 2.0", "delay_seconds = inf", "at most 3600"),
        ("delay_seconds = 2.0", "delay_seconds = 1e300", "at most 3600"),
        ("delay_seconds = 2.0", f"delay_seconds = 1{'0' * 400}", "at most 3600"),
        ("delay_seconds = 2.0", f"delay_seconds = 1{'0' * 5000}", "not valid TOML"),
        ("delay_seconds = 2.0", "delay_seconds = true", "must be a number"),
        ('user_agent = "', 'user_agent = "a\\r\\nCookie: b', "printable ASCII"),
        ('user_agent = "', 'user_agent = "Señor ', "printable ASCII"),
        ('topics = ["ethnicity"]', f"topics = {'[' * 100_000}", "lists within lists"),
    ],
)
def test_settings_that_cannot_be_used(case: Case, before: str, after: str, word: str) -> None:
    path = case.root / "case.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    refused(sousveil("visit", "--case", case.root), "case.toml", word)


def test_an_index_damaged_within_is_refused_and_made_again(case: Case) -> None:
    sousveil("add", "https://a.example/", "--case", case.root)
    for damage in (
        "UPDATE watch SET data = X'7B'",
        "UPDATE watch SET data = X'7B7D'",
        "DROP TABLE fate",
    ):
        with sqlite3.connect(case.root / "index.sqlite") as database:
            database.execute(damage)
        database.close()
        refused(sousveil("findings", "--case", case.root), "sousveil reindex")
        assert sousveil("reindex", "--case", case.root).status == 0
        assert sousveil("findings", "--case", case.root).status == 0


def test_options_that_are_not_utf8(case: Case, tmp_path: Path) -> None:
    bad = os.fsdecode(b"\xff")
    target = "https://a.example/"
    refused(sousveil("add", target, "--actor", bad, "--case", case.root), "--actor", "UTF-8")
    refused(sousveil("add", target + bad, "--case", case.root), "UTF-8")
    refused(sousveil("init", tmp_path / "new", "--title", bad), "--title", "UTF-8")
    refused(sousveil("init", tmp_path / "new", "--operator", bad), "--operator", "UTF-8")
    refused(sousveil("init", tmp_path / bad), "--title", "UTF-8")
    assert not (tmp_path / "new").exists()
    assert len(list(read_events(case))) == 1
