"""Any archive ends as read, in part or refused, with an account, in little memory."""

import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import brotli
import msgspec
import pytest

from sousveil.scan.file import FileReport
from sousveil.scan.file.answers import LARGE
from tests.scan.file.archives import CLAIM, OTHER, in_one, member, members, page, record, scan

MB = 2**20
MAX_GROWTH_BYTES = 150 * MB
HTML = "Content-Type: text/html"

_CHILD = """
import resource, sys
from pathlib import Path
import msgspec
from sousveil.scan.file import Job, Source, scan_file

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

folder, job = Path(sys.argv[1]), Job(("ethnicity",))
scan_file(Source("warm", str(folder / "warm.warc.gz")), folder, job)
base = peak()
report = scan_file(Source("a", str(folder / "a.warc.gz")), folder, job)
print(msgspec.json.encode([peak() - base, report]).decode())
"""


def measured(tmp_path: Path, data: bytes) -> FileReport:
    """Scan in a process of its own, whose memory must not grow beyond the limit."""
    (tmp_path / "warm.warc.gz").write_bytes(members([record(1, page())]))
    (tmp_path / "a.warc.gz").write_bytes(data)
    child = [sys.executable, "-c", _CHILD, str(tmp_path)]
    ran = subprocess.run(child, capture_output=True, check=True, timeout=120)
    grown, report = msgspec.json.decode(ran.stdout, type=tuple[int, FileReport])
    assert grown * 1024 < MAX_GROWTH_BYTES
    assert report.records == report.looked_at + sum(report.skipped.values())
    return report


