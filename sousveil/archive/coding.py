"""Undoes transfer and content codings of a body, whatever state it is in.

Takes a body in pieces, as the wire or an archive carried it, and gives its bytes decoded:
chunked (RFC 9112, section 7.1), gzip, deflate (RFC 9110, section 8.4.1), br (RFC 7932) and zstd
(RFC 8878, with the window of RFC 9659, section 3). A body that breaks off or is not coded as it
says gives what can be had, and a note that says so; many archives keep the header of a coding that
their crawler has already undone. Every stage is bounded, so that a compression bomb, nested or not,
costs no more than `MAX_DECODED_BYTES` each.
"""

import copy
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain

import brotli
from zlib_ng import zlib_ng

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from sousveil.archive.inflate import (
    GZIP_WINDOW,
    RAW_WINDOW,
    ZLIB_WINDOW,
    InflateError,
    salvage,
)

# A page of text is below 1 MB, a PDF manual below 50; the rest of a bomb is not worth memory.
MAX_DECODED_BYTES = 64 * 2**20
# Real answers have one coding, some proxies add a second.
MAX_CODINGS = 4
# A chunk's size line with its extensions.
MAX_CHUNK_LINE = 2**12
STEP_BYTES = 2**18
# brotli and zstd give nothing of a piece with an error in it, so pieces are small.
_SMALL_PIECE = 2**12
# A frame, or one to be skipped (RFC 8878, sections 3.1.1 and 3.1.2).
_ZSTD_FRAME = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
# RFC 9659, section 3: no more than 8 MB, so that no answer costs its reader more.
_ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 23}

_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_NO_CODING = frozenset({"identity", "none", ""})


@dataclass(slots=True)
class Notes:
    """What did not go by the book, in words, and whether something of the body is missing."""

    words: list[str] = field(default_factory=list)
    is_cut: bool = False

    def odd(self, words: str) -> None:
        """Note something that loses nothing."""
        self.words.append(words)

    def lost(self, words: str) -> None:
        """Note something for which the body is incomplete."""
        self.words.append(words)
        self.is_cut = True


def decode_body(
    pieces: Iterable[bytes], transfer: list[str], content: list[str], limit: int = MAX_DECODED_BYTES
) -> tuple[bytes, Notes]:
    """Return the body decoded, at most `limit` bytes, and notes on what did not go by the book.

    `transfer` and `content` are the members of Transfer-Encoding and Content-Encoding in lower
    case, in the order written (the last was applied last).
    """
    notes = Notes()
    codings = [name for name in [*content, *transfer] if name not in _NO_CODING]
    if len(codings) > MAX_CODINGS:
        notes.odd(f"the body says it is coded {len(codings)} times; left as it is")
        codings = []
    stream: Iterator[bytes] = iter(pieces)
    for name in reversed(codings):
        stream = _bounded(_decoder(name, stream, notes), limit, notes)
    body = BytesIO()  # which, unlike a join, holds the body once
    for piece in _bounded(stream, limit, notes):
        body.write(piece)
    return body.getvalue(), notes


def _decoder(name: str, pieces: Iterator[bytes], notes: Notes) -> Iterator[bytes]:
    if name == "chunked":
        return _dechunk(_Source(pieces), notes)
    if name in {"gzip", "x-gzip", "deflate"}:
        return _inflate(_Source(pieces), name, notes)
    if name == "br":
        return _unbrotli(_Source(pieces), notes)
    if name == "zstd":
        return _unzstd(_Source(pieces), notes)
    notes.odd(f"the body is coded in '{name[:40]}', which is not undone")
    return pieces


def _bounded(pieces: Iterator[bytes], limit: int, notes: Notes) -> Iterator[bytes]:
    left = limit
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left < 0:
            notes.lost(f"the body is longer than {limit} bytes; the rest was not decoded")
            return


