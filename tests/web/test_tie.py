"""A job's command ends with its desk, however that ends, and signs with the key unlocked there."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.case import locked, open_case
from sousveil.tlog.passphrase import FILE_VARIABLE, forget
from sousveil.web.jobs.runner import Jobs
from sousveil.web.jobs.store import Job
from sousveil.web.jobs.work import Work
from tests.commands import sousveil

ENDED_SECONDS = 30  # of a machine that has other work to do
DESK = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from sousveil.web.jobs.runner import Jobs
from sousveil.web.jobs.work import Work

jobs = Jobs(Path(sys.argv[1]), Path(sys.argv[2]), lambda: datetime.now(UTC))
job = jobs.start(Work("Visit", ("visit", "--all")), "Ada")
while "waiting for another" not in jobs.find(job.id).said:
    time.sleep(0.05)
print(jobs._running.pid, flush=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Tell whether a program goes on; one whose end nobody asks after does not."""
    ps = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def over(jobs: Jobs, job: Job) -> Job:
    """Wait for a job's end."""
    until = time.monotonic() + ENDED_SECONDS
    while time.monotonic() < until:
        found = jobs.find(job.id)
        if found is not None and found.is_over:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{job.title}: not over after {ENDED_SECONDS} s")


def test_a_command_ends_when_its_desk_is_killed(tmp_path: Path) -> None:
    assert sousveil("init", tmp_path / "case").status == 0
    with locked(open_case(tmp_path / "case")):
        command = [sys.executable, "-c", DESK, str(tmp_path / "jobs"), str(tmp_path / "case")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as desk:
            assert desk.stdout is not None
            pid = int(desk.stdout.readline())
            assert is_running(pid)
            desk.kill()
        until = time.monotonic() + ENDED_SECONDS
        while is_running(pid):
            assert time.monotonic() < until, "it goes on"
            time.sleep(0.05)


def test_a_command_that_nobody_ties_minds_no_end_of_its_input(tmp_path: Path) -> None:
    assert sousveil("init", tmp_path / "case").status == 0
    ran = subprocess.run(
        [sys.executable, "-m", "sousveil", "verify", "--case", str(tmp_path / "case")],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()


def test_a_command_signs_with_the_key_that_the_desk_unlocked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").write_text("correct horse battery staple\n")
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "words"))
    assert sousveil("init", "--passphrase", tmp_path / "case").status == 0
    monkeypatch.delenv(FILE_VARIABLE)
    jobs = Jobs(tmp_path / "jobs", tmp_path / "case", lambda: datetime.now(UTC))
    try:
        signed = over(jobs, jobs.start(Work("Add", ("add", "https://halden.example/")), "Ada"))
        assert signed.state == "done", signed.said
        assert "battery" not in signed.said + os.environ.get(FILE_VARIABLE, "")
        forget()
        refused = over(jobs, jobs.start(Work("Add", ("add", "https://lantern.example/")), "Ada"))
        assert refused.state == "refused"
        assert "passphrase" in refused.said
    finally:
        forget()
        jobs.close()
