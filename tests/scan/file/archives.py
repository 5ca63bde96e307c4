"""Archives for scans: records as crawlers write them, and the real ones that lie beside us."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest

from sousveil.scan.file import FileReport, Job, Source, scan_file

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "warc"
CLAIM = b"<p>Our face recognition engine detects the ethnicity of every person in the video.</p>"
OTHER = b"<p>Our camera counts cars and bicycles at the crossing, in rain and at night, too.</p>"
JOB = Job(("ethnicity",))


def real_archives() -> list[Path]:
    """Return the real archives; skips the test where they are not."""
    if not SHARED.is_dir():
        pytest.skip("the real archives are not beside this checkout")
    return sorted(
        path
        for path in SHARED.rglob("*")
        if path.is_file() and path.suffix not in {".json", ".cdx", ".cdxj", ".idx"}
    )


def page(body: bytes = CLAIM, *, status: int = 200, fields: Iterable[str] = ()) -> bytes:
    """Return an answer in HTTP/1.1."""
    lines = [f"HTTP/1.1 {status} OK", *(fields or ["Content-Type: text/html; charset=utf-8"])]
    return "\r\n".join([*lines, "", ""]).encode() + body


def record(
    number: int, block: bytes, *, kind: str = "response", fields: Iterable[str] = ()
) -> bytes:
    """Return a record of WARC 1.1 about the page of this number."""
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{UUID(int=number)}>",
        "WARC-Date: 2024-03-04T05:06:07Z",
        f"WARC-Target-URI: https://vendor{number}.example/page",
        *(fields or ["Content-Type: application/http; msgtype=response"]),
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + block + b"\r\n\r\n"


def member(data: bytes) -> bytes:
    """Return a gzip member."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def members(records: Iterable[bytes]) -> bytes:
    """Return records as crawlers store them, a gzip member each."""
    return b"".join(map(member, records))


def in_one(records: Iterable[bytes]) -> bytes:
    """Return records in one gzip member."""
    return gzip.compress(b"".join(records), mtime=0)


def scan(path: Path, folder: Path, job: Job = JOB) -> FileReport:
    """Scan a file."""
    return scan_file(Source(path.name, str(path)), folder, job)
