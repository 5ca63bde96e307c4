"""Archive files are checked alike by one process and by several, and by none for nothing."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.case import Case
from sousveil.errors import CaseError
from sousveil.ledger import writing
from sousveil.model import Fault
from sousveil.run.evidence import archives, entries, pool
from sousveil.run.evidence.pool import workers
from sousveil.run.verify import verify_evidence

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def visited(case: Case) -> list[Path]:
    """The archive files of a case with six visits."""
    paths = []
    with writing(case) as writer:
        for number in range(6):
            pending = case.pending / f"{number}.warc.gz"
            path = writer.new_warc_path(NOW)
            with WarcWriter(pending, path, software="test", user_agent="test", now=NOW) as records:
                records.write_resource("urn:test", NOW, "text/plain", b"kept %d" % number)
            writer.commit("visit", {"n": number}, now=NOW, warc=pending, warc_path=path)
            paths.append(case.root / path)
    return paths


@pytest.fixture
def by_several(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the next check be shared among processes, two files each, while the log is read."""

    def share() -> None:
        monkeypatch.setattr(pool, "MIN_SHARED_BYTES", 0)
        monkeypatch.setattr(archives, "TASK_FILES", 2)
        monkeypatch.setattr(entries, "TOLD_EVERY", 1)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})

    return share


def faults_of(case: Case) -> tuple[Fault, ...]:
    return verify_evidence(case, lambda *_: None).faults


def test_several_processes_find_what_one_finds(
    case: Case, visited: list[Path], by_several: Callable[[], None]
) -> None:
    changed, cut, gone = visited[0], visited[2], visited[5]
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    cut.write_bytes(cut.read_bytes()[:-1])
    gone.unlink()
    by_one = faults_of(case)
    by_several()
    assert faults_of(case) == by_one
    named = {case.root / fault.path for fault in by_one}
    assert named == {changed, cut, gone}


def test_nothing_is_said_of_files_that_were_read_when_the_log_proves_to_be_none(
    case: Case, visited: list[Path], by_several: Callable[[], None]
) -> None:
    visited[0].write_bytes(b"changed")
    (bundle,) = (case.log / "tile" / "entries").rglob("7")
    entry = bundle.read_bytes()
    bundle.write_bytes(entry[:-1] + b"]")
    by_one = verify_evidence(case, lambda *_: None)
    by_several()
    assert verify_evidence(case, lambda *_: None) == by_one
    assert by_one.files == 0
    assert all(fault.path.startswith("log") for fault in by_one.faults)


def test_a_process_that_the_system_ends_is_no_verdict(
    by_several: Callable[[], None], tmp_path: Path
) -> None:
    by_several()
    with pytest.raises(CaseError, match="ended by the system"), workers(tmp_path) as several:
        several.submit(signal.raise_signal, signal.SIGKILL).result()
