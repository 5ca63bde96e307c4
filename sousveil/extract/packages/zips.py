"""Files out of a ZIP file, in memory, whatever it says of itself.

Takes bytes, gives entries. Follows PKWARE's APPNOTE 6.3.10 through the standard library's reader,
of which nothing is believed unchecked: files that lie on each other (sections 4.3.6 and 4.4.16),
sizes and methods are looked at first. Names are bytes in an unknown code page where bit 11 does not
say UTF-8 (appendix D), in Chinese packages GBK. Nothing is ever unpacked to disk.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence

from sousveil.extract.charset import decode, decode_as
from sousveil.extract.packages.budget import (
    MAX_PART_BYTES,
    Budget,
    Entry,
    damaged,
    is_bomb,
)

_ENTRY_MARK = b"PK\x01\x02"  # of one file in the directory at the end (section 4.3.12)
_HEADER_BYTES = 30  # before a file's name and data, at least (section 4.3.7)
_ENCRYPTED = 0x1
_UTF8 = 0x800
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # others need unbounded memory
_CHUNK = 1 << 16

# What zipfile raises for bytes that are no ZIP file, as fuzzing found: see office/package.py.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def zip_entries(
    payload: bytes, budget: Budget, wanted: Callable[[str, int], bool]
) -> Iterator[Entry]:
    """Give the files of a ZIP file for whose path and size `wanted` holds, in its order.

    One that cannot be had tells why. Raises ExtractError for a file that is damaged or beyond the
    budget.
    """
    # The directory is read whole, so its length is looked at first.
    budget.count_entries(payload.count(_ENTRY_MARK))
    try:
        archive = zipfile.ZipFile(io.BytesIO(payload))
    except _BROKEN as error:
        raise damaged(str(error)) from error
    files = [info for info in archive.infolist() if not info.is_dir()]
    _refuse_overlaps(files)
    for info, path in zip(files, _paths(files), strict=True):
        if not wanted(path, info.file_size):
            continue
        if problem := _problem(info):
            yield Entry(path, None, problem)
            continue
        budget.count_bytes(info.file_size, info.compress_size)
        yield _taken(archive, info, path)


def _problem(info: zipfile.ZipInfo) -> str:
    """Return why a file cannot be taken out; "" when it can."""
    if info.flag_bits & _ENCRYPTED:
        return "it needs a password"
    if info.compress_type not in _METHODS:
        return f"it is packed by method {info.compress_type}, which is not read"
    if info.file_size > MAX_PART_BYTES:
        return f"it is larger than {MAX_PART_BYTES >> 20} MB"
    if is_bomb(info.file_size, info.compress_size):
        return f"it unpacks to {info.file_size // max(1, info.compress_size)} times its size"
    return ""


def _taken(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> Entry:
    """Take a file out; no more than it says it has, which zipfile sees to."""
    try:
        with archive.open(info) as file:
            return Entry(path, b"".join(iter(lambda: file.read(_CHUNK), b"")))
    except (*_BROKEN, RuntimeError) as error:
        return Entry(path, None, f"it is damaged ({error})")


def _refuse_overlaps(files: Sequence[zipfile.ZipInfo]) -> None:
    """Raise ExtractError where a file begins within another, which only bombs need."""
    end = 0
    for info in sorted(files, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise damaged("its files lie on each other, as in bombs")
        end = info.header_offset + _HEADER_BYTES + len(info.orig_filename) + info.compress_size


def _paths(files: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the files' names, those in no declared encoding read in the one they show."""
    raw = {
        info.orig_filename: info.orig_filename.encode("cp437")
        for info in files
        if not info.flag_bits & _UTF8
    }
    _, encoding = decode(b"\n".join(name for name in raw.values() if not name.isascii()))
    return [
        decode_as(raw[info.orig_filename], encoding) if info.orig_filename in raw else info.filename
        for info in files
    ]
