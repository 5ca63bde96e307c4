"""Small crawls for tests: archives whose bytes follow from their number."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLAIM = "Our cameras tell the ethnicity of every face: Uyghur, Han or Tibetan."
DULL = "We sell garden chairs and tables, in oak and in teak."


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an archive."""

    url: str
    offset: int
    length: int  # as stored


@dataclass(frozen=True, slots=True)
class Crawl:
    """An archive file."""

    path: Path
    records: tuple[Record, ...]


def page(text: str) -> bytes:
    return f"<html><title>Shop</title><body><p>{text}</p></body></html>".encode()


def record(url: str, body: bytes, number: int) -> bytes:
    """Return a response record, as its bytes."""
    block = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n"
        "WARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: {url}\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def crawl(path: Path, number: int, texts: Sequence[str] = (DULL, CLAIM, DULL)) -> Crawl:
    """Write an archive compressed record by record, with a page for each text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records, members, offset = [], list[bytes](), 0
    for turn, text in enumerate(texts):
        url = f"https://vendor-{number}.example/{turn}"
        member = gzip.compress(record(url, page(text), number * 100 + turn), mtime=0)
        records.append(Record(url, offset, len(member)))
        members.append(member)
        offset += len(member)
    path.write_bytes(b"".join(members))
    return Crawl(path, tuple(records))


def crawls(folder: Path, count: int) -> list[Crawl]:
    """Write so many archives."""
    return [crawl(folder / f"{number:03}.warc.gz", number) for number in range(count)]
