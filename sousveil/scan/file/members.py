"""Members: a gzip file, cut where it is as most web archives are, a record in each member.

Takes an open file and gives its members, decompressed, with their place, for as long as each one is
whole and followed by another or by the end. Stops before the first that is not: what that is, the
careful reader tells (`archive/records.py`), which reads a fifth as fast. Stored bytes are handed
to the library a few at a time, for it copies those that belong to the next member.

That library is ISA-L, which takes three quarters of zlib-ng's time. Beyond what zlib takes, it
takes reserved flags, whose members are left to the careful reader, and incomplete sets of codes,
which no tool writes: what they hold is looked at like the rest (`archive/inflate.py`).
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from isal import igzip_lib

from sousveil.archive.unpack import GZIP_MAGIC

_ERROR = cast("type[Exception]", igzip_lib.error)  # its stub says that it is a value
# Read at a time: some forty pages.
READ_BYTES = 2**20
# Given to the library at a time, and taken from it: most pages are smaller than either.
FEED_BYTES, STEP_BYTES = 2**15, 2**18
# Members beyond this, stored or decompressed, are left to the careful reader, which streams.
MAX_STORED_BYTES = 4 * 2**20
MAX_UNPACKED_BYTES = 16 * 2**20
_FLAGS, _RESERVED = (
    3,
    0xE0,
)  # of a header: where they are, and those that are zero (RFC 1952, 2.3.1)


class Member(NamedTuple):
    """A whole member."""

    offset: int  # in the stored file
    length: int  # as stored
    data: bytes


class Members:
    """The regular members of a file from `start` on; `at` is where the first other thing lies."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._end = file, end
        self.at = start  # in the stored file
        self._buffer, self._base = memoryview(b""), start  # stored bytes, and where the first lies

    def __iter__(self) -> Iterator[Member]:
        """Yield members until one is not regular, or the end; `at` lies behind the one yielded."""
        while self.at < self._end and (member := self._next()) is not None:
            self.at += member.length
            yield member

    def _next(self) -> Member | None:
        stored = self._stored(self.at)
        if len(stored) <= _FLAGS or stored[_FLAGS] & _RESERVED:
            return None
        inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        try:
            data = inflate.decompress(stored, STEP_BYTES)
            end = self.at + len(stored)
            if not inflate.eof:
                data, end = self._more(inflate, data, end)
        except _ERROR:
            return None
        end -= len(inflate.unused_data)
        is_followed = end >= self._end or self._stored(end)[: len(GZIP_MAGIC)] == GZIP_MAGIC
        return Member(self.at, end - self.at, data) if inflate.eof and is_followed else None

    def _more(
        self, inflate: igzip_lib.IgzipDecompressor, data: bytes, end: int
    ) -> tuple[bytes, int]:
        """Return all of a member that begins with `data`, and up to where the library was fed."""
        pieces, size = [data], len(data)
        while not inflate.eof and size <= MAX_UNPACKED_BYTES:
            stored = self._stored(end) if inflate.needs_input else memoryview(b"")
            end += len(stored)
            if end - self.at > MAX_STORED_BYTES or (inflate.needs_input and not stored):
                break
            pieces.append(inflate.decompress(stored, STEP_BYTES))
            size += len(pieces[-1])
        return b"".join(pieces), end

    def _stored(self, place: int) -> memoryview:
        """Return the next stored bytes from `place` on: as many as are fed, fewer at the end."""
        start, at_hand = place - self._base, self._base + len(self._buffer)
        if start < 0 or (place + FEED_BYTES > at_hand and at_hand < self._end):
            self._file.seek(place)  # others read it, too
            self._buffer = memoryview(self._file.read(min(READ_BYTES, self._end - place)))
            self._base, start = place, 0
        return self._buffer[start : start + FEED_BYTES]
