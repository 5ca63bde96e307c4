"""One scan, from what was asked to its result.

    hits.parquet           the findings; there whole once the scan is at its end, or not at all
    hits.manifest.jsonl    what was asked, what became of each file, and the totals
    hits.scan/             findings of single files, until the scan is at its end

Takes a plan and who does the work (a pool on this machine, a cluster), and gives the totals. What
is done stays done: a file is done once its line is in the manifest, which is written after its part
is on disk. The same plan begun again, after whatever ended it, goes on from there and comes to the
same result, byte for byte.
"""

import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import sousveil
from sousveil.actors.sources import ACTORS_FILE
from sousveil.durable import file_sha256, make_folders
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import finder_for
from sousveil.scan.file.part import part_path
from sousveil.scan.file.values import CaseActors, FileReport, Job, Source
from sousveil.scan.job.inputs import find_sources
from sousveil.scan.job.manifest import Asked, AskedTopic, Manifest, Told, Totals, open_manifest
from sousveil.scan.job.places import EVERYTHING, Wanted
from sousveil.scan.job.pool import Lost
from sousveil.scan.job.selection import select
from sousveil.topics.load import load
from sousveil.topics.load import source as topic_text

SUFFIX = ".parquet"
_MERGE = "sousveil.scan.job.merge"

Done: TypeAlias = Iterator[tuple[Source, FileReport | Lost]]
Engine: TypeAlias = Callable[[Sequence[Source], Path, Job], Done]
"""Scans files into a folder; yields each with its report once its part is there, synced."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks to be scanned, and for what."""

    inputs: tuple[str, ...]
    topics: tuple[str, ...]  # names of shipped topics, or paths of topic files
    prefix: str = ""  # goes before lines of lists, and names in indexes, that are no addresses
    indexes: tuple[str, ...] = ()
    wanted: Wanted = EVERYTHING
    case: CaseActors | None = None  # whose actors are told, too


@dataclass(frozen=True, slots=True)
class Plan:
    """A scan that is ready to begin, or to go on."""

    asked: Asked
    sources: tuple[Source, ...]
    job: Job
    result: Path

    @property
    def manifest(self) -> Path:
        """The manifest's path."""
        return self.result.with_suffix(".manifest.jsonl")

    @property
    def folder(self) -> Path:
        """The folder of the parts."""
        return self.result.with_suffix(".scan")


def plan_scan(wish: Wish, result: Path, now: datetime) -> Plan:
    """Find the files and make ready what is looked for.

    Raises InputError when a wish cannot be fulfilled, TopicError for a topic that is none.
    """
    if result.suffix != SUFFIX:
        raise InputError(f"{result}: findings are written as Parquet. Call it *{SUFFIX}.")
    if not result.parent.is_dir():
        raise InputError(f"{result.parent}: no such folder. Make it, or choose another with -o.")
    job = _job(wish)
    sources = find_sources(wish.inputs, wish.prefix)
    selected = None
    if wish.indexes:
        sources = select(wish.indexes, wish.wanted, sources, wish.prefix)
        selected = sum(len(source.spans or ()) for source in sources)
    asked = Asked(
        sousveil=sousveil.__version__,
        matcher=finder_for(job.topics, job.case).matcher,
        topics=tuple(_asked_topic(name) for name in wish.topics),
        actors=actors_digest(wish.case),
        inputs=wish.inputs,
        prefix=wish.prefix,
        indexes=wish.indexes,
        filters=_filters(wish.wanted),
        files=len(sources),
        selected=selected,
        sources=_digest(sources),
        started=instant(now),
    )
    return Plan(asked, tuple(sources), job, result)


def scan(
    plan: Plan,
    engine: Engine,
    now: Callable[[], datetime],
    tell: Callable[[Told, FileReport | None], None],
) -> Totals:
    """Scan what is not done yet, and put the result together.

    Files that were refused are tried again. `tell` is called with what is done: at the start, and
    with each file's report. Each step may be broken off, and is done again by the next run:

    1. Each file is scanned into a part, which is synced; then its line is, in the manifest.
    2. The parts become the result, which is synced and takes its name.
    3. The totals are written.
    4. The parts go, unless a file was refused: whoever runs this again may still reach it.

    Raises InputError as `open_manifest`, for a result that is no scan's, and as the engine does.
    """
    if plan.result.exists() and not plan.manifest.exists():
        raise InputError(
            f"{plan.result}: is there already, and no manifest tells what it is. Choose another"
            " output with -o, or remove that file."
        )
    with open_manifest(plan.manifest, plan.asked) as manifest:
        told = manifest.told
        tell(told, None)
        if told.totals is not None and _is_complete(plan, told.totals):
            return told.totals
        make_folders(plan.folder)
        for leftover in plan.folder.rglob("*.tmp"):
            leftover.unlink()
        left = [source for source in plan.sources if not _is_done(plan, told, source)]
        # The largest first, lest one is left to a single process at the end.
        left.sort(key=_size, reverse=True)
        # What writes Parquet takes a fifth of a second to import, which nobody has to wait for.
        threading.Thread(target=import_module, args=(_MERGE,), daemon=True).start()
        for source, came in engine(left, plan.folder, plan.job):
            report = came if isinstance(came, FileReport) else _refused(source, came)
            manifest.add(report)
            tell(told, report)
        return _finish(plan, manifest, now)


