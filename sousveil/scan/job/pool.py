"""The pool: tasks done by processes of our own on this machine, any of which may die.

Takes tasks and a function, gives each task with its result or with why there is none. Each process
has a pipe of its own and one task at a time, so it is always known which task a death is to be laid
at: it alone is tried again, by another process, and given up after `Limits.tries`. The standard
library's pools lose the task (`multiprocessing.Pool`, which then waits for ever) or break for all
(`concurrent.futures`, BrokenProcessPool), and neither can end a task that hangs.

Where this process has one thread, the others begin as copies of it: what it has imported and made
ready, they need not. So whoever wants them soon starts them before threads of its own.
"""

import gc
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic, TypeVar

from sousveil.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

OUT_OF_MEMORY = 77  # exit status of a process whose task needs more memory than it may have
_STARTS = 5  # processes in a row that end before they take a task: none will, then
_JOIN_SECONDS = 10.0  # until a process that was killed is gone


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may cost."""

    tries: int = 3  # a task that ended so many processes is what ends them
    # The largest archives (some 100 GB) over a slow line; a task that hangs ends, too.
    seconds: float = 6 * 3600.0
    # Ten times what a process needs for a usual file, beside what it has when it begins: a record
    # that is too large for it is hostile.
    memory_bytes: int = 2 * 2**30
    tasks: int = 200  # done by one process before another takes its place: libraries leak


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that no process came to the end of."""

    cause: str  # in words


@dataclass(slots=True)
class _Worker(Generic[Task]):
    """A process, our end of its pipe, and the task it is at."""

    process: BaseProcess
    pipe: Connection
    is_ready: bool = False
    at: "_Tried[Task] | None" = None
    deadline: float = 0.0
    done: int = 0

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.join(_JOIN_SECONDS)
        self.pipe.close()


@dataclass(slots=True)
class _Tried(Generic[Task]):
    task: Task
    tries: int = 0


@contextmanager
def crew_of(
    work: Callable[[Task], Result], processes: int, limits: Limits | None = None
) -> Iterator["Crew[Task, Result]"]:
    """Start so many processes that do `work`; they end with the block, or when we are killed.

    Raises InputError when none can be started.
    """
    crew = Crew(work, processes, limits or Limits())
    try:
        crew.hire(processes)
        yield crew
    finally:
        crew.dismiss()


