"""Records are found in every packing, behind damage, and in linear time."""

import gzip
import hashlib
import io
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.records import MAX_FAULTS, Record, RecordReader
from sousveil.archive.unpack import Unpacked


def record(n: int, block: bytes, kind: str = "response") -> bytes:
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{n}>\r\n"
        f"WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Target-URI: http://v.example/{n}\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def noise(size: int, seed: int = 1) -> bytes:
    return hashlib.shake_128(bytes([seed])).digest(size)


RECORDS = [record(n, noise(300 + 50 * n, n)) for n in range(6)]
MEMBERS = [gzip.compress(each) for each in RECORDS]

Found = list[tuple[str, bytes, int, int]]  # id, block, offset, length


def read(data: bytes) -> tuple[Found, list[str]]:
    reader = RecordReader(Unpacked(io.BytesIO(data)))
    found: Found = []

    def take(each: Record) -> None:
        block = b"".join(each.pieces())
        reader.finish(each)
        found.append((each.head.get("WARC-Record-ID"), block, each.head.offset, each.length))

    for each in reader.records():
        take(each)
    return found, reader.faults


def ids(found: Found) -> list[str]:
    return [each[0].removeprefix("<urn:uuid:").removesuffix(">") for each in found]


ALL = ["0", "1", "2", "3", "4", "5"]


def test_a_plain_file_gives_each_record_with_its_place() -> None:
    data = b"".join(RECORDS)
    found, faults = read(data)
    assert (ids(found), faults) == (ALL, [])
    assert [data[o : o + length] for _, _, o, length in found] == RECORDS


def test_a_member_for_each_record_gives_places_in_the_stored_file() -> None:
    data = b"".join(MEMBERS)
    found, faults = read(data)
    assert (ids(found), faults) == (ALL, [])
    assert [data[o : o + length] for _, _, o, length in found] == MEMBERS


@pytest.mark.parametrize("cuts", [[], [700], [3, 1000, 1001], list(range(1, 2000, 37))])
def test_members_that_do_not_follow_the_records_give_places_in_the_unpacked_bytes(
    cuts: list[int],
) -> None:
    plain = b"".join(RECORDS)
    ends = zip([0, *cuts], [*cuts, len(plain)], strict=True)
    found, faults = read(b"".join(gzip.compress(plain[a:b]) for a, b in ends))
    assert (ids(found), faults) == (ALL, [])
    assert [plain[o : o + length] for _, _, o, length in found[1:]] == RECORDS[1:]


def test_other_line_ends_versions_and_blank_lines_are_read() -> None:
    data = (
        b"\n\n"
        + RECORDS[0].replace(b"\r\n", b"\n").replace(b"WARC/1.1", b"WARC/0.17", 1)
        + b"\r\n\r\n\r\n"
        + b"WARC/1.0 \r\r\nwarc-type : Response \r\r\ncontent-length:2\r\r\nX-Long: a\r\r\n"
        + b"  b\xff\r\r\n\r\r\nhi"
    )
    reader = RecordReader(Unpacked(io.BytesIO(data)))
    heads = [each.head for each in reader.records()]
    assert [(head.version, head.type) for head in heads] == [
        ("WARC/0.17", "response"),
        ("WARC/1.0", "response"),
    ]
    assert heads[1].get("X-Long") == "a bÿ"


