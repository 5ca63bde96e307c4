"""Changes of files, as accidents and adversaries make them: which there are, and how they look.

Takes files, by path, and gives `Change`s; `made` is what a change makes of the files. Pure.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "flip", "insert", "drop", "cut", "swap blocks", "swap lines", "drop line", "double line",
    "delete", "copy", "rename", "swap files", "empty", "lengthen",
]  # fmt: skip

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One change; what the numbers mean depends on its kind."""

    kind: Kind
    file: str
    at: int = 0  # byte or line
    more: int = 0  # bit to flip, byte to insert, or where the other block or line is
    other: str = ""  # file

    def __str__(self) -> str:
        return f"{self.kind} {self.file} {self.at} {self.more} {self.other}".rstrip()


def made(change: Change, files: Files) -> dict[str, bytes | None]:
    """Return the files that a change leaves otherwise; None for one that is gone."""
    data = files[change.file]
    if change.kind == "delete":
        return {change.file: None}
    if change.kind == "copy":
        return {change.other: data}
    if change.kind == "rename":
        return {change.file: None, change.other: data}
    if change.kind == "swap files":
        return {change.file: files[change.other], change.other: data}
    return {change.file: _edited(change, data)}


def _edited(change: Change, data: bytes) -> bytes:
    if change.kind in {"swap lines", "drop line", "double line"}:
        return b"".join(_with_lines(change, data.splitlines(keepends=True)))
    if change.kind == "swap blocks":
        return _with_blocks(change, data)
    at, more = change.at, change.more
    edited: dict[str, Callable[[], bytes]] = {
        "flip": lambda: data[:at] + bytes([data[at] ^ 1 << more]) + data[at + 1 :],
        "insert": lambda: data[:at] + bytes([more]) + data[at:],
        "drop": lambda: data[:at] + data[at + 1 :],
        "cut": lambda: data[:at],
        "empty": bytes,
        "lengthen": lambda: data + bytes([more]),
    }
    return edited[change.kind]()


def _with_blocks(change: Change, data: bytes) -> bytes:
    at, more = change.at, change.more
    size = min(BLOCK_BYTES, more - at, len(data) - more)
    first, second = data[at : at + size], data[more : more + size]
    return data[:at] + second + data[at + size : more] + first + data[more + size :]


def _with_lines(change: Change, lines: list[bytes]) -> list[bytes]:
    at, more = change.at, change.more
    if change.kind == "swap lines":
        lines[at], lines[more] = lines[more], lines[at]
    elif change.kind == "drop line":
        del lines[at]
    else:
        lines.insert(at, lines[at])
    return lines


BLOCK_BYTES = 16


def flips(files: Files, chance: random.Random, most: int) -> Iterator[Change]:
    """Yield flips of one bit: of each byte of small files, and `most` bytes of the others."""
    for name, data in files.items():
        places: Sequence[int] = range(len(data))
        if len(data) > most:
            places = sorted(chance.sample(places, most))
        yield from (Change("flip", name, at, chance.randrange(8)) for at in places)


def others(files: Files, chance: random.Random, each: int) -> Iterator[Change]:
    """Yield changes of other kinds, `each` of a kind and file where it has places for them."""
    for name, data in files.items():
        size, lines = len(data), data.count(b"\n")
        yield from (Change("delete", name), Change("lengthen", name, more=chance.randrange(256)))
        if not size:
            continue
        yield Change("empty", name)
        yield Change("cut", name, size - 1)
        for _ in range(each):
            yield Change("cut", name, chance.randrange(size))
            yield Change("drop", name, chance.randrange(size))
            yield Change("insert", name, chance.randrange(size + 1), chance.randrange(256))
            if size > BLOCK_BYTES:
                at = chance.randrange(size - BLOCK_BYTES)
                yield Change("swap blocks", name, at, chance.randrange(at + 1, size))
            if lines > 1:
                first, second = chance.sample(range(lines), 2)
                yield Change("swap lines", name, first, second)
                yield Change("drop line", name, first)
                yield Change("double line", name, second)
    yield from _among(files)


def _among(files: Files) -> Iterator[Change]:
    """Yield each file in the place of, and beside, the next one of its folder, and elsewhere."""
    names = sorted(files)
    for name, after in zip(names, [*names[1:], names[0]], strict=True):
        folder, slash, last = name.rpartition("/")
        yield Change("swap files", name, other=after)
        for other in (f"{folder}{slash}x{last}", f"{name}.old", f"{name}x"):
            yield Change("copy", name, other=other)
            yield Change("rename", name, other=other)


def is_no_change(change: Change, files: Files) -> bool:
    """Tell whether a change leaves all as it was, such as two equal lines that were swapped."""
    return all(files.get(name) == data for name, data in made(change, files).items())
