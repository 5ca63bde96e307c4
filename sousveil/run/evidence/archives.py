"""Archive files: each held against the log, then its records against their own digests.

Takes what the log promises and gives a fault for each file that is not so. Files of a large case
are read by as many processes as there are cores: reading records is work for the processor, and
threads of one Python would wait for each other.
"""

import functools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from sousveil.archive.read import verify_warc
from sousveil.archive.revisits import Noted
from sousveil.durable import file_sha256
from sousveil.errors import CaseError
from sousveil.model import Fault
from sousveil.run.evidence.promises import Promise

P = ParamSpec("P")
R = TypeVar("R")

# Of entries whose files we wrote. An import is kept as it came, faults and all.
_OWN_KINDS = frozenset({"visit", "poll", "around"})

# Processes of their own take a second to start: as long as reading this much takes one of them.
MIN_SHARED_BYTES = 100_000_000
# Of one task: some tenths of a second's work, so that no process waits long for the others.
TASK_BYTES, TASK_FILES = 16_000_000, 100
# Tasks handed out ahead, to each process; more would only lie in memory.
TASKS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking some archive files."""

    files: int
    bytes: int  # as promised
    last: str  # path of the last one
    faults: list[Fault]
    noted: Noted  # of the records in files that we wrote


class _Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> Future[R]:
        """Call a function (concurrent.futures.Executor)."""
        done: Future[R] = Future()
        done.set_result(fn(*given, **named))
        return done


@contextmanager
def workers(size: int) -> Iterator[Executor]:
    """Give who checks `size` bytes: this process, or one for each core where that is worth it.

    Raises CaseError in the block when the system ends one of them.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if size < MIN_SHARED_BYTES or not cores or cores == 1:
        yield _Here()
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(cores, context, _leave_interrupts_to_parent)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise CaseError(
            "a process that checked archive files was ended by the system, perhaps for want of"
            " memory. Nothing was changed; run the command again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check_archives(pool: Executor, root: Path, promises: Iterable[Promise]) -> Iterator[Checked]:
    """Check the files below `root` that were promised; yield what came of it, in their order."""
    ahead = TASKS_AHEAD * (os.cpu_count() or 1)
    under_way: deque[Future[Checked]] = deque()
    for task in _tasks(promises):
        under_way.append(pool.submit(_check_files, root, task))
        if len(under_way) > ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _tasks(promises: Iterable[Promise]) -> Iterator[list[Promise]]:
    task: list[Promise] = []
    size = 0
    for promise in promises:
        task.append(promise)
        size += promise.bytes
        if size >= TASK_BYTES or len(task) == TASK_FILES:
            yield task
            task, size = [], 0
    if task:
        yield task


def _check_files(root: Path, task: Sequence[Promise]) -> Checked:
    noted = Noted()
    faults = [fault for promise in task for fault in _check_file(root, promise, noted)]
    size = sum(promise.bytes for promise in task)
    return Checked(len(task), size, task[-1].path, faults, noted)


def _check_file(root: Path, promise: Promise, noted: Noted) -> Iterator[Fault]:
    """Hold an archive file against the log, then its records against their own digests.

    `noted` takes in the records of a file that we wrote.
    """
    if not promise.has_place:
        return
    name, path = promise.path, root / promise.path
    if path.is_symlink() or not path.is_file():
        yield Fault(name, f"is missing; log entry {promise.entry} ({promise.kind}) brought it")
        return
    size = path.stat().st_size
    if size != promise.bytes:
        yield Fault(name, f"has {size} bytes, log entry {promise.entry} says {promise.bytes}")
        return
    if file_sha256(path) != promise.sha256:
        yield Fault(name, f"was changed: its SHA-256 is not the one in log entry {promise.entry}")
        return
    if promise.kind in _OWN_KINDS:
        for problem in verify_warc(path, functools.partial(noted.note, name)):
            yield Fault(name, problem)