ARC_BLOCK = b"1 0 Archive\nURL IP-address Archive-date Content-type Archive-length\n\n"
ARC = (
    b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain %d\n%s\n"
    % (len(ARC_BLOCK), ARC_BLOCK)
    + b"http://v.example/a b?c=d e 192.0.2.1 20080430204826 text/html; charset=x 31\n"
    b"HTTP/1.1 200 OK\r\n\r\nfirst body..\n"
    b"dns:v.example 192.0.2.2 20080430204827 text/dns 4\n1234\n"
    b"http://v.example/2 192.0.2.1 20080430204828 text/html 200 abc - 12 a.arc 5\nhello\n"
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_arc_records_have_the_fields_of_warc(pack: Callable[[bytes], bytes]) -> None:
    reader = RecordReader(Unpacked(io.BytesIO(pack(ARC))))
    heads = []
    for each in reader.records():
        block = b"".join(each.pieces())
        heads.append((each.head.type, each.head.get("WARC-Target-URI"), len(block)))
        assert each.missing == 0
        if "a b" in each.head.get("WARC-Target-URI"):
            assert each.head.get("WARC-Date") == "2008-04-30T20:48:26Z"
            assert each.head.get("ARC-Content-Type") == "text/html;"
            assert each.head.get("WARC-IP-Address") == "192.0.2.1"
        reader.finish(each)
    assert heads == [
        ("arc_header", "filedesc://a.arc", len(ARC_BLOCK)),
        ("response", "http://v.example/a b?c=d e", 31),
        ("response", "dns:v.example", 4),
        ("response", "http://v.example/2", 5),
    ]
    assert reader.faults == []


def test_a_damaged_member_costs_its_own_record_and_says_where_reading_goes_on() -> None:
    start = len(MEMBERS[0]) + len(MEMBERS[1])
    data = bytearray(b"".join(MEMBERS))
    data[start + 300 : start + 340] = bytes(40)
    found, faults = read(bytes(data))
    assert [name for name in ids(found) if name != "2"] == ["0", "1", "3", "4", "5"]
    assert len(faults) == 1
    assert f"reading goes on at byte {start + len(MEMBERS[2])}" in faults[0]
    assert f"the gzip member at byte {start} is damaged" in faults[0]


def test_garbage_between_records_is_counted() -> None:
    data = RECORDS[0] + b"lost\r\nand found" + RECORDS[1]
    found, faults = read(data)
    assert ids(found) == ["0", "1"]
    assert faults == [f"byte {len(RECORDS[0])}: 15 bytes that belong to no record"]
    packed = MEMBERS[0] + b"garbage" + MEMBERS[1] + bytes(512)
    found, faults = read(packed)
    assert ids(found) == ["0", "1"]
    assert len(faults) == 1
    assert f"byte {len(MEMBERS[0])} is no gzip" in faults[0]


def test_a_wrong_length_costs_no_other_record() -> None:
    short = RECORDS[1].replace(b"Content-Length: 350", b"Content-Length: 340")
    found, faults = read(RECORDS[0] + short + RECORDS[2])
    assert ids(found) == ["0", "1", "2"]
    assert len(faults) == 1
    assert "14 bytes that belong to no record" in faults[0] or "bytes that belong" in faults[0]
    broken = RECORDS[1].replace(b"Content-Length: 350", b"Content-Length: many")
    found, faults = read(RECORDS[0] + broken + RECORDS[2])
    assert ids(found) == ["0", "1", "2"]
    assert "the record's length is 'many', which is no number" in faults[0]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_wherever_a_file_is_cut_the_records_before_are_whole_and_the_cut_is_told(
    *, packed: bool
) -> None:
    parts = MEMBERS if packed else RECORDS
    data = b"".join(parts)
    ends = [sum(map(len, parts[: n + 1])) for n in range(len(parts))]
    whole, _ = read(data)
    for cut in range(1, len(data), 23):
        found, faults = read(data[:cut])
        count = sum(end <= cut for end in ends)
        assert found[:count] == whole[:count]
        # The four line ends behind a record are no loss.
        if cut not in ends and (packed or cut + 4 not in range(cut, max(ends) + 5)):
            assert len(faults) == 1, cut
        assert len(faults) <= 1


def test_damage_is_read_the_same_way_each_time() -> None:
    data = bytearray(gzip.compress(record(1, noise(200_000))) + MEMBERS[2])
    data[100_000:100_010] = b"0123456789"
    first, second = read(bytes(data)), read(bytes(data))
    assert first == second
    assert ids(first[0]) == ["1", "2"]
    block = first[0][0][1]
    assert len(block) > 50_000
    assert noise(200_000).startswith(block[:90_000])


def test_a_million_faults_are_counted_not_kept() -> None:
    reader = RecordReader(Unpacked(io.BytesIO((RECORDS[0] + b"x" * 9) * (MAX_FAULTS + 50))))
    for _ in reader.records():
        pass
    assert len(reader.faults) == MAX_FAULTS
    assert reader.faults_left_out == 50


MEGABYTE = 2**20


def filled(pattern: bytes) -> bytes:
    return (pattern * (MEGABYTE // len(pattern) + 1))[:MEGABYTE]


@pytest.mark.parametrize(
    "data",
    [
        filled(b"\r"),
        filled(b"\r\r\r\nx"),
        filled(b"WARC/1.0\r\n"),
        filled(b"WARC/1.0\r\nA:"),
        filled(b"\na:b " + b"1 " * 4000),
        filled(b"\nab:c " + b"1.1.1.1:ffff " * 600),
        filled(b"\nab:c" + b" " * 90),
        b"WARC/1.0\r\nContent-Length: 0\r\nA: " + filled(b"\r\n x"),
        gzip.compress(RECORDS[0])[:-3] + filled(b"\x1f\x8b\x08"),
        gzip.compress(RECORDS[0])[:-3] + filled(b"\x1f\x8b\x08\x08aaa"),
        gzip.compress(b"") * 30_000,
        gzip.compress(b"x") * 20_000,
        gzip.compress(bytes(100 * MEGABYTE)),
    ],
)
def test_a_file_made_to_tire_us_takes_linear_time(data: bytes) -> None:
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 5


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1f\x8b\x08\0", b"WARC/1.0\r\n", b"a:b "]))
def test_any_bytes_are_read_and_every_fault_is_one_line(data: bytes, prefix: bytes) -> None:
    for content in (prefix + data, gzip.compress(prefix + data), RECORDS[0] + prefix + data):
        _, faults = read(content)
        assert all("\n" not in fault for fault in faults)


@given(st.lists(st.binary(max_size=200), max_size=5), st.booleans())
def test_any_blocks_are_read_back(blocks: list[bytes], is_packed: bool) -> None:  # noqa: FBT001
    parts = [record(n, block) for n, block in enumerate(blocks)]
    found, faults = read(b"".join(gzip.compress(p) if is_packed else p for p in parts))
    assert [each[1] for each in found] == blocks
    assert faults == []
