"""Other watchers of pages, run as programs of their own from environments below .cache/bench.

Each is set up with its defaults, but for what loopback needs. A `Watcher` takes the pages in at
its first run and only looks again at those after it.
"""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import AbsentError, installed

URLWATCH = "urlwatch==2.29"
WEBCHANGES = "webchanges==3.37.0"
CHANGEDETECTION = "changedetection.io==0.60.10"
RUN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run of a program took."""

    seconds: float
    cpu_seconds: float
    megabytes: float  # resident, at the most


def spent(command: Sequence[str | Path], folder: Path, **environment: str) -> Spent:
    """Run a program to its end; raises AbsentError when it fails."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    log = folder / "log"
    with log.open("ab") as out:
        running = subprocess.Popen(
            command, cwd=folder, env=os.environ | environment, stdout=out, stderr=out
        )
        peak = 0
        while running.poll() is None:
            peak = max(peak, _resident(running.pid))
            time.sleep(0.02)
            if time.monotonic() - begun > RUN_SECONDS:
                running.kill()
    seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if running.returncode:
        last = log.read_text("utf-8", "replace").splitlines()[-1:]
        raise AbsentError(f"{Path(command[0]).name} ended with {running.returncode}: {last}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(seconds, cpu, peak / 2**20)


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGESIZE")


def urlwatch(urls: Sequence[str], folder: Path) -> Callable[[], Spent]:
    """Set up urlwatch; the function returned looks once at all pages."""
    jobs = folder / "jobs.yaml"
    jobs.write_text("\n---\n".join(f"url: {url}" for url in urls), "utf-8")
    program = installed(URLWATCH).parent / "urlwatch"
    return lambda: spent(
        [program, "--urls", jobs, "--config", "config.yaml", "--cache", "cache.db"], folder
    )


def webchanges(urls: Sequence[str], folder: Path) -> Callable[[], Spent]:
    """Set up webchanges; the function returned looks once at all pages."""
    jobs = folder / "jobs.yaml"
    jobs.write_text("\n---\n".join(f"url: {url}" for url in urls), "utf-8")
    program = installed(WEBCHANGES).parent / "webchanges"
    return lambda: spent(
        [program, "--jobs", jobs, "--config", "config.yaml", "--database", "snapshots.db"], folder
    )


def changedetection(urls: Sequence[str], folder: Path) -> Callable[[], Spent]:
    """Set up changedetection.io in its batch mode; the first run takes the pages in."""
    program = installed(CHANGEDETECTION).parent / "changedetection.io"
    store = folder / "store"

    def run() -> Spent:
        is_first = not store.exists()
        what = [part for url in urls for part in ("-u", url)] if is_first else ["-r", "all"]
        command: list[str | Path] = [
            program,
            "-d",
            store,
            "-C",
            "-b",
            "-p",
            "5055",
            "-l",
            "ERROR",
            *what,
        ]
        return spent(command, folder, ALLOW_IANA_RESTRICTED_ADDRESSES="true")

    return run
