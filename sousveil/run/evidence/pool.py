"""Who checks: this process, or one for each core where there is much to read.

Reading records is work for the processor, and threads of one Python would wait for each other.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import ParamSpec, TypeVar

from sousveil.errors import CaseError

P = ParamSpec("P")
R = TypeVar("R")

# Processes of their own take a second to start: as long as reading this much takes one of them.
MIN_SHARED_BYTES = 100_000_000


class _Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> Future[R]:
        """Call a function (concurrent.futures.Executor)."""
        done: Future[R] = Future()
        done.set_result(fn(*given, **named))
        return done


@contextmanager
def workers(folder: Path) -> Iterator[Executor]:
    """Give who checks the files in `folder`: this process or, of many, one for each core.

    Raises CaseError in the block when the system ends one of them.
    """
    if cores() == 1 or not _has_much(folder):
        yield _Here()
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(cores(), context, _leave_interrupts_to_parent)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise CaseError(
            "a process that checked archive files was ended by the system, perhaps for want of"
            " memory. Nothing was changed; run the command again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_much(folder: Path) -> bool:
    """Tell whether the files below a folder are worth sharing; looks at no more than it needs."""
    sizes = (path.lstat().st_size for path in folder.rglob("*"))
    return any(size >= MIN_SHARED_BYTES for size in accumulate(sizes, initial=0))


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
