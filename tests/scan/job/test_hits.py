"""Hits brought home: the records themselves, as the scan saw them, and the same findings."""

import gzip
import hashlib
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastwarc.stream_io import Lz4Writer

from sousveil.archive.frames import DICTIONARY_MAGIC
from sousveil.capture.guard.exits import parse_exit
from sousveil.case import open_case, save_settings
from sousveil.ledger import read_events
from sousveil.scan.file.table import finding_of
from tests.commands import Ran, sousveil
from tests.scan.job.crawls import CLAIM, DULL, crawl, crawls, page, record
from tests.sites import Page, serve

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert sousveil("init", "case").status == 0
    return tmp_path


def scan(*inputs: str) -> Ran:
    return sousveil("scan", *inputs, "--topic", "ethnicity", "-o", "hits.parquet")


def bring() -> Ran:
    return sousveil("import", "hits.parquet", "--case", "case")


def found() -> list[dict[str, Any]]:
    return _sorted(sousveil("findings", "--case", "case", "--json").json())


def seen() -> list[dict[str, Any]]:
    return _sorted(map(finding_of, pq.read_table("hits.parquet").to_pylist()))


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(map(_bare, rows), key=lambda row: str(row["id"]))


# What the log and the looks of a case tell besides.
_OF_A_CASE = {
    "verdict", "confidence", "first_seen", "last_seen", "evidence", "evidence_log_index", "why",
    "trace", "caveats",
}  # fmt: skip
_PLACE = {"warc", "offset", "length", "log_index"}


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    """Return a finding without where its record lies, and what its case tells of it."""
    capture = {key: value for key, value in row["capture"].items() if key not in _PLACE}
    rest = {key: value for key, value in row.items() if key not in _OF_A_CASE}
    return rest | {"capture": capture}


def test_findings_are_the_same_as_those_of_the_scan(folder: Path) -> None:
    crawls(folder / "in", 3)
    crawl(folder / "in" / "two.warc.gz", 7, [CLAIM, DULL, CLAIM + " And their age."])
    assert scan("in").status == 0
    assert bring().status == 0
    assert len(seen()) == 5
    assert found() == seen()


@pytest.mark.usefixtures("no_processes")
def test_findings_are_the_same_as_those_of_the_archive_imported_whole(folder: Path) -> None:
    made = crawl(folder / "a.warc.gz", 7, [CLAIM, DULL, CLAIM])
    assert scan(str(made.path)).status == 0
    assert bring().status == 0
    brought = found()
    sousveil("init", "other")
    sousveil("import", "a.warc.gz", "--case", "other")
    assert _sorted(sousveil("findings", "--case", "other", "--json").json()) == brought


