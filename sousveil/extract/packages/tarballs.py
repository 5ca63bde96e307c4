"""Files out of tarballs, and single files packed by gzip, bzip2 or xz, as a stream.

Takes bytes, gives entries. Gzip is RFC 1952, tar is POSIX.1-2001 (pax) and its relatives, through
the standard library's readers; a tarball is read forwards only, so that no header can send the
reader back. Links and devices are no files; nothing is ever unpacked to disk.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from sousveil.extract.charset import decode
from sousveil.extract.packages.budget import (
    MAX_PART_BYTES,
    MAX_STREAM_BYTES,
    Budget,
    Entry,
    damaged,
    is_bomb,
    too_large,
)

HEAD_BYTES = 512  # a tar header
_TAR_MARK = slice(257, 262)  # in a header (POSIX.1-2001, pax, "ustar Interchange Format")

# MemoryError: xz files may ask for 4 GB. RecursionError: a name too long for its header is read by
# reading the next header. The rest is what the readers raise for bytes that break the format.
_BROKEN = (
    *(zlib.error, lzma.LZMAError, tarfile.TarError, OSError, EOFError, ValueError),
    *(OverflowError, RecursionError, MemoryError),
)


class _File(Protocol):
    def read(self, size: int, /) -> bytes: ...


_OPENERS: dict[str, Callable[[io.BytesIO], _File]] = {
    "gzip": lambda source: gzip.GzipFile(fileobj=source),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


def is_tar(head: bytes) -> bool:
    """Whether the first bytes of a file are a tar header."""
    return head[_TAR_MARK] == b"ustar"


class Unpacked:
    """What a compressed file holds, read forwards and bounded."""

    def __init__(self, payload: bytes, kind: str) -> None:
        self._source = io.BytesIO(payload)
        self._file = _OPENERS[kind](self._source)
        self._length = 0
        self._head = b""

    def head(self) -> bytes:
        """Return the first bytes, and leave them to be read."""
        while len(self._head) < HEAD_BYTES and (more := self._more(HEAD_BYTES)):
            self._head += more
        return self._head

    def read(self, size: int) -> bytes:
        """Return the next bytes, `size` at most; none at the end.

        Raises ExtractError for a stream that is damaged, a bomb, or over MAX_STREAM_BYTES.
        """
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._more(size)

    def _more(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except _BROKEN as error:
            raise damaged(str(error)) from error
        self._length += len(data)
        if self._length > MAX_STREAM_BYTES:
            raise too_large(f"more than {MAX_STREAM_BYTES >> 30} GB")
        if is_bomb(self._length, self._source.tell()):
            raise too_large(f"{self._length // self._source.tell()} times its own size")
        return data


def single_entry(unpacked: Unpacked, path: str, budget: Budget) -> Entry:
    """Return the one file that was compressed; raises ExtractError as `Unpacked.read` does.

    `Unpacked` sees to its ratio, so to the budget it counts as not packed.
    """
    budget.count_entries(1)
    pieces = []
    length = 0
    while piece := unpacked.read(1 << 20):
        length += len(piece)
        if length > MAX_PART_BYTES:
            return Entry(path, None, f"it is larger than {MAX_PART_BYTES >> 20} MB")
        budget.count_bytes(len(piece), len(piece))
        pieces.append(piece)
    return Entry(path, b"".join(pieces))


def tar_entries(
    stream: _File, budget: Budget, wanted: Callable[[str, int], bool]
) -> Iterator[Entry]:
    """Give the files of a tarball for whose path and size `wanted` holds, in order.

    Raises ExtractError for one that is damaged or beyond the budget. `Unpacked` sees to the ratio,
    so to the budget the files count as not packed.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8") as archive:  # type: ignore[call-overload]  # typeshed asks for more than read()
            for member in archive:
                archive.members.clear()  # it would remember them all
                budget.count_entries(1)
                path = _path(member.name)
                if not member.isreg() or not wanted(path, member.size):
                    continue
                if member.size > MAX_PART_BYTES:
                    yield Entry(path, None, f"it is larger than {MAX_PART_BYTES >> 20} MB")
                    continue
                budget.count_bytes(member.size, member.size)
                file = archive.extractfile(member)
                if file is not None:
                    yield Entry(path, file.read())
    except _BROKEN as error:
        raise damaged(str(error)) from error


def _path(name: str) -> str:
    """Return a file's name; its bytes are in an unknown encoding if they are no UTF-8."""
    raw = name.encode("utf-8", "surrogateescape")
    return decode(raw)[0]
