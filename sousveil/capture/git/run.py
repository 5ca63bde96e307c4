"""Git, run so that no repository can make it do more than read.

Takes arguments for the `git` command line (2.37 or newer: `http.curloptResolve`) and gives its
output. A repository comes from strangers, and so may its configuration: git runs with no system
or user configuration, no hook, no file-system monitor, no credential helper, no prompt, no proxy,
no replaced or grafted objects, no lazy fetch, and no transport beyond those that the caller
names. The kernel bounds memory and file size (`ulimit`), a clock bounds time. Commands that read
contents run in our own mirror, whose configuration we write; in a repository of others only its
references are listed. Follows git(1), "Environment Variables", and git-config(1).
"""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from sousveil.errors import RepositoryError

OLDEST_GIT = (2, 37)  # the first with http.curloptResolve, which pins the checked address
MAX_SECONDS = 3600.0  # one git command; the largest vendor SDK we met needs seconds
READING_SECONDS = 86_400.0  # a command whose output we read while we analyse it: our time counts
MAX_REPOSITORY_BYTES = 4 << 30  # one pack or listing; the largest vendor SDK we met has 0.1 GB
MAX_PROCESS_BYTES = 2 << 30  # data memory of one git process: a delta may claim any size
MAX_OUTPUT_BYTES = 256 << 20  # what we read whole: listings of references and object ids
MAX_MESSAGE = 400  # characters of git's own words that we repeat
STALLED_SECONDS = 60  # a server that sends less than STALLED_BYTES a second for so long is gone
STALLED_BYTES = 1000

_ULIMIT_BLOCK = 512  # bytes, the unit of `ulimit -f` in POSIX
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

_SETTINGS: tuple[tuple[str, str], ...] = (
    ("advice.graftFileDeprecated", "false"),  # else it hints at our empty GIT_GRAFT_FILE
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
    ("core.askPass", ""),
    ("core.bigFileThreshold", "16m"),  # larger blobs are streamed, never held for deltas
    ("credential.helper", ""),
    ("gc.auto", "0"),  # nothing that was kept is ever thrown away
    ("maintenance.auto", "false"),
    ("fetch.unpackLimit", "1"),  # always one pack, so that the limit on a file's size holds
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("pack.windowMemory", "64m"),
    ("http.proxy", ""),
    ("http.followRedirects", "false"),  # also switches off http-alternates of dumb servers
    ("http.lowSpeedLimit", str(STALLED_BYTES)),
    ("http.lowSpeedTime", str(STALLED_SECONDS)),
)


class GitError(RepositoryError):
    """A git command failed; `stderr` is what it said, `returncode` how it ended."""

    def __init__(self, command: str, returncode: int, stderr: str, *, timed_out: bool) -> None:
        said = _CONTROL.sub(" ", stderr).strip()[-MAX_MESSAGE:] or f"exit status {returncode}"
        super().__init__(f"git {command}: {said}")
        self.returncode = returncode
        self.stderr = stderr
        self.said = said
        self.timed_out = timed_out

    @property
    def too_large(self) -> bool:
        """Whether the limit on a file's size or on memory ended it."""
        return (
            self.returncode == -signal.SIGXFSZ
            or f"signal {int(signal.SIGXFSZ)}" in self.stderr
            or "File too large" in self.stderr
            or "ut of memory" in self.stderr
        )


