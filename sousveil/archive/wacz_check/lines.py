"""Lines of text in a package, one after another, however it is stored.

Takes a file, plain, gzip or compressed by the ZIP, and gives its lines; a line longer than any real
one is refused, so that memory is bounded. Raises ArchiveError when the file cannot be read.
"""

from collections.abc import Iterator
from typing import BinaryIO

from sousveil.archive.unpack import STEP_BYTES, Unpacked
from sousveil.archive.wacz_check.container import Member, opened, pieces
from sousveil.errors import ArchiveError

# A page's whole text stands in one line of some packages; those have megabytes.
MAX_LINE_BYTES = 32 * 2**20

_GZIP_END = ".gz"


def lines(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield the lines of a file, without their line feeds; empty ones, too."""
    rest = bytearray()
    for piece in _text(file, member):
        rest += piece
        if b"\n" in piece:
            *whole, last = rest.split(b"\n")
            yield from map(bytes, whole)
            rest = last
        elif len(rest) > MAX_LINE_BYTES:
            raise ArchiveError(f"has a line longer than {MAX_LINE_BYTES:,} bytes; it was not read")
    if rest:
        yield bytes(rest)


def _text(file: BinaryIO, member: Member) -> Iterator[bytes]:
    if not member.name.lower().endswith(_GZIP_END):
        yield from pieces(file, member)
        return
    if not member.is_stored:
        raise ArchiveError("is compressed twice; it was not read")
    stream = Unpacked(opened(file, member))
    while piece := stream.take(STEP_BYTES):
        yield piece
    if stream.damage:
        raise ArchiveError(f"cannot be read to its end: {stream.damage}")
