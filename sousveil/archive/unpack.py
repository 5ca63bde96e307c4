"""Unpacks a stored archive file: its decompressed bytes, and the way back to the stored ones.

Takes an open file and gives its bytes in order, whether it is plain, gzip (RFC 1952, any number
of members), Zstandard (`frames.py`) or LZ4 frames, and says where a gzip member or a Zstandard
frame begins: below, both are members. Damage is a state, not an error: the bytes end there,
`damage` says why, and `resync` goes on at the next member that begins a record. The same damaged
file always gives the same bytes, so that a record cut by damage keeps its digest. Memory is bounded
by what is peeked at.
"""

import copy
import re
from collections import deque
from typing import BinaryIO

from fastwarc.stream_io import Lz4Reader
from zlib_ng import zlib_ng

from sousveil.archive.frames import (
    DICTIONARY_MAGIC,
    ZSTD_MAGIC,
    Frame,
    FrameError,
    ZstdDict,
    dictionary_at,
    is_frame,
)
from sousveil.archive.inflate import GZIP_WINDOW, InflateError, salvage

GZIP_MAGIC = b"\x1f\x8b\x08"
LZ4_MAGIC = b"\x04\x22\x4d\x18"

# Stored bytes read at a time: few at first, for many want no more than one record.
FIRST_READ_BYTES, READ_BYTES = 2**14, 2**18
# Stored bytes given to zlib at a time, likewise: most members are small, and what it does not want
# of a piece it hands back as a copy.
FIRST_FEED_BYTES, FEED_BYTES = 2**11, 2**16
# Decompressed bytes taken from zlib at a time: deflate expands up to 1032 times.
STEP_BYTES = 2**18
# Three given bytes are met by chance once in 16 MB; a file with more false starts than this is
# made to tire us.
MAX_FALSE_STARTS = 100_000
# Pages shrink to a tenth, logs to a hundredth; beyond 1 GiB, more than this is a bomb.
MAX_EXPANSION = 500
FREE_BYTES = 2**30
# What is decompressed of a candidate member to see whether a record begins there.
PROBE_BYTES = 2**10

_OF_MEMBERS = {"gzip": "gzip member", "zstd": "zstd frame"}
_RECORD_START = re.compile(rb"\s*(?:WARC/[0-9]|[a-z][a-z0-9+.-]{0,20}:\S[^\n]* [0-9]{8,18} )")


