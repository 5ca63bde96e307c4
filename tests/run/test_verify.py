"""Verification names every file that was touched, and nothing else."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.case import Case, open_case, writing
from sousveil.model import Fault
from sousveil.run.verify import verify_evidence
from tests.commands import sousveil

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
            with WarcWriter(
                pending, path, software="test", operator=None, user_agent="test", now=at
            ) as records:
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
    other = sousveil("init", tmp_path / "other")
    assert other.status == 0
    settings = (full.root / "case.toml").read_text(encoding="utf-8")
    foreign = open_case(tmp_path / "other").settings.key
    text = settings.replace(json.dumps(full.settings.key), json.dumps(foreign))
    (full.root / "case.toml").write_text(text, encoding="utf-8")
    assert "log/checkpoint" in {fault.path for fault in faults_of(full.root)}


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
