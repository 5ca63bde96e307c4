"""However an archive is packed, and whichever way its records are met, a scan finds the same."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastwarc.stream_io import Lz4Writer

from sousveil.scan.file import FileReport, Source, Span, scan_file
from sousveil.scan.file.part import part_path, read_part
from tests.scan.file.archives import CLAIM, JOB, OTHER, in_one, member, members, page, record

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RECORDS = [
    record(number, page(CLAIM + b"%d" % number if number % 3 else OTHER))
    if number % 4
    else record(number, b"GET / HTTP/1.1\r\n\r\n", kind="request")
    for number in range(12)
]
FOUND = 6


def lz4(records: Sequence[bytes]) -> bytes:
    with Path("packed").open("wb") as file:
        packer = Lz4Writer(file)
        packer.write(b"".join(records))
        packer.close()
    return Path("packed").read_bytes()


def frames(records: Sequence[bytes]) -> bytes:
    return b"".join(map(zstd.compress, records))


def scanned(data: bytes, folder: Path, spans: tuple[Span, ...] | None = None) -> list[Any]:
    """Return what is counted and found, but for where it lies."""
    path = folder / "a"
    path.write_bytes(data)
    report = scan_file(Source("a", str(path), spans), folder, JOB)
    return [told(report), rows(folder, "a")]


def told(report: FileReport) -> tuple[object, ...]:
    return (report.records, report.looked_at, report.skipped, report.findings, report.problems)


def rows(folder: Path, name: str) -> list[Any]:
    found = list(read_part(part_path(folder, name)))
    for row in found:
        for key in ("file", "offset", "length", "is_stored"):
            del row[key]
        for key in ("warc", "offset", "length"):
            del row["capture"][key]
    return found


def test_findings_do_not_depend_on_how_an_archive_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packs: list[Callable[[Sequence[bytes]], bytes]] = [members, in_one, b"".join, lz4, frames]
    first, *others = [scanned(pack(RECORDS), tmp_path) for pack in packs]
    assert first[0] == (12, 9, {"request record": 3}, FOUND, ())
    assert len(first[1]) == FOUND
    for other in others:
        assert other == first


@pytest.mark.parametrize("pack", [member, zstd.compress, bytes], ids=["gzip", "zstd", "plain"])
def test_all_spans_of_an_archive_give_what_the_whole_gives(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    pieces = [pack(one) for one in RECORDS]
    begins = [sum(map(len, pieces[:n])) for n in range(len(pieces))]
    spans = tuple(Span(at, len(piece)) for at, piece in zip(begins, pieces, strict=True))
    data = b"".join(pieces)
    whole = scanned(data, tmp_path)
    assert scanned(data, tmp_path, tuple(reversed(spans))) == whole
    some = scanned(data, tmp_path, spans[1:3] + spans[5:6])
    assert some == [(3, 3, {}, 3, ()), whole[1][:3]]


def test_a_record_that_an_index_names_twice_is_read_once(tmp_path: Path) -> None:
    size = len(member(RECORDS[1]))
    spans = (Span(0, size), Span(0, size + 9), Span(7, 20))
    counted, found = scanned(members(RECORDS[1:3]), tmp_path, spans)
    assert len(found) == 1
    assert counted[0] == 1
    assert counted[-1] == (
        f"byte 0: the index tells of a record of {size + 9} bytes that overlaps the one before it",
        "byte 7: the index tells of a record of 20 bytes that overlaps the one before it",
    )


def test_threads_of_one_process_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    names = [f"{number}" for number in range(8)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(members(RECORDS[: number + 4]))
    sources = [Source(name, str(tmp_path / name)) for name in names]

    def scans(folder: str, threads: int) -> list[Any]:
        with ThreadPoolExecutor(threads) as pool:
            reports = pool.map(lambda one: scan_file(one, tmp_path / folder, JOB), sources)
            counts = [told(report) for report in reports]
        return [counts, [rows(tmp_path / folder, name) for name in names]]

    assert scans("together", 8) == scans("alone", 1)


def test_threads_at_the_same_file_leave_one_part(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(members(RECORDS))
    source = Source("a", str(tmp_path / "a"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: scan_file(source, tmp_path, JOB), range(4)))
    assert len(rows(tmp_path, "a")) == FOUND
    assert len(list(part_path(tmp_path, "a").parent.iterdir())) == 1
