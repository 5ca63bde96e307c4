"""The vendor's SDK repository, made with the git command: history first, the clean-up on request.

Takes a folder; leaves a repository there. Names, dates, branch and hash function are fixed and no
configuration of the machine is read, so the commits have the same ids everywhere.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sousveil.errors import RepositoryError

GIT_TIMEOUT_SECONDS = 60  # each command takes milliseconds; more means a hung disk

_FILES = Path(__file__).parent / "sdk"
_GB18030_FILES = frozenset({"stl_face.h"})  # kept as UTF-8 in our package, written as GB18030
_IDENTITY = ("Oddlestane Release Desk", "release@oddlestane.example")


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: the folder of files it writes, its date and its message."""

    folder: str  # below sdk/; each file is whole
    date: str  # ISO 8601
    message: str


HISTORY: tuple[Step, ...] = (
    Step("1", "2018-05-14T10:00:00+0000", "Import StaneLens SDK 1.0."),
    Step("2", "2018-11-20T10:00:00+0000", "Add face attributes of the 2.0 algorithm."),
    Step("3", "2019-03-07T10:00:00+0000", "Add the identity-card reader."),
    Step("4", "2019-09-02T10:00:00+0000", "README: how to build."),
    Step("5", "2020-06-18T10:00:00+0000", "Fix size of the landmark array."),
)
CLEAN_UP = Step("6", "2020-12-15T10:00:00+0000", "Minor clean-up of headers.")


def make_repository(path: Path) -> None:
    """Make the repository with its history at `path`, which must not exist yet.

    Raises RepositoryError if it does, or if git is missing or fails.
    """
    if path.exists():
        raise RepositoryError(f"{path}: exists already. Remove it, or choose another folder.")
    path.mkdir(parents=True)
    _git(path, "init", "--quiet", "--template=")
    _git(path, "symbolic-ref", "HEAD", "refs/heads/main")
    for step in HISTORY:
        _commit(path, step)


def drop_field(path: Path) -> None:
    """Commit the removal of the ethnicity field from the C header and the Java class.

    Raises RepositoryError if git fails, which it does when the field is gone already.
    """
    _commit(path, CLEAN_UP)


def _commit(path: Path, step: Step) -> None:
    folder = _FILES / step.folder
    for source in sorted(file for file in folder.rglob("*") if file.is_file()):
        target = path / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        charset = "gb18030" if source.name in _GB18030_FILES else "utf-8"
        target.write_bytes(source.read_text(encoding="utf-8").encode(charset))
    _git(path, "add", "--all")
    _git(path, "commit", "--quiet", "--message", step.message, date=step.date)


def _git(path: Path, *arguments: str, date: str = "") -> None:
    name, address = _IDENTITY
    # Made from nothing: HOME would bring the user's hooks and signing, GIT_DIR another repository.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": address,
        "GIT_COMMITTER_DATE": date,
    }
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=path,
            env=environment,
            capture_output=True,
            check=False,
            timeout=GIT_TIMEOUT_SECONDS,
        )
    except FileNotFoundError as error:
        raise RepositoryError("git: command not found. Install git, then try again.") from error
    except subprocess.TimeoutExpired as error:
        raise RepositoryError(
            f"{path}: git {arguments[0]} took over {GIT_TIMEOUT_SECONDS} s. Is the disk all right?"
        ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise RepositoryError(f"{path}: git {arguments[0]} failed: {said}")
