"""Makes archives such as a crawler of the whole web leaves, with passages planted in them.

Captures of a request, an answer and its metadata each, a gzip member a record. Languages, charsets
and sizes are drawn as Common Crawl's are told to be: 110 KB of HTML on average, of which a quarter
is text; the rest is mark-up, styles, scripts and menus, so that gzip makes a fifth of it. Beside
each archive stands what was planted in it (`Planted`). The same seed gives the same archives on
one machine; they are kept in its folder for temporary files until somebody removes them.
"""

import base64
import hashlib
import json
import math
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import gettempdir
from uuid import UUID

from bench.crawl_pages import Page, page_of, random_of
from bench.crawl_plants import Plant, every_kind

VERSION = 2  # of what is made; archives of another are made anew
FILE_BYTES = 145_000_000  # unpacked
LEAST_FILES = 4  # for two processes to share
MEAN_BYTES, SPREAD, MOST_BYTES = 108_000, 0.9, 1_000_000  # of a page; Common Crawl cuts at 1 MiB


@dataclass(frozen=True, slots=True)
class Planted:
    """A capture in which a passage was planted."""

    url: str
    lang: str
    is_claim: bool
    is_cut: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive and what is planted in it."""

    path: Path
    planted: tuple[Planted, ...]


def archives(total_bytes: int, share: float, seed: int) -> list[Archive]:
    """Return archives of so many bytes unpacked together, made on all cores or kept from before.

    `share` of the captures hold a passage.
    """
    folder = _folder() / f"{seed}-{share:g}"
    count = max(LEAST_FILES, round(total_bytes / FILE_BYTES))
    size = total_bytes // count
    paths = [folder / f"{size // 1_000_000}-{number:03}.warc.gz" for number in range(count)]
    missing = [(path, size, share, seed + number) for number, path in enumerate(paths)]
    missing = [made for made in missing if not made[0].exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(_write_file, *zip(*missing, strict=True)))
    return [_with_planted(path) for path in paths]


def plants(rounds: int, seed: int) -> Archive:
    """Return an archive of small pages, each with a passage: all kinds, so many times each."""
    path = _folder() / f"plants-{seed}-{rounds}.warc.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        random = random_of(seed)
        wanted = [plant for _ in range(rounds) for plant in every_kind(random)]
        _write(
            path, (page_of(random, plant, number) for number, plant in enumerate(wanted)), wanted
        )
    return _with_planted(path)


def _folder() -> Path:
    return Path(gettempdir()) / f"sousveil-bench-crawl-{VERSION}"


def _with_planted(path: Path) -> Archive:
    lines = _truth_path(path).read_text("utf-8").splitlines()
    return Archive(path, tuple(Planted(**json.loads(line)) for line in lines))


def _truth_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.planted.jsonl")


def _write_file(path: Path, size: int, share: float, seed: int) -> None:
    """Write one archive of a crawl."""
    random = random_of(seed)
    kinds = every_kind(random)
    count = max(1, round(size / (MEAN_BYTES + 2_000)))
    wanted = [
        kinds[random.randrange(len(kinds))] if random.random() < share else None
        for _ in range(count)
    ]
    pages = (
        page_of(random, plant, seed << 20 | number, _size(random))
        for number, plant in enumerate(wanted)
    )
    _write(path, pages, wanted)


def _write(path: Path, pages: Iterator[Page], wanted: Sequence[Plant | None]) -> None:
    """Write pages, and what is planted in them; both have their names once they are whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    planted = []
    with temporary.open("wb") as file:
        file.write(
            _member(
                "warcinfo", "", b"software: bench/crawl.py\r\n", 0, told="application/warc-fields"
            )
        )
        for number, (page, plant) in enumerate(zip(pages, wanted, strict=True)):
            file.writelines(_records(page, number * 3 + 1))
            if plant is not None:
                planted.append(
                    Planted(page.url, plant.lang, plant.is_claim, plant.is_cut, plant.kind)
                )
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in planted]
    _truth_path(path).write_text("".join(lines), "utf-8")
    temporary.replace(path)


def _records(page: Page, number: int) -> Iterator[bytes]:
    host, _, rest = page.url.removeprefix("https://").partition("/")
    request = (
        f"GET /{rest} HTTP/1.1\r\nUser-Agent: CCBot/2.0 (https://example.org/bot)\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        f"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: br,gzip\r\nHost: {host}\r\n"
        "Connection: Keep-Alive\r\n\r\n"
    )
    answer = (
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 04 Mar 2024 05:06:07 GMT\r\n"
        f"Content-Type: {page.media_type}\r\nX-Crawler-Transfer-Encoding: chunked\r\n"
        "Connection: keep-alive\r\nVary: Accept-Encoding\r\nCache-Control: max-age=600\r\n"
        f"X-Crawler-Content-Encoding: gzip\r\nContent-Length: {len(page.body)}\r\n\r\n"
    )
    notes = 'fetchTimeMs: 431\r\ncharset-detected: UTF-8\r\nlanguages-cld2: {"reliable":true}\r\n'
    digest = base64.b32encode(hashlib.sha1(page.body, usedforsecurity=False).digest()).decode()
    http = "application/http; msgtype="
    yield _member("request", page.url, request.encode(), number, told=f"{http}request")
    body = answer.encode() + page.body
    yield _member("response", page.url, body, number + 1, told=f"{http}response", digest=digest)
    yield _member("metadata", page.url, notes.encode(), number + 2, told="application/warc-fields")


def _member(
    kind: str, url: str, block: bytes, number: int, *, told: str, digest: str = ""
) -> bytes:
    fields = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Date: 2024-03-04T05:06:07Z",
        f"WARC-Record-ID: <urn:uuid:{UUID(int=number << 64 | zlib.crc32(url.encode()))}>",
        f"Content-Length: {len(block)}",
        f"Content-Type: {told}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        *([f"WARC-Payload-Digest: sha1:{digest}"] if digest else []),
    ]
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    data = "\r\n".join([*fields, "", ""]).encode() + block + b"\r\n\r\n"
    return packer.compress(data) + packer.flush()


def _size(random: Random) -> int:
    mean = math.log(MEAN_BYTES) - SPREAD**2 / 2
    return min(MOST_BYTES, int(random.lognormvariate(mean, SPREAD)))
