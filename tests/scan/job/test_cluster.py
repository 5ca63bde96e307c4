"""A real scheduler and real workers, which really die."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from distributed import Client

from sousveil.errors import InputError
from sousveil.scan.file.values import FileReport, Job, Source
from sousveil.scan.job import cluster
from sousveil.scan.job.cluster import scan_on_cluster, scan_there
from sousveil.scan.job.manifest import Told, read_manifest
from sousveil.scan.job.run import Plan, Wish, plan_scan, scan
from tests.conftest import NOW
from tests.scan.job.crawls import CLAIM, DULL, crawl, crawls
from tests.scan.job.test_run import in_this_process

ROOT = Path(__file__).parents[3]
FILES = 8


class Cluster:
    """A scheduler with two workers, each under a nanny."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start_scheduler()
        for _ in range(2):
            self.start_worker()

    def start_worker(self) -> None:
        self._start(
            "worker", self.address, "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(self._folder),
        )  # fmt: skip

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        return self.scheduler

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def workers(self) -> list[int]:
        """Return the processes of the workers that the scheduler knows."""
        with Client(self.address, timeout=20, set_as_default=False) as client:
            return list(client.run(os.getpid).values())

    def wait(self, workers: int) -> None:
        with Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def end(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    crawls(tmp_path / "in", FILES)
    crawl(tmp_path / "in" / "000.warc.gz", 0, [CLAIM, *[DULL] * 2_000])
    crawl(tmp_path / "in" / "001.warc.gz", 1, [CLAIM, *[DULL] * 2_000])
    return tmp_path


@pytest.fixture
def two(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        made.wait(2)
        yield made
    finally:
        made.end()


def plan(result: str) -> Plan:
    return plan_scan(Wish(("in",), ("ethnicity",)), Path(result), NOW)


def undisturbed() -> bytes:
    scan(plan("whole.parquet"), in_this_process, lambda: NOW, lambda *_: None)
    return Path("whole.parquet").read_bytes()


def on(one: Cluster, result: str, after: int = 0, then: Callable[[], object] = int) -> None:
    """Scan on a cluster; do something after so many files."""
    done: list[object] = []

    def tell(_: Told, report: FileReport | None) -> None:
        done.append(report)
        if after and len(done) == after + 1:
            then()

    scan(plan(result), partial(scan_on_cluster, one.address), lambda: NOW, tell)


@pytest.mark.slow
def test_deaths_of_workers_and_scheduler_lose_and_double_nothing(
    two: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5.0)
    whole = undisturbed()

    def kill_a_worker() -> None:
        os.kill(two.workers()[0], signal.SIGKILL)

    on(two, "worker.parquet", 2, kill_a_worker)
    assert Path("worker.parquet").read_bytes() == whole

    def kill_the_scheduler() -> None:
        two.scheduler.kill()
        two.scheduler.wait()

    with pytest.raises(InputError, match="no scheduler answers there"):
        on(two, "scheduler.parquet", 3, kill_the_scheduler)
    done = read_manifest(folder / "scheduler.manifest.jsonl").reports
    assert 3 <= len(done) < FILES
    two.start_scheduler()
    two.start_worker()  # those of the one that died end with it
    two.wait(1)
    on(two, "scheduler.parquet")
    assert Path("scheduler.parquet").read_bytes() == whole


def poisoned(source: Source, job: Job, expected: Mapping[str, str]) -> tuple[FileReport, bytes]:
    """Scan, but for one file, which ends whoever reads it."""
    if source.name.endswith("003.warc.gz"):
        os.kill(os.getpid(), signal.SIGKILL)
    return scan_there(source, job, expected)


@pytest.mark.slow
def test_a_file_that_ends_workers_is_refused_and_no_other_is_lost(
    two: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "scan_there", poisoned)
    on(two, "hits.parquet")
    reports = read_manifest(folder / "hits.manifest.jsonl").reports
    lost = reports.pop("in/003.warc.gz")
    assert lost.ended == "refused"
    assert lost.problems == ("the workers that read it died, also when it was tried by itself",)
    assert len(reports) == FILES - 1
    assert {one.ended for one in reports.values()} == {"read"}
