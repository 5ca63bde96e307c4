"""A disk that loses power: what of a folder would be left if it were cut at each moment.

`recorded` watches a folder while something is done there, and hands over a `Moment` before each
sync, rename, removal and new folder. From it come the folders that a power cut may leave: POSIX
promises only what was synced, the content of files by their own `fsync`, names by their folder's.
A file keeps one name at least when it is moved, as the journals of file systems provide.
"""

import os
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import pytest

P = ParamSpec("P")
R = TypeVar("R")

STEPS = ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir")

SECTOR_BYTES = 512  # what a disk writes whole, or not

Names = dict[str, int]  # of a folder's entries: their inodes


@dataclass(frozen=True, slots=True)
class _State:
    """What a disk holds, by inode."""

    files: dict[int, bytes]
    folders: dict[int, Names]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is on the disk for good, and what would be if all were synced."""

    root: int
    synced: _State
    present: _State

    def leave_synced(self, target: Path) -> None:
        """Write what is left when all is lost that was not synced."""
        _write(target, self.root, self.synced)

    def leave_names(self, target: Path) -> None:
        """Write what is left when names were kept, but no content that was not synced."""
        files = {inode: self.synced.files.get(inode, b"") for inode in self.present.files}
        _write(target, self.root, _State(files, self.present.folders))

    def leave_some(self, target: Path, chance: random.Random) -> None:
        """Write one of the many things that may be left: of each name and content the old or new.

        A content that was not synced may be cut short.
        """
        files = {
            inode: _either(self.synced.files.get(inode, b""), now, chance)
            for inode, now in self.present.files.items()
        }
        self._leave(target, self.synced.files | files, chance)

    def _leave(self, target: Path, files: dict[int, bytes], chance: random.Random) -> None:
        """Write files under some of the names that they had or have."""
        folders = {
            inode: _some_names(
                self.synced.folders.get(inode, {}), self.present.folders.get(inode, {}), chance
            )
            for inode in self.synced.folders | self.present.folders
        }
        named = {inode for names in folders.values() for inode in names.values()}
        for folder, names in self.present.folders.items():
            for name, inode in names.items():
                if inode not in named and self._was_named(inode):
                    folders[folder][name] = inode
        _write(target, self.root, _State(files, folders))

    def leave_torn(self, target: Path, chance: random.Random) -> None:
        """Write what may be left when the disk tears writes, too, and does them in any order.

        As `leave_some`, but of a content that was not synced each sector is the old one or the new
        one.
        """
        files = {
            inode: _torn(self.synced.files.get(inode, b""), now, chance)
            for inode, now in self.present.files.items()
        }
        self._leave(target, self.synced.files | files, chance)

    def _was_named(self, inode: int) -> bool:
        return any(inode in names.values() for names in self.synced.folders.values())


def _either(synced: bytes, now: bytes, chance: random.Random) -> bytes:
    kept = len(synced) if now.startswith(synced) else 0
    return chance.choice([synced, now, now[: chance.randint(kept, len(now))]])


def _torn(synced: bytes, now: bytes, chance: random.Random) -> bytes:
    """Return a content of which some sectors came onto the disk; its size may be either."""
    if synced == now:
        return now
    size = chance.choice([len(synced), len(now)])
    sectors = []
    for at in range(0, size, SECTOR_BYTES):
        end = min(at + SECTOR_BYTES, size)
        new, old = now[at:end], synced[at:end]
        sectors.append(chance.choice([new, old]).ljust(end - at, b"\0"))
    return b"".join(sectors)


def _some_names(synced: Names, present: Names, chance: random.Random) -> Names:
    names = {}
    for name in synced | present:
        inode = chance.choice([synced.get(name), present.get(name)])
        if inode is not None:
            names[name] = inode
    return names


def _write(target: Path, root: int, state: _State) -> None:
    _write_folder(target, root, state, {})


def _write_folder(target: Path, folder: int, state: _State, written: dict[int, Path]) -> None:
    target.mkdir()
    for name, inode in state.folders.get(folder, {}).items():
        path = target / name
        if inode not in state.files:
            _write_folder(path, inode, state, written)
        elif inode in written:
            path.hardlink_to(written[inode])
        else:
            path.write_bytes(state.files[inode])
            path.chmod(0o600)  # there may be a key among them
            written[inode] = path


class _Recorder:
    """Follows what is synced below a folder; all that is there at first is."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # Inodes stay open, so that no new file gets the number of one that went.
        self._held: dict[int, int] = {}
        self._synced = self._present()

    def moment(self) -> Moment:
        synced = _State(dict(self._synced.files), dict(self._synced.folders))
        return Moment(self._root.stat().st_ino, synced, self._present())

    def note(self, descriptor: int) -> None:
        """Note that what lies behind a descriptor was synced."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        inode = os.fstat(descriptor).st_ino
        if not path.is_relative_to(self._root):
            return
        if path.is_dir():
            self._synced.folders[inode] = {one.name: one.stat().st_ino for one in path.iterdir()}
            for one in path.iterdir():
                if one.is_file():
                    self._synced.files.setdefault(one.stat().st_ino, b"")
        else:
            self._synced.files[inode] = path.read_bytes()

    def _present(self) -> _State:
        state = _State({}, {})
        for folder in (self._root, *self._root.rglob("*")):
            inode = folder.stat().st_ino
            if inode not in self._held:
                self._held[inode] = os.open(folder, os.O_RDONLY)
            if folder.is_dir():
                names = {one.name: one.stat().st_ino for one in folder.iterdir()}
                state.folders[inode] = names
            else:
                state.files[inode] = folder.read_bytes()
        return state

    def close(self) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)


@contextmanager
def recorded(
    root: Path, take: Callable[[Moment], None], steps: Collection[str] = STEPS
) -> Iterator[None]:
    """Give `take` each moment of what is done below `root` inside, the last one at its end.

    `steps` are the calls before which there is one.
    """
    recorder, fsync = _Recorder(root), os.fsync

    def step(real: Callable[P, R]) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            take(recorder.moment())
            result = real(*args, **kwargs)
            if real is fsync:
                recorder.note(cast(int, args[0]))
            return result

        return call

    try:
        with pytest.MonkeyPatch.context() as patched:
            for name in steps:
                patched.setattr(os, name, step(getattr(os, name)))
            yield
        take(recorder.moment())
    finally:
        recorder.close()