class _Source:
    """Pieces of bytes, to be taken by line or by count."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = filter(None, pieces)
        self._buffer = bytearray()

    def take(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; b"" at the end."""
        if not self._buffer:
            self._buffer += next(self._pieces, b"")
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end, without going on."""
        while len(self._buffer) < size and (piece := next(self._pieces, b"")):
            self._buffer += piece
        return bytes(self._buffer[:size])

    def give_back(self, data: bytes) -> None:
        """Take back bytes that were taken last; they come first again."""
        self._buffer[:0] = data

    def rest(self) -> Iterator[bytes]:
        """Yield all that is left."""
        while piece := self.take(STEP_BYTES):
            yield piece


def _dechunk(source: _Source, notes: Notes) -> Iterator[bytes]:
    if not _CHUNK_SIZE.match(source.peek(MAX_CHUNK_LINE)):
        if source.peek(1):
            notes.odd("the body says it is chunked, but is not")
        yield from source.rest()
        return
    while found := _CHUNK_SIZE.match(source.peek(MAX_CHUNK_LINE)):
        source.take(found.end())
        left = int(found[1], 16)
        if left == 0:
            return  # what follows are trailer fields (RFC 9112, section 7.1.2)
        while left and (piece := source.take(min(left, STEP_BYTES))):
            left -= len(piece)
            yield piece
        ending = source.peek(2)
        source.take(2 if ending == b"\r\n" else int(ending[:1] == b"\n"))
    words = "are damaged" if source.peek(1) else "break off"
    notes.lost(f"the body's chunks {words}; it may be incomplete")


def _inflate(source: _Source, name: str, notes: Notes) -> Iterator[bytes]:
    window = _window(source.peek(2), name)
    if window is None:
        if source.peek(1):
            notes.odd(f"the body says it is {name}, but is not")
        yield from source.rest()
        return
    inflate = zlib_ng.decompressobj(window)
    data, given = b"", False
    while data := data or source.take(STEP_BYTES):
        before = copy.copy(inflate)
        try:
            piece = inflate.decompress(data, STEP_BYTES)
        except InflateError as error:
            piece = salvage(before, data)
            if window == RAW_WINDOW and not (given or piece):
                notes.odd(f"the body says it is {name}, but is not")
                yield from chain([data], source.rest())
                return
            yield piece
            notes.lost(f"the body's {name} data is damaged ({error}); what follows is lost")
            return
        given = given or bool(piece)
        yield piece
        data = inflate.unconsumed_tail
        if inflate.eof:
            data = inflate.unused_data + source.peek(2)[: 2 - len(inflate.unused_data)]
            if window != GZIP_WINDOW or not data.startswith(b"\x1f\x8b"):
                return
            data = inflate.unused_data
            inflate = zlib_ng.decompressobj(window)
    notes.lost(f"the body's {name} data breaks off; it may be incomplete")


def _window(magic: bytes, name: str) -> int | None:
    """Return zlib's wbits for what the body begins with; None when it is not coded."""
    if name != "deflate":
        return GZIP_WINDOW if magic == b"\x1f\x8b" else None
    if len(magic) == 2 and magic[0] & 15 == 8 and int.from_bytes(magic) % 31 == 0:  # noqa: PLR2004
        return ZLIB_WINDOW
    return RAW_WINDOW  # what some servers send as "deflate" (RFC 9110, section 8.4.1.2)


def _unbrotli(source: _Source, notes: Notes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    first = source.peek(_SMALL_PIECE)
    given = False
    while not decoder.is_finished():
        data = source.take(_SMALL_PIECE) if decoder.can_accept_more_data() else b""
        if not data and decoder.can_accept_more_data():
            notes.lost("the body's br data breaks off; it may be incomplete")
            return
        try:
            piece = decoder.process(data, output_buffer_limit=STEP_BYTES)
        except brotli.error:
            break
        given = given or bool(piece)
        yield piece
    else:
        return
    if given:
        notes.lost("the body's br data is damaged; what follows is lost")
        return
    notes.odd("the body says it is br, but is not")
    yield from chain([first], source.rest())


def _unzstd(source: _Source, notes: Notes) -> Iterator[bytes]:
    """Yield what frames hold, one after another; frames to be skipped hold nothing."""
    if not _ZSTD_FRAME.match(source.peek(4)):
        if source.peek(1):
            notes.odd("the body says it is zstd, but is not")
        yield from source.rest()
        return
    while _ZSTD_FRAME.match(source.peek(4)):
        decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        while not decoder.eof:
            data = source.take(_SMALL_PIECE) if decoder.needs_input else b""
            if not data and decoder.needs_input:
                notes.lost("the body's zstd data breaks off; it may be incomplete")
                return
            try:
                yield decoder.decompress(data, STEP_BYTES)
            except zstd.ZstdError as error:
                notes.lost(f"the body's zstd data is damaged ({error}); what follows is lost")
                return
        source.give_back(decoder.unused_data)
