"""What a scan finds is what an analysis finds once the same file was imported."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from sousveil.actors import attributed, shipped_register
from sousveil.case import open_case, save_settings
from sousveil.jsonform import finding_json
from sousveil.ledger import create_case
from sousveil.model import Finding, Json
from sousveil.run.indexing import open_index
from sousveil.scan.file import Job
from sousveil.scan.file.part import part_path, read_part
from sousveil.scan.file.table import finding_of, row_of
from tests.commands import sousveil
from tests.conftest import NOW
from tests.scan.file.archives import (
    CLAIM,
    OTHER,
    in_one,
    member,
    members,
    page,
    real_archives,
    record,
    scan,
)

REAL = (  # those in which the shipped topics find something, and two broken ones
    pytest.param("IAH-20080430204825-00000-blackbook.warc.gz", marks=pytest.mark.slow),
    "sample-1.warc.gz",
    "example-wrong-chunks.warc.gz",
    "transfer_compression_none_truncated.warc.gz",
)
TOPICS = ("ethnicity", "politics", "religion")


def scanned(path: Path, folder: Path) -> list[Json]:
    scan(path, folder, Job(TOPICS))
    rows = [row_of(line) for line in read_part(part_path(folder, path.name))]
    assert all(row["file"] == row["capture"]["warc"] == path.name for row in rows)
    assert all(row["capture"]["offset"] == row["offset"] for row in rows)
    return sorted((without_place(finding_of(row)) for row in rows), key=json.dumps)


def analysed(path: Path, root: Path) -> list[Json]:
    """Return what `analyse` sees in each capture after an import."""
    case = create_case(root, title="Test", operator="", now=NOW)
    save_settings(case, replace(case.settings, topics=TOPICS))
    assert sousveil("--case", root, "import", path).status in {0, 1}
    assert sousveil("--case", root, "analyse").status in {0, 1}
    with open_index(open_case(root)) as index:
        rows = index.rows("SELECT data FROM sighting")
    seen = (msgspec.json.decode(data, type=Finding) for (data,) in rows)
    named = (attributed(one, watch_actor=None, register=shipped_register()) for one in seen)
    return sorted((without_place(finding_json(one)) for one in named), key=json.dumps)


def without_place(form: Json) -> Json:
    """Leave out what cannot be the same: the case's name of the file, its log, and who vouches."""
    capture = {k: v for k, v in form["capture"].items() if k not in {"warc", "log_index"}}
    caveats = [one for one in form["caveats"] if "an archive made by others" not in one]
    return form | {"capture": capture, "caveats": caveats}


def archive() -> list[bytes]:
    """Return records of many kinds: with claims, coded, repeated, without, and not to be read."""
    html = "Content-Type: text/html"
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(CLAIM), CLAIM)
    revisit = "WARC-Refers-To: <urn:uuid:00000000-0000-0000-0000-000000000002>"
    profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    return [
        record(1, b"software: test\r\n", kind="warcinfo", fields=["Content-Type: text/plain"]),
        record(2, page()),
        record(3, page(OTHER)),
        record(
            4,
            page(member(CLAIM), fields=[html, "Content-Encoding: gzip"]),
        ),
        record(5, page(chunked, fields=[html, "Transfer-Encoding: chunked"])),
        record(6, page(status=404)),
        record(7, page(CLAIM + OTHER + CLAIM)),
        record(8, CLAIM, kind="resource", fields=["Content-Type: text/html"]),
        record(9, page(b"\x89PNG\r\n\x1a\n", fields=["Content-Type: image/png"])),
        record(10, b"", kind="revisit", fields=[revisit, profile]),
        record(11, page(b"")[:-2] + b"\r\n", kind="revisit", fields=[revisit, profile]),
        record(2, page(OTHER + CLAIM)),
        record(
            12,
            page(
                "评估人脸的民族：维吾尔族、汉族。本系统识别民族属性。".encode("gb18030"),
                fields=["Content-Type: text/html; charset=gbk"],
            ),
        ),
        record(
            13,
            page(
                json.dumps({"text": CLAIM.decode(), "odd": "\ud83d"}).encode(),
                fields=["Content-Type: application/json"],
            ),
        ),
        record(14, b"GET / HTTP/1.1\r\n\r\n", kind="request"),
    ]


@pytest.mark.parametrize("pack", [members, in_one, b"".join], ids=["members", "one", "plain"])
def test_a_scan_finds_what_an_analysis_finds(
    tmp_path: Path, pack: Callable[[list[bytes]], bytes]
) -> None:
    path = tmp_path / ("made.warc" if pack == b"".join else "made.warc.gz")
    path.write_bytes(pack(archive()))
    found = scanned(path, tmp_path / "scan")
    assert len(found) >= 10
    assert found == analysed(path, tmp_path / "case")


@pytest.mark.parametrize("name", REAL)
def test_a_scan_finds_in_real_archives_what_an_analysis_finds(tmp_path: Path, name: str) -> None:
    (path,) = (one for one in real_archives() if one.name == name)
    assert scanned(path, tmp_path / "scan") == analysed(path, tmp_path / "case")
