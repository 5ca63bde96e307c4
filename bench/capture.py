"""Measures the capture of pages: `make bench`.

Compares, on a site on loopback (`site.py`), Chromium that keeps nothing (the limit), sousveil's
browser capture, whole visits with one tab and with three, warcprox and ArchiveBox. Each row runs in
a process of its own; the rows take turns, so that what else the machine does weighs on all alike.
Prints speed, the ratio to the limit, what was recorded and stored, and peak memory; then the peak
for a body of 1 GB. Ratios hold on other machines, seconds do not.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.capture_rows import ROWS, STREAMS
from bench.memory import Peak
from bench.site import REQUESTS_PER_PAGE, STREAM_BYTES

HERE = Path(__file__).parent
PAGES = 21  # seven turns of three tabs
ROUNDS = 3
ROW_SECONDS = 600
# Of a browser that keeps nothing, for the same pages: what an archivist who watches would accept.
MOST_TIME = 1.25
# A machine with two cores, three tabs against one.
LEAST_GAIN = 2.0
_MIB = 2**20
_LIMIT, _ONE_TAB, _THREE_TABS = "plain Chromium", "sousveil visit, 1 tab", "sousveil visit, 3 tabs"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a row. Sizes are in bytes."""

    seconds: float
    each: Sequence[float]  # seconds of each page; empty where several are shown at once
    recorded: int | None
    stored: int
    cpu: float  # seconds of all its processes
    own: int
    browser: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    runs: dict[str, list[Run]] = defaultdict(list)
    absent: dict[str, str] = {}
    loads = [os.getloadavg()[0]]
    with _site() as site:
        urls = [f"{site}/page{number}/" for number in range(asked.pages)]
        for _ in range(asked.rounds):
            for row in [row for row in ROWS if row not in absent]:
                ended = _run(row, urls)
                if isinstance(ended, str):
                    absent[row] = ended
                else:
                    runs[row].append(ended)
                loads.append(os.getloadavg()[0])
        print(
            f"Capture: {asked.pages} pages of {REQUESTS_PER_PAGE} requests, {asked.rounds} rounds,"
            f" {os.cpu_count()} cores, load {min(loads):.1f} to {max(loads):.1f}\n"
        )
        _print_rows(runs, asked.pages)
        for row, reason in absent.items():
            print(f"{row:<27}not run: {reason}")
        _print_aims(runs)
        _print_streams(f"{site}/stream")


@contextmanager
def _site() -> Iterator[str]:
    arguments: list[str | Path] = [sys.executable, HERE / "site.py"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()


def _run(row: str, urls: Sequence[str]) -> Run | str:
    """Run a row in a process of its own; return what it gave, or why it was not run."""
    folder, cpu = Path(tempfile.mkdtemp(prefix="sousveil-bench-")), _cpu_seconds()
    arguments: list[str | Path] = [sys.executable, HERE / "capture_rows.py", row, folder, *urls]
    try:
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as running:
            peak = Peak(running.pid)
            peak.start()
            told, _ = running.communicate(timeout=ROW_SECONDS)
            peak.stop()
    finally:
        shutil.rmtree(folder)
    if running.returncode != 0:
        return f"it ended with status {running.returncode}"
    result = json.loads(told)
    if "absent" in result:
        return str(result["absent"])
    cpu = _cpu_seconds() - cpu
    return Run(cpu=cpu, own=peak.own, browser=peak.browser, **result)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # of those that have ended, and theirs
    return used.ru_utime + used.ru_stime


def _print_rows(runs: dict[str, list[Run]], pages: int) -> None:
    print(
        f"{'':<27}{'pages/s':>8}{'s/page':>8}{'ratio':>7}{'cpu s':>7}{'recorded':>10}{'kB/page':>9}"
        f"{'MiB own':>9}{'browser':>9}"
    )
    limit = median(run.seconds for run in runs[_LIMIT])
    for row, each in runs.items():
        seconds = median(run.seconds for run in each)
        page = median([one for run in each for one in run.each] or [seconds / pages])
        stored = median(run.stored for run in each) / pages / 1000
        kept = min((run.recorded for run in each if run.recorded is not None), default=None)
        wanted = "" if kept is None else f"{kept}/{pages * REQUESTS_PER_PAGE}"
        print(
            f"{row:<27}{pages / seconds:>8.2f}{page:>8.2f}{seconds / limit:>7.2f}"
            f"{median(run.cpu for run in each) / pages:>7.2f}{wanted:>10}"
            f"{stored:>9,.0f}{max(run.own for run in each) / _MIB:>9,.0f}"
            f"{max(run.browser for run in each) / _MIB:>9,.0f}"
        )


def _print_aims(runs: dict[str, list[Run]]) -> None:
    times = {row: median(run.seconds for run in each) for row, each in runs.items()}
    if {_ONE_TAB, _THREE_TABS} <= times.keys():
        share, gain = times[_ONE_TAB] / times[_LIMIT], times[_ONE_TAB] / times[_THREE_TABS]
        print(f"\na visit takes {share:.2f} times plain Chromium's time; aim {MOST_TIME} at most")
        print(f"three tabs are {gain:.2f} times as fast as one; aim more than {LEAST_GAIN:.0f}")


def _print_streams(url: str) -> None:
    title = f"a body of {STREAM_BYTES / 10**9:.0f} GB"
    print(f"\n{title:<27}{'s':>8}{'MB kept':>9}{'MiB own':>9}{'browser':>9}")
    for row in STREAMS:
        ended = _run(row, [url])
        if isinstance(ended, str):
            print(f"{row:<27}not run: {ended}")
            continue
        print(
            f"{row:<27}{ended.seconds:>8.1f}{ended.stored / 10**6:>9,.0f}"
            f"{ended.own / _MIB:>9,.0f}{ended.browser / _MIB:>9,.0f}"
        )


if __name__ == "__main__":
    main()
