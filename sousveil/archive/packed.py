"""Archives in a WACZ: where each of them lies.

A WACZ (1.1.1) is a ZIP file whose archives are stored uncompressed, so records are found in it by
their place in the whole file. Takes the file, gives where each archive begins and ends, or a
sentence that says why one cannot be read; nothing in the file makes this raise.
"""

import zipfile
from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

from sousveil.archive.window import Window

ZIP_MAGIC = b"PK\x03\x04"
# Of the names of all files in a WACZ, which `zipfile` reads at once: 40,000 names, in 40 MB of
# memory. Real ones hold some hundred files.
MAX_DIRECTORY_BYTES = 2**22
_ARCHIVES, _WACZ = "archive/", ".wacz"
_ZIP_HEAD_BYTES = 30  # a local file header without name and extra field (APPNOTE 4.3.7)


def packed_archives(file: BinaryIO) -> Iterator[tuple[int, int] | str]:
    """Yield where the archives in a WACZ begin and end in the whole file, or why one can't be read.

    A WACZ may hold others, as Browsertrix gives out a collection ("multi-wacz-package"). Archives
    that together are longer than what holds them overlap, and the first beyond it ends the list.
    """
    yield from _packed(file, 0, file.seek(0, SEEK_END), may_nest=True)


def _packed(
    file: BinaryIO, begin: int, end: int, *, may_nest: bool
) -> Iterator[tuple[int, int] | str]:
    """Yield what `packed_archives` does, of a WACZ that lies from `begin` to `end` in a file."""
    try:
        with zipfile.ZipFile(_Package(file, begin, end - begin)) as package:
            members = [one for one in package.infolist() if _is_packed(one, may_nest=may_nest)]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        yield f"the ZIP file is damaged ({error}); nothing in it can be read"
        return
    left = end - begin
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED:
            yield (
                f"{member.filename}: compressed within the WACZ, against its standard; unzip the "
                "WACZ and import this file by itself"
            )
            continue
        left -= member.file_size
        if not 0 <= member.header_offset <= end - begin:
            yield f"{member.filename}: it lies outside of the file"
            continue
        if left < 0:
            yield f"{member.filename}: it lies where others do; nothing from here on is read"
            return
        file.seek(begin + member.header_offset)
        head = file.read(_ZIP_HEAD_BYTES)
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        start = begin + member.header_offset + _ZIP_HEAD_BYTES + names
        stop = start + member.file_size
        if member.filename.startswith(_ARCHIVES):
            yield start, stop
        else:
            yield from _packed(file, start, stop, may_nest=False)
    if not members:
        yield "a ZIP file without archive/*.warc.gz: no WACZ, or an empty one"


def _is_packed(member: zipfile.ZipInfo, *, may_nest: bool) -> bool:
    """Tell whether a member of a WACZ is an archive, or a WACZ that holds some."""
    is_wacz = may_nest and member.filename.lower().endswith(_WACZ)
    return not member.is_dir() and (member.filename.startswith(_ARCHIVES) or is_wacz)


class _Package(Window):
    """A WACZ, as `zipfile` reads it."""

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes, more than is read")
        return super().read(size) or b""
