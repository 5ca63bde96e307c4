"""Packages for the tests: made by py-wacz from records that warcio wrote, then changed.

`Files` is a package as a table of names and bytes; `relisted` gives it an honest manifest again, so
that a change is found by what it says, not by its digest alone.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from sousveil.run.package.verify import PackageVerification, verify_package

Files = dict[str, bytes]
Change = Callable[[Files], Files]

AT = "2026-03-01T12:30:15Z"
NOW = datetime(2099, 1, 1, tzinfo=UTC)
HOME, ABOUT = "https://gate.example/", "https://gate.example/about"
WARC, INDEX, IDX, PAGES = (
    "archive/data.warc.gz",
    "indexes/index.cdx.gz",
    "indexes/index.idx",
    "pages/pages.jsonl",
)
MANIFEST, DIGEST = "datapackage.json", "datapackage-digest.json"


def warc(*urls: str, at: str = AT) -> bytes:
    """Return a WARC with a request and an answer for each address."""
    file = BytesIO()
    writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
    for url in urls:
        fields = {"WARC-Date": at}
        answer = writer.create_warc_record(
            url,
            "response",
            payload=BytesIO(f"<title>Gate</title><p>Of {url}.".encode()),
            http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], "HTTP/1.1"),
            warc_headers_dict=fields,
        )
        head = StatusAndHeaders("GET / HTTP/1.1", [("Host", "gate.example")], is_http_request=True)
        request = writer.create_warc_record(
            url, "request", http_headers=head, warc_headers_dict=fields
        )
        writer.write_request_response_pair(request, answer)
    return file.getvalue()


@cache
def golden() -> tuple[tuple[str, bytes], ...]:
    """Return the files of a package as py-wacz makes it."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "data.warc.gz").write_bytes(warc(HOME, ABOUT))
        page = {"url": HOME, "ts": AT, "title": "Gate", "id": "1"}
        header = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
        (work / "pages.jsonl").write_text(f"{json.dumps(header)}\n{json.dumps(page)}\n")
        program = Path(sys.executable).with_name("wacz")
        made = ["create", "-f", "data.warc.gz", "-p", "pages.jsonl", "-o", "made.wacz"]
        subprocess.run([program, *made], cwd=work, check=True, capture_output=True)
        with zipfile.ZipFile(work / "made.wacz") as package:
            return tuple((name, package.read(name)) for name in package.namelist())


def files() -> Files:
    """Return a fresh copy of those."""
    return dict(golden())


def relisted(package: Files) -> Files:
    """Return the package with a manifest, and its digest, that tell of what is in it."""
    about = json.loads(package[MANIFEST])
    about["resources"] = [
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "bytes": len(data),
        }
        for name, data in package.items()
        if name not in {MANIFEST, DIGEST}
    ]
    return redigested(package | {MANIFEST: json.dumps(about).encode()})


def redigested(package: Files) -> Files:
    """Return the package with a digest of its manifest."""
    digest = json.loads(package[DIGEST])
    digest["hash"] = f"sha256:{hashlib.sha256(package[MANIFEST]).hexdigest()}"
    return package | {DIGEST: json.dumps(digest).encode()}


def saying(package: Files, **told: Any) -> Files:  # noqa: ANN401  # whatever JSON holds
    """Return the package with other words in its manifest; None takes a word away."""
    about = json.loads(package[MANIFEST]) | told
    about = {name: value for name, value in about.items() if value is not None}
    return redigested(package | {MANIFEST: json.dumps(about).encode()})


def indexed(package: Files, change: Callable[[list[bytes]], list[bytes]]) -> Files:
    """Return the package with other lines in its index, and an `.idx` that fits it."""
    lines = change(gzip.decompress(package[INDEX]).splitlines(keepends=True))
    packed = gzip.compress(b"".join(lines))
    told = {"offset": 0, "length": len(packed), "digest": _sha256(packed)}
    meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    idx = f"!meta 0 {json.dumps(meta)}\ncom 20260301123015 {json.dumps(told)}\n"
    return relisted(package | {INDEX: packed, IDX: idx.encode()})


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def zipped(path: Path, package: Files) -> Path:
    """Write a package, its archives and compressed files stored."""
    with zipfile.ZipFile(path, "w") as made:
        for name, data in package.items():
            entry = zipfile.ZipInfo(name, (2026, 3, 1, 12, 30, 14))
            is_packed = name.endswith(".gz") or name.startswith("archive/")
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            made.writestr(entry, data)
    return path


def verified(path: Path, key: str | None = None) -> PackageVerification:
    return verify_package(path, key=key, now=NOW, progress=lambda *_: None)


def problems(result: PackageVerification) -> str:
    return "\n".join(f"{one.path}: {one.problem}" for one in result.faults)


def notes(result: PackageVerification) -> str:
    return "\n".join(f"{one.path}: {one.problem}" for one in result.remarks)
