"""The tie between a job's command and its desk: when the desk is gone, so is the command.

A desk that is killed can ask nothing to end, so the command must notice. The desk holds one end of
the command's standard input as long as it lives; when the system closes it, for whatever reason,
the command ends as at Ctrl-C. Nobody else has that end, and it works wherever there are pipes.

The first line that comes through is the passphrase of the signing key, or empty: whoever opened the
desk typed it there, and a command of the desk has no terminal to ask at.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import IO

from sousveil.tlog.passphrase import remember, remembered

VARIABLE = "SOUSVEIL_TIED"
"""Environment variable that tells a command that its standard input is such a tie."""

# A visit ends within seconds when it is asked to; what does not is ended.
STOP_SECONDS = 8.0


def tie(stdin: IO[bytes]) -> None:
    """Tell a command, by the end that we hold of its standard input, what it must know."""
    with suppress(BrokenPipeError):  # it is gone already, and its status tells of it
        os.write(stdin.fileno(), remembered().encode() + b"\n")


def heed_tie() -> None:
    """End this program when its desk is gone; nothing is done for who was not started by a desk.

    Called once, before anything else: it reads the first line of standard input.
    """
    if os.environ.pop(VARIABLE, None) is None:
        return
    # A desk that a script put in the background ignores Ctrl-C, and what it starts would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    passphrase = sys.stdin.buffer.readline().decode().rstrip("\n")
    if passphrase:
        remember(passphrase)
    threading.Thread(target=_end_with_desk, name="tie", daemon=True).start()


def _end_with_desk() -> None:
    while os.read(sys.stdin.fileno(), 1):
        """The desk says nothing more."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(STOP_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)  # the desk gave us a group of our own
