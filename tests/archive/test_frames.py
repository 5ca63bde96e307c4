"""Archives of Zstandard frames are read as those of gzip members, with or without a dictionary."""

import gzip
import io
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.archive.foreign import scan_archive
from sousveil.archive.frames import DICTIONARY_MAGIC, MAX_DICTIONARY_BYTES
from sousveil.archive.read import open_record
from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import Unpacked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHECKED = {int(zstd.CompressionParameter.checksum_flag): 1}


def record(number: int) -> bytes:
    body = f"Page {number} of a shop for cameras that count cars. ".encode() * 40 * number
    head = f"WARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: 2024-03-04T05:06:07Z\r\n"
    head += f"WARC-Target-URI: https://vendor.example/{number}\r\nContent-Type: text/html\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    return b"WARC/1.1\r\nWARC-Type: resource\r\n" + head.encode() + body + b"\r\n\r\n"


RECORDS = [record(number) for number in range(1, 7)]
DICTIONARY = zstd.finalize_dict(
    zstd.ZstdDict(RECORDS[0], is_raw=True), [one[:400] for one in RECORDS] * 30, 4096, 3
)


def skipped(data: bytes, magic: bytes = b"\x50\x2a\x4d\x18") -> bytes:
    return magic + len(data).to_bytes(4, "little") + data


def frame(data: bytes, dictionary: zstd.ZstdDict | None = DICTIONARY) -> bytes:
    return zstd.compress(data, options=CHECKED, zstd_dict=dictionary)


FRAMES = [frame(one) for one in RECORDS]
HEAD = skipped(DICTIONARY.dict_content, DICTIONARY_MAGIC)
PACKED_HEAD = skipped(frame(DICTIONARY.dict_content, None), DICTIONARY_MAGIC)
WITH_DICTIONARY = HEAD + b"".join(FRAMES)


def read(data: bytes, start: int = 0) -> tuple[list[int], bytes, Sequence[str]]:
    """Return the places of all records, their blocks, and what is wrong."""
    reader = RecordReader(Unpacked(io.BytesIO(data), start))
    places, blocks = [], b""
    for one in reader.records():
        blocks += b"".join(one.pieces())
        reader.finish(one)
        places.append(one.head.offset)
    return places, blocks, reader.faults


def offsets(head: bytes, frames: Sequence[bytes]) -> list[int]:
    return [len(head) + sum(map(len, frames[:n])) for n in range(len(frames))]


BLOCKS = read(b"".join(RECORDS))[1]


def streamed(data: bytes) -> bytes:
    """Return a frame that does not tell its size."""
    packer = zstd.ZstdCompressor()
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("head", "frames"),
    [
        pytest.param(b"", [frame(one, None) for one in RECORDS], id="plain"),
        pytest.param(HEAD, FRAMES, id="with a dictionary"),
        pytest.param(PACKED_HEAD, FRAMES, id="with a packed dictionary"),
        pytest.param(b"", [streamed(one) for one in RECORDS], id="without sizes"),
    ],
)
def test_each_record_lies_where_its_frame_begins(head: bytes, frames: Sequence[bytes]) -> None:
    assert read(head + b"".join(frames)) == (offsets(head, frames), BLOCKS, [])


def test_frames_that_are_to_be_skipped_are_no_part_of_a_record() -> None:
    frames = [one + skipped(b"x" * n) + frame(b"") for n, one in enumerate(FRAMES)]
    places, blocks, faults = read(HEAD + b"".join(frames))
    assert (blocks, faults) == (BLOCKS, [])
    assert places == offsets(HEAD, frames)


def test_a_record_of_several_frames_is_one() -> None:
    frames = [frame(one[:200]) + frame(one[200:]) for one in RECORDS]
    assert read(HEAD + b"".join(frames)) == (offsets(HEAD, frames), BLOCKS, [])


def test_a_whole_file_in_one_frame_is_read() -> None:
    places, blocks, faults = read(frame(b"".join(RECORDS), None))
    assert (len(places), blocks, faults) == (6, BLOCKS, [])


def test_reading_may_begin_at_any_record() -> None:
    for start in offsets(HEAD, FRAMES):
        places, _, faults = read(WITH_DICTIONARY, start)
        assert places == [at for at in offsets(HEAD, FRAMES) if at >= start]
        assert not faults


def test_behind_a_damaged_frame_reading_goes_on() -> None:
    at = offsets(HEAD, FRAMES)
    data = bytearray(WITH_DICTIONARY)
    data[at[2] - 1] ^= 1  # of a checksum
    places, _, faults = read(bytes(data))
    assert places[-4:] == at[2:]
    assert f"the zstd frame at byte {at[1]} is damaged" in faults[0]
    assert f"reading goes on at byte {at[2]}" in faults[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (WITH_DICTIONARY[:-1], "is cut short"),
        (WITH_DICTIONARY + b"more", "is no zstd"),
        (WITH_DICTIONARY + WITH_DICTIONARY, "is no zstd"),
        (HEAD[:99], "the dictionary of"),
        (skipped(b"none", DICTIONARY_MAGIC) + FRAMES[0], "the dictionary is none"),
        (skipped(frame(bytes(MAX_DICTIONARY_BYTES + 1), None), DICTIONARY_MAGIC), "too large"),
        (skipped(frame(b"x" * 999, None)[:-9], DICTIONARY_MAGIC), "cut short"),
        (b"".join(FRAMES), "is damaged"),
    ],
)
def test_what_is_wrong_is_told(data: bytes, told: str) -> None:
    stream = Unpacked(io.BytesIO(data))
    while stream.take(2**20):
        pass
    assert told in stream.damage


@settings(max_examples=60, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, len(WITH_DICTIONARY)), st.integers(0, 7)), max_size=3),
    cut=st.integers(0, 60),
    sizes=st.lists(st.integers(1, 4_000), min_size=1, max_size=4),
)
def test_the_same_damage_gives_the_same_bytes_wherever_reading_began(
    flips: list[tuple[int, int]], cut: int, sizes: list[int]
) -> None:
    data = bytearray(WITH_DICTIONARY[: len(WITH_DICTIONARY) - cut])
    for at, bit in flips:
        with suppress(IndexError):
            data[at] ^= 1 << bit
    places, _, _ = read(bytes(data))
    whole = Unpacked(io.BytesIO(data))
    pieces, turn = b"", 0
    while (piece := whole.take(sizes[turn % len(sizes)])) or whole.resync():
        pieces, turn = pieces + piece, turn + 1
    for place in places[-2:]:
        stream = Unpacked(io.BytesIO(data), place)
        again = b""
        while (piece := stream.take(2**20)) or stream.resync():
            again += piece
        assert pieces.endswith(again)


def test_captures_of_frames_are_those_of_members_and_can_be_read_again(tmp_path: Path) -> None:
    framed, packed = tmp_path / "a.warc.zst", tmp_path / "a.warc.gz"
    framed.write_bytes(WITH_DICTIONARY)
    packed.write_bytes(b"".join(map(gzip.compress, RECORDS)))
    one, other = (scan_archive(path, path.name) for path in (framed, packed))
    assert not one.faults
    assert [(c.url, c.record.digest) for c in one.captures] == [
        (c.url, c.record.digest) for c in other.captures
    ]
    for capture in one.captures:
        with open_record(framed, capture.record) as found:
            assert found.head.get("WARC-Target-URI") == capture.url
