"""Leaks in the words that a PNG carries beside its pixels."""

import zlib
from collections.abc import Iterator

from sousveil.run.publish.leaks.leak import Leak, Wanted
from sousveil.run.publish.leaks.words import PIECE_BYTES, in_value

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})


def in_picture(data: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at the words that a PNG carries beside its pixels (PNG, section 11.3)."""
    at = len(_PNG)
    while data.startswith(_PNG) and at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in _PNG_TEXTS:
            words = _inflated(data[at + 8 : at + 8 + size])
            yield from in_value(words.decode("utf-8", "replace"), f"{where}, {kind!r}", wanted)
        at += size + 12


def _inflated(words: bytes) -> bytes:
    """Return a text of a PNG with what it holds compressed, if it does."""
    begin = words.find(b"\x78")
    try:
        return words + zlib.decompressobj().decompress(words[begin:], PIECE_BYTES)
    except zlib.error:
        return words
