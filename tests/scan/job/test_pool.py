"""Processes that really die: what they were at is told, and nothing else is lost."""

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from sousveil.errors import InputError
from sousveil.scan.job.pool import Limits, Lost, crew_of

ROOT = Path(__file__).parents[3]


def run_all(
    tasks: Iterable[int], work: Callable[[int], int], processes: int, limits: Limits | None = None
) -> Iterator[tuple[int, int | Lost]]:
    with crew_of(work, processes, limits) as crew:
        yield from crew.run(tasks)


@pytest.fixture
def another_thread() -> Iterator[None]:
    """Let this process have two threads, so that none is begun as a copy of it."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    yield
    done.set()
    thread.join()


def square(number: int) -> int:
    return number * number


def deadly(number: int, culprit: int, with_signal: int) -> int:
    if number == culprit:
        os.kill(os.getpid(), with_signal)
    return number * number


def unlucky(number: int, folder: Path) -> int:
    """Die once for each odd number: what somebody's `kill -9` does."""
    mark = folder / str(number)
    if number % 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def greedy(number: int) -> int:
    return len(bytearray(10**9)) if number == 2 else number


def slow(number: int) -> int:
    if number == 1:
        time.sleep(60)
    return number


def lasting(number: int, folder: Path) -> int:
    (folder / f"{number}.pid").write_text(str(os.getpid()))
    time.sleep(60)
    return number


def broken(number: int) -> int:
    raise ZeroDivisionError(number)


class Unfit:
    """Cannot be made in another process."""

    def __call__(self, number: int) -> int:
        return number

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("no number",)


def test_every_task_is_done_once() -> None:
    assert sorted(run_all(range(20), square, 2)) == [(n, n * n) for n in range(20)]


def test_no_tasks_start_no_process() -> None:
    assert list(run_all([], square, 2)) == []


def test_who_ends_three_processes_is_given_up_and_nothing_else_is_lost() -> None:
    work = partial(deadly, culprit=3, with_signal=signal.SIGKILL)
    done = dict(run_all(range(8), work, 2))
    assert done.pop(3) == Lost(
        "the process that read it was killed by signal 9 (SIGKILL): perhaps memory ran out, 3 times"
    )
    assert done == {n: n * n for n in range(8) if n != 3}


def test_a_process_that_crashes_is_told_by_its_signal() -> None:
    work = partial(deadly, culprit=0, with_signal=signal.SIGSEGV)
    assert list(run_all([0], work, 1, Limits(tries=1))) == [
        (0, Lost("the process that read it was killed by signal 11 (SIGSEGV)"))
    ]


def test_what_a_kill_took_is_done_by_another_process(tmp_path: Path) -> None:
    done = run_all(range(6), partial(unlucky, folder=tmp_path), 2)
    assert sorted(done) == [(n, n * n) for n in range(6)]


def test_a_task_over_its_memory_is_given_up_with_the_limit_named() -> None:
    done = dict(run_all(range(4), greedy, 2, Limits(tries=1, memory_bytes=2**29)))
    assert done.pop(2) == Lost("the process that read it needed more than 512 MB of memory")
    assert done == {0: 0, 1: 1, 3: 3}


def test_a_task_that_hangs_is_ended_and_the_rest_goes_on() -> None:
    begun = time.monotonic()
    done = dict(run_all(range(4), slow, 2, Limits(seconds=1.5)))
    assert done.pop(1) == Lost("reading it took longer than 2 seconds")
    assert done == {0: 0, 2: 2, 3: 3}
    assert time.monotonic() - begun < 20


def test_an_error_of_ours_ends_no_run() -> None:
    ((_, lost),) = run_all([1], broken, 1, Limits(tries=2))
    assert lost == Lost("the process that read it ended with status 1, 2 times")


def test_a_process_does_so_many_tasks_and_another_takes_its_place() -> None:
    done = dict(run_all(range(6), _who, 1, Limits(tasks=2)))
    assert len(set(done.values())) == 3


def _who(_: int) -> int:
    return os.getpid()


@pytest.mark.usefixtures("another_thread")
def test_processes_begin_anew_beside_threads_and_do_the_same() -> None:
    assert sorted(run_all(range(6), square, 2)) == [(n, n * n) for n in range(6)]
    assert list(run_all([0], has_imported, 1)) == [(0, False)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of all threads")
def test_processes_begin_as_copies_of_one_without_threads() -> None:
    code = (
        "import sys; from tests.scan.job.test_pool import has_imported, run_all;"
        "sys.modules['only_here'] = sys; print(*run_all([0], has_imported, 1))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert told.stdout == b"(0, True)\n"


def has_imported(_: int) -> int:
    return "only_here" in sys.modules


def test_what_the_system_refuses_to_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: BaseProcess) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(BaseProcess, "start", refused)
    with pytest.raises(InputError, match="can be started: Resource temporarily unavailable"):
        list(run_all([1], square, 2))


@pytest.mark.usefixtures("another_thread")
def test_processes_that_cannot_start_are_told_at_once() -> None:
    with pytest.raises(InputError, match="no process to scan with can be started"):
        list(run_all([1], Unfit(), 1))


def test_processes_end_when_the_caller_stops(tmp_path: Path) -> None:
    tasks = run_all(range(2), partial(lasting_then_one, folder=tmp_path), 2)
    assert next(tasks)[0] == 1
    tasks.close()  # type: ignore[attr-defined]  # a generator
    assert not _is_alive(int((tmp_path / "0.pid").read_text()))


def lasting_then_one(number: int, folder: Path) -> int:
    if number == 0:
        return lasting(number, folder)
    while not (folder / "0.pid").exists():
        time.sleep(0.05)
    return number


def test_processes_end_when_the_caller_is_killed(tmp_path: Path) -> None:
    code = (
        "from functools import partial; from pathlib import Path;"
        "from tests.scan.job.test_pool import lasting, run_all;"
        f"list(run_all([1], partial(lasting, folder=Path({str(tmp_path)!r})), 1))"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    mark = tmp_path / "1.pid"
    deadline = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    worker = int(mark.read_text())
    while _is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(worker)


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_callers_own_limits_stay_as_they_are() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    list(run_all([1], square, 1))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