@cache
def require_git() -> str:
    """Return git's version, "2.39.5".

    Raises RepositoryError when git is not on PATH or is older than OLDEST_GIT.
    """
    oldest = ".".join(map(str, OLDEST_GIT))
    try:
        said = subprocess.run(
            ["git", "version"], capture_output=True, check=True, text=True, env=_environment()
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise RepositoryError(
            f"git cannot be run ({error}); install git {oldest} or newer to watch repositories."
        ) from error
    found = re.search(r"\d+(\.\d+)+", said)
    version = found[0] if found else ""
    if not found or tuple(map(int, version.split(".")[:2])) < OLDEST_GIT:
        raise RepositoryError(
            f"git {version or 'of unknown version'} is too old: install git {oldest} or newer to "
            "watch repositories safely."
        )
    return version


def run_git(
    arguments: Sequence[str],
    *,
    git_dir: Path | None = None,
    stdin: bytes | IO[bytes] = b"",
    stdout: IO[bytes] | None = None,
    settings: Sequence[tuple[str, str]] = (),
    protocols: str = "",
    alternates: Path | None = None,
    seconds: float = MAX_SECONDS,
) -> bytes:
    """Run one git command to its end and return its output (b"" when `stdout` takes it).

    `protocols` are those it may speak ("http:https"), none by default; `alternates` is an object
    folder that it may read besides its own. Raises GitError when it fails, or when time, size or
    memory run out.
    """
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as captured:
        output = stdout or captured
        with _as_file(stdin) as given:
            process = _start(
                arguments,
                git_dir,
                given,
                output,
                errors,
                settings=settings,
                protocols=protocols,
                alternates=alternates,
            )
        timed_out = False
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _kill(process)
        if process.returncode:
            raise _failure(arguments, process.returncode, errors, timed_out=timed_out)
        if captured.seek(0, os.SEEK_END) > MAX_OUTPUT_BYTES:
            raise GitError(
                arguments[0], 0, "File too large: its listing is too long", timed_out=False
            )
        captured.seek(0)
        return captured.read()


@contextmanager
def stream_git(
    arguments: Sequence[str],
    *,
    git_dir: Path,
    stdin: bytes | IO[bytes] = b"",
    seconds: float = MAX_SECONDS,
) -> Iterator[IO[bytes]]:
    """Run one git command and give its output while it comes.

    Raises GitError, when the block ends, if git failed or ran longer than `seconds`. A block that
    stops reading early ends git.
    """
    with tempfile.TemporaryFile() as errors:
        with _as_file(stdin) as given:
            process = _start(arguments, git_dir, given, subprocess.PIPE, errors)
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            _kill(process)

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        pipe = process.stdout
        if pipe is None:
            raise RepositoryError("git was started without a pipe to read from.")
        try:
            yield pipe
            whole = pipe.read(1) == b""
            if whole:
                process.wait()
        finally:
            timer.cancel()
            _kill(process)
            pipe.close()
        if expired.is_set() or (whole and process.returncode):
            raise _failure(arguments, process.returncode, errors, timed_out=expired.is_set())


@contextmanager
def converse_git(
    arguments: Sequence[str], *, git_dir: Path, seconds: float = MAX_SECONDS
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run one git command that answers line by line; give its input and its output.

    Git is ended with the block, or after `seconds`: then, and when it failed, its output is at its
    end and writing to it raises BrokenPipeError.
    """
    with tempfile.TemporaryFile() as errors:
        process = _start(arguments, git_dir, subprocess.PIPE, subprocess.PIPE, errors)
        timer = threading.Timer(seconds, _kill, [process])
        timer.daemon = True
        timer.start()
        if process.stdin is None or process.stdout is None:
            raise RepositoryError("git was started without pipes to talk through.")
        try:
            yield process.stdin, process.stdout
        finally:
            timer.cancel()
            _kill(process)
            process.stdout.close()
            with suppress(BrokenPipeError):  # a question that git did not live to read
                process.stdin.close()


def _start(
    arguments: Sequence[str],
    git_dir: Path | None,
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    stderr: IO[bytes],
    *,
    settings: Sequence[tuple[str, str]] = (),
    protocols: str = "",
    alternates: Path | None = None,
) -> "subprocess.Popen[bytes]":
    require_git()
    environment = _environment()
    environment["GIT_ALLOW_PROTOCOL"] = protocols
    if alternates is not None:
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = _quoted(alternates)
    for number, (key, value) in enumerate((*_SETTINGS, *settings)):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    environment["GIT_CONFIG_COUNT"] = str(len(_SETTINGS) + len(settings))
    if git_dir is not None:
        environment["GIT_DIR"] = str(git_dir)  # named outright: git asks nobody who owns it
    # A limit that is lower already makes `ulimit` fail, which is as good.
    script = 'ulimit -f "$0" 2>/dev/null; ulimit -d "$1" 2>/dev/null; shift; exec git "$@"'
    blocks, kilobytes = MAX_REPOSITORY_BYTES // _ULIMIT_BLOCK, MAX_PROCESS_BYTES // 1024
    return subprocess.Popen(
        ["/bin/sh", "-c", script, str(blocks), str(kilobytes), *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        start_new_session=True,  # so that its own children end with it
    )


def _environment() -> dict[str, str]:
    """Return the whole environment of git: nothing of the user's but where programs lie."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "HOME": os.devnull,  # hence no .netrc, no attributes, no ignore file
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",  # git 2.45; before, the missing transport does it
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
    }


def _quoted(path: Path) -> str:
    """Return `path` so that git takes it for one folder, whatever it contains."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@contextmanager
def _as_file(stdin: bytes | IO[bytes]) -> Iterator[IO[bytes]]:
    """Give `stdin` as a file: git reads at its own pace, and no pipe can fill up."""
    if not isinstance(stdin, bytes):
        yield stdin
        return
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        yield file


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End git and what it started; does nothing when it has ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(
    arguments: Sequence[str], returncode: int, errors: IO[bytes], *, timed_out: bool
) -> GitError:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - 16 * MAX_MESSAGE))
    said = errors.read().decode("utf-8", "replace")
    return GitError(arguments[0], returncode, said, timed_out=timed_out)