class Unpacked:
    """The decompressed bytes of a file, from stored byte `start` on, with positions.

    `position` counts decompressed bytes, from what it is given as on. Raises OSError when the file
    cannot be read.
    """

    def __init__(
        self, file: BinaryIO, start: int = 0, end: int | None = None, *, position: int = 0
    ) -> None:
        self._file, self._end = file, end
        self.damage = ""  # why the bytes end here, when they should not
        self.position = position
        self.padding_bytes = 0  # zeros behind the last gzip member
        self._buffer, self._taken = b"", 0  # decompressed bytes, and how many of them went
        self._input, self._used = b"", 0  # stored bytes, and how many of them were decompressed
        self._ended = False
        self._members: deque[tuple[int, int]] = deque()  # (position, stored offset)
        self._go_to(start)
        magic = self._look(len(LZ4_MAGIC))
        self.compression = "gzip" if magic.startswith(GZIP_MAGIC) else ""
        self._dictionary: ZstdDict | None = None
        self._lz4: Lz4Reader | None = None
        if magic == LZ4_MAGIC:
            self.compression = "lz4"
            file.seek(start)
            self._lz4 = Lz4Reader(file)
        self._decompressed = position  # bytes up to the end of the buffer
        if self.compression == "gzip":
            self._members.append((position, start))
            self._start_member()
        elif is_frame(magic):
            self._begin_frames(start)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end or before damage; consumes none."""
        left = len(self._buffer) - self._taken
        if left < size and not self._ended:
            pieces = [self._buffer[self._taken :]]
            while left < size and not self._ended:
                pieces.append(self._next_piece(size - left))
                left += len(pieces[-1])
            self._buffer, self._taken = b"".join(pieces), 0
        return self._buffer[self._taken : self._taken + size]

    def take(self, size: int) -> bytes:
        """Return the next bytes, at most `size`, and go on behind them; b"" at the end."""
        while self._taken == len(self._buffer) and not self._ended:
            self._buffer, self._taken = self._next_piece(size), 0
        data = self._buffer[self._taken : self._taken + size]
        self._taken += len(data)
        self.position += len(data)
        while self._members and self._members[0][0] < self.position:
            self._members.popleft()
        return data

    def stored_offset(self) -> int | None:
        """Return the stored offset of the next byte, or None when it lies within a member."""
        if not self.compression:
            return self._stored - (len(self._buffer) - self._taken)
        is_at_end = not self.peek(1)
        if self._members and self._members[0][0] == self.position:
            return self._members[0][1]
        return self._stored if is_at_end and not self.damage else None

    def damaged_at(self) -> int:
        """Return the stored offset of the member that is damaged, or where LZ4 data ends."""
        return self._member_offset if self.compression in _OF_MEMBERS else self._stored

    def resync(self) -> bool:
        """Leave the damage behind; True when reading goes on at a later member with a record."""
        if not self.damage:
            return False
        self.damage = ""
        self.position, self._buffer, self._taken = self._decompressed, b"", 0
        self._members.clear()
        is_of_members = self.compression in _OF_MEMBERS
        found = self._find_member(self._member_offset + 1) if is_of_members else None
        if found is None:
            return False
        self._ended = False
        self._go_to(found)
        self._members.append((self.position, found))
        self._start_member()
        return True

    def _next_piece(self, size: int) -> bytes:
        """Return more bytes, some `size` of a plain file; b"" where there are none just now."""
        if self.compression in _OF_MEMBERS:
            piece = self._inflated()
        elif self._lz4 is not None:
            piece = self._read_lz4(self._lz4)
        else:
            self._look(min(size, READ_BYTES))
            piece = self._input[self._used :]
            self._use(len(piece))
            self._ended = not piece
        self._decompressed += len(piece)
        return piece

    def _go_to(self, offset: int) -> None:
        """Read on at a stored offset."""
        self._file.seek(offset)
        self._stored = self._read_end = offset
        self._input, self._used = b"", 0
        self._read_bytes = FIRST_READ_BYTES

    def _look(self, size: int) -> bytes:
        """Return the next `size` stored bytes, fewer at the end; more of them may be at hand."""
        while len(self._input) - self._used < size and (piece := self._read()):
            self._input, self._used = self._input[self._used :] + piece, 0
        return self._input[self._used : self._used + size]

    def _use(self, size: int) -> None:
        """Go on behind stored bytes that are at hand."""
        self._used += size
        self._stored += size

    def _read(self) -> bytes:
        size = self._read_bytes
        if self._end is not None:
            size = max(0, min(size, self._end - self._read_end))
        piece = self._file.read(size)
        self._read_end += len(piece)
        self._read_bytes = min(4 * self._read_bytes, READ_BYTES)
        return piece

    def _read_lz4(self, reader: Lz4Reader) -> bytes:
        try:
            piece: bytes = reader.read(STEP_BYTES)
        except OSError as error:
            self._stop(f"the LZ4 data breaks off or is damaged ({error})")
            return b""
        self._stored = reader.inner_tell()
        self._ended = not piece
        return piece

    def _begin_frames(self, start: int) -> None:
        """Begin with Zstandard frames; the dictionary stands before them, or where the file begins.

        Raises nothing: a dictionary that cannot be read is damage that nothing can be read behind.
        """
        self.compression = "zstd"
        self._member_offset = start
        try:
            here = dictionary_at(self._file, start)
            first = here or dictionary_at(self._file, 0)
        except FrameError as error:
            self._stop(f"the zstd frames cannot be read: {error}")
            return
        if first is not None:
            self._dictionary = first[0]
        self._go_to(here[1] if here else start)
        self._members.append((self.position, self._stored))
        self._start_member()

    def _start_member(self) -> None:
        """Begin with the member that the next stored byte begins."""
        self._member_offset = self._stored
        self._inflate = self._new_member()
        self._feed = FIRST_FEED_BYTES

    def _new_member(self) -> "zlib_ng._Decompress | Frame":
        if self.compression == "gzip":
            return zlib_ng.decompressobj(GZIP_WINDOW)
        return Frame(self._dictionary)

    def _inflated(self) -> bytes:
        """Return the next piece of a file of members."""
        member = f"the {_OF_MEMBERS[self.compression]} at byte {self._member_offset}"
        if not self._look(1):
            self._stop(f"{member} is cut short")
            return b""
        # Frames give nothing of a piece that is damaged: pieces are the same wherever one began.
        if self.compression == "zstd":
            self._look(self._feed)
        piece = self._input[self._used : self._used + self._feed]
        before = None if isinstance(self._inflate, Frame) else copy.copy(self._inflate)
        try:
            data = self._inflate.decompress(piece, STEP_BYTES)
        except (InflateError, FrameError) as error:
            self._use(len(piece))
            self._stop(f"{member} is damaged ({error})")
            return salvage(before, piece) if before is not None else b""
        self._feed = min(4 * self._feed, FEED_BYTES)
        self._use(len(piece) - len(self._inflate.unconsumed_tail or self._inflate.unused_data))
        unpacked = self._decompressed + len(data)
        if unpacked > FREE_BYTES and unpacked > MAX_EXPANSION * self._stored:
            self._stop(f"it grows more than {MAX_EXPANSION} times when decompressed: a bomb")
        elif self._inflate.eof:
            self._next_member(unpacked)
        return data

    def _next_member(self, position: int) -> None:
        """Go on behind a member, where what is next begins at a position."""
        if self.compression == "zstd" and self._members and self._members[-1][0] == position:
            self._members.pop()  # it was to be skipped: no record begins there
        self._members.append((position, self._stored))  # whatever it is
        if self._is_member(self._look(len(ZSTD_MAGIC))):
            self._start_member()
            return
        offset, head = self._stored, self._look(READ_BYTES)
        # Tapes and some tools pad with zeros (gzip(1), "trailing garbage").
        while head and not head.strip(b"\0"):
            self.padding_bytes += len(head)
            self._use(len(head))
            head = self._look(READ_BYTES)
        if head:
            self._member_offset = offset
            what = f"the {_OF_MEMBERS[self.compression]} that ends at byte {offset}"
            self._stop(f"what follows {what} is no {self.compression}")
        self._ended = True

    def _is_member(self, magic: bytes) -> bool:
        if self.compression == "gzip":
            return magic.startswith(GZIP_MAGIC)
        # A second dictionary is against the specification, and what it is for is unknown.
        return is_frame(magic) and magic != DICTIONARY_MAGIC

    def _stop(self, damage: str) -> None:
        self.damage, self._ended = damage, True

    def _find_member(self, offset: int) -> int | None:
        """Return where, from `offset` on, a member begins that holds the start of a record."""
        self._go_to(offset)
        window, base = b"", offset
        false_starts = 0
        magic = GZIP_MAGIC if self.compression == "gzip" else ZSTD_MAGIC
        while false_starts < MAX_FALSE_STARTS and (piece := self._read()):
            window += piece
            at = window.find(magic)
            while at >= 0 and false_starts < MAX_FALSE_STARTS:
                if self._holds_record(window[at : at + PROBE_BYTES]):
                    return base + at
                if at + PROBE_BYTES > len(window):
                    break  # judge it when more of it is read
                false_starts += 1
                at = window.find(magic, at + 1)
            keep = at if at >= 0 else max(0, len(window) - len(magic) + 1)
            base, window = base + keep, window[keep:]
        self._stored = self._read_end
        return None

    def _holds_record(self, stored: bytes) -> bool:
        """Whether stored bytes begin a member with a record, as far as they tell.

        Of a frame they often tell nothing, for it gives whole blocks of up to 128 KB; but its magic
        isn't met by chance.
        """
        try:
            data = self._new_member().decompress(stored, PROBE_BYTES)
        except (InflateError, FrameError):
            return False
        return begins_record(data) or (not data and self.compression == "zstd")


def begins_record(data: bytes) -> bool:
    """Return whether `data` looks like the start of a WARC or ARC record."""
    return bool(_RECORD_START.match(data))
