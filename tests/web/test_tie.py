"""A job's command ends with its desk, however that ends, and signs with the key unlocked there."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sousveil.case import locked, open_case
from sousveil.cli.main import INTERRUPTED
from sousveil.settings import key_path
from sousveil.tlog.passphrase import FILE_VARIABLE, forget, remember
from sousveil.web.jobs.runner import Jobs
from sousveil.web.jobs.store import Job
from sousveil.web.jobs.tie import VARIABLE, tie
from sousveil.web.jobs.work import Work
from tests.commands import sousveil
from tests.tlog.agefiles import under_passphrase

SECRET = "correct horse battery staple"
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


def test_a_command_of_a_desk_in_the_background_ends_when_asked(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert sousveil("init", case).status == 0
    command = [sys.executable, "-m", "sousveil", "visit", "--all", "--case", str(case)]
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with (
        locked(open_case(case)),
        subprocess.Popen(
            ignoring, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {VARIABLE: "yes"}, start_new_session=True,
        ) as child,
    ):  # fmt: skip
        assert child.stdin is not None
        assert child.stderr is not None
        tie(child.stdin)
        assert b"waiting for another" in child.stderr.readline()
        child.stdin.close()
        assert child.wait(ENDED_SECONDS) == INTERRUPTED


def test_a_command_that_nobody_ties_minds_no_end_of_its_input(tmp_path: Path) -> None:
    assert sousveil("init", tmp_path / "case").status == 0
    ran = subprocess.run(
        [sys.executable, "-m", "sousveil", "verify", "--case", str(tmp_path / "case")],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()


def test_a_command_signs_with_the_key_that_the_desk_unlocked(tmp_path: Path) -> None:
    assert sousveil("init", tmp_path / "case").status == 0
    key = key_path(open_case(tmp_path / "case").settings.origin)
    key.write_bytes(under_passphrase(key.read_bytes(), SECRET))
    remember(SECRET)
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
