"""The end of a ZIP, which says where its list of files lies (APPNOTE 6.3.10, 4.3.14 to 4.3.16).

It is read before the list is, so that a list made to fill the memory is refused.
"""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from sousveil.archive.wacz_check.told import Told
from sousveil.errors import ArchiveError

# A crawl of 100 TB in files of 1 GB; a line of the list costs half a kilobyte of memory.
MAX_FILES = 100_000
# The list of those, with names of 300 bytes and as much of extra fields.
MAX_LIST_BYTES = 64 * 2**20

_END = struct.Struct("<4s4H2IH")  # section 4.3.16
_END64 = struct.Struct("<4sQ2H2I4Q")  # section 4.3.14
_LOCATOR = struct.Struct("<4sIQI")  # section 4.3.15
_MAX_COMMENT = 2**16
_MAX16, _MAX32 = 2**16 - 1, 2**32 - 1


@dataclass(frozen=True, slots=True)
class End:
    """What stands at the end of a ZIP."""

    count: int
    list_bytes: int
    list_end: int  # where what follows the list begins
    comment: bytes


def read_end(file: BinaryIO, told: Told) -> End:
    """Return what the end of the ZIP in `file` says; what contradicts itself goes into `told`.

    Raises ArchiveError when there is none, or it tells of more files than any package has.
    """
    size = file.seek(0, io.SEEK_END)
    begin = max(0, size - _MAX_COMMENT - _END.size)
    file.seek(begin)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise ArchiveError("there is no list of files at its end: it was cut short, or is no ZIP")
    _, disk, list_disk, here, count, list_bytes, list_start, comment_size = _END.unpack_from(
        tail, at
    )
    end_at = begin + at
    comment = tail[at + _END.size :]
    if len(comment) != comment_size:
        told.fault("", f"{abs(len(comment) - comment_size)} bytes too many or too few at its end")
    if disk or list_disk or here != count:
        told.fault("", "says that it is one part of a ZIP in several")
    list_end = end_at
    wide = _wide_end(file, end_at, told)
    if wide is not None:
        told_before = (count, list_bytes, list_start)
        count, list_bytes, list_start, list_end = wide
        for narrow, real, limit in zip(told_before, wide, (_MAX16, _MAX32, _MAX32), strict=False):
            if narrow not in {real, limit}:
                told.fault("", "its two ends, of ZIP and of ZIP64, contradict each other")
    elif count == _MAX16 or _MAX32 in {list_bytes, list_start}:
        raise ArchiveError("its ZIP64 end is not where it should be")
    if count > MAX_FILES or list_bytes > MAX_LIST_BYTES:
        raise ArchiveError(
            f"it lists {count:,} files in {list_bytes:,} bytes; more than {MAX_FILES:,} files or"
            f" {MAX_LIST_BYTES:,} bytes are not read"
        )
    if unknown := list_end - list_bytes - list_start:
        told.fault("", f"{abs(unknown):,} bytes too many or too few before its list of files")
    return End(count, list_bytes, list_end, comment)


def _wide_end(file: BinaryIO, end_at: int, told: Told) -> tuple[int, int, int, int] | None:
    """Return what the end record of a ZIP64 says: files, bytes and start of the list, and its end.

    None when there is no such record.
    """
    locator_at = end_at - _LOCATOR.size
    file.seek(max(0, locator_at))
    magic, _, wide_at, disks = _LOCATOR.unpack(file.read(_LOCATOR.size).ljust(_LOCATOR.size, b"\0"))
    if locator_at < 0 or magic != b"PK\6\7":
        return None
    file.seek(min(wide_at, end_at))
    wide = _END64.unpack(file.read(_END64.size).ljust(_END64.size, b"\0"))
    if wide[0] != b"PK\6\6":
        raise ArchiveError("its ZIP64 end is not where it should be")
    if disks > 1 or wide[6] != wide[7] or wide_at + 12 + wide[1] != locator_at:
        told.fault("", "its ZIP64 end does not fit what follows it")
    return wide[7], wide[8], wide[9], wide_at
