"""Archives made by others give every answer at its own date, and say what is missing."""

import gzip
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.archive.foreign import SUFFIXES, ForeignArchive, parse_date, scan_archive
from sousveil.archive.read import payload

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "warc"
needs_shared = pytest.mark.skipif(
    not (SHARED / "MANIFEST.json").is_file(), reason="the shared WARC files are not here"
)

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page</p>"


def record(kind: str, block: bytes, **fields: str) -> bytes:
    given_fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:1>",
        "WARC-Date": "2014-05-06T07:08:09Z",
        "WARC-Target-URI": "http://v.example/",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given_fields.items() if value)
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def scan(folder: Path, data: bytes, name: str = "a.warc") -> ForeignArchive:
    (folder / name).write_bytes(data)
    return scan_archive(folder / name, name)


def test_each_answer_becomes_a_capture_with_its_original_date(tmp_path: Path) -> None:
    data = (
        record("warcinfo", b"x: y\r\n", WARC_Target_URI="")
        + record("response", HTML, WARC_Record_ID="<urn:uuid:2>")
        + record("request", b"GET / HTTP/1.1\r\n\r\n", WARC_Record_ID="<urn:uuid:3>")
        + record("resource", b"text", WARC_Record_ID="", Content_Type="text/plain; x=y")
    )
    found = scan(tmp_path, data)
    assert (found.records, found.faults) == (4, ())
    assert found.by_type == {"warcinfo": 1, "response": 1, "request": 1, "resource": 1}
    page, text = found.captures
    assert page.captured_at == datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (page.url, page.status, page.media_type) == ("http://v.example/", 200, "text/html")
    assert (text.status, text.media_type) == (None, "text/plain")
    assert payload(tmp_path, page.record).body == b"<p>page</p>"
    assert payload(tmp_path, text.record).body == b"text"


REVISIT = {"WARC_Record_ID": "<urn:uuid:9>", "WARC_Date": "2015-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "refers",
    [
        {"WARC_Refers_To": "<urn:uuid:1>"},
        {
            "WARC_Refers_To_Target_URI": "http://v.example/",
            "WARC_Refers_To_Date": "2014-05-06T07:08:09Z",
        },
        {"WARC_Payload_Digest": "sha1:AAAA"},
    ],
)
def test_a_revisit_shows_its_original_at_its_own_date(
    tmp_path: Path, refers: dict[str, str]
) -> None:
    original = record("response", HTML, WARC_Payload_Digest="sha1:AAAA")
    again = record("revisit", b"HTTP/1.1 304 Not Modified\r\n\r\n", **REVISIT, **refers)
    found = scan(tmp_path, gzip.compress(original) + gzip.compress(again))
    first, second = found.captures
    assert second.captured_at == datetime(2015, 1, 1, tzinfo=UTC)
    assert second.status == 304
    assert second.record == first.record
    assert [ref.record_id for ref in found.revisits] == ["<urn:uuid:9>"]
    assert payload(tmp_path, second.record).body == b"<p>page</p>"


def test_a_revisit_without_its_original_is_named(tmp_path: Path) -> None:
    found = scan(tmp_path, record("revisit", b"", **REVISIT, WARC_Refers_To="<urn:uuid:77>"))
    assert found.captures == ()
    (fault,) = found.faults
    assert fault.startswith("byte 0: a revisit of http://v.example/ whose original is not in")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"WARC_Date": "yesterday"}, "without date ('yesterday' is none)"),
        ({"WARC_Target_URI": ""}, "without address"),
        ({"WARC_Block_Digest": "sha1:" + "A" * 32}, "the block does not have the digest"),
    ],
)
def test_a_record_with_a_wrong_field_is_named(
    tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    found = scan(tmp_path, record("response", HTML, **fields))
    assert len(found.faults) == 1
    assert words in found.faults[0]


def test_addresses_as_crawlers_wrote_them_are_made_valid(tmp_path: Path) -> None:
    found = scan(tmp_path, record("response", HTML, WARC_Target_URI="<http://v.example/a b%20é>"))
    assert found.captures[0].url == "http://v.example/a%20b%20%C3%A9"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 nothing here", "neither WARC, ARC nor WACZ"),
        (b" CDX N b a m s k r M S V g\n", "an index of an archive (CDX)"),
        (b'com,v)/ 20140101000000 {"url": "http://v.com/"}\n', "an index of an archive (CDX)"),
        (gzip.compress(b"com,v)/ 20140101000000 http://v.com/\n"), "an index of an archive"),
        (b"PK\x03\x04 no zip", "the ZIP file is damaged"),
        (b"\x1f\x8b\x08 no gzip", "no record can be read"),
    ],
)
def test_a_file_that_is_no_archive_says_what_it_is(tmp_path: Path, data: bytes, words: str) -> None:
    found = scan(tmp_path, data)
    assert (found.captures, found.records, len(found.faults)) == ((), 0, 1)
    assert words in found.faults[0]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_records_are_found_within_a_wacz(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.wacz", "w", method) as package:
        package.writestr("pages/pages.jsonl", "{}\n")
        package.writestr("archive/1.warc.gz", gzip.compress(record("response", HTML)))
        package.writestr("archive/2.warc", record("response", HTML + b"2"))
    found = scan_archive(tmp_path / "a.wacz", "a.wacz")
    if method == zipfile.ZIP_DEFLATED:
        assert found.captures == ()
        assert all("unzip the WACZ" in fault for fault in found.faults)
        return
    bodies = [payload(tmp_path, capture.record).body for capture in found.captures]
    assert bodies == [b"<p>page</p>", b"<p>page</p>2"]
    assert found.faults == ()


def a_wacz(path: Path, *bodies: bytes) -> bytes:
    with zipfile.ZipFile(path, "w") as package:
        for number, body in enumerate(bodies):
            archived = gzip.compress(record("response", HTML + body))
            package.writestr(f"archive/{number}.warc.gz", archived)
    return path.read_bytes()


def test_records_are_found_within_the_waczs_of_a_collection(tmp_path: Path) -> None:
    """As Browsertrix gives out a collection: a ZIP file of WACZ files, stored as they are."""
    inner = [a_wacz(tmp_path / "i.wacz", b"1", b"2"), a_wacz(tmp_path / "i.wacz", b"3")]
    with zipfile.ZipFile(tmp_path / "all.wacz", "w") as package:
        package.writestr("datapackage.json", '{"profile": "multi-wacz-package"}')
        for number, data in enumerate(inner):
            package.writestr(f"crawl-{number}.wacz", data)
    found = scan_archive(tmp_path / "all.wacz", "all.wacz")
    assert found.faults == ()
    bodies = [payload(tmp_path, capture.record).body for capture in found.captures]
    assert [body[-1:] for body in bodies] == [b"1", b"2", b"3"]


def test_a_wacz_is_looked_for_in_another_once(tmp_path: Path) -> None:
    deep = a_wacz(tmp_path / "i.wacz", b"1")
    for _ in range(3):
        with zipfile.ZipFile(tmp_path / "o.wacz", "w") as package:
            package.writestr("in.wacz", deep)
        deep = (tmp_path / "o.wacz").read_bytes()
    found = scan_archive(tmp_path / "o.wacz", "o.wacz")
    assert found.captures == ()
    assert "no WACZ, or an empty one" in found.faults[0]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2014", datetime(2014, 1, 1, tzinfo=UTC)),
        ("2014-03", datetime(2014, 3, 1, tzinfo=UTC)),
        ("2014-03-04", datetime(2014, 3, 4, tzinfo=UTC)),
        ("2014-03-04T05:06Z", datetime(2014, 3, 4, 5, 6, tzinfo=UTC)),
        ("2014-03-04T05:06:07.5Z", datetime(2014, 3, 4, 5, 6, 7, 500000, tzinfo=UTC)),
        ("2014-03-04T05:06:07.123456789Z", datetime(2014, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)),
        ("2014-13-04", None),
        ("2014-02-30T00:00:00Z", None),
        ("0000", None),
        ("soon", None),
    ],
)
def test_dates_of_every_precision_are_read(text: str, date: datetime | None) -> None:
    assert parse_date(text) == date


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", record("response", HTML)]))
def test_any_bytes_are_scanned_and_every_capture_can_be_read(
    tmp_path: Path, data: bytes, prefix: bytes
) -> None:
    found = scan(tmp_path, prefix + data)
    for capture in found.captures:
        payload(tmp_path, capture.record)


