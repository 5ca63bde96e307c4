"""Inflating: what damaged deflate data still gives, and which library unpacks it.

That is zlib-ng (`zlib_ng.decompressobj`, with one of the windows below): it needs two thirds of
zlib's time, and takes and refuses what zlib does, at the same byte and in the same words. So what
is whole to us is whole to everybody who opens it with zlib; the tests try that on damage of every
kind. (ISA-L, which is quicker still, passes over incomplete sets of codes, which zlib refuses.)
"""

from typing import cast

from zlib_ng import zlib_ng

# zlib's wbits: the largest window, and what is around the data.
GZIP_WINDOW = 31  # RFC 1952
ZLIB_WINDOW = 15  # RFC 1950
RAW_WINDOW = -15  # RFC 1951 alone

InflateError = cast("type[Exception]", zlib_ng.error)  # the library's types call it an instance


def salvage(inflate: "zlib_ng._Decompress", piece: bytes) -> bytes:
    """Return what can be inflated of `piece` before its first bad byte."""
    data = bytearray()
    for i in range(len(piece)):
        try:
            data += inflate.decompress(piece[i : i + 1])
        except InflateError:
            break
    return bytes(data)
