"""Archive files: each held against the log, then its records against their own digests.

Takes what the log promises, while that is still being read, and gives a fault for each file that is
not so. Whoever reads the log calls `Archives.go_on` now and then: that hands out what can be, takes
what is done, and waits for nothing. So no core waits for the other stages of a check.
"""

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from sousveil.archive.read import verify_warc
from sousveil.archive.revisits import Noted, Revisits
from sousveil.durable import file_sha256
from sousveil.model import Fault
from sousveil.run.evidence.pool import cores
from sousveil.run.evidence.promises import Promise, Promises

Progress = Callable[[int, int, str], None]

# Of entries whose files we wrote. An import is kept as it came, faults and all.
_OWN_KINDS = frozenset({"visit", "poll", "around", "handed-in"})

# Of one task: some tenths of a second's work, so that no process waits long for the others.
TASK_BYTES, TASK_FILES = 16_000_000, 100
# Tasks handed out ahead, to each process: some seconds, in which nobody need hand out more.
TASKS_AHEAD = 16

BYTES_SHOWN = 10**6  # how far it is is told in megabytes


@dataclass(frozen=True, slots=True)
class _Checked:
    """What came of checking some archive files."""

    bytes: int  # as promised
    last: str  # path of the last one
    faults: list[Fault]
    noted: Noted  # of the records in files that we wrote


class Archives:
    """The archive files of a case under check, in the order in which the log promises them."""

    def __init__(self, pool: Executor, root: Path, promises: Promises) -> None:
        self._pool, self._root, self._promises = pool, root, promises
        self._ahead = TASKS_AHEAD * cores()
        self._under_way: deque[Future[_Checked]] = deque()
        self._handed_out = self._handed_out_bytes = 0
        self._faults: list[Fault] = []
        self._revisits = Revisits()
        self._bytes, self._last = 0, ""

    def telling(self, progress: Progress) -> Progress:
        """Return a `progress` that goes on with the files each time it is called."""

        def tell(done: int, total: int, what: str) -> None:
            self.go_on()
            progress(done, total, what)

        return tell

    def go_on(self) -> None:
        """Take what is done and hand out what is promised by now; wait for nothing."""
        while self._under_way and self._under_way[0].done():
            self._take(self._under_way.popleft())
        while len(self._under_way) < self._ahead and self._promises_task():
            self._hand_out()

    def faults(self, progress: Progress) -> list[Fault]:
        """Check the rest, now that all is promised; return what is wrong with any file, by paths.

        Behind that stand revisits whose originals are not to be had.
        """
        while self._handed_out < self._promises.count or self._under_way:
            while len(self._under_way) < self._ahead and self._handed_out < self._promises.count:
                self._hand_out()
            self._take(self._under_way.popleft())
            total = self._promises.bytes // BYTES_SHOWN
            progress(self._bytes // BYTES_SHOWN, total, f"MB, {self._last}")
        by_path = sorted(self._faults, key=lambda fault: fault.path)
        return [*by_path, *self._revisits.faults()]

    def _promises_task(self) -> bool:
        """Tell whether enough is promised for a whole task."""
        files = self._promises.count - self._handed_out
        return files >= TASK_FILES or self._promises.bytes - self._handed_out_bytes >= TASK_BYTES

    def _hand_out(self) -> None:
        task: list[Promise] = []
        size = 0
        for promise in self._promises.after(self._handed_out, TASK_FILES):
            task.append(promise)
            size += promise.bytes
            if size >= TASK_BYTES:
                break
        self._handed_out += len(task)
        self._handed_out_bytes += size
        self._under_way.append(self._pool.submit(_check_files, self._root, task))

    def _take(self, done: "Future[_Checked]") -> None:
        checked = done.result()
        self._faults += checked.faults
        self._revisits.take(checked.noted)
        self._bytes += checked.bytes
        self._last = checked.last


def _check_files(root: Path, task: Sequence[Promise]) -> _Checked:
    noted = Noted()
    faults = [fault for promise in task for fault in _check_file(root, promise, noted)]
    return _Checked(sum(promise.bytes for promise in task), task[-1].path, faults, noted)


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
