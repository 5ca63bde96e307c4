"""A ZIP is read as any other program reads it, whatever it holds, or what is wrong is told."""

import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.archive.wacz_check.container import opened, pieces, read_container, read_whole
from sousveil.archive.wacz_check.told import Told
from sousveil.errors import ArchiveError

names = st.text("abcdefgé中/._-", min_size=1, max_size=20)
contents = st.dictionaries(names, st.binary(max_size=3_000), max_size=8)


def zipped(package: dict[str, bytes], method: int) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in package.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0)), data, method)
    return file


@given(contents, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_what_is_written_is_read_back(package: dict[str, bytes], method: int) -> None:
    file, told = zipped(package, method), Told()
    read = read_container(file, told)
    assert told.faults() == ()
    assert read.is_safe
    assert {one.name: read_whole(file, one, 3_000) for one in read.members} == package


@settings(max_examples=200)
@given(contents, st.data())
def test_a_changed_byte_is_told_or_changes_no_content(
    package: dict[str, bytes], data: st.DataObject
) -> None:
    whole = zipped(package, zipfile.ZIP_DEFLATED).getvalue()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ 1 << data.draw(st.integers(0, 7))])
    file, told = io.BytesIO(changed + whole[place + 1 :]), Told()
    with suppress(ArchiveError):
        read = read_container(file, told)
        if read.is_safe and not told.faults():
            assert {one.name: read_whole(file, one, 3_000) for one in read.members} == package


def test_a_file_that_unpacks_to_more_than_is_told_is_stopped() -> None:
    file = zipped({"a": bytes(100_000)}, zipfile.ZIP_DEFLATED)
    data = file.getvalue()
    size = (100_000).to_bytes(4, "little")
    assert data.count(size) == 2
    short = io.BytesIO(data.replace(size, (50).to_bytes(4, "little")))
    (member,) = read_container(short, Told()).members
    with pytest.raises(ArchiveError, match="more bytes than the ZIP says"):
        list(pieces(short, member))


def test_a_file_longer_than_is_wanted_whole_is_not_read() -> None:
    file = zipped({"a": bytes(1_000)}, zipfile.ZIP_DEFLATED)
    (member,) = read_container(file, Told()).members
    with pytest.raises(ArchiveError, match="longer than 999 bytes"):
        read_whole(file, member, 999)


def test_two_files_are_read_side_by_side() -> None:
    file = zipped({"a": b"a" * 900_000, "b": b"b" * 900_000}, zipfile.ZIP_STORED)
    one, two = (opened(file, member) for member in read_container(file, Told()).members)
    found = [(one.read(300_000), two.read(300_000)) for _ in range(4)]
    assert b"".join(a for a, _ in found) == b"a" * 900_000
    assert b"".join(b for _, b in found) == b"b" * 900_000
    two.seek(899_999)
    assert two.read() == b"b"


def test_a_file_without_a_list_is_refused() -> None:
    for data in (b"", b"PK\3\4", b"x" * 100_000, b"PK\5\6"):
        with pytest.raises(ArchiveError):
            read_container(io.BytesIO(data), Told())


def test_a_second_name_in_the_extra_fields_is_told() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        entry = zipfile.ZipInfo("a", datetime(2026, 3, 1, tzinfo=UTC).timetuple()[:6])
        entry.extra = b"\x75\x70\x06\x00\x01\0\0\0\0b"
        made.writestr(entry, b"x")
    told = Told()
    read_container(file, told)
    assert "bears a second name" in told.faults()[0].problem
