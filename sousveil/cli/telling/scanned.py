"""How a scan is run and told: its progress, its end, and what it would take."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import typer

from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    Bar,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.errors import InputError
from sousveil.scan.file.scan import scan_file
from sousveil.scan.file.values import FileReport, Job, Source
from sousveil.scan.job.manifest import Told, Totals
from sousveil.scan.job.pool import Lost, crew_of
from sousveil.scan.job.run import Engine, Plan, Wish, plan_scan, scan

# Files of which it is told what is wrong; the manifest tells it of all.
_TOLD_FILES = 20
_TOLD_PROBLEMS = 3  # of a file
_MB = 1_000_000


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def engine_of(plan: Plan, cores: int, cluster: str | None) -> Iterator[Engine]:
    """Give who does the work: processes here, or the cluster whose scheduler is named.

    Processes are started with the block, and end with it.
    """
    if cluster is None:
        work = partial(scan_file, folder=plan.folder, job=plan.job)
        with crew_of(work, min(cores, len(plan.sources))) as crew:

            def engine(
                sources: Sequence[Source], _folder: Path, _job: Job
            ) -> Iterator[tuple[Source, FileReport | Lost]]:
                return crew.run(sources)

            yield engine
        return
    try:
        from sousveil.scan.job.cluster import scan_on_cluster  # noqa: PLC0415  # needs an extra
    except ImportError as error:
        raise InputError(f"{error.name} is not installed. Install `sousveil[dask]`.") from error
    yield partial(scan_on_cluster, cluster)


def scan_and_tell(
    wish: Wish, output: Path, cores: int, cluster: str | None, *, as_json: bool
) -> None:
    """Scan and tell what came of it; ends the command with 1 when not all could be read."""
    plan = plan_scan(wish, output, _now())
    seen: list[Told] = []
    try:
        # Processes first: what shows the progress is a thread, and they are copies of a process
        # without any.
        with (
            engine_of(plan, cores, cluster) as engine,
            progress("scanning", plan.asked.files) as bar,
        ):
            watcher = _Watcher(bar, plan.asked.files, as_json=as_json)

            def follow(told: Told, report: FileReport | None) -> None:
                seen[:] = [told]
                watcher(told, report)

            totals = scan(plan, engine, _now, follow)
    except KeyboardInterrupt:
        done = len(seen[0].reports) if seen else 0
        tell(f"{done:,} of {count_of(plan.asked.files, 'file')} done; the same command goes on.")
        raise
    if as_json:
        write_json([{"line": "totals"} | msgspec.to_builtins(totals)])
    else:
        _tell_problems(seen[0].reports.values())
        for line in _summary(totals, plan.result, plan.asked.selected):
            say(line)
    if totals.partly or totals.refused:
        raise typer.Exit(FOUND_WRONG)


class _Watcher:
    """Shows how far a scan is."""

    def __init__(self, bar: Bar, files: int, *, as_json: bool) -> None:
        self._bar, self._files, self._as_json = bar, files, as_json
        self._begun = time.monotonic()
        self._bytes = self._findings = 0

    def __call__(self, told: Told, report: FileReport | None) -> None:
        if report is None:
            self._findings = sum(one.findings for one in told.reports.values())
            if told.reports:
                tell(f"{count_of(len(told.reports), 'file')} of an earlier run are done")
        else:
            self._bytes += report.bytes
            self._findings += report.findings
            if self._as_json:
                write_json([{"line": "file"} | msgspec.to_builtins(report)])
        speed = self._bytes / _MB / max(time.monotonic() - self._begun, 1e-3)
        note = f"{speed:,.0f} MB/s, {count_of(self._findings, 'finding')}"
        self._bar(len(told.reports), self._files, note)


def _tell_problems(reports: Iterable[FileReport]) -> None:
    """Tell of the first files that were not read whole what is wrong with them."""
    faulty = [one for one in reports if one.ended != "read"]
    for one in faulty[:_TOLD_FILES]:
        ended = "refused" if one.ended == "refused" else "partly read"
        say(f"{plain(one.name)}: {ended}", "yellow")
        for problem in one.problems[:_TOLD_PROBLEMS]:
            say(f"    {plain(problem)}", "yellow")
        if len(one.problems) > _TOLD_PROBLEMS:
            say(f"    and {len(one.problems) - _TOLD_PROBLEMS:,} more", "yellow")
    if len(faulty) > _TOLD_FILES:
        say(f"and {count_of(len(faulty) - _TOLD_FILES, 'more file')}; see the manifest", "yellow")


def _summary(totals: Totals, result: Path, selected: int | None) -> Iterator[str]:
    """Yield the statement of completeness."""
    ends = f"{totals.read:,} read, {totals.partly:,} partly, {totals.refused:,} refused"
    yield f"{count_of(totals.files, 'file')}: {ends}"
    lost = f", {totals.lost_bytes:,} of them lost" if totals.lost_bytes else ""
    yield f"{count_of(totals.bytes, 'byte')} as stored{lost}; {totals.unpacked_bytes:,} unpacked"
    skipped = sum(totals.skipped.values())
    looked = f"{totals.looked_at:,} looked at ({count_of(totals.documents, 'document')})"
    asked = f" of {selected:,} that the index named" if selected is not None else ""
    yield f"{count_of(totals.records, 'record')}{asked}: {looked}, {skipped:,} skipped"
    for why, count in sorted(totals.skipped.items(), key=lambda item: -item[1]):
        yield f"    {count:,} {why}"
    yield f"{count_of(totals.findings, 'finding')} in {result}"
    if totals.refused:
        yield "The same command tries again what was refused."


def estimate_and_tell(
    wish: Wish,
    cores: int,
    megabytes_per_second: float | None,
    price_per_hour: float | None,
    *,
    as_json: bool,
) -> None:
    """Tell what a scan would take."""
    from sousveil.scan.job.estimate import estimate, to_builtins  # noqa: PLC0415  # seldom asked

    plan = plan_scan(wish, Path("estimate.parquet"), _now())
    speed = None if megabytes_per_second is None else megabytes_per_second * _MB
    told = estimate(plan.sources, plan.job, speed)
    if as_json:
        write_json([to_builtins(told, price_per_hour)])
        return
    say(f"{count_of(told.files, 'file')}, {count_of(told.bytes, 'byte')} as stored")
    wall = f", {_duration(told.core_hours / cores)} on {count_of(cores, 'core')}"
    say(f"{_duration(told.core_hours)} of one core{wall}")
    if price_per_hour is not None:
        say(f"{told.core_hours * price_per_hour:,.2f} at {price_per_hour:g} for a core's hour")
    for sentence in told.assumed:
        say(f"    {sentence}", "dim")


def _duration(hours: float) -> str:
    """Return hours as people say them."""
    if hours >= 1:
        return f"{hours:,.1f} hours"
    minutes = hours * 60
    return f"{minutes:.1f} minutes" if minutes >= 1 else f"{minutes * 60:.1f} seconds"


def _now() -> datetime:
    return datetime.now(UTC)
