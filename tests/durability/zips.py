"""Where in a ZIP a byte lies (APPNOTE 6.3.10, section 4.3). Pure."""

import struct
import zipfile
from io import BytesIO

_LOCAL_BYTES, _LENGTHS_AT = 30, 26


def part_of(data: bytes, at: int) -> str:
    """Return the name of the file in whose header or content byte `at` lies.

    "" for the list of files and what follows it, which are the package's own.
    """
    with zipfile.ZipFile(BytesIO(data)) as package:
        if at >= package.start_dir:
            return ""
        begun = [one for one in package.infolist() if one.header_offset <= at]
        return max(begun, key=lambda one: one.header_offset).filename


def header_fields(data: bytes, name: str) -> range:
    """Return where the header of a file lies."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        start = package.getinfo(name).header_offset
    name_size, extra_size = struct.unpack_from("<2H", data, start + _LENGTHS_AT)
    return range(start, start + _LOCAL_BYTES + name_size + extra_size)