@pytest.mark.usefixtures("no_processes")
def test_each_record_has_its_provenance_and_the_donors_bytes(folder: Path) -> None:
    made = crawl(folder / "in" / "a.warc.gz", 1, [DULL, CLAIM, CLAIM + " Twice."])
    assert scan("in").status == 0
    ran = bring()
    assert ran.status == 0
    case = open_case(folder / "case")
    (event,) = (one for one in read_events(case) if one.type == "import")
    assert event.body["file"] == "hits.warc.gz"
    assert event.warc is not None
    ours, theirs = (case.root / event.warc).read_bytes(), made.path.read_bytes()
    told = event.body["taken_from"]
    assert [(one["offset"], one["length"]) for one in told] == [
        (one.offset, one.length) for one in made.records[1:]
    ]
    for one in told:
        assert one["archive"] == "in/a.warc.gz"
        piece = ours[one["at"] : one["at"] + one["length"]]
        assert piece == theirs[one["offset"] : one["offset"] + one["length"]]
        block = gzip.decompress(piece).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
        assert one["digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
    assert sousveil("verify", "case").status == 0


@pytest.mark.usefixtures("no_processes")
def test_the_same_result_is_taken_in_once(folder: Path) -> None:
    crawls(folder / "in", 2)
    scan("in")
    assert bring().status == 0
    again = bring()
    assert again.status == 0
    assert "already in this case" in again.out


@pytest.mark.usefixtures("no_processes")
def test_a_record_that_changed_since_is_named_and_the_rest_is_taken_in(folder: Path) -> None:
    made = crawls(folder / "in", 3)
    scan("in")
    other = crawl(folder / "other.warc.gz", 0, [DULL, CLAIM.replace("Han", "Hui"), DULL])
    made[0].path.write_bytes(other.path.read_bytes())
    made[1].path.unlink()
    ran = bring()
    assert ran.status == 1
    assert "1 capture of 1 record" in ran.out
    assert "in/000.warc.gz, byte " in ran.out
    assert "is not the one that was scanned" in ran.out
    assert "in/001.warc.gz, byte " in ran.out
    assert "no such file" in ran.out
    assert [row["capture"]["url"] for row in found()] == ["https://vendor-2.example/1"]


@pytest.mark.usefixtures("no_processes")
def test_records_of_any_kind_of_archive_are_brought(folder: Path) -> None:
    def one(number: int) -> bytes:
        return record(f"https://vendor-{number}.example/", page(CLAIM), number)

    (folder / "in").mkdir()
    (folder / "in" / "plain.warc").write_bytes(one(1) + one(2))
    (folder / "in" / "shared.warc.gz").write_bytes(gzip.compress(one(3) + one(4)))
    with (folder / "in" / "l.warc.lz4").open("wb") as file:
        packed = Lz4Writer(file)
        packed.write(one(5) + one(6))
        packed.close()
    with zipfile.ZipFile(folder / "in" / "p.wacz", "w") as package:
        package.writestr("archive/data.warc.gz", gzip.compress(one(7)) + gzip.compress(one(8)))
    words = zstd.finalize_dict(zstd.ZstdDict(page(CLAIM), is_raw=True), [one(1)] * 20, 4096, 3)
    begin = DICTIONARY_MAGIC + len(words.dict_content).to_bytes(4, "little") + words.dict_content
    frames = [zstd.compress(one(number), zstd_dict=words) for number in (10, 11)]
    (folder / "in" / "z.warc.zst").write_bytes(begin + b"".join(frames))
    body = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(CLAIM)
    (folder / "in" / "old.arc").write_bytes(
        b"filedesc://old.arc 0.0.0.0 20260102030405 text/plain 9\n1 0 Test\n\n"
        b"http://vendor-9.example/ 192.0.2.1 20260102030405 text/html %d\n%b\n" % (len(body), body)
    )
    assert scan("in").status == 0
    assert bring().status == 0
    assert len(seen()) == 11
    for row in (brought := found()) + (scanned := seen()):
        del row["capture"]["record_id"]  # ARC has none: it is made up of where the record lies
    assert brought == scanned


@pytest.mark.usefixtures("no_processes")
def test_a_revisit_is_brought_with_what_it_means(folder: Path) -> None:
    original = record("https://vendor-1.example/", page(CLAIM), 1)
    again = (
        b"WARC/1.1\r\nWARC-Type: revisit\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
        b"WARC-Date: 2026-02-03T04:05:06Z\r\n"
        b"WARC-Target-URI: https://vendor-1.example/moved\r\n"
        b"WARC-Refers-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n"
        b"Content-Length: 0\r\n\r\n\r\n\r\n"
    )
    dull = record("https://vendor-1.example/dull", page(DULL), 3)
    members = map(gzip.compress, (original, dull, again))
    (folder / "a.warc.gz").write_bytes(b"".join(members))
    assert scan("a.warc.gz").status == 0
    assert bring().status == 0
    assert {row["capture"]["url"] for row in found()} == {
        "https://vendor-1.example/", "https://vendor-1.example/moved",
    }  # fmt: skip
    assert found() == seen()


def allow_loopback(folder: Path, exit_by: str = "") -> None:
    case = open_case(folder / "case")
    exits = {exit_by: parse_exit(exit_by, "socks5h://127.0.0.1:9")} if exit_by else {}
    allowed = frozenset({"127.0.0.1"})
    save_settings(case, replace(case.settings, allow_hosts=allowed, exits=exits, exit=exit_by))


@pytest.mark.usefixtures("no_processes")
def test_records_are_fetched_from_a_server_even_if_it_gives_no_parts(folder: Path) -> None:
    made = crawl(folder / "a.warc.gz", 1)
    allow_loopback(folder)
    with serve() as site:
        site.pages["/a.warc.gz"] = Page(made.path.read_bytes(), "application/warc")
        made.path.unlink()
        assert scan(f"{site.url}/a.warc.gz").status == 0
        assert bring().status == 0
    assert found() == seen()


@pytest.mark.usefixtures("no_processes")
def test_a_server_that_gives_something_else_is_told(folder: Path) -> None:
    made = crawl(folder / "a.warc.gz", 1)
    other = crawl(folder / "b.warc.gz", 2)
    allow_loopback(folder)
    with serve() as site:
        site.pages["/a.warc.gz"] = Page(made.path.read_bytes(), "application/warc")
        assert scan(f"{site.url}/a.warc.gz").status == 0
        site.pages["/a.warc.gz"] = Page(other.path.read_bytes(), "application/warc")
        assert "is not the one that was scanned" in bring().out


@pytest.mark.usefixtures("no_processes")
def test_private_addresses_are_asked_only_where_the_case_allows_it(folder: Path) -> None:
    made = crawl(folder / "a.warc.gz", 1)
    with serve() as site:
        site.pages["/a.warc.gz"] = Page(made.path.read_bytes(), "application/warc")
        assert scan(f"{site.url}/a.warc.gz").status == 0
        ran = bring()
    assert ran.status == 1
    assert "127.0.0.1 is loopback" in ran.out


@pytest.mark.usefixtures("no_processes")
def test_nothing_far_away_is_asked_for_past_an_exit(folder: Path) -> None:
    made = crawl(folder / "a.warc.gz", 1)
    allow_loopback(folder, exit_by="tor")
    with serve() as site:
        site.pages["/a.warc.gz"] = Page(made.path.read_bytes(), "application/warc")
        assert scan(f"{site.url}/a.warc.gz").status == 0
        assert "would bypass this case's exit (tor)" in bring().out


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize(
    "named", ["file:///etc/passwd", "simplecache::http://127.0.0.1:9/a", "memory://a", "/dev/zero"]
)
def test_what_no_scan_opens_is_not_opened(folder: Path, named: str) -> None:
    crawl(folder / "a.warc.gz", 1)
    scan("a.warc.gz")
    table = pq.read_table("hits.parquet")
    rows = [row | {"file": named} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), "hits.parquet")
    assert "no such file" in bring().out


def test_a_file_that_is_no_result_is_refused(folder: Path) -> None:
    (folder / "hits.parquet").write_bytes(b"PAR1 nothing")
    ran = bring()
    assert ran.status == 2
    assert "no result of a scan" in ran.err
    pq.write_table(pa.table({"a": [1]}), "hits.parquet")
    assert "no result of a scan" in bring().err


@pytest.mark.usefixtures("no_processes")
def test_places_that_cannot_be_are_faults(folder: Path) -> None:
    crawl(folder / "a.warc.gz", 1)
    scan("a.warc.gz")
    table = pq.read_table("hits.parquet")
    rows = table.to_pylist()
    odd = [
        {**rows[0], "offset": -5},
        {**rows[0], "length": 2**40},
        {**rows[0], "file": "/dev/zero"},
    ]
    odd += [{**rows[0], "offset": 10**9}, {**rows[0], "is_stored": False}]
    pq.write_table(pa.Table.from_pylist(odd, schema=table.schema), "hits.parquet")
    ran = bring()
    assert ran.status == 1
    assert ran.out.count("byte ") == len(odd)
    assert not found()
