"""How much of a package is unpacked: the limits, and what is left of them.

One `Budget` serves a package and all packages within it, so that neither depth nor number gets
around a limit. Bombs (42.zip, overlapping files, quines) end at one of these.
"""

from typing import NamedTuple

from sousveil.errors import ExtractError

MAX_DEPTH = 3  # packages in packages: a release holds an SDK that holds a JAR; a quine never ends
MAX_ENTRIES = 50_000  # files in all; the largest SDKs have some 20,000
MAX_PART_BYTES = 64 << 20  # of one file; a manual of 2,000 scanned pages fits
MAX_BYTES = 512 << 20  # of the files that are taken out, together
MAX_STREAM_BYTES = 2 << 30  # of a tarball, what is passed over too; unpacking it takes 10 s
FREE_BYTES = 1 << 20  # may be packed as tightly as it likes
MAX_RATIO = 100  # unpacked to packed, beyond that; text packs 5 to 20 times, logs 50
FREE_TOTAL_BYTES = 16 << 20  # the same, of all files together
MAX_WORKED = 300  # PDFs, pictures and legacy files: each takes seconds to read


class Entry(NamedTuple):
    """A file of a package as it is taken out."""

    path: str
    payload: bytes | None  # None: not taken
    problem: str = ""  # why not


class Budget:
    """What is left of the limits."""

    def __init__(self) -> None:
        self._entries = MAX_ENTRIES
        self._unpacked = 0
        self._packed = 0
        self._worked = MAX_WORKED

    def count_entries(self, number: int) -> None:
        """Take `number` files into account; raises ExtractError beyond MAX_ENTRIES."""
        self._entries -= number
        if self._entries < 0:
            raise too_large(f"more than {MAX_ENTRIES} files")

    def count_bytes(self, unpacked: int, packed: int) -> None:
        """Take a file's sizes into account; raises ExtractError beyond MAX_BYTES or MAX_RATIO."""
        self._unpacked += unpacked
        self._packed += packed
        if self._unpacked > MAX_BYTES:
            raise too_large(f"more than {MAX_BYTES >> 20} MB of files to read")
        if self._unpacked > FREE_TOTAL_BYTES and is_bomb(self._unpacked, self._packed):
            raise too_large(f"files of more than {MAX_RATIO} times its own size")

    def may_work(self) -> bool:
        """Whether one more file that takes seconds to read is within MAX_WORKED."""
        self._worked -= 1
        return self._worked >= 0


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so few are what only bombs do."""
    return unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed


def too_large(what: str) -> ExtractError:
    """Return the error for a package beyond a limit."""
    return ExtractError(
        f"the package holds {what}; what comes after is not read, the capture itself is kept"
    )


def damaged(why: str) -> ExtractError:
    """Return the error for a package that breaks its format."""
    return ExtractError(
        f"the package is damaged ({why}), so it is not read on; the capture itself is kept"
    )
