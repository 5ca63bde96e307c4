"""Members: a gzip file, cut where it is as most web archives are, a record in each member.

Takes an open file and gives its members, decompressed, with their place, for as long as each one is
whole and followed by another or by the end. Stops before the first that is not: what that is, the
careful reader tells (`archive/records.py`), which reads a fifth as fast. A member's end is known
before it is decompressed, for another begins there (RFC 1952, section 2.3.1), so that its size can
be asked for at once; that nothing lies between, zlib says.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from zlib_ng import zlib_ng

from sousveil.archive.unpack import GZIP_MAGIC

_ERROR = cast(type[Exception], zlib_ng.error)  # its stub says that it is a value
# Read at a time: some forty pages.
READ_BYTES = 2**20
# Members beyond this, stored or decompressed, are left to the careful reader, which streams.
MAX_STORED_BYTES = 4 * 2**20
MAX_UNPACKED_BYTES = 16 * 2**20
# Of a member with nothing in it (RFC 1952, sections 2.3.1 and 3.2.4 of RFC 1951).
_LEAST_BYTES = 20
_HEADER_BYTES = 10  # without name and other extras
_WINDOW = 31  # zlib's wbits for a gzip header and trailer around the largest window
# Beginnings of a member within one, by chance (once in 16 MB) or on purpose, that are tried.
_MAX_FALSE_ENDS = 8


class Member(NamedTuple):
    """A whole member."""

    offset: int  # in the stored file
    stored: memoryview
    data: bytes


class Members:
    """The regular members of a file from `start` on; `at` is where the first other thing lies."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._end = file, end
        self.at = start  # in the stored file
        self._buffer, self._base = b"", start  # stored bytes, and where the first of them lies
        self._mark = GZIP_MAGIC  # what the next member begins with
        self._are_alike = True  # whether members began alike so far: a longer mark is found faster

    def go_to(self, at: int) -> None:
        """Go on at another place of the file, further on."""
        self.at = at
        if at > self._base + len(self._buffer):
            self._buffer, self._base = b"", at

    def __iter__(self) -> Iterator[Member]:
        """Yield members until one is not regular, or the end; `at` lies behind the one yielded."""
        while self.at < self._end and (member := self._next()) is not None:
            self.at += len(member.stored)
            yield member

    def _next(self) -> Member | None:
        searched = _LEAST_BYTES  # of the member, for its end
        for _ in range(_MAX_FALSE_ENDS):
            size = self._size(searched)
            start = self.at - self._base
            stored = memoryview(self._buffer)[start : start + size]
            data = _whole(stored)
            if data is not None:
                if self._are_alike:
                    self._mark = bytes(stored[:_HEADER_BYTES])
                return Member(self.at, stored, data)
            if self._mark != GZIP_MAGIC:
                self._mark, self._are_alike = GZIP_MAGIC, False
            elif start + size == len(self._buffer):
                return None
            else:
                searched = size + 1
        return None

    def _size(self, searched: int) -> int:
        """Return how many bytes stand before what may be the next member, or the file's end."""
        while (end := self._buffer.find(self._mark, self.at - self._base + searched)) < 0:
            at_hand = self._base + len(self._buffer) - self.at
            searched = max(searched, at_hand - len(self._mark) + 1)
            if not self._read_on():
                return at_hand
        return end - (self.at - self._base)

    def _read_on(self) -> bool:
        """Read more behind what is at hand, and forget what stands before `at`."""
        start = self.at - self._base
        most = min(READ_BYTES, self._end - self._base - len(self._buffer))
        if len(self._buffer) - start > MAX_STORED_BYTES or most <= 0:
            return False
        self._file.seek(self._base + len(self._buffer))  # others read it, too
        piece = self._file.read(most)
        self._buffer, self._base = self._buffer[start:] + piece, self.at
        return bool(piece)


def _whole(stored: memoryview) -> bytes | None:
    """Return what a member holds, if it is one from the first to the last byte."""
    size = int.from_bytes(stored[-4:], "little")
    if not size or size > MAX_UNPACKED_BYTES:
        return None
    inflate = zlib_ng.decompressobj(_WINDOW)
    try:
        data: bytes = inflate.decompress(stored, size)
        if not inflate.eof:
            # The last bytes were given; the trailer is still to be looked at.
            data += inflate.decompress(inflate.unconsumed_tail, 1)
    except _ERROR:
        return None
    return data if inflate.eof and not inflate.unused_data and len(data) == size else None
