"""Whole scans on this machine: what ends one half-way changes nothing of what it comes to."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sousveil.scan.file.scan import scan_file
from sousveil.scan.file.values import FileReport, Job, Source
from sousveil.scan.job.manifest import read_manifest
from sousveil.scan.job.pool import Lost, crew_of
from sousveil.scan.job.run import Plan, Wish, plan_scan, scan
from tests.commands import sousveil
from tests.conftest import NOW
from tests.scan.job.crawls import CLAIM, DULL, crawl, crawls

ROOT = Path(__file__).parents[3]
FILES = 12


def deadly(source: Source, folder: Path, job: Job, marks: Path) -> FileReport:
    """Scan, and die amid some files once, as by somebody's `kill -9`; always at one of them."""
    number = int(Path(source.name).name[:3])
    mark = marks / str(number)
    if number == 7 or (number in {0, 5} and not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return scan_file(source, folder, job)


def in_processes(
    sources: Sequence[Source], folder: Path, job: Job, *, marks: Path | None = None
) -> Iterator[tuple[Source, FileReport | Lost]]:
    work = partial(scan_file, folder=folder, job=job)
    if marks is not None:
        work = partial(deadly, folder=folder, job=job, marks=marks)
    with crew_of(work, 2) as crew:
        yield from crew.run(sources)


def in_this_process(
    sources: Sequence[Source], folder: Path, job: Job
) -> Iterator[tuple[Source, FileReport | Lost]]:
    """Scan in another order than the inputs'."""
    for source in reversed(sources):
        yield source, scan_file(source, folder, job)


def plan(result: Path, *inputs: str) -> Plan:
    return plan_scan(Wish(inputs or ("in",), ("ethnicity",)), result, NOW)


def run(one: Plan, engine: object = in_this_process) -> None:
    scan(one, engine, lambda: NOW, lambda *_: None)  # type: ignore[arg-type]  # any of ours


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    crawls(tmp_path / "in", FILES)
    last = tmp_path / "in" / f"{FILES - 1:03}.warc.gz"
    crawl(last, FILES - 1, [CLAIM, *[DULL] * 300])  # takes a moment, for who ends a run before
    return tmp_path


@pytest.fixture
def whole(folder: Path) -> bytes:
    """Give the result of a scan that nothing disturbs."""
    run(plan(Path("whole.parquet")))
    return (folder / "whole.parquet").read_bytes()


@pytest.mark.usefixtures("whole")
def test_the_order_of_findings_is_that_of_the_inputs(folder: Path) -> None:
    files = pq.read_table(folder / "whole.parquet").column("file").to_pylist()
    assert files == [f"in/{number:03}.warc.gz" for number in range(FILES)]
    assert not (folder / "whole.scan").exists()


def test_processes_come_to_the_same_bytes(whole: bytes) -> None:
    run(plan(Path("other.parquet")), in_processes)
    assert Path("other.parquet").read_bytes() == whole


def test_deaths_of_processes_lose_and_double_nothing(whole: bytes, folder: Path) -> None:
    (folder / "marks").mkdir()
    one = plan(Path("killed.parquet"))
    run(one, partial(in_processes, marks=folder / "marks"))
    reports = read_manifest(one.manifest).reports
    lost = reports.pop("in/007.warc.gz")
    assert lost.ended == "refused"
    assert "killed by signal 9" in lost.problems[0]
    assert {report.ended for report in reports.values()} == {"read"}
    run(one, in_processes)  # tries again what was refused
    assert Path("killed.parquet").read_bytes() == whole
    told = read_manifest(one.manifest)
    assert told.totals is not None
    assert (told.totals.files, told.totals.refused, told.totals.findings) == (FILES, 0, FILES)


class EndedError(Exception):
    """What a test ends a run with."""


def test_a_run_that_ends_after_any_file_goes_on_to_the_same_bytes(whole: bytes) -> None:
    one = plan(Path("ended.parquet"))
    for _ in range(FILES):
        seen: list[Source] = []

        def engine(
            sources: Sequence[Source], folder: Path, job: Job, seen: list[Source] = seen
        ) -> Iterator[tuple[Source, FileReport | Lost]]:
            for source in sources:
                if seen:
                    scan_file(source, folder, job)  # its part is there, its line is not
                    raise EndedError
                seen.append(source)
                yield source, scan_file(source, folder, job)

        with contextlib.suppress(EndedError):
            run(one, engine)
        assert len(seen) == 1
    assert Path("ended.parquet").read_bytes() == whole


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(whole: bytes, folder: Path) -> None:
    command = [
        sys.executable, "-m", "sousveil", "scan", "in", "--topic", "ethnicity",
        "-o", "killed.parquet", "--workers", "2",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    manifest = folder / "killed.manifest.jsonl"
    deadline = time.monotonic() + 60
    for kills in (1, 3):
        child = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE)
        while child.poll() is None and time.monotonic() < deadline:
            if manifest.exists() and manifest.read_bytes().count(b"\n") > kills:
                child.kill()
            time.sleep(0.01)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
    assert subprocess.run(command, env=environment, cwd=folder, check=False).returncode == 0
    assert (folder / "killed.parquet").read_bytes() == whole


@pytest.mark.slow
def test_ctrl_c_ends_a_scan_that_goes_on_later(folder: Path) -> None:
    big = crawl(folder / "in" / "zzz.warc.gz", 99, [DULL] * 10_000)
    command = [sys.executable, "-m", "sousveil", "scan", "in", "--topic", "ethnicity"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [*command, "-o", "c.parquet"],
        env=environment, cwd=folder, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    manifest = folder / "c.manifest.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        manifest.exists() and manifest.read_bytes().count(b"\n") > 5
    ):
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert child.returncode == 130
    assert b"the same command goes on" in told
    assert b"Traceback" not in told
    assert big.path.name not in "".join(read_manifest(manifest).reports)
    assert not (folder / "c.parquet").exists()


@pytest.mark.usefixtures("no_processes")
def test_a_damaged_archive_is_told_and_ends_the_command_with_1(folder: Path) -> None:
    (folder / "in" / "050.warc.gz").write_bytes((folder / "in" / "001.warc.gz").read_bytes()[:700])
    (folder / "in" / "060.warc.gz").write_bytes(b"no archive")
    ran = sousveil("scan", "in", "--topic", "ethnicity", "--workers", 1)
    assert ran.status == 1
    assert "14 files: 12 read, 1 partly, 1 refused" in ran.out
    assert "in/050.warc.gz: partly read" in ran.out
    assert "in/060.warc.gz: refused" in ran.out
    assert "The same command tries again what was refused." in ran.out


def test_json_has_a_line_for_each_file_and_the_totals() -> None:
    ran = sousveil("scan", "in", "--topic", "ethnicity", "-o", "a.parquet", "--json")
    lines = ran.json()
    assert [line["line"] for line in lines] == ["file"] * FILES + ["totals"]
    assert lines[-1]["findings"] == FILES
    again = sousveil("scan", "in", "--topic", "ethnicity", "-o", "a.parquet", "--json")
    assert again.json() == lines[-1:]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "no such file or folder"),
        ([], "nothing to scan"),
        (["in", "--language", "zho"], "needs an index"),
        (["in", "--language", "zh"], "Chinese is zho"),
        (["in", "--since", "soon"], "is no date"),
        (["in", "-o", "hits.csv"], "written as Parquet"),
        (["in", "-o", "nowhere/hits.parquet"], "nowhere: no such folder"),
        (["in", "--topic", "nothing"], "nothing"),
        (["in", "--dask", "tcp://127.0.0.1:9"], "no scheduler answers there"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sousveil.scan.job.cluster.CONNECT_SECONDS", 0.5)
    ran = sousveil("scan", *arguments)
    assert ran.status == 2
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert not Path("hits.parquet").exists()


def test_another_topic_is_refused_and_nothing_changes(whole: bytes) -> None:
    ran = sousveil("scan", "in", "--topic", "religion", "-o", "whole.parquet")
    assert ran.status == 2
    assert "other topics" in ran.err
    assert Path("whole.parquet").read_bytes() == whole


def test_a_file_of_the_users_is_never_overwritten(folder: Path) -> None:
    (folder / "mine.parquet").write_bytes(b"mine")
    ran = sousveil("scan", "in", "-o", "mine.parquet")
    assert ran.status == 2
    assert "no manifest tells what it is" in ran.err
    assert (folder / "mine.parquet").read_bytes() == b"mine"


def test_an_estimate_tells_what_it_assumes(folder: Path) -> None:
    ran = sousveil("scan", "in", "--estimate", "--speed", "0.001", "--price-per-hour", "2")
    size = sum(path.stat().st_size for path in (folder / "in").iterdir())
    assert f"12 files, {size:,} bytes as stored" in ran.out
    assert "One core reads 0.0 MB a second, as was given." in ran.out
    measured = sousveil("scan", "in", "--estimate", "--json").json()[0]
    assert measured["bytes"] == size
    assert measured["core_hours"] == pytest.approx(size / measured["bytes_per_second"] / 3600)
    assert not list(folder.glob("*.parquet"))


@pytest.mark.usefixtures("no_processes")
def test_a_case_tells_what_to_look_for_and_who_is_who(folder: Path) -> None:
    sousveil("init", "case")
    (folder / "case" / "actors.toml").write_text(
        '[[actor]]\nname = "Vendor Three Ltd"\ndomains = ["vendor-3.example"]\n'
    )
    ran = sousveil("scan", "in", "--case", "case", "-o", "case.parquet")
    assert ran.status == 0, ran
    asked = read_manifest(folder / "case.manifest.jsonl").asked
    assert [one.name for one in asked.topics] == ["ethnicity"]
    publishers = [
        json.loads(row["attribution"])["publisher"]
        for row in pq.read_table("case.parquet").to_pylist()
    ]
    assert publishers[2:5] == ["vendor-2.example", "Vendor Three Ltd", "vendor-4.example"]
    (folder / "case" / "actors.toml").write_text("")
    again = sousveil("scan", "in", "--case", "case", "-o", "case.parquet")
    assert "other actors" in again.err


@pytest.mark.usefixtures("whole")
def test_files_that_changed_are_another_scan(folder: Path) -> None:
    crawl(folder / "in" / "003.warc.gz", 3, [CLAIM, CLAIM])
    ran = sousveil("scan", "in", "--topic", "ethnicity", "-o", "whole.parquet")
    assert "files are not the 12 that are there now" in ran.err