class Crew(Generic[Task, Result]):
    """The processes, and the tasks that wait for one."""

    def __init__(self, work: Callable[[Task], Result], processes: int, limits: Limits) -> None:
        self._waiting: deque[_Tried[Task]] = deque()
        self._work = work
        self._processes = processes
        self._limits = limits
        self._workers: list[_Worker[Task]] = []
        self._failed_starts = 0

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """Yield each task with what `work` makes of it, in the order in which they are done.

        The tasks and the results must be picklable. A process that dies with a task (killed,
        crashed, over its memory) is replaced and the task tried again; one that takes longer than
        `Limits.seconds` is killed, and its task given up at once. Raises InputError when no process
        can be started.
        """
        self._waiting.extend(_Tried(task) for task in tasks)
        while self._waiting or any(one.at for one in self._workers):
            busy = sum(one.at is not None for one in self._workers)
            self.hire(busy + len(self._waiting))
            yield from self._take_in()

    def hire(self, wanted: int) -> None:
        """Start processes until there are as many as are wanted, and may be."""
        while len(self._workers) < min(self._processes, wanted):
            try:
                self._workers.append(_start(self._work, self._limits.memory_bytes))
            except OSError as error:
                if self._workers:  # which do the work, if not as quickly
                    return
                raise InputError(
                    f"no process to scan with can be started: {error.strerror}."
                ) from error

    def dismiss(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _take_in(self) -> Iterator[tuple[Task, Result | Lost]]:
        """Wait until something happens; yield what was done or given up, and hand out the next."""
        now = time.monotonic()
        deadlines = [one.deadline for one in self._workers if one.at is not None]
        left = max(0.0, min(deadlines) - now) if deadlines else None
        spoke = wait([one.pipe for one in self._workers], left)
        for worker in list(self._workers):
            if worker.pipe in spoke:
                yield from self._hear(worker)
            elif worker.at is not None and worker.deadline <= time.monotonic():
                given_up = worker.at.task
                self._remove(worker)
                words = f"reading it took longer than {self._limits.seconds:,.0f} seconds"
                yield given_up, Lost(words)

    def _hear(self, worker: _Worker[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """Take what a process has to say: that it is ready, a result, or that it is no more."""
        try:
            told: Result = worker.pipe.recv()
        except (EOFError, OSError):  # OSError: killed amid its answer
            yield from self._bury(worker)
            return
        if worker.at is None:
            worker.is_ready, self._failed_starts = True, 0
        else:
            yield worker.at.task, told
            worker.at = None
            worker.done += 1
        if worker.done >= self._limits.tasks or not self._waiting:
            self._remove(worker)
        else:
            self._hand_out(worker)

    def _hand_out(self, worker: _Worker[Task]) -> None:
        tried = self._waiting.popleft()
        try:
            worker.pipe.send(tried.task)
        except OSError:  # it died since: the task is not to blame
            self._waiting.appendleft(tried)
            self._remove(worker)
            return
        worker.at, worker.deadline = tried, time.monotonic() + self._limits.seconds

    def _bury(self, worker: _Worker[Task]) -> Iterator[tuple[Task, Lost]]:
        """Replace a process that died; its task is tried again, or given up."""
        worker.process.join(_JOIN_SECONDS)
        cause = self._cause(worker.process.exitcode)
        tried = worker.at
        self._remove(worker)
        if tried is not None:
            tried.tries += 1
            if tried.tries < self._limits.tries:
                self._waiting.append(tried)
            else:
                often = f", {tried.tries} times" if tried.tries > 1 else ""
                yield tried.task, Lost(cause + often)
        elif not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise InputError(f"no process to scan with can be started: {cause}.")

    def _remove(self, worker: _Worker[Task]) -> None:
        self._workers.remove(worker)
        worker.end()

    def _cause(self, status: int | None) -> str:
        if status == OUT_OF_MEMORY:
            most = self._limits.memory_bytes >> 20
            return f"the process that read it needed more than {most:,} MB of memory"
        if status is not None and status < 0:
            name = signal.Signals(-status).name
            why = ": perhaps memory ran out" if -status == signal.SIGKILL else ""
            return f"the process that read it was killed by signal {-status} ({name}){why}"
        return f"the process that read it ended with status {status}"


def _start(work: Callable[[Task], Result], memory_bytes: int) -> _Worker[Task]:
    """Start a process; raises OSError when the system refuses."""
    context = _context()
    ours, theirs = context.Pipe()
    # Its types do not tell that both contexts have such processes.
    process: BaseProcess = context.Process(target=_serve, args=(theirs, work, memory_bytes))
    try:
        process.start()
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()  # so that the pipe ends with the process
    return _Worker(process, ours)


def _context() -> ForkContext | SpawnContext:
    """Return how a process begins: as a copy of this one, or anew, which takes half a second.

    What other threads held when a copy was made, nobody in it will ever let go (fork(2)). Linux
    tells whether there are any, those of libraries among them.
    """
    if sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _serve(
    pipe: Connection, work: Callable[[Task], Result], memory_bytes: int
) -> None:  # pragma: no cover  # in a process of its own
    """Do tasks as they come, until there are no more or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    gc.freeze()  # memory that is shared with the parent stays so, unless it is written to
    _limit_memory(memory_bytes)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(None)  # ready
    with suppress(EOFError):
        while True:
            task: Task = pipe.recv()
            try:
                result = work(task)
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            pipe.send(result)


def _limit_memory(most: int) -> None:  # pragma: no cover  # in a process of its own
    """Take no more private memory than so many bytes beside what there is."""
    statm = Path("/proc/self/statm")  # proc(5); a copy begins with all that its parent has
    if statm.exists():
        most += int(statm.read_text().split()[5]) * resource.getpagesize()
    # What Arrow reserves of addresses without use does not count (setrlimit(2)).
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:  # pragma: no cover  # in a process of its own
    """End at once when the parent is gone, killed perhaps: another run may be at its work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(os.EX_OK)
