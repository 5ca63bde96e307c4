"""Small worlds: a case, its keys and what is written beside it, in one folder that is copied fast.

    world/case      the case
    world/config    the user's configuration: signing keys, remembered heads
    world/out       what commands write elsewhere

A `State` is all of it at one moment. Worlds lie in memory where there is such a folder: thousands
of them are written out again, and nothing here is about what a disk promises (`tests/disk.py` is).
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
R = TypeVar("R")

MEMORY = Path("/dev/shm")  # noqa: S108 - nobody else knows the folder's name
WORKERS = 2  # what a small computer has, too
# SQLite's shared memory holds nothing that the write-ahead log does not; it is made anew.
_FORGOTTEN = "index.sqlite-shm"


@dataclass(frozen=True, slots=True)
class State:
    """All that lies in a world."""

    files: dict[str, bytes]  # by path from the world's folder
    folders: frozenset[str]

    def digest(self) -> bytes:
        """Return what tells this state from others, as far as it matters."""
        whole = hashlib.sha256()
        for name, data in sorted(self.files.items()):
            if not name.endswith(_FORGOTTEN):
                whole.update(f"{name}\0{len(data)}\0".encode() + data)
        whole.update("\0".join(sorted(self.folders)).encode())
        return whole.digest()


def read_state(world: Path) -> State:
    """Return what lies in a world now."""
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    _read(str(world), "", files, folders)
    return State(files, frozenset(folders))


def _read(folder: str, prefix: str, files: dict[str, bytes], folders: set[str]) -> None:
    with os.scandir(folder) as found:
        for one in found:
            name = prefix + one.name
            if one.is_symlink():
                continue
            if one.is_dir():
                folders.add(name)
                _read(one.path, f"{name}/", files, folders)
            else:
                with open(one.path, "rb", buffering=0) as file:  # noqa: PTH123 - ten times a Path's speed
                    files[name] = file.read()


def write_state(state: State, world: Path) -> None:
    """Write a state into a folder that does not exist yet; each file is its owner's alone."""
    world.mkdir()
    for name in sorted(state.folders):
        (world / name).mkdir()
    for name, data in state.files.items():
        descriptor = os.open(world / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, data)
        os.close(descriptor)


@contextmanager
def new_folder() -> Iterator[Path]:
    """Give a folder in memory, or else a temporary one, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="sousveil-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def live_in(world: Path) -> Iterator[None]:
    """Let commands take keys from a world; words that are made ready are shared by all worlds."""
    config, words = world / "config", world.parent / "words"
    config.mkdir(exist_ok=True)
    words.mkdir(exist_ok=True)
    if not (config / "cache").exists():
        (config / "cache").symlink_to(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(config))
        yield


def side_by_side(function: Callable[[T], R], given: Sequence[T]) -> Iterator[R]:
    """Yield what a function returns for each of many values, worked out by several processes."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        yield from pool.map(function, given, chunksize=4)
