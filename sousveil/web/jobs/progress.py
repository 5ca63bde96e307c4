"""Progress: what a command that runs for the desk says of how far it is.

The desk names a file in the command's environment; the command's progress bars replace what stands
there, and the desk reads it as often as it likes. What is lost at a crash is a bar: nothing is
synced. Both sides are here, so that the form of the file is told once.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

VARIABLE = "SOUSVEIL_PROGRESS"
"""Environment variable that names the file."""

# People see no more than a few changes a second.
SECONDS_BETWEEN = 0.2
MAX_FILE_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is."""

    title: str  # what is done: "visiting"
    done: int = 0
    total: int | None = None  # None: nobody knows
    note: str = ""  # what is at hand


class Noted:
    """Writes progress down where the environment names a file; elsewhere it does nothing."""

    def __init__(self) -> None:
        named = os.environ.get(VARIABLE)
        self._path = Path(named) if named else None
        self._last = 0.0

    def __bool__(self) -> bool:
        """Whether somebody asked for it."""
        return self._path is not None

    def __call__(self, progress: Progress) -> None:
        """Replace what stands in the file, unless that was done a moment ago."""
        now = time.monotonic()
        is_last = progress.done == progress.total
        if self._path is None or (now - self._last < SECONDS_BETWEEN and not is_last):
            return
        self._last = now
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(progress))
        temporary.replace(self._path)


def read_progress(path: Path) -> Progress | None:
    """Return what a command said last; None before it said anything, or when it says nonsense."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FILE_BYTES), type=Progress)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
