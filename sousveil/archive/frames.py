"""Zstandard frames: web archives that are not compressed as gzip members.

Takes stored bytes and gives what frames hold, through the interface of zlib. Follows "Zstandard
Compression for WARC Files 1.0" (IIPC, proposed): a record is a frame or several, and a file may
begin with a dictionary for all of them. Memory is that of one window and one dictionary, of 8 MB at
most each, as the specification asks of readers; frames that want more are refused as damage.
"""

import re
import sys
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"
# RFC 8878, sections 3.1.1 and 3.1.2.
_FRAME = re.compile(re.escape(ZSTD_MAGIC) + rb"|[\x50-\x5f]\x2a\x4d\x18")
FrameError = zstd.ZstdError
ZstdDict = zstd.ZstdDict
MAX_DICTIONARY_BYTES = 2**23  # compressed, and decompressed
_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 23}
_HEAD_BYTES = 8  # of a skippable frame: magic and size (RFC 8878, section 3.1.2)


class Frame:
    """Decompresses one frame; it has what of zlib's decompressors is used."""

    def __init__(self, dictionary: ZstdDict | None) -> None:
        self._frame = zstd.ZstdDecompressor(dictionary, _OPTIONS)
        self.unconsumed_tail = b""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        """What was given of the bytes behind the frame."""
        return self._frame.unused_data

    def decompress(self, data: bytes, most: int) -> bytes:
        """Return at most so many bytes; `unconsumed_tail` is what of `data` was not taken yet.

        Raises FrameError for what is no frame, is damaged, or wants too much memory.
        """
        is_taken = self._frame.needs_input
        self.unconsumed_tail = b"" if is_taken else data
        return self._frame.decompress(data if is_taken else b"", most)


def is_frame(magic: bytes) -> bool:
    """Whether four bytes begin a frame, or one that is to be skipped and holds nothing."""
    return _FRAME.match(magic) is not None


def dictionary_at(file: BinaryIO, place: int) -> tuple[ZstdDict, int] | None:
    """Return the dictionary at a place of a file, and where it ends; None where there is none.

    Raises FrameError when it is damaged or larger than is read.
    """
    file.seek(place)
    head = file.read(_HEAD_BYTES)
    if not head.startswith(DICTIONARY_MAGIC):
        return None
    size = int.from_bytes(head[len(DICTIONARY_MAGIC) :], "little")
    stored = file.read(min(size, MAX_DICTIONARY_BYTES))
    if len(stored) < size:
        raise FrameError(f"the dictionary of {size} bytes is cut short, or too large")
    if stored.startswith(ZSTD_MAGIC):
        frame = zstd.ZstdDecompressor(options=_OPTIONS)
        stored = frame.decompress(stored, MAX_DICTIONARY_BYTES)
        if not frame.eof:
            raise FrameError("the dictionary is cut short, or too large")
    try:
        dictionary = ZstdDict(stored)
        Frame(dictionary)  # only then is it looked at
    except (ValueError, FrameError) as error:
        raise FrameError(f"the dictionary is none: {error}") from error
    return dictionary, place + _HEAD_BYTES + size
