"""The runner: one job after the other, each a `sousveil` of its own.

A child process and not a thread: it outlives the request and the page, it is the program that
people know, it can be stopped, and what it takes of memory it gives back. One at a time, since
nearly all of them write to the case, or must not be disturbed by who does. When the desk ends, it
asks the child to end, as Ctrl-C would, and does not leave before it is gone; when it is killed, the
child ends by itself (tie.py).
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sousveil.errors import BusyError
from sousveil.web.jobs.progress import VARIABLE, read_progress
from sousveil.web.jobs.store import (
    Job,
    State,
    drop_old,
    put_job,
    read_jobs,
    result_file,
)
from sousveil.web.jobs.tie import STOP_SECONDS, tie
from sousveil.web.jobs.tie import VARIABLE as TIED
from sousveil.web.jobs.work import Work

# More in a queue than these is a mistake, or somebody who presses a button again and again.
MAX_WAITING = 10

# Of what a command prints, the end is kept: a few hundred lines.
MAX_SAID_BYTES = 32 * 1024
_CHUNK_BYTES = 4_096

# Exit statuses of the command line (cli/main.py).
_STATES: dict[int, State] = {0: "done", 1: "wrong", 130: "stopped"}


class Jobs:
    """All jobs of a desk."""

    def __init__(self, folder: Path, case: Path, clock: Callable[[], datetime]) -> None:
        """Run jobs on the case in a folder; nothing is touched before one is asked for."""
        self.folder = folder
        self._case = case
        self._clock = clock
        self._jobs: dict[str, Job] | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._worker: threading.Thread | None = None
        self._stopping: set[str] = set()
        self._is_closed = False
        self._turn = threading.Condition()

    def all(self) -> list[Job]:
        """Return the jobs, the newest first."""
        with self._turn:
            return [self._with_progress(job) for job in reversed(self._known().values())]

    def find(self, job_id: str) -> Job | None:
        """Return one job as it is now; None when there is none."""
        with self._turn:
            job = self._known().get(job_id)
            return self._with_progress(job) if job else None

    def start(self, work: Work, by: str) -> Job:
        """Ask for something to be done in its turn; raises BusyError when too much waits."""
        with self._turn:
            known = self._known()
            for job in known.values():
                if not job.is_over and (job.command, job.by) == (work.command, by):
                    return job  # a button that was pressed twice
            if sum(not job.is_over for job in known.values()) >= MAX_WAITING:
                raise BusyError(
                    f"{MAX_WAITING} jobs wait already. Stop one, or ask again when some are done."
                )
            now = self._clock()
            drop_old(self.folder, known, now)
            job_id = secrets.token_hex(8)
            job = Job(job_id, work.title, by, work.command, now, gives=work.gives, form=work.form)
            self._put(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._worker.start()
            self._turn.notify_all()
            return job

    def stop(self, job_id: str) -> None:
        """End a job, or keep it from beginning; one that is over stays as it is."""
        with self._turn:
            job = self._known().get(job_id)
            if job is None or job.is_over:
                return
            if job.state == "waiting":
                self._put(replace(job, state="stopped", ended_at=self._clock()))
                return
            self._stopping.add(job_id)  # it may be about to start
            if self._running is not None:
                self._ask_to_end(self._running)

    def result(self, job: Job) -> Path | None:
        """Return the file that a job made; None when it made none."""
        path = result_file(self.folder, job)
        return path if job.gives and job.state == "done" and path.is_file() else None

    def put(self, job: Job) -> None:
        """Keep a job as it is."""
        with self._turn:
            self._put(job)

    def close(self) -> None:
        """End what runs, and begin nothing more."""
        with self._turn:
            self._is_closed = True
            if self._running is not None:
                self._ask_to_end(self._running)
            self._turn.notify_all()
        if self._worker is not None:
            self._worker.join(2 * STOP_SECONDS)

    # ------------------------------------------------------------ the worker

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._run(job)

    def _next(self) -> Job | None:
        """Wait for a job; None when the desk ends."""
        with self._turn:
            while not self._is_closed:
                waiting = (job for job in self._known().values() if job.state == "waiting")
                job = next(waiting, None)
                if job is not None:
                    job = replace(job, state="running", started_at=self._clock())
                    self._put(job)
                    return job
                self._turn.wait()
            return None

    def _run(self, job: Job) -> None:
        """Run a job's command to its end."""
        output = str(result_file(self.folder, job))
        given = [f"--output={output}"] if job.gives else []
        with subprocess.Popen(
            # -P: what lies in the folder where the desk was started is not taken for our program.
            [sys.executable, "-P", "-m", "sousveil", *job.command, *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "SOUSVEIL_CASE": str(self._case),
                VARIABLE: str(self._progress_file(job)),
                TIED: "yes",
            },
            start_new_session=True,  # Ctrl-C at the desk's terminal reaches it through us
        ) as process:
            if process.stdin is not None:
                tie(process.stdin)
            with self._turn:
                self._running = process
                if self._is_closed or job.id in self._stopping:
                    self._ask_to_end(process)
            self._listen(job.id, process)
            status = process.wait()
        with self._turn:
            self._running = None
            is_stopped = status < 0 or job.id in self._stopping
            state = "stopped" if is_stopped else _STATES.get(status, "refused")
            ended = replace(self._known()[job.id], state=state, ended_at=self._clock())
            said = ended.said.replace(output, job.gives) if job.gives else ended.said
            said = said.replace(f"{self.folder / job.id}/", "")  # where our files lie is ours
            self._put(replace(ended, said=said, progress=None))

    def _listen(self, job_id: str, process: "subprocess.Popen[bytes]") -> None:
        """Keep the end of what a command prints."""
        if process.stdout is None:
            return
        printed = b""
        while chunk := os.read(process.stdout.fileno(), _CHUNK_BYTES):
            printed = (printed + chunk)[-MAX_SAID_BYTES:]
            with self._turn:
                said = printed.decode("utf-8", "replace")
                known = self._known()
                known[job_id] = replace(known[job_id], said=said)

    def _progress_file(self, job: Job) -> Path:
        return self.folder / job.id / "progress.json"

    def _with_progress(self, job: Job) -> Job:
        if job.state != "running":
            return job
        return replace(job, progress=read_progress(self._progress_file(job)))

    def _ask_to_end(self, process: "subprocess.Popen[bytes]") -> None:
        """Ask a command to end as Ctrl-C does; if it does not, end it and all that it started."""
        process.send_signal(signal.SIGINT)

        def end() -> None:
            with self._turn:
                if self._running is process:  # or what it started still holds on to its output
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(STOP_SECONDS, end)
        timer.daemon = True
        timer.start()

    def _known(self) -> dict[str, Job]:
        """Return the jobs by id; called with the turn held."""
        if self._jobs is None:
            self._jobs = read_jobs(self.folder, self._clock())
        return self._jobs

    def _put(self, job: Job) -> None:
        put_job(self.folder, job)
        self._known()[job.id] = job
