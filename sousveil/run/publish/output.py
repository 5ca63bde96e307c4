"""Outputs: how what is handed out gets its name, once it was looked through, and sealed if asked.

Everything is written beside its place under a name of its own, looked through for what would tell
of us (`leaks.py`), synced and renamed, or it goes. What exists is never overwritten.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Generic, TypeVar

from sousveil.archive.wacz import appearing
from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.run.publish.leaks import Leak, Wanted, judged, wanted_of
from sousveil.run.publish.private import Private
from sousveil.run.publish.sealed import SEALED_SUFFIX, seal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Output:
    """Where a package goes, who alone can open it, and what of ours may be in it."""

    path: Path
    recipients: Sequence[Any] = ()  # of `sealed.py`; () for a package that anybody can open
    allowed: frozenset[Private] = frozenset()


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """A file that is to be written, and how what it tells is found in it afterwards."""

    path: Path
    write: Callable[[BinaryIO], T]
    leaks: Callable[[BinaryIO, Wanted], Iterable[Leak]]


def require_new(path: Path, ending: str) -> None:
    """Raise InputError unless `path` ends in `ending`, is not there yet, and its folder is."""
    if not path.name.endswith(ending):
        raise InputError(f"{path}: the name of such a file ends in {ending}. Name it so.")
    if path.exists() or path.is_symlink():
        raise InputError(f"{path}: exists already, and is not overwritten. Choose another name.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.absolute().parent}. Make it first.")


def put(case: Case, output: Output, pieces: Sequence[Piece[T]]) -> tuple[list[T], list[str]]:
    """Write files, look them through, and put them in place together.

    Returns what their `write` gave, and what is to be told of leaks. Raises InputError when
    something of ours would leak; then none of them is there. One that is to be sealed is first
    written to a file in `pending/` that never has a name, beside the evidence that lies there as
    open as it: not to where the output goes, which may be a stick or a synchronised folder.
    """
    wanted = wanted_of(case)
    written: list[T] = []
    told: list[str] = []
    with ExitStack() as places:
        for piece in pieces:
            place = places.enter_context(appearing(piece.path))
            plain = place
            if output.recipients:
                plain = places.enter_context(TemporaryFile(dir=case.pending))
            written.append(piece.write(plain))
            told += judged(_found(piece, plain, wanted), output.allowed)
            if output.recipients:
                plain.seek(0)
                seal(plain, place, list(output.recipients))
    return written, told


def _found(piece: Piece[T], file: BinaryIO, wanted: Wanted) -> Iterator[Leak]:
    file.seek(0)
    yield from piece.leaks(file, wanted)


def sealed_ending(output: Output) -> str:
    """Return how the name of an output has to end because it is sealed; "" when it is not."""
    return SEALED_SUFFIX if output.recipients else ""
