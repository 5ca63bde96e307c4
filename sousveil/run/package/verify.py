"""Verification of a package: whether a WACZ file, ours or anybody's, is whole, and what it proves.

Takes one file and gives every fault it finds, not just the first, and what is worth knowing beside.
Follows WACZ 1.1.1, WACZ-auth 0.1.0, CDXJ 0.1.0 and WARC 1.1. Reads the file in a stream; writes
nothing, unpacks nothing to disk, needs no network. Nothing in a package makes it raise, but that it
is none.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sousveil.archive.wacz import SUFFIX
from sousveil.archive.wacz_check.container import Package, read_container
from sousveil.archive.wacz_check.index import check_index
from sousveil.archive.wacz_check.jsontext import instant_of
from sousveil.archive.wacz_check.layout import check_layout
from sousveil.archive.wacz_check.manifest import DIGEST, Manifest, check_files, read_manifest
from sousveil.archive.wacz_check.names import check_names
from sousveil.archive.wacz_check.pages import check_pages
from sousveil.archive.wacz_check.records import MAX_CLOCK_ERROR, check_dates, moment, read_records
from sousveil.archive.wacz_check.table import Records, open_records
from sousveil.archive.wacz_check.told import Told
from sousveil.durable import file_sha256
from sousveil.errors import ArchiveError
from sousveil.model import Fault
from sousveil.run.package.logged import Logged, check_logged, donated, is_ours
from sousveil.run.package.signed import Signed, check_signature
from sousveil.tlog.note import parse_vkey

Progress = Callable[[int, int, str], None]

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a package holds."""

    files: int = 0
    records: int = 0
    index_lines: int = 0
    pages: int = 0
    oldest: datetime | None = None  # of the records' dates, as their maker told them
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class PackageVerification:
    """What was checked and what was wrong."""

    file: str
    sha256: str  # of the whole file, hexadecimal
    size_bytes: int
    is_ours: bool  # it says that this program made it
    software: str  # that says it made it
    holds: Counted
    signed: Signed | None
    logged: Logged | None
    is_key_confirmed: bool  # the log's key is the one that was asked for
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]  # not wrong, or not by any standard, but worth knowing


def verify_package(
    path: Path, *, key: str | None, now: datetime, progress: Progress
) -> PackageVerification:
    """Check the package at `path`; `key` is that of its log, where its owner told it.

    Raises ArchiveError when the file is no ZIP, or a package of packages; LogError when `key` is
    mistyped; OSError when the file cannot be read.
    """
    if key is not None:
        parse_vkey(key)
    told = Told()
    manifest, counted = Manifest({}, "", {}, is_bound=False), Counted()
    signed, logged = None, None
    with path.open("rb") as file, open_records() as records, ThreadPoolExecutor(2) as beside:
        whole = beside.submit(file_sha256, path)  # hashing leaves Python to the others
        package = _package(path, file, told)
        check_names((one.name for one in package.members), told)
        check_layout(package.members, told)
        if path.suffix.lower() != SUFFIX:
            told.fault("", f"is not named *{SUFFIX}")
        if package.is_safe:
            manifest = _manifest(path, package, told)
            told.is_ours = is_ours(package, manifest.software)
            of_files = beside.submit(_check_files, path, package, manifest)
            counted = _contents(
                package, manifest, records, told, of_files=of_files, progress=progress
            )
            signed = check_signature(manifest, told)
            if told.is_ours:
                logged = check_logged(path, package, manifest, told, key)
            check_dates(records, instant_of(manifest.about.get("created")), now, told)
            _check_stamp(signed, records, told)
    return PackageVerification(
        file=str(path),
        sha256=whole.result(),
        size_bytes=path.stat().st_size,
        is_ours=told.is_ours,
        software=manifest.software,
        holds=counted,
        signed=signed,
        logged=logged,
        is_key_confirmed=logged is not None and key in {logged.key, *logged.known_by},
        faults=told.faults(),
        remarks=told.remarks(),
    )


def _package(path: Path, file: BinaryIO, told: Told) -> Package:
    """Return the package's files; a ZIP that cannot be read is a fault, another file no package."""
    try:
        return read_container(file, told)
    except ArchiveError as error:
        file.seek(0)
        if file.read(len(_ZIP)) != _ZIP:
            raise ArchiveError(
                f"{path}: neither a case's folder nor a WACZ file. Name one of these."
            ) from error
        told.fault("", str(error))
        return Package(file, (), is_safe=False)


def _manifest(path: Path, package: Package, told: Told) -> Manifest:
    try:
        return read_manifest(package, told)
    except ArchiveError as error:
        raise ArchiveError(f"{path}: {error}") from error


def _check_files(path: Path, package: Package, manifest: Manifest) -> Told:
    """Hold the files against the manifest, by a reading head of their own."""
    told = Told()
    with path.open("rb") as file:
        check_files(replace(package, file=file), manifest, told)
    return told


def _contents(
    package: Package,
    manifest: Manifest,
    records: Records,
    told: Told,
    *,
    of_files: Future[Told],
    progress: Progress,
) -> Counted:
    """Check records, index and pages, and tell of these behind the files that they rest on."""
    of_records = Told()
    read_records(package, records, of_records, progress, donated=donated(package))
    told.take(of_files.result())
    told.take(of_records)
    lines = check_index(package, records, told, progress)
    pages = check_pages(package, manifest.about, records, told)
    return Counted(
        len(package.members), records.count, lines, pages, records.oldest, records.newest
    )


def _check_stamp(signed: Signed | None, records: Records, told: Told) -> None:
    """Hold the time stamp of the signature against the records, which cannot be younger."""
    if signed is None or signed.stamp is None or records.newest is None:
        return
    if records.newest > signed.stamp.at + MAX_CLOCK_ERROR:
        told.fault(
            DIGEST,
            f"holds a record of {moment(records.newest)}, and its signature was stamped before"
            f" that, at {moment(signed.stamp.at)}",
        )
