"""Lines are those of the text, however a package stores it, and no line fills the memory."""

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.wacz_check import lines as module
from sousveil.archive.wacz_check.container import Member, read_container
from sousveil.archive.wacz_check.lines import lines
from sousveil.archive.wacz_check.told import Told
from sousveil.errors import ArchiveError


def stored(name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> tuple[io.BytesIO, Member]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(zipfile.ZipInfo(name), data, method)
    (member,) = read_container(file, Told()).members
    return file, member


@given(st.lists(st.binary(max_size=50).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_lines_survive_each_way_to_store_them(wanted: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in wanted)
    assert list(lines(*stored("a.cdx", text))) == wanted
    assert list(lines(*stored("a.cdx", text, zipfile.ZIP_DEFLATED))) == wanted
    packed = b"".join(gzip.compress(line + b"\n") for line in wanted) or gzip.compress(b"")
    assert list(lines(*stored("a.cdx.gz", packed))) == wanted


def test_a_last_line_needs_no_end() -> None:
    assert list(lines(*stored("a.cdx", b"one\n\ntwo"))) == [b"one", b"", b"two"]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 2**20)
    file, member = stored("a.cdx.gz", gzip.compress(b"x" * 2**22))
    with pytest.raises(ArchiveError, match="has a line longer than 1,048,576 bytes"):
        list(lines(file, member))


def test_a_damaged_index_is_told_to_break_off() -> None:
    file, member = stored("a.cdx.gz", gzip.compress(b"one\ntwo\n")[:-6])
    with pytest.raises(ArchiveError, match="cannot be read to its end"):
        list(lines(file, member))
