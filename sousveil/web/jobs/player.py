"""The player of archived pages (`sousveil-replay`), where it is installed: a process for each file.

A program of its own, under another licence, that serves one file on origins of its own: nothing of
a captured page reaches the desk, or its session. It ends with the desk, however that ends.
"""

import os
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

from sousveil.errors import InputError
from sousveil.web.jobs.tie import VARIABLE as TIED
from sousveil.web.jobs.tie import tie

# Each holds a file open and some 30 MB; of more, the one that was opened first is ended.
MAX_OPEN = 4
STOP_SECONDS = 3.0

_PROGRAM = """
from sousveil.web.jobs.tie import heed_tie
from sousveil_replay.__main__ import main
heed_tie()
main()
"""


def is_installed() -> bool:
    """Whether this computer has the player."""
    return find_spec("sousveil_replay") is not None


class Players:
    """The players that a desk has opened."""

    def __init__(self) -> None:
        self._open: dict[Path, tuple[subprocess.Popen[bytes], str]] = {}
        self._turn = threading.Lock()

    def open(self, file: Path) -> str:
        """Return the address at which a WACZ file is played, which is opened unless it is already.

        Raises InputError when the player does not take it.
        """
        with self._turn:
            process, address = self._open.get(file, (None, ""))
            if process is not None and process.poll() is None:
                return address
            while len(self._open) >= MAX_OPEN:
                _end(self._open.pop(next(iter(self._open)))[0])
            self._open[file] = _started(file)
            return self._open[file][1]

    def close(self) -> None:
        """End them all."""
        with self._turn:
            while self._open:
                _end(self._open.popitem()[1][0])


def _started(file: Path) -> tuple["subprocess.Popen[bytes]", str]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {TIED: "yes"},
        start_new_session=True,  # Ctrl-C at the desk's terminal reaches it through us
    )
    if process.stdin is not None:
        tie(process.stdin)
    address = process.stdout.readline().decode().strip() if process.stdout is not None else ""
    if not address:
        _end(process)
        raise InputError(
            "The player did not open this file. Ask for it again; `sousveil-replay` with the file"
            " tells why."
        )
    return process, address


def _end(process: "subprocess.Popen[bytes]") -> None:
    with process:  # closes both ends of its pipes
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
