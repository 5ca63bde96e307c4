"""Stops a process at each call that changes files, as a debugger does, and hands over the moment.

`traced` runs work in a child and calls `take` before and after each write, sync, rename, link,
removal, truncation and creation below a folder: of Python, of SQLite and of the programs that are
started alike. What lies in the folder then is what SIGKILL at that moment would leave, since the
kernel keeps what was written; `take` may copy it, let the call fail, or kill the child for good.

Linux on x86-64: seccomp(2) picks the calls, ptrace(2) stops at them.
"""

import ctypes
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import pytest

# System calls of x86-64 by number, with the place of the descriptor or the paths among their
# arguments.
_ON_DESCRIPTOR = {
    1: "write", 18: "pwrite64", 20: "writev", 296: "pwritev", 40: "sendfile",
    74: "fsync", 75: "fdatasync", 77: "ftruncate", 285: "fallocate", 326: "copy_file_range",
}  # fmt: skip
_PLACE = {326: 2}  # of the descriptor that is written, where it is not the first argument
_ON_PATHS = {
    76: ("truncate", (0,)), 82: ("rename", (0, 1)), 83: ("mkdir", (0,)), 84: ("rmdir", (0,)),
    86: ("link", (0, 1)), 87: ("unlink", (0,)), 88: ("symlink", (1,)), 257: ("create", (1,)),
    258: ("mkdir", (1,)), 263: ("unlink", (1,)), 264: ("rename", (1, 3)), 265: ("link", (1, 3)),
    316: ("rename", (1, 3)),
}  # fmt: skip
_OPENAT, _FLAGS_AT = 257, 2
WRITES = frozenset({
    "write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range", "fallocate", "create",
    "mkdir", "link", "symlink",
})  # fmt: skip
"""Calls that need room on a disk."""
SYNCS = frozenset({"fsync", "fdatasync"})

_TRACEME, _CONT, _GETREGS, _SETREGS, _SYSCALL = 0, 7, 12, 13, 24
_SETOPTIONS, _SYSCALL_INFO = 0x4200, 0x420E
# Follow what is started, tell exits of calls apart, and kill the child when we die.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
_SECCOMP_STOP, _CALL_STOP = 7, signal.SIGTRAP | 0x80
_WALL = 0x40000000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_WORD = 2**64
_RAX, _ORIG_RAX, _REGISTERS = 10, 15, 27

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment before or after one call."""

    number: int  # of the call, from 1; before and after it are two stops of one number
    when: Literal["before", "after"]
    call: str
    path: str  # below the folder; of two the last

    def __str__(self) -> str:
        return f"{self.when} call {self.number}, {self.call} {self.path}"


Verdict = Literal["on", "kill"] | int
"""What becomes of the call: it goes on, its process dies, or it fails with that errno."""


def require_stops() -> None:
    """Skip the test where processes cannot be stopped like this."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("stops processes by ptrace, on Linux on x86-64 alone")
    try:
        ended = traced(lambda: None, Path("/nonexistent"), lambda _: "on")
    except OSError as error:
        pytest.skip(f"this computer does not let us trace our own child: {error}")
    if ended != 0:
        pytest.skip("this computer does not let us filter system calls")


def traced(work: Callable[[], None], folder: Path, take: Callable[[Stop], Verdict]) -> int:
    """Run `work` in a child process and return how it ended: its status, or minus its signal.

    `take` is given each stop below `folder`; what it returns counts before a call alone. An
    exception in `work` ends the child with status 70.
    """
    child = os.fork()
    if child == 0:
        _run(work)
    _wait_for_start(child)
    tracer = _Tracer(folder, take)
    return tracer.follow(child)


