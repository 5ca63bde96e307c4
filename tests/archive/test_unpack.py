"""The unpacked bytes of a file do not depend on how they are asked for, damage or none."""

import gzip
import io
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.unpack import READ_BYTES, Unpacked

MEMBERS = [b"WARC/1.1\r\nWARC-Type: resource\r\n\r\n" + bytes([n]) * n * 700 for n in range(5)]
PACKED = b"".join(map(gzip.compress, MEMBERS))


def whole(stream: Unpacked, sizes: list[int]) -> list[tuple[bytes, str]]:
    """Return all bytes, asked for in steps of these sizes, and each damage between them."""
    parts = []
    while True:
        data, turn = b"", 0
        while piece := stream.take(sizes[turn % len(sizes)]):
            data, turn = data + piece, turn + 1
            stream.peek(sizes[turn % len(sizes)])
        parts.append((data, stream.damage))
        if not stream.resync():
            return parts


def damaged(flips: list[tuple[int, int]], cut: int) -> bytes:
    data = bytearray(PACKED[: len(PACKED) - cut])
    for at, bit in flips:
        with suppress(IndexError):
            data[at] ^= 1 << bit
    return bytes(data)


@given(
    flips=st.lists(st.tuples(st.integers(0, len(PACKED)), st.integers(0, 7)), max_size=3),
    cut=st.integers(0, 60),
    sizes=st.lists(st.integers(1, 4_000), min_size=1, max_size=4),
)
def test_the_same_damage_gives_the_same_bytes_however_they_are_asked_for(
    flips: list[tuple[int, int]], cut: int, sizes: list[int]
) -> None:
    data = damaged(flips, cut)
    assert whole(Unpacked(io.BytesIO(data)), sizes) == whole(Unpacked(io.BytesIO(data)), [10**6])


def test_a_member_is_found_where_it_begins_across_what_is_read_at_a_time() -> None:
    noise = bytes(range(256)) * (READ_BYTES // 256)
    members = [gzip.compress(noise + bytes([n]), compresslevel=0) for n in range(4)]
    stream = Unpacked(io.BytesIO(b"".join(members)))
    begins = [sum(map(len, members[:n])) for n in range(5)]
    for n in range(4):
        assert stream.stored_offset() == begins[n]
        left = READ_BYTES + 1
        while left:
            left -= len(stream.take(left))
    assert stream.stored_offset() == begins[4]
