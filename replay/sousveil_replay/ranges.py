"""Byte ranges: which part of a file a request wants.

Takes the value of a Range field and the file's size; no I/O. Follows RFC 9110, section 14. WACZ
1.1.1 ("Serving") asks servers for ranges, since players read a package piece by piece.
"""

import re

# One range; RFC 9110, section 14.2, lets a server ignore the rest, and so do we: several ranges,
# other units and what cannot be read get the whole file. 18 digits are more than any file has.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class UnsatisfiableError(ValueError):
    """The range lies outside the file (RFC 9110, section 15.5.17)."""


def wanted(field: str | None, size: int) -> range | None:
    """Return the bytes that a Range field asks of a file of `size` bytes; None for the whole.

    Raises UnsatisfiableError when none of them is in the file.
    """
    found = _RANGE.fullmatch((field or "").strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # a suffix: the last so many bytes
        part = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None  # no range at all (RFC 9110, section 14.1.1)
    else:
        part = range(int(first), min(size, int(last) + 1) if last else size)
    if not part:
        raise UnsatisfiableError(f"{field} of {size} bytes")
    return part
