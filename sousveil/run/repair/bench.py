"""The bench: a case under repair, and the folder in it into which things are set aside."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sousveil.case import Case
from sousveil.durable import make_folders, sync_folder, write_durably
from sousveil.errors import EvidenceError
from sousveil.model import Fault
from sousveil.run.verify import ASIDE_FOLDER
from sousveil.tlog.files import make_folder, write_file

NOTE_FILE = "README.txt"

_OPENING = """\
`sousveil doctor --repair` put these files here, at the paths that they had in the case, for the
reasons below. They are no part of the evidence. None was deleted: look at them, and remove this
folder when nobody needs them any more.

"""


@dataclass(slots=True)
class Bench:
    """A case under repair, the folder for what is set aside, and what was done so far."""

    case: Case
    now: datetime
    folder: Path | None = None
    aside: list[Fault] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    @property
    def shown_folder(self) -> str:
        """Where things were set aside, from the case's folder; "" when nothing was."""
        return self.folder.relative_to(self.case.root).as_posix() if self.folder else ""

    def set_aside(self, name: str, why: str) -> None:
        """Move a file or folder of the case; the note comes first, and names it."""
        source, target = self.case.root / name, self._place(name, why)
        source.rename(target)
        sync_folder(target.parent)
        sync_folder(source.parent)

    def keep_copy(self, name: str, data: bytes, why: str) -> None:
        """Write down a part of a file that is about to be cut off."""
        write_durably(self._place(name, why), data)

    def make(self, name: str, data: bytes, why: str) -> None:
        """Put a file of the log in its place, and what lies there aside."""
        path = self.case.root / name
        if os.path.lexists(path):
            self.set_aside(name, why)
        make_folder(path.parent)
        write_file(path, data)
        sync_folder(path.parent)
        self.made.append(name)

    def _place(self, name: str, why: str) -> Path:
        if self.folder is None:
            self.folder = _new_folder(self.case.root, self.now)
        self.aside.append(Fault(name, why))
        lines = "".join(f"{one.path}: {one.problem}\n" for one in self.aside)
        write_durably(
            self.folder / NOTE_FILE, (_OPENING + lines).encode("utf-8", "backslashreplace")
        )
        target = self.folder / name
        make_folders(target.parent)
        return target


def _new_folder(root: Path, now: datetime) -> Path:
    above = root / ASIDE_FOLDER
    if above.is_symlink():
        raise EvidenceError(f"{above}: leads out of the case. Remove this link.")
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1_000)))
    folder = next(above / name for name in names if not os.path.lexists(above / name))
    make_folders(folder)
    return folder
