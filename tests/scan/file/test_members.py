"""Members of a gzip file come whole and with their place, or the file is left to others."""

import random
from io import BytesIO

import pytest

from sousveil.scan.file.members import (
    FEED_BYTES,
    MAX_STORED_BYTES,
    MAX_UNPACKED_BYTES,
    READ_BYTES,
    Members,
)
from tests.scan.file.archives import OTHER, member


def noise(size: int) -> bytes:
    """Return bytes that hardly shrink."""
    return random.Random(size).randbytes(size)  # noqa: S311  # no secret


FIRST, LAST = member(b"first"), member(b"last")


def test_members_of_any_size_come_with_their_place() -> None:
    held = [
        *(noise(FEED_BYTES + by) for by in (-99, -45, -28, -10, -1, 0, 1)),
        b"",
        noise(READ_BYTES + 1),
        OTHER,
        bytes(MAX_UNPACKED_BYTES // 2),
    ]
    stored = [member(data) for data in held]
    file = b"before" + b"".join(stored) + b"behind"
    end = len(file) - len(b"behind")
    members = Members(BytesIO(file), len(b"before"), end)
    found = list(members)
    assert [one.data for one in found] == held
    assert [file[one.offset : one.offset + one.length] for one in found] == stored
    assert members.at == end


@pytest.mark.parametrize(
    "odd",
    {
        "cut": member(OTHER)[:-1],
        "another checksum": member(OTHER)[:-8] + b"\0\0\0\0" + member(OTHER)[-4:],
        "another size": member(OTHER)[:-4] + b"\0\0\0\0",
        "a reserved flag": b"\x1f\x8b\x08\x20" + member(OTHER)[4:],
        "something behind it": member(OTHER) + b"\0",
        "more than is held": member(bytes(MAX_UNPACKED_BYTES + 2**20)),
        "more than is stored": member(noise(MAX_STORED_BYTES + 2**20)),
    }.items(),
    ids=lambda named: named[0],
)
def test_what_is_no_regular_member_ends_them_where_it_lies(odd: tuple[str, bytes]) -> None:
    file = FIRST + odd[1] + LAST
    members = Members(BytesIO(file), 0, len(file))
    assert [one.data for one in members] == [b"first"]
    assert members.at == len(FIRST)
    members.at = len(file) - len(LAST)
    assert [one.data for one in members] == [b"last"]
