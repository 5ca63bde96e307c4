"""What people have seen: up to which notice each of them has read Today.

In the configuration folder, beside the users: it is a habit of theirs and no evidence. A notice is
remembered by its id, which stays when the index is made again.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from sousveil.durable import write_durably
from sousveil.errors import CaseError
from sousveil.index.reviews import person
from sousveil.settings import config_folder

_WRITING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has read."""

    notice_id: str  # the newest that they have seen; "" for none
    at: datetime  # when they said so


def marks_file(origin: str) -> Path:
    """Return where the marks of the case lie whose log is named `origin`."""
    return config_folder() / "desk" / origin.replace("/", "-") / "seen.json"


def mark_of(path: Path, name: str) -> Mark | None:
    """Return how far somebody has read; None when they never said. CaseError as `_read`."""
    return _read(path).get(person(name))


def put_mark(path: Path, name: str, mark: Mark) -> None:
    """Remember how far somebody has read."""
    with _WRITING:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        marks = _read(path) | {person(name): mark}
        write_durably(path, msgspec.json.encode(marks), private=True)


def _read(path: Path) -> dict[str, Mark]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Mark])
    except msgspec.MsgspecError as error:
        raise CaseError(
            f"{path}: cannot be read ({error}). Remove it: it is no evidence."
        ) from error