def _finish(plan: Plan, manifest: Manifest, now: Callable[[], datetime]) -> Totals:
    from sousveil.scan.job.merge import merge  # noqa: PLC0415  # see above

    parts = (part_path(plan.folder, source.name) for source in plan.sources)
    merge([part for part in parts if part.exists()], plan.result)
    reports = [manifest.told.reports[source.name] for source in plan.sources]
    totals = add_up(reports, file_sha256(plan.result), instant(now()))
    manifest.close(totals)
    if not totals.refused:
        shutil.rmtree(plan.folder)
    return totals


def add_up(reports: Iterable[FileReport], sha256: str, ended: str) -> Totals:
    """Return the totals of all files."""
    sums: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    cpu_seconds = 0.0
    for one in reports:
        ends[one.ended] += 1
        skipped.update(one.skipped)
        cpu_seconds += one.cpu_seconds
        sums.update({name: getattr(one, name) for name in _SUMMED})
    return Totals(
        files=ends.total(),
        read=ends["read"],
        partly=ends["partly"],
        refused=ends["refused"],
        skipped=dict(sorted(skipped.items())),
        cpu_seconds=round(cpu_seconds, 3),
        sha256=sha256,
        ended=ended,
        **{name: sums[name] for name in _SUMMED},
    )


_SUMMED = (
    "bytes", "unpacked_bytes", "lost_bytes", "records", "looked_at", "documents", "findings",
)  # fmt: skip


def _job(wish: Wish) -> Job:
    """Return what is looked for in each file; what an index has selected is filtered already."""
    wanted = wish.wanted
    if wish.indexes:
        wanted = EVERYTHING
    elif wanted.languages:
        raise InputError("--language needs an index that tells languages: add --index.")
    elif not wish.inputs:
        raise InputError("nothing to scan. Name files, folders, lists or addresses.")
    job = Job(wish.topics, wanted.hosts, wanted.media_types, wanted.since, wanted.until, wish.case)
    Filters(job)  # raises InputError for a date that is none, before any file is opened
    return job


def _asked_topic(name: str) -> AskedTopic:
    text = topic_text(name)
    return AskedTopic(load(name).name, hashlib.sha256(text.encode()).hexdigest())


def actors_digest(case: CaseActors | None) -> str:
    """Return a digest of the actors that a case names itself, "" without a case."""
    if case is None:
        return ""
    path = Path(case.folder) / ACTORS_FILE
    own = file_sha256(path) if path.is_file() else ""
    told = repr((own, [one.sha256 for one in case.lists]))
    return hashlib.sha256(told.encode()).hexdigest()


def _filters(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    filters = {
        "language": wanted.languages,
        "mime": wanted.media_types,
        "host": wanted.hosts,
        "since": (wanted.since,) if wanted.since else (),
        "until": (wanted.until,) if wanted.until else (),
    }
    return {name: values for name, values in filters.items() if values}


def _digest(sources: Iterable[Source]) -> str:
    """Return the digest by which a later run knows that it has the same files before it."""
    digest = hashlib.sha256()
    for source in sources:
        path = Path(source.address)
        size = path.stat().st_size if path.is_file() else None
        spans = source.spans and [(span.offset, span.length) for span in source.spans]
        digest.update(repr((source.name, size, spans)).encode())
    return digest.hexdigest()


def _size(source: Source) -> int:
    """Return how many stored bytes of a file are to be read; 0 of one that is far away."""
    if source.spans is not None:
        return sum(span.length for span in source.spans)
    path = Path(source.address)
    return path.stat().st_size if path.is_file() else 0


def _is_complete(plan: Plan, totals: Totals) -> bool:
    """Whether there is nothing left to do, or to try again."""
    if totals.refused or not plan.result.is_file() or file_sha256(plan.result) != totals.sha256:
        return False
    if plan.folder.exists():  # step 4 was broken off
        shutil.rmtree(plan.folder)
    return True


def _is_done(plan: Plan, told: Told, source: Source) -> bool:
    report = told.reports.get(source.name)
    if report is None or report.ended == "refused":
        return False
    return part_path(plan.folder, source.name).exists()


def _refused(source: Source, lost: Lost) -> FileReport:
    return FileReport(
        name=source.name,
        bytes=0,
        records=0,
        looked_at=0,
        skipped={},
        findings=0,
        documents=0,
        seconds=0.0,
        cpu_seconds=0.0,
        ended="refused",
        problems=(lost.cause,),
    )
