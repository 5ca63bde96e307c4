"""Collections of other tools are taken in from where they lie, and each file is the one told."""

import gzip
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.index.query import findings
from sousveil.run.indexing import open_index
from sousveil.run.visit.archives import archives_in
from tests.commands import sousveil

CLAIM = "Our face analysis detects the ethnicity of every visitor, such as Uyghur."
ADDRESS = "https://halcyon.example/product"


def warc() -> bytes:
    """A record as ArchiveBox and Browsertrix write it: WARC 1.0 and 1.1, gzip."""
    body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>{CLAIM}</p>".encode()
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2020-12-07T00:13:20Z\r\n"
        f"WARC-Target-URI: {ADDRESS}\r\nContent-Type: application/http; msgtype=response\r\n"
        "WARC-Record-ID: <urn:uuid:7e0a4c1e-1c43-5a8e-9d0c-5b8f2a6f3f10>\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + body + b"\r\n\r\n")


def quotes(case: Case) -> list[tuple[str, str]]:
    with open_index(case) as index:
        return [(one.url, one.quote) for one in findings(index)]


def test_a_folder_of_archivebox_is_taken_in(case: Case, tmp_path: Path) -> None:
    place = tmp_path / "box" / "archive" / "1607300000.0" / "warc"
    place.mkdir(parents=True)
    (place / "1607300000.warc.gz").write_bytes(warc())
    (place.parent / "index.json").write_text(json.dumps({"url": ADDRESS, "schema": "Link"}))
    ran = sousveil("import", "--case", case.root, tmp_path / "box")
    assert ran.status == 0, ran.err
    assert quotes(case) == [(ADDRESS, CLAIM)]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A collection as Browsertrix describes it: files by name, digest, and where they were."""
    with zipfile.ZipFile(tmp_path / "crawl.wacz", "w") as package:
        package.writestr("archive/data.warc.gz", warc())
    digest = hashlib.sha256((tmp_path / "crawl.wacz").read_bytes()).hexdigest()
    resource = {
        "name": "crawl.wacz",
        "path": "https://files.example/crawl.wacz?signature=x",
        "hash": digest,
        "crawlId": "manual-1",
    }
    manifest = tmp_path / "collection.json"
    manifest.write_text(json.dumps({"profile": "multi-wacz-package", "resources": [resource]}))
    return manifest


def test_a_collection_is_taken_in_by_its_manifest(case: Case, collection: Path) -> None:
    ran = sousveil("import", "--case", case.root, collection)
    assert ran.status == 0, ran.err
    assert quotes(case) == [(ADDRESS, CLAIM)]


def test_a_file_that_is_missing_or_another_is_refused(collection: Path) -> None:
    packed = collection.with_name("crawl.wacz")
    packed.write_bytes(packed.read_bytes() + b"?")
    with pytest.raises(InputError, match=r"its SHA-256 is not the one that collection\.json tells"):
        archives_in([collection])
    packed.unlink()
    with pytest.raises(InputError, match=r"Fetch it first: https://files\.example/crawl\.wacz"):
        archives_in([collection])


@pytest.mark.parametrize("path", ["../crawl.wacz", "/etc/passwd"])
def test_a_manifest_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    manifest = tmp_path / "below" / "m.json"
    manifest.parent.mkdir()
    (tmp_path / "crawl.wacz").touch()
    manifest.write_text(json.dumps({"resources": [{"name": "crawl.wacz", "path": path}]}))
    with pytest.raises(InputError, match="no such file beside it"):
        archives_in([manifest])


def test_a_list_of_addresses_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"url": "https://halcyon.example/"}')
    with pytest.raises(InputError, match="sousveil add --from"):
        archives_in([tmp_path / "a.json"])
