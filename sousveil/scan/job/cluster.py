"""The cluster: files scanned by the workers of a Dask cluster (extra `dask`).

Takes files and a scheduler's address, gives each file with its report, as the pool does. Workers
need no disk in common with us: a part comes back as bytes, and is written here before its report is
handed on. Dask tries a file again whose worker died, on others, until its scheduler's
`allowed-failures` are used up; since it lays a death at all that the worker had been given, such a
file is then tried once more by itself, so that only what kills workers is given up. A scheduler
that dies ends the scan; what was handed on is done, and the same command goes on from there.
"""

import logging
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, Future, as_completed
from distributed.scheduler import KilledWorker

import sousveil
from sousveil.durable import make_folders, write_durably
from sousveil.errors import InputError, SousveilError
from sousveil.scan.file.finder import finder_for
from sousveil.scan.file.part import part_path
from sousveil.scan.file.scan import scan_file
from sousveil.scan.file.values import FileReport, Job, Source
from sousveil.scan.job.pool import Lost
from sousveil.scan.job.run import actors_digest

# For each thread of a worker one at work and one that waits, so that none is idle between two.
FILES_A_THREAD = 2
CONNECT_SECONDS = 30.0
NO_WORKER_SECONDS = 300.0  # a nanny starts a worker again in seconds, a cloud in minutes
RETRIES = 2  # of a file whose worker raised an error of its own: a full disk, say
_COUNT_SECONDS = 5.0  # between two looks at how many workers there are
_LOOK_SECONDS = 0.1  # between two looks at what is done


def scan_on_cluster(
    address: str, sources: Sequence[Source], folder: Path, job: Job
) -> Iterator[tuple[Source, FileReport | Lost]]:
    """Yield each file with its report once its part is in `folder`, in the order they are done.

    As many files are on their way as the workers that are there now have threads for. Raises
    InputError when the scheduler cannot be reached or goes away, when there is no worker for five
    minutes, and when a worker has not the same sousveil and topics as we.
    """
    for name in ("distributed", "distributed.client"):  # what goes wrong, we tell
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with Client(address, timeout=CONNECT_SECONDS, set_as_default=False) as client:
            yield from _Cluster(client, address, folder, job).scan(sources)
    except (OSError, TimeoutError, ValueError) as error:
        raise _gone(address) from error


def scan_there(source: Source, job: Job, expected: Mapping[str, str]) -> tuple[FileReport, bytes]:
    """Scan a file on a worker; return its report and its part.

    Raises InputError when this worker's sousveil or topics are not the expected ones.
    """
    there = makings(job)
    if there != expected:
        words = ", ".join(
            f"{name} {there[name]}" for name in there if there[name] != expected[name]
        )
        raise InputError(f"a worker has other makings: {words}")
    with TemporaryDirectory(prefix="sousveil-scan-") as folder:
        report = scan_file(source, Path(folder), job)
        return report, part_path(Path(folder), source.name).read_bytes()


def makings(job: Job) -> dict[str, str]:
    """Return what must be the same on all workers, for equal files to give equal findings."""
    finder = finder_for(job.topics, job.case)
    return {
        "sousveil": sousveil.__version__,
        "engine": finder.engine.name,
        "matcher": finder.matcher,
        "actors": actors_digest(job.case),
    }


class _Cluster:
    """A connection to a scheduler, and what is on its way there."""

    def __init__(self, client: Client, address: str, folder: Path, job: Job) -> None:
        self._client = client
        self._address = address
        self._folder = folder
        self._job = job
        self._expected = makings(job)
        self._under_way: dict[str, Source] = {}  # by key
        self._done = as_completed([], loop=client.loop)
        self._counted_at = 0.0
        self._seen_worker_at = time.monotonic()
        self._room = 0

    def scan(self, sources: Sequence[Source]) -> Iterator[tuple[Source, FileReport | Lost]]:
        suspects: list[Source] = []
        for source, came in self._scan(deque(sources), most=None):
            if came is None:
                suspects.append(source)
            else:
                yield source, came
        for source, came in self._scan(deque(suspects), most=1):
            cause = "the workers that read it died, also when it was tried by itself"
            yield source, came or Lost(cause)

    def _scan(
        self, waiting: deque[Source], most: int | None
    ) -> Iterator[tuple[Source, FileReport | Lost | None]]:
        """Yield what came of each file, None when workers died of it or beside it."""
        while waiting or self._under_way:
            room = self._count_room() if most is None else most
            while waiting and len(self._under_way) < room:
                self._send(waiting.popleft())
            if not self._done.has_ready():
                time.sleep(_LOOK_SECONDS)
                continue
            for future in self._done.next_batch(block=False):
                yield self._under_way.pop(future.key), self._take_in(future)

    def _count_room(self) -> int:
        """Return how many files may be on their way; workers are counted now and then."""
        now = time.monotonic()
        if now - self._counted_at >= _COUNT_SECONDS:
            self._counted_at = now
            threads = sum(self._client.nthreads().values())
            self._room = FILES_A_THREAD * threads
            if threads:
                self._seen_worker_at = now
            elif now - self._seen_worker_at > NO_WORKER_SECONDS:
                raise InputError(
                    f"{self._address}: there has been no worker for {NO_WORKER_SECONDS / 60:.0f}"
                    " minutes. Start workers, then run the same command again."
                )
        return self._room

    def _send(self, source: Source) -> None:
        key = f"scan-{uuid.uuid4()}"
        self._under_way[key] = source
        self._done.add(
            self._client.submit(
                scan_there, source, self._job, self._expected, key=key, retries=RETRIES, pure=False
            )
        )

    def _take_in(self, future: Future) -> FileReport | Lost | None:
        if future.status == "cancelled":
            raise _gone(self._address)
        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return None
            if isinstance(error, SousveilError | ImportError):
                raise InputError(
                    f"{self._address}: its workers cannot scan ({error}). Give them this sousveil"
                    " with the extra `scan`, and the same topic files."
                )
            return Lost(f"the worker that read it failed: {type(error).__name__}: {error}")
        report: FileReport
        report, part = future.result()
        path = part_path(self._folder, report.name)
        make_folders(path.parent)
        write_durably(path, part)
        future.release()
        return report


def _gone(address: str) -> InputError:
    return InputError(
        f"{address}: no scheduler answers there, or not any more. What was reported as done is"
        " kept; start it, then run the same command again."
    )