def bomb(size: int) -> bytes:
    """Return a member with a record of so many zeros."""
    length = b"Content-Length: %d" % (len(page(b"")) + size)
    head = re.sub(rb"Content-Length: \d+", length, record(2, page(b""))[:-4])
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = [packer.compress(bytes(MB)) for _ in range(size // MB)]
    return packer.compress(head) + b"".join(zeros) + packer.compress(b"\r\n\r\n") + packer.flush()


def test_a_record_that_grows_a_thousand_times_costs_little_memory(tmp_path: Path) -> None:
    report = measured(tmp_path, members([record(1, page())]) + bomb(300 * MB))
    assert (report.findings, report.records) == (1, 2)


def test_a_record_that_declares_ten_gigabytes_costs_little_memory(tmp_path: Path) -> None:
    huge = record(2, page()).replace(b"Content-Length: 1", b"Content-Length: 1" + b"0" * 8, 1)
    report = measured(tmp_path, members([record(1, page()), huge, *[record(3, page())] * 50]))
    assert report.ended == "partly"
    assert any("bytes are missing" in problem for problem in report.problems)


@pytest.mark.parametrize("pack", [brotli.compress, member], ids=["br", "gzip"])
def test_a_body_that_grows_a_thousand_times_costs_little_memory(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    coding = "br" if pack is brotli.compress else "gzip"
    body = pack(OTHER * (100 * MB // len(OTHER)))
    coded = record(2, page(body, fields=[HTML, f"Content-Encoding: {coding}"]))
    report = measured(tmp_path, members([record(1, page()), coded]))
    assert (report.findings, report.skipped) == (1, {LARGE: 1})


@pytest.mark.slow
def test_a_large_page_costs_little_memory(tmp_path: Path) -> None:
    most = 5 * MB - len(CLAIM)
    chinese = "人脸识别民族的系统。".encode()
    pages = [OTHER * (most // len(OTHER)) + CLAIM, chinese * (most // len(chinese))]
    report = measured(tmp_path, members(record(n, page(body)) for n, body in enumerate(pages)))
    assert report.looked_at == 2
    assert report.findings > 1


def wacz(*parts: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", packed) as package:
        for name, data in parts:
            package.writestr(name, data)
    return file.getvalue()


def test_all_archives_in_a_wacz_are_read_and_packages_in_it_are_not(tmp_path: Path) -> None:
    data = members([record(1, page()), record(2, page(OTHER))])
    inner = wacz(("archive/deep.warc.gz", data))
    path = tmp_path / "a.wacz"
    path.write_bytes(
        wacz(("archive/a.warc.gz", data), ("archive/b.warc.gz", data), ("archive/c.wacz", inner))
    )
    report = scan(path, tmp_path)
    assert (report.records, report.findings, report.ended) == (4, 2, "partly")
    assert "belong to no record" in report.problems[0]


def test_a_wacz_whose_parts_lie_over_each_other_is_not_read_twice(tmp_path: Path) -> None:
    data = bytearray(wacz(("archive/a.warc.gz", members([record(1, page())] * 20))))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    directory, tail = bytes(data[start:end]), bytearray(data[end:])
    tail[8:12] = (500).to_bytes(2, "little") * 2
    tail[12:16] = (500 * len(directory)).to_bytes(4, "little")
    path = tmp_path / "a.wacz"
    path.write_bytes(bytes(data[:start]) + directory * 500 + bytes(tail))
    report = scan(path, tmp_path)
    assert report.records < 500
    assert "it lies where others do" in report.problems[-1]


def test_a_wacz_of_a_million_names_costs_little_memory(tmp_path: Path) -> None:
    package = bytearray(wacz(("archive/a.warc.gz", members([record(1, page())]))))
    start, end = package.index(b"PK\x01\x02"), package.index(b"PK\x05\x06")
    entry, tail = bytes(package[start:end]), package[end:]
    count = 1_000_000
    tail[8:12] = b"\xff" * 4
    tail[12:16] = (count * len(entry)).to_bytes(4, "little")
    report = measured(tmp_path, bytes(package[:start]) + entry * count + bytes(tail))
    assert report.ended == "refused"
    assert "a directory of 63,000,000 bytes" in report.problems[0]


@pytest.mark.parametrize("data", [b"", b"\0" * 99, b"<html>", b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_what_is_no_archive_is_refused_with_a_reason(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    report = scan(path, tmp_path)
    assert report.ended == "refused"
    assert report.problems


def test_behind_a_damaged_member_reading_goes_on_and_what_was_lost_is_told(tmp_path: Path) -> None:
    pieces = [member(record(n, page(CLAIM + b"%d" % n))) for n in range(6)]
    before = len(pieces[0])
    torn = bytearray(pieces[1])
    torn[len(torn) // 2] ^= 0xFF
    path = tmp_path / "a.warc.gz"
    path.write_bytes(pieces[0] + bytes(torn) + b"".join(pieces[2:]))
    report = scan(path, tmp_path)
    assert report.ended == "partly"
    assert report.records >= 5
    told = [one for one in report.problems if f"member at byte {before} is damaged" in one]
    assert f"reading goes on at byte {before + len(torn)}" in told[0]
    assert report.lost_bytes == len(torn)


@pytest.mark.parametrize("pack", [members, in_one, b"".join], ids=["members", "one", "plain"])
def test_a_file_cut_anywhere_is_never_read_as_whole(
    tmp_path: Path, pack: Callable[[list[bytes]], bytes]
) -> None:
    pieces = [record(n, page(OTHER + b"%d" % n)) for n in range(3)]
    data = pack(pieces)
    whole = {len(pack(pieces[:count])) for count in range(4)}
    path = tmp_path / "a.warc.gz"
    for end in range(1, len(data), 7):
        path.write_bytes(data[:end])
        is_whole = end in whole or data[end:].strip(b"\r\n") == b""
        if not is_whole and not (pack == b"".join and _ends_record(data, end)):
            assert scan(path, tmp_path).ended != "read", end


def _ends_record(data: bytes, end: int) -> bool:
    """Whether all but line ends is there of a plain record."""
    return data[end:].lstrip(b"\r\n").startswith(b"WARC/")
