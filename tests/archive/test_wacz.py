"""A package lists every file with its true hash, appears whole or not at all, and is repeatable."""

import gzip
import hashlib
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sousveil.archive.wacz import About, PackedWarc, Page, Written, appearing, write_wacz
from sousveil.archive.wacz_signature import own_key
from sousveil.archive.write import WarcWriter
from sousveil.errors import ArchiveError

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ABOUT = About("Título 标题", "What it is", "test/1", NOW)
PAGES = [Page("https://vendor.example/", NOW, "One"), Page("https://vendor.example/b", NOW, "")]
OTHERS = [("sousveil/README.md", b"read me"), ("sousveil/checkpoint", b"signed")]

Write = Callable[[str], tuple[Path, Written]]


@pytest.fixture
def warc(new_warc: Callable[[], WarcWriter]) -> PackedWarc:
    with new_warc() as records:
        records.write_resource("https://z.example/", NOW, "text/plain", b"last")
        records.write_resource("https://a.example/", NOW, "text/plain", b"first")
    return PackedWarc(records.path, "a.warc.gz", records.sha256)


@pytest.fixture
def write(tmp_path: Path, warc: PackedWarc) -> Write:
    def run(name: str) -> tuple[Path, Written]:
        key = own_key(tmp_path / "key.pem")
        target = tmp_path / name
        with appearing(target) as file:
            return target, write_wacz(
                file, about=ABOUT, warcs=[warc], pages=PAGES, others=OTHERS, key=key
            )

    return run


def manifest(package: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(package.read("datapackage.json"))
    return found


def test_every_file_is_listed_with_its_hash_and_size(write: Write) -> None:
    path, _ = write("a.wacz")
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        listed = {one["path"]: one for one in manifest(package)["resources"]}
        names = package.namelist()
        assert len(names) == len(set(names))
        assert set(names) == {*listed, "datapackage.json", "datapackage-digest.json"}
        for name, one in listed.items():
            data = package.read(name)
            assert one["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
            assert one["bytes"] == len(data)
        digest = json.loads(package.read("datapackage-digest.json"))
        hash_ = f"sha256:{hashlib.sha256(package.read('datapackage.json')).hexdigest()}"
        assert digest["path"] == "datapackage.json"
        assert digest["hash"] == digest["signedData"]["hash"] == hash_


def test_the_manifest_says_what_wacz_asks_for(write: Write) -> None:
    path, written = write("a.wacz")
    with zipfile.ZipFile(path) as package:
        said = manifest(package)
    assert (said["profile"], said["wacz_version"]) == ("data-package", "1.1.1")
    assert said["created"] == said["modified"] == "2026-03-01T12:30:15Z"
    assert (said["title"], said["software"]) == ("Título 标题", "test/1")
    assert written == Written(path.stat().st_size, 2, 2, ())


def test_warc_files_are_stored_byte_for_byte(write: Write, warc: PackedWarc) -> None:
    path, _ = write("a.wacz")
    with zipfile.ZipFile(path) as package:
        assert package.getinfo("archive/a.warc.gz").compress_type == zipfile.ZIP_STORED
        assert package.read("archive/a.warc.gz") == warc.path.read_bytes()


def test_the_index_is_sorted_and_the_pages_are_told(write: Write) -> None:
    path, _ = write("a.wacz")
    with zipfile.ZipFile(path) as package:
        lines = package.read("indexes/index.cdx").splitlines()
        header, *pages = map(json.loads, package.read("pages/pages.jsonl").splitlines())
    assert [line.split()[0] for line in lines] == [b"example,a)/", b"example,z)/"]
    assert header["format"] == "json-pages-1.0"
    assert [(page["url"], page["ts"], page.get("title")) for page in pages] == [
        ("https://vendor.example/", "2026-03-01T12:30:15Z", "One"),
        ("https://vendor.example/b", "2026-03-01T12:30:15Z", None),
    ]


def test_the_same_content_gives_the_same_bytes(write: Write) -> None:
    one, two = write("a.wacz")[0], write("b.wacz")[0]
    assert one.read_bytes() == two.read_bytes()


def test_a_file_that_is_not_the_one_promised_leaves_nothing(
    tmp_path: Path, write: Write, warc: PackedWarc
) -> None:
    warc.path.write_bytes(warc.path.read_bytes() + gzip.compress(b""))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ArchiveError, match="not the one that was logged"):
        write("a.wacz")
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in before} <= {
        "key.pem"
    }


def test_a_large_file_is_not_held_in_memory(
    tmp_path: Path, new_warc: Callable[[], WarcWriter]
) -> None:
    body = tmp_path / "body"
    with body.open("wb") as file:
        file.truncate(64 * 2**20)
    with new_warc() as records:
        records.write_resource("urn:large", NOW, "application/octet-stream", body)
    warc = PackedWarc(records.path, "a.warc.gz", records.sha256)
    key = own_key(tmp_path / "key.pem")
    tracemalloc.start()
    try:
        target = tmp_path / "a.wacz"
        with appearing(target) as file:
            write_wacz(file, about=ABOUT, warcs=[warc], pages=[], others=[], key=key)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert target.stat().st_size > 64 * 2**20
    assert peak < 16 * 2**20