def _run(work: Callable[[], None]) -> NoReturn:
    status = 70
    try:
        _libc.ptrace(_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        _install_filter()
        work()
        status = 0
    except SystemExit as done:
        status = int(done.code or 0)
    finally:
        os._exit(status)


def _wait_for_start(child: int) -> None:
    _, status = os.waitpid(child, _WALL)
    if not os.WIFSTOPPED(status):
        raise OSError("the child did not stop")
    _ptrace(_SETOPTIONS, child, data=_OPTIONS)
    _ptrace(_CONT, child)


def _install_filter() -> None:
    """Let the kernel stop at the calls above, and at no other."""
    calls = [*_ON_DESCRIPTOR, *_ON_PATHS]
    program = struct.pack("=HBBI", _LOAD, 0, 0, 0)
    for place, call in enumerate(calls):
        program += struct.pack("=HBBI", _IF_EQUAL, len(calls) - place, 0, call)
    program += struct.pack("=HBBI", _RETURN, 0, 0, _ALLOW)
    program += struct.pack("=HBBI", _RETURN, 0, 0, _TRACE)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(
        struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    )
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if _libc.prctl(_SET_SECCOMP, _FILTER, header, 0, 0):
        os._exit(71)


class _Tracer:
    """Follows a process, its threads and what they start, from stop to stop."""

    def __init__(self, folder: Path, take: Callable[[Stop], Verdict]) -> None:
        self._folder = str(folder)
        self._take = take
        self._count = 0
        self._inside: dict[int, Stop] = {}  # by thread: the call that it is in

    def follow(self, child: int) -> int:
        while True:
            thread, status = os.waitpid(-1, _WALL)
            if not os.WIFSTOPPED(status):
                if thread == child:
                    return os.waitstatus_to_exitcode(status)
                continue
            how, signal_ = _CONT, 0
            if status >> 16 == _SECCOMP_STOP:
                how = self._enter(thread, child)
            elif os.WSTOPSIG(status) == _CALL_STOP:
                inside = self._inside.pop(thread, None)
                if inside is not None:
                    self._decide(Stop(inside.number, "after", inside.call, inside.path), child)
            elif status >> 16 == 0 and os.WSTOPSIG(status) != signal.SIGSTOP:
                signal_ = os.WSTOPSIG(status)
            try:
                _ptrace(how, thread, data=signal_)
            except ProcessLookupError:
                continue  # it was killed meanwhile

    def _enter(self, thread: int, child: int) -> int:
        """Take the stop before a call; return how to go on from there."""
        call, paths = _called(thread)
        below = [one for one in paths if one.startswith(self._folder + "/")]
        if not below:
            return _CONT
        self._count += 1
        stop = Stop(self._count, "before", call, below[-1].removeprefix(self._folder + "/"))
        verdict = self._decide(stop, child)
        if isinstance(verdict, int):
            _fail(thread, verdict)
            return _CONT
        self._inside[thread] = stop
        return _SYSCALL

    def _decide(self, stop: Stop, child: int) -> Verdict:
        verdict = self._take(stop)
        if verdict == "kill":
            os.kill(child, signal.SIGKILL)
        return verdict


def _called(thread: int) -> tuple[str, list[str]]:
    """Return the call at whose beginning a thread stands, and the paths that it is about."""
    info = ctypes.create_string_buffer(128)
    _ptrace(_SYSCALL_INFO, thread, address=len(info), data=ctypes.addressof(info))
    number, *arguments = struct.unpack_from("=7Q", info.raw, 24)
    if number in _ON_DESCRIPTOR:
        descriptor = arguments[_PLACE.get(number, 0)]
        return _ON_DESCRIPTOR[number], [_link(thread, f"fd/{descriptor & 0xFFFFFFFF}")]
    name, places = _ON_PATHS[number]
    if number == _OPENAT and not arguments[_FLAGS_AT] & (os.O_CREAT | os.O_TRUNC):
        return name, []
    return name, [_path(thread, number, arguments, place) for place in places]


def _path(thread: int, number: int, arguments: list[int], place: int) -> str:
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(arguments[place])
        path = os.fsdecode(memory.read(4096).partition(b"\0")[0])
    if path.startswith("/"):
        return path
    # Calls that end in "at" take the folder's descriptor right before the path.
    at = arguments[place - 1] & 0xFFFFFFFF if number >= _OPENAT and place else None
    base = "cwd" if at is None or at == 2**32 - 100 else f"fd/{at}"
    return os.path.normpath(f"{_link(thread, base)}/{path}")


def _link(thread: int, name: str) -> str:
    try:
        return str(Path(f"/proc/{thread}/{name}").readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""


def _fail(thread: int, errno: int) -> None:
    """Let the call at whose beginning a thread stands fail, and not happen."""
    registers = (ctypes.c_uint64 * _REGISTERS)()
    _ptrace(_GETREGS, thread, data=ctypes.addressof(registers))
    registers[_ORIG_RAX], registers[_RAX] = _WORD - 1, _WORD - errno
    _ptrace(_SETREGS, thread, data=ctypes.addressof(registers))


def _ptrace(request: int, thread: int, *, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, thread, address or None, data or None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
