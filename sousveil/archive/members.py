"""A WARC file as it grows: a gzip member for each record, hashed and counted as it is written.

Takes records as bytes, or as a head and a file that is streamed, and tells where each lies. Follows
WARC 1.1, annex D (each record its own gzip member, RFC 1952); what a record says is for `write.py`.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

# What is copied at a time; bounds memory whatever a body's size.
PIECE_BYTES = 2**18
# zlib's own default: text of the web shrinks to a quarter, and slower levels gain 1 or 2 percent.
TEXT_LEVEL = 6
# A resource that comes as a file (a git bundle) is compressed already: stored, at disk speed.
STORED_LEVEL = 0
_GZIP_WINDOW = 31  # zlib's wbits for a gzip header and trailer around the largest window


@dataclass(frozen=True, slots=True)
class Block:
    """A record's content: bytes, then optionally a file."""

    head: bytes
    file: Path | None = None

    def pieces(self) -> Iterator[bytes]:
        """Yield the content, at most `PIECE_BYTES` of a file at a time."""
        yield self.head
        if self.file is None:
            return
        with self.file.open("rb") as stored:
            while piece := stored.read(PIECE_BYTES):
                yield piece


class Members:
    """Writes a file member by member; `sha256` holds once it is closed."""

    def __init__(self, path: Path) -> None:
        """Open `path`; raises OSError (FileExistsError) when it cannot be made."""
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self.sha256 = ""
        self.size_bytes = 0

    def close(self, *, whole: bool) -> None:
        """Close the file: synced when it is whole, and else as it is, to be discarded."""
        with self._file:
            if whole:
                self._file.flush()
                os.fsync(self._file.fileno())
        if whole:
            self.sha256 = self._hash.hexdigest()

    def append(self, head: bytes, block: Block, level: int) -> tuple[int, int]:
        """Write a record with the two line ends that close it; return its offset and length."""
        offset = self.size_bytes
        deflate = zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW)
        for piece in chain([head], block.pieces(), [b"\r\n\r\n"]):
            self._put(deflate.compress(piece))
        self._put(deflate.flush())
        return offset, self.size_bytes - offset

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size_bytes += len(data)


def measure(block: Block) -> tuple[str, int]:
    """Return the digest and the size of `block`; both stand before it in the record."""
    digest, size = hashlib.sha256(), 0
    for piece in block.pieces():
        digest.update(piece)
        size += len(piece)
    return f"sha256:{digest.hexdigest()}", size
