"""Jobs on disk: what was asked for, by whom, and what came of it.

In the desk's folder of the configuration, which is its owner's alone: a job is no evidence. Each
has a folder with `job.json`, what its command says of its progress, and the file that it makes.
What was under way when the desk ended is told as ended with it.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from sousveil.durable import write_durably
from sousveil.settings import config_folder
from sousveil.web.jobs.progress import Progress

# Files that were made are fetched within days, or made again; an export may have gigabytes.
KEPT_FOR = timedelta(days=7)
MAX_KEPT = 50
MAX_JOB_BYTES = 2**20  # of job.json: a command, and the end of what it said

State: TypeAlias = Literal["waiting", "running", "done", "wrong", "refused", "stopped"]
"""Done and all is well; done, and something was found wrong; refused or failed; stopped."""

ENDED = frozenset({"done", "wrong", "refused", "stopped"})


@dataclass(frozen=True, slots=True)
class Job:
    """Something that somebody asked for."""

    id: str
    title: str
    by: str  # a user's name
    command: tuple[str, ...]
    asked_at: datetime
    gives: str = ""  # name of the file that it makes; "" for none
    state: State = "waiting"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    said: str = ""  # the end of what the command printed
    progress: Progress | None = None
    form: tuple[tuple[str, str], ...] = ()  # fields for the form that follows

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ENDED


def jobs_folder(origin: str) -> Path:
    """Return where the jobs of the case lie whose log is named `origin`."""
    return config_folder() / "desk" / origin.replace("/", "-") / "jobs"


def result_file(folder: Path, job: Job) -> Path:
    """Return where the file is that a job makes."""
    return folder / job.id / ("result" + Path(job.gives).suffix)


def put_job(folder: Path, job: Job) -> None:
    """Keep a job as it is now."""
    place = folder / job.id
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(place / "job.json", msgspec.json.encode(job), private=True)


def read_jobs(folder: Path, now: datetime) -> dict[str, Job]:
    """Return the jobs of an earlier desk, by id, the oldest first; what cannot be read goes."""
    found = []
    for path in sorted(folder.glob("*/job.json")):
        try:
            with path.open("rb") as file:
                job = msgspec.json.decode(file.read(MAX_JOB_BYTES), type=Job)
        except msgspec.MsgspecError:
            shutil.rmtree(path.parent)
            continue
        if not job.is_over:
            said = job.said + "\nThe desk ended before this was done."
            job = replace(job, state="stopped", ended_at=now, said=said.strip())
            put_job(folder, job)
        found.append(job)
    return {job.id: job for job in sorted(found, key=lambda one: one.asked_at)}


def drop_old(folder: Path, jobs: dict[str, Job], now: datetime) -> None:
    """Remove the jobs that are over and too old, or too many, with the files that they made."""
    over = [job for job in jobs.values() if job.is_over]
    for number, job in enumerate(reversed(over)):
        if number >= MAX_KEPT or now - (job.ended_at or job.asked_at) > KEPT_FOR:
            shutil.rmtree(folder / job.id, ignore_errors=True)
            del jobs[job.id]