# ---------------------------------------------------------------- archives of others

# Where we find other records than the manifest's reading (warcio, which stops), and why.
DIFFERENT: dict[str, dict[str, int]] = {
    # The line feeds between records were lost; warcio stops at the second, all nine are whole.
    "iipc__webarchive-commons/IAH-20080430204825-00000-blackbook-truncated.arc": {
        "arc_header": 1,
        "response": 8,
    },
    # One line end too few behind a record; warcio stops there, FastWARC finds eight as we do.
    "iipc__webarchive-commons/link-extraction-test.warc": {"warcinfo": 1, "response": 7},
    # All records in one gzip member: warcio refuses it, we give offsets in the unpacked bytes.
    "webrecorder__warcio/example-bad-non-chunked.warc.gz": {
        "warcinfo": 2,
        "response": 1,
        "request": 2,
        "revisit": 1,
    },
    # Says chunked and is not: warcio's reading of the body loses its place in the file.
    "webrecorder__warcio/example-wrong-chunks.warc.gz": {"response": 1, "request": 1},
}


def manifest() -> list[dict[str, Any]]:
    path = SHARED / "MANIFEST.json"
    return list(json.loads(path.read_text())) if path.is_file() else []


ARCHIVES = [entry for entry in manifest() if entry["file"].endswith((*SUFFIXES, ".bad"))]


@needs_shared
@pytest.mark.parametrize("entry", ARCHIVES, ids=lambda entry: str(entry["file"]))
def test_archives_from_the_wild_are_read_as_their_manifest_says(entry: dict[str, Any]) -> None:
    found = scan_archive(SHARED / entry["file"], entry["file"])
    reading = entry.get("reading")
    if reading is not None:
        expected = DIFFERENT.get(entry["file"], reading["types"])
        assert found.by_type == expected
    if reading is not None and entry["file"] not in DIFFERENT:
        statuses = Counter(
            str(capture.status or "none")
            for capture in found.captures
            if capture.record not in found.revisits
        )
        for status, count in reading["statuses"].items():
            assert status == "none" or statuses[status] >= count
    for capture in found.captures:
        assert payload(SHARED, capture.record).status is not None or capture.status is None


def silent_reading(path: Path) -> list[str]:
    return [str(r.record_id) for r in ArchiveIterator(str(path), parse_http=False)]


@needs_shared
def test_fastwarc_finds_no_record_that_we_do_not() -> None:
    for entry in ARCHIVES:
        path = SHARED / entry["file"]
        if ".arc" in path.name or path.suffix == ".wacz":
            continue
        try:
            count = len(silent_reading(path))
        except OSError:
            continue  # it gives up on damage, see the module's docstring of `records`
        assert scan_archive(path, "a").records >= count, path


@needs_shared
def test_indexes_from_the_wild_are_named_as_such() -> None:
    for entry in manifest():
        if ".cdx" in entry["file"]:
            found = scan_archive(SHARED / entry["file"], "a")
            assert found.faults[0].startswith("an index of an archive"), entry["file"]
