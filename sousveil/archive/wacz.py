"""Writes WACZ 1.1.1: WARC files as they are, with index, pages, manifest and signature, in one ZIP.

Takes WARC files and what is to be said of them and gives one file that other tools replay. Follows
WACZ 1.1.1 ("Directory Layout", "Zip Format"), the Frictionless Data Package for the manifest, and
WACZ-auth 0.1.0. Everything is streamed: memory holds the index's lines and one piece of a file.
The same content, key and time give the same bytes.
"""

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from sousveil.archive.cdxj import index_warc
from sousveil.archive.wacz_signature import signed_data
from sousveil.durable import sync_folder
from sousveil.errors import ArchiveError
from sousveil.model import Json

WACZ_VERSION = "1.1.1"
SUFFIX = ".wacz"
# CDXJ under the one name that all readers take: ReplayWeb.page loads .cdx and .cdxj, but holds only
# .cdx against the manifest; pywb takes in .cdx and .cdx.gz; a .cdx.gz would need a second index.
INDEX_NAME = "indexes/index.cdx"
PAGES_NAME = "pages/pages.jsonl"

# What is copied at a time; bounds memory whatever a file's size.
PIECE_BYTES = 2**20

_FILE_MODE = 0o100644 << 16  # a regular file that all may read, where ZIP keeps Unix modes
_UNIX = 3  # who made the ZIP entry, so that the mode counts and no entry depends on the system


@dataclass(frozen=True, slots=True)
class PackedWarc:
    """A WARC file that is to go into a package."""

    path: Path
    name: str  # in archive/; ends in .warc, or .warc.gz if it is gzip
    sha256: str  # hexadecimal, that it must have


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a reader of the package is offered to begin with."""

    url: str
    captured_at: datetime
    title: str  # "" when it has none


@dataclass(frozen=True, slots=True)
class About:
    """What a package says of itself."""

    title: str
    description: str  # Markdown
    software: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What came into a package."""

    size_bytes: int  # of the package
    records: int  # that its index leads to
    pages: int
    unindexed: tuple[tuple[str, int], ...]  # WARC names, and how many answers have no line


@contextmanager
def appearing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file to write; it gets the name `target` when the block ends well, else it goes.

    The folder of `target` must exist. Raises OSError when the system refuses.
    """
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_wacz(
    file: BinaryIO,
    *,
    about: About,
    warcs: Iterable[PackedWarc],
    pages: Iterable[Page],
    others: Iterable[tuple[str, bytes]],
    key: EllipticCurvePrivateKey,
) -> Written:
    """Write a package to the new, empty `file`, and return what is in it.

    `others` are further files, by path; none may lie in archive/, indexes/ or pages/, and none
    deeper than one folder, where py-wacz does not find it listed. Raises ArchiveError when a WARC
    file is not the one that was promised, OSError when the system refuses.
    """
    with zipfile.ZipFile(file, "w") as package:
        written = _write(_Package(package, about), warcs, pages, others, key)
    return Written(file.seek(0, os.SEEK_END), *written)


def _write(
    package: "_Package",
    warcs: Iterable[PackedWarc],
    pages: Iterable[Page],
    others: Iterable[tuple[str, bytes]],
    key: EllipticCurvePrivateKey,
) -> tuple[int, int, tuple[tuple[str, int], ...]]:
    lines: list[bytes] = []
    unindexed = []
    for warc in warcs:
        package.add_warc(warc)
        index = index_warc(warc.path, warc.name)
        lines += index.lines
        if index.left_out:
            unindexed.append((warc.name, index.left_out))
    package.add(INDEX_NAME, sorted(lines))  # bytewise, as CDXJ 0.1.0 wants it ("Sorting")
    told = iter(pages)
    if main := next(told, None):
        package.begin_with(main)
        told = chain([main], told)
    count = package.add(PAGES_NAME, chain([_PAGES_HEADER], _page_lines(told))) - 1
    for path, data in others:
        package.add(path, [data])
    package.finish(key)
    return len(lines), count, tuple(unindexed)


_PAGES_HEADER = b'{"format": "json-pages-1.0", "id": "pages", "title": "Pages"}\n'


def _page_lines(pages: Iterable[Page]) -> Iterator[bytes]:
    for number, page in enumerate(pages, start=1):
        line = {"id": str(number), "url": page.url, "ts": instant(page.captured_at)}
        if page.title:
            line["title"] = page.title
        yield f"{json.dumps(line)}\n".encode()


def instant(at: datetime) -> str:
    """Return a time as RFC 3339, to the second, which is what the index knows."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class _Package:
    """A package being written; keeps the manifest of what is in it."""

    def __init__(self, package: zipfile.ZipFile, about: About) -> None:
        self._zip = package
        self._about = about
        self._resources: list[Json] = []
        self._main_page: Json = {}

    def begin_with(self, page: Page) -> None:
        """Name the page that players open first."""
        date = instant(page.captured_at)
        self._main_page = {"mainPageUrl": page.url, "mainPageDate": date}

    def add_warc(self, warc: PackedWarc) -> None:
        """Add a WARC file, stored as it is; raises ArchiveError when it is not the one promised."""
        path = f"archive/{warc.name}"
        with warc.path.open("rb") as source:
            pieces = iter(lambda: source.read(PIECE_BYTES), b"")
            size = warc.path.stat().st_size
            self._write(self._entry(path, size), pieces)
        if self._resources[-1]["hash"] != f"sha256:{warc.sha256}":
            raise ArchiveError(
                f"{warc.path}: its SHA-256 is not the one that was logged, {warc.sha256}. Nothing"
                " was exported. Run `sousveil verify`, and restore the file from a copy."
            )

    def add(self, path: str, pieces: Iterable[bytes]) -> int:
        """Add a file of our making; return how many pieces it had."""
        return self._write(self._entry(path), pieces)

    def finish(self, key: EllipticCurvePrivateKey) -> None:
        """Add the manifest, then its digest and signature; neither can list itself."""
        created = instant(self._about.created)
        manifest = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": self._about.title,
            "description": self._about.description,
            "created": created,
            "modified": created,
            "software": self._about.software,
            **self._main_page,
            "resources": list(self._resources),
        }
        data = _json(manifest)
        package_hash = f"sha256:{hashlib.sha256(data).hexdigest()}"
        signed = signed_data(package_hash, key, created=created, software=self._about.software)
        digest = {"path": "datapackage.json", "hash": package_hash, "signedData": signed}
        self.add("datapackage.json", [data])
        self.add("datapackage-digest.json", [_json(digest)])

    def _entry(self, path: str, size: int = 0) -> zipfile.ZipInfo:
        # All is stored as it is: bits that fill up a compressed stream could be changed unnoticed.
        made = self._about.created.astimezone(UTC)
        entry = zipfile.ZipInfo(path, made.timetuple()[:6])
        entry.compress_type, entry.file_size = zipfile.ZIP_STORED, size
        entry.create_system, entry.external_attr = _UNIX, _FILE_MODE
        return entry

    def _write(self, entry: zipfile.ZipInfo, pieces: Iterable[bytes]) -> int:
        """Write an entry, list it in the manifest, and return how many pieces it had."""
        digest, size, count = hashlib.sha256(), 0, 0
        with self._zip.open(entry, "w") as file:
            for piece in pieces:
                count += 1
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        self._resources.append(
            {
                # Frictionless wants names in lower case; py-wacz gives the file's own.
                "name": entry.filename.rpartition("/")[2].lower(),
                "path": entry.filename,
                "hash": f"sha256:{digest.hexdigest()}",
                "bytes": size,
            }
        )
        return count


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
