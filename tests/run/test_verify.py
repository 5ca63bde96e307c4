"""Verification names every file that was touched, and nothing else."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.case import Case, open_case
from sousveil.errors import CaseError, EvidenceError
from sousveil.ledger import read_events, writing
from sousveil.model import Fault
from sousveil.run.verify import verify_evidence
from sousveil.settings import head_path
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def quiet(done: int, total: int, note: str) -> None:
    """Show nothing."""


def faults_of(root: Path) -> tuple[Fault, ...]:
    return verify_evidence(open_case(root), quiet).faults


@pytest.fixture
def full(case: Case) -> Case:
    """A case with three archive files, in two months."""
    with writing(case) as writer:
        for number in range(3):
            pending = case.pending / f"{number}.warc.gz"
            at = datetime(2026, 1 + number % 2, 3, tzinfo=UTC)
            path = writer.new_warc_path(at)
            with WarcWriter(pending, path, software="test", user_agent="test", now=at) as records:
                records.write_resource("urn:test", at, "text/plain", b"kept %d" % number)
            writer.commit("visit", {"n": number}, now=at, warc=pending, warc_path=path)
    return case


def test_a_whole_case_has_no_fault(full: Case) -> None:
    result = verify_evidence(full, quiet)
    assert (result.faults, result.notes) == ((), ())
    assert (result.entries, result.files) == (4, 3)


def evidence_files(root: Path) -> list[Path]:
    return sorted(
        path
        for room in ("archive", "events", "log")
        for path in (root / room).rglob("*")
        if path.is_file()
    )


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, truncate, lengthen, remove])
def test_each_file_that_is_harmed_is_named(full: Case, harm: Callable[[Path], None]) -> None:
    for path in evidence_files(full.root):
        name = path.relative_to(full.root).as_posix()
        kept = path.read_bytes()
        harm(path)
        named = {fault.path for fault in faults_of(full.root)}
        assert any(name == one or name.startswith(f"{one}/") for one in named), (name, named)
        path.write_bytes(kept)
    assert faults_of(full.root) == ()


@pytest.mark.parametrize(
    "name",
    [
        "archive/2026/01/planted.warc.gz",
        "archive/planted",
        "events/2025-12.jsonl",
        "events/note.txt",
        "log/tile/0/000.p/9",
        "log/planted",
    ],
)
def test_a_planted_file_is_named(full: Case, name: str) -> None:
    (full.root / name).write_bytes(b'{"planted": true}\n')
    assert name in {fault.path for fault in faults_of(full.root)}


def test_two_archive_files_that_were_swapped_are_both_named(full: Case) -> None:
    first, second = [path for path in evidence_files(full.root) if path.suffix == ".gz"][:2]
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    named = {fault.path for fault in faults_of(full.root)}
    assert named == {path.relative_to(full.root).as_posix() for path in (first, second)}


def test_two_events_that_were_swapped_are_noticed(full: Case) -> None:
    path = full.root / "events" / "2026-01.jsonl"
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))
    problems = [fault.problem for fault in faults_of(full.root)]
    assert any("line 1" in problem for problem in problems)
    assert any("line 2" in problem for problem in problems)


def test_a_log_that_was_rolled_back_whole_is_noticed_by_the_keys_memory(
    case: Case, tmp_path: Path
) -> None:
    shutil.copytree(case.root, tmp_path / "older")
    with writing(case) as writer:
        writer.commit("note", {}, now=NOW)
    (fault,) = faults_of(tmp_path / "older")
    assert "were taken away" in fault.problem


def test_another_key_does_not_pass(full: Case, tmp_path: Path) -> None:
    assert sousveil("init", tmp_path / "other").status == 0
    other = open_case(tmp_path / "other").settings
    text = (full.root / "case.toml").read_text(encoding="utf-8")
    text = text.replace(json.dumps(full.settings.key), json.dumps(other.key))
    (full.root / "case.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=r"log\.origin is not the name"):
        open_case(full.root)
    text = text.replace(json.dumps(full.settings.origin), json.dumps(other.origin))
    (full.root / "case.toml").write_text(text, encoding="utf-8")
    assert "log/checkpoint" in {fault.path for fault in faults_of(full.root)}


def test_a_log_that_went_on_from_an_older_copy_is_a_fork_even_when_it_is_longer(
    case: Case, tmp_path: Path
) -> None:
    shutil.copytree(case.root, tmp_path / "older")
    head = head_path(case.settings.origin)
    older_head = head.read_bytes()
    with writing(case) as writer:
        writer.commit("note", {"fork": 1}, now=NOW)
    newer_head = head.read_bytes()
    head.write_bytes(older_head)  # as if the key had been copied to another machine
    with writing(open_case(tmp_path / "older")) as writer:
        for _ in range(3):
            writer.commit("note", {"fork": 2}, now=NOW)
    head.write_bytes(newer_head)
    (fault,) = faults_of(tmp_path / "older")
    assert "not a continuation" in fault.problem
    refused = writing(open_case(tmp_path / "older"))
    with pytest.raises(EvidenceError, match="not a continuation"):
        refused.__enter__()


def test_a_log_remade_under_another_key_names_the_wrong_key_in_its_first_event(
    case: Case, tmp_path: Path
) -> None:
    assert sousveil("init", tmp_path / "other").status == 0
    other = open_case(tmp_path / "other")
    for room in ("log", "events"):
        shutil.rmtree(other.root / room)
        (other.root / room).mkdir()
    head_path(other.settings.origin).unlink()
    (opened,) = read_events(case)
    with writing(other) as writer:
        writer.commit("case.opened", {k: v for k, v in opened.body.items() if k != "salt"}, now=NOW)
    assert {fault.path for fault in faults_of(other.root)} == {"case.toml"}


def test_a_file_that_two_entries_claim_is_named(full: Case) -> None:
    path = next(path for path in evidence_files(full.root) if path.suffix == ".gz")
    name = path.relative_to(full.root).as_posix()
    pending = full.pending / "other.warc.gz"
    pending.write_bytes(path.read_bytes())
    path.unlink()
    with writing(full) as writer:
        writer.commit("visit", {}, now=NOW, warc=pending, warc_path=name)
    assert any("2 entries" in fault.problem for fault in faults_of(full.root) if fault.path == name)


@pytest.mark.parametrize("journal", [b"{", b"[]", b'{"journal": "{}", "signature": "00"}'])
def test_a_journal_that_our_key_did_not_sign_is_not_followed(case: Case, journal: bytes) -> None:
    (case.root / "pending" / "commit.json").write_bytes(journal)
    refused = writing(case)
    with pytest.raises(EvidenceError, match="not written by this case's key"):
        refused.__enter__()
    assert faults_of(case.root) == ()


def test_events_that_are_missing_linked_or_no_files_are_named(full: Case) -> None:
    os.mkfifo(full.root / "events" / "2026-03.jsonl")
    assert "events/2026-03.jsonl" in {fault.path for fault in faults_of(full.root)}
    shutil.rmtree(full.root / "events")
    assert "events" in {fault.path for fault in faults_of(full.root)}


def test_what_an_interrupted_visit_left_is_a_note_and_no_fault(full: Case) -> None:
    (full.pending / "visit-abc.warc.gz").write_bytes(b"half")
    (full.root / "dossier").mkdir()
    result = verify_evidence(full, quiet)
    assert result.faults == ()
    assert len(result.notes) == 2


def test_the_command_names_the_file_and_exits_with_1(full: Case) -> None:
    path = next(path for path in evidence_files(full.root) if path.suffix == ".gz")
    flip(path)
    ran = sousveil("verify", full.root)
    assert ran.status == 1
    assert path.relative_to(full.root).as_posix() in ran.out
    assert ran.out.rstrip().splitlines()[-1].startswith("NOT whole")


def tampered(root: Path, sql: str, *values: object) -> tuple[int, str]:
    """Change the index by hand, and return what `verify` says of it."""
    with closing(sqlite3.connect(root / "index.sqlite", isolation_level=None)) as db:
        db.execute(sql, values)
    ran = sousveil("verify", root)
    return ran.status, ran.out


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """A case with one finding."""
    with serve() as site:
        case = case_for(tmp_path / "found", site)
        site.pages["/"] = Page(b"<p>Our camera infers the ethnicity of every face it sees.</p>")
        assert sousveil("add", "--case", case.root, f"{site.url}/").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    assert sousveil("verify", case.root).status == 0
    return case.root


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"infers the ethnicity", b"denies the ethnicity"),
        (b"archive/", b"/tmp/evil/"),
        (b'"log_index":2', b'"log_index":1'),
        (b'"label":"offers"', b'"label":"denies"'),
        (b'"score":0.', b'"score":0.0'),
        (b'"captured_at":"20', b'"captured_at":"19'),
    ],
)
def test_a_finding_that_was_changed_in_the_index_is_named(
    found: Path, old: bytes, new: bytes
) -> None:
    with closing(sqlite3.connect(found / "index.sqlite")) as db:
        ((data,),) = db.execute("SELECT data FROM sighting").fetchall()
    assert old in data
    status, said = tampered(found, "UPDATE sighting SET data = ?", data.replace(old, new))
    assert (status, "index.sqlite" in said) == (1, True)


def test_a_watch_or_an_event_that_was_changed_in_the_index_is_named(found: Path) -> None:
    with closing(sqlite3.connect(found / "index.sqlite")) as db:
        ((data,),) = db.execute("SELECT data FROM watch").fetchall()
    changed = data.replace(b'"kind":"page"', b'"kind":"repository"')
    status, said = tampered(found, "UPDATE watch SET data = ?", changed)
    assert (status, "watches are not those of the log" in said) == (1, True)
    status, said = tampered(found, "UPDATE sighting SET data = ?", b"{}")
    assert (status, "index.sqlite: cannot be read" in said) == (1, True)


def test_an_index_that_lags_behind_the_log_is_no_fault(found: Path) -> None:
    with writing(open_case(found)) as writer:
        writer.commit("note", {}, now=NOW)
    assert sousveil("verify", found).status == 0


def test_a_watch_that_was_changed_in_the_index_does_not_choose_whom_we_visit(found: Path) -> None:
    with closing(sqlite3.connect(found / "index.sqlite", isolation_level=None)) as db:
        ((data,),) = db.execute("SELECT data FROM watch").fetchall()
        changed = data.replace(b'"target":"http://127.0.0.1', b'"target":"http://127.0.0.2')
        db.execute("UPDATE watch SET data = ?", (changed,))
    assert changed != data
    (visit,) = sousveil("visit", "--all", "--case", found, "--json").json()
    assert visit["target"].startswith("http://127.0.0.1:")
