"""What inflates takes and refuses what zlib does, whatever the damage."""

import copy
import random
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from sousveil.archive.inflate import (
    GZIP_WINDOW,
    RAW_WINDOW,
    ZLIB_WINDOW,
    InflateError,
    salvage,
)

WORDS = [random.Random(n).randbytes(2).hex().encode() for n in range(200)]  # noqa: S311 - a dice
CONTENT = (
    b"",
    b"a",
    bytes(3_000),
    b" ".join(random.Random(1).choices(WORDS, k=4_000)),  # noqa: S311
    random.Random(2).randbytes(5_000),  # noqa: S311
    b" ".join(random.Random(3).choices(WORDS, k=300)) + random.Random(4).randbytes(600),  # noqa: S311
)
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)
WINDOWS = (GZIP_WINDOW, ZLIB_WINDOW, RAW_WINDOW)
# "aaaaa", in a block whose only distance code has two bits: ISA-L takes such incomplete sets.
INCOMPLETE = bytes.fromhex("05c081000000008020d6fc251a04")
BEGIN = 120  # bytes: headers, and tables of codes, in which damage tells most

Damage = Callable[[bytearray], None]


@st.composite
def packed(draw: st.DrawFn) -> tuple[int, bytes]:
    """Return a window, and two contents packed with it, one behind the other in one stream."""
    window = draw(st.sampled_from(WINDOWS))
    level, strategy = draw(st.integers(0, 9)), draw(st.sampled_from(STRATEGIES))
    deflate = zlib.compressobj(level, zlib.DEFLATED, window, strategy=strategy)
    first, second = draw(st.sampled_from(CONTENT)), draw(st.sampled_from(CONTENT))
    flushed = draw(st.sampled_from([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    data = deflate.compress(first) + deflate.flush(flushed) + deflate.compress(second)
    return window, data + deflate.flush()


@st.composite
def damaged(draw: st.DrawFn) -> tuple[int, bytes]:
    """Return a window, and packed data with some bytes changed, cut out, put in or cut off."""
    window, whole = draw(packed())
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, draw(st.sampled_from([BEGIN, len(data)]))))
        kind = draw(st.sampled_from(["bit", "byte", "out", "in", "end", "behind"]))
        if kind == "bit":
            data[at : at + 1] = bytes(byte ^ 1 << at % 8 for byte in data[at : at + 1])
        elif kind == "byte":
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif kind == "out":
            del data[at : at + 1 + at % 9]
        elif kind == "in":
            data[at:at] = draw(st.binary(min_size=1, max_size=6))
        elif kind == "end":
            del data[at:]
        else:
            data += draw(st.binary(min_size=1, max_size=12))
    return window, bytes(data)


def steps(
    inflate: "zlib_ng._Decompress | zlib._Decompress", data: bytes, feed: int, most: int
) -> Iterator[object]:
    """Yield all that can be seen of inflating: pieces, what is left of the input, errors."""
    at = 0
    while at < len(data) and not inflate.eof:
        piece = data[at : at + feed]
        before = copy.copy(inflate)
        try:
            yield inflate.decompress(piece, most)
        except (zlib.error, InflateError) as error:
            yield str(error)
            yield from by_bytes(before, piece)
            return
        at += len(piece) - len(inflate.unconsumed_tail or inflate.unused_data)
        yield inflate.unconsumed_tail, inflate.unused_data, inflate.eof


def by_bytes(inflate: "zlib_ng._Decompress | zlib._Decompress", piece: bytes) -> Iterator[object]:
    for at in range(len(piece)):
        try:
            yield inflate.decompress(piece[at : at + 1])
        except (zlib.error, InflateError) as error:
            yield at, str(error)
            return


@example((RAW_WINDOW, INCOMPLETE), 2**11, 2**18)
@settings(max_examples=300, deadline=None)
@given(damaged(), st.sampled_from([1, 7, 300, 2**11, 2**16]), st.sampled_from([64, 2**18]))
def test_damaged_data_gives_the_same_bytes_and_the_same_error_as_zlib(
    given: tuple[int, bytes], feed: int, most: int
) -> None:
    window, data = given
    ours, zlibs = zlib_ng.decompressobj(window), zlib.decompressobj(window)
    assert list(steps(ours, data, feed, most)) == list(steps(zlibs, data, feed, most))


@settings(max_examples=40, deadline=None)
@given(packed())
def test_what_is_before_the_first_bad_byte_is_salvaged(given: tuple[int, bytes]) -> None:
    window, data = given
    whole = zlib.decompressobj(window).decompress(data)
    half = data[: len(data) // 2]
    ours = salvage(zlib_ng.decompressobj(window), half + b"\xff" * 400)
    assert ours.startswith(zlib.decompressobj(window).decompress(half))
    assert whole == salvage(zlib_ng.decompressobj(window), data)


def test_a_set_of_codes_of_which_some_bits_mean_nothing_is_refused() -> None:
    with pytest.raises(InflateError, match="invalid distances set"):
        zlib_ng.decompressobj(RAW_WINDOW).decompress(INCOMPLETE)
