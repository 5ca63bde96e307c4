"""Unpacks a stored archive file: its decompressed bytes, and the way back to the stored ones.

Takes an open file and gives its bytes in order, whether it is plain, gzip (RFC 1952, any number
of members) or LZ4 frames, and says where a gzip member begins. Damage is a state, not an error:
the bytes end there, `damage` says why, and `resync` goes on at the next member that begins a
record. The same damaged file always gives the same bytes, so that a record cut by damage keeps
its digest. Memory is bounded by what is peeked at.
"""

import re
import zlib
from collections import deque
from typing import BinaryIO

from fastwarc.stream_io import Lz4Reader

GZIP_MAGIC = b"\x1f\x8b\x08"
LZ4_MAGIC = b"\x04\x22\x4d\x18"
_GZIP_WINDOW = 31  # zlib's wbits for a gzip header and trailer around the largest window

# Stored bytes read at a time.
READ_BYTES = 2**14
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

_RECORD_START = re.compile(rb"\s*(?:WARC/[0-9]|[a-z][a-z0-9+.-]{0,20}:\S[^\n]* [0-9]{8,18} )")


class Unpacked:
    """The decompressed bytes of a file, from stored byte `start` on, with positions.

    `position` counts decompressed bytes from `start`. Raises OSError when the file cannot be read.
    """

    def __init__(self, file: BinaryIO, start: int = 0, end: int | None = None) -> None:
        self._file, self._end = file, end
        self.damage = ""  # why the bytes end here, when they should not
        self.position = 0
        self.padding_bytes = 0  # zeros behind the last gzip member
        self._buffer = bytearray()
        self._ended = False
        self._members: deque[tuple[int, int]] = deque()  # (position, stored offset)
        self._member_offset = self._stored = start
        file.seek(start)
        magic = file.read(len(LZ4_MAGIC))
        file.seek(start)
        self.compression = "gzip" if magic.startswith(GZIP_MAGIC) else ""
        self._lz4: Lz4Reader | None = None
        if magic == LZ4_MAGIC:
            self.compression = "lz4"
            self._lz4 = Lz4Reader(file)
        if self.compression == "gzip":
            self._start_member(start)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end or before damage; consumes none."""
        self._fill(size)
        with memoryview(self._buffer) as view:
            return bytes(view[:size])

    def take(self, size: int) -> bytes:
        """Return the next bytes, at most `size`, and go on behind them; b"" at the end."""
        self._fill(min(size, STEP_BYTES))
        with memoryview(self._buffer) as view:
            data = bytes(view[:size])
        del self._buffer[:size]
        self.position += len(data)
        while self._members and self._members[0][0] < self.position:
            self._members.popleft()
        return data

    def stored_offset(self) -> int | None:
        """Return the stored offset of the next byte, or None when it lies within a member."""
        if not self.compression:
            return self._stored - len(self._buffer)
        self._fill(1)
        if self._members and self._members[0][0] == self.position:
            return self._members[0][1]
        return self._stored if self._ended and not self._buffer and not self.damage else None

    def stored_end(self) -> int:
        """Return the stored offset up to which bytes were read."""
        return self._stored

    def resync(self) -> bool:
        """Leave the damage behind; True when reading goes on at a later member with a record."""
        if not self.damage:
            return False
        self.damage = ""
        self.position += len(self._buffer)
        self._buffer.clear()
        self._members.clear()
        found = self._find_member(self._member_offset + 1) if self.compression == "gzip" else None
        if found is None:
            return False
        self._ended = False
        self._start_member(found)
        return True

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and not self._ended:
            if self.compression == "gzip":
                self._inflate_piece()
            elif self._lz4 is not None:
                self._read_lz4(self._lz4)
            else:
                piece = self._read(max(size - len(self._buffer), READ_BYTES))
                self._buffer += piece
                self._ended = not piece

    def _read(self, size: int) -> bytes:
        if self._end is not None:
            size = min(size, self._end - self._stored)
        piece = self._file.read(size)
        self._stored += len(piece)
        return piece

    def _read_lz4(self, reader: Lz4Reader) -> None:
        try:
            piece = reader.read(STEP_BYTES)
        except OSError as error:
            self._stop(f"the LZ4 data breaks off or is damaged ({error})")
            return
        self._stored = reader.inner_tell()
        self._buffer += piece
        self._ended = not piece

    def _start_member(self, offset: int) -> None:
        # Read anew from here: pieces that always begin at the member keep damage reproducible.
        self._file.seek(offset)
        self._member_offset = self._stored = offset
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._members.append((self.position + len(self._buffer), offset))

    def _inflate_piece(self) -> None:
        piece = self._inflate.unconsumed_tail or self._read(READ_BYTES)
        if not piece:
            self._stop(f"the gzip member at byte {self._member_offset} is cut short")
            return
        before = self._inflate.copy()
        try:
            self._buffer += self._inflate.decompress(piece, STEP_BYTES)
        except zlib.error as error:
            self._buffer += salvage(before, piece)
            self._stop(f"the gzip member at byte {self._member_offset} is damaged ({error})")
            return
        unpacked = self.position + len(self._buffer)
        if unpacked > FREE_BYTES and unpacked > MAX_EXPANSION * self._stored:
            self._stop(f"it grows more than {MAX_EXPANSION} times when decompressed: a bomb")
        elif self._inflate.eof:
            self._stored -= len(self._inflate.unused_data)
            self._next_member()

    def _next_member(self) -> None:
        offset = self._stored
        self._file.seek(offset)
        head = self._read(len(GZIP_MAGIC))
        self._members.append((self.position + len(self._buffer), offset))  # whatever it is
        if head == GZIP_MAGIC:
            self._start_member(offset)
            return
        # Tapes and some tools pad with zeros (gzip(1), "trailing garbage").
        while head and not head.strip(b"\0"):
            self.padding_bytes += len(head)
            head = self._read(READ_BYTES)
        if head:
            self._member_offset = offset
            self._stop(f"what follows the gzip member that ends at byte {offset} is no gzip")
        self._ended = True

    def _stop(self, damage: str) -> None:
        self.damage, self._ended = damage, True

    def _find_member(self, offset: int) -> int | None:
        """Return where, from `offset` on, a member begins that holds the start of a record."""
        self._file.seek(offset)
        self._stored = offset
        window, base = b"", offset
        false_starts = 0
        while piece := self._read(READ_BYTES):
            window += piece
            at = window.find(GZIP_MAGIC)
            while at >= 0 and false_starts < MAX_FALSE_STARTS:
                if _holds_record(window[at : at + PROBE_BYTES]):
                    return base + at
                if at + PROBE_BYTES > len(window):
                    break  # judge it when more of it is read
                false_starts += 1
                at = window.find(GZIP_MAGIC, at + 1)
            keep = at if at >= 0 else max(0, len(window) - len(GZIP_MAGIC) + 1)
            base, window = base + keep, window[keep:]
        return None


def salvage(inflate: "zlib._Decompress", piece: bytes) -> bytes:
    """Return what can be decompressed of `piece` before its first bad byte."""
    data = bytearray()
    for i in range(len(piece)):
        try:
            data += inflate.decompress(piece[i : i + 1])
        except zlib.error:
            break
    return bytes(data)


def begins_record(data: bytes) -> bool:
    """Return whether `data` looks like the start of a WARC or ARC record."""
    return bool(_RECORD_START.match(data))


def _holds_record(stored: bytes) -> bool:
    try:
        data = zlib.decompressobj(_GZIP_WINDOW).decompress(stored, PROBE_BYTES)
    except zlib.error:
        return False
    return begins_record(data)
