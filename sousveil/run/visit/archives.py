"""Archives by their paths: which files those are that somebody names for an import or a scan.

Takes paths of files, of folders, and of the manifests of Browsertrix's collections (Frictionless
Data Package), and gives the archive files among them and below them.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from sousveil.archive.foreign import SUFFIXES
from sousveil.durable import file_sha256
from sousveil.errors import InputError


def archives_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, the archives in folders, and those that manifests list, in order.

    A manifest is the JSON file of a collection of Browsertrix. Raises InputError for a path that is
    not there, a folder that holds no archive, and a manifest one of whose files is not beside it,
    or is another than it says.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_archive(p))
            if not inside:
                raise InputError(f"{path}: no WARC or ARC file in this folder.")
            files += inside
        elif path.is_file():
            files += _listed_by(path) if path.suffix == ".json" else [path]
        else:
            raise InputError(f"{path}: no such file or folder.")
    return list(dict.fromkeys(files))


def _listed_by(manifest: Path) -> list[Path]:
    """Return the archives that a manifest lists (Frictionless Data Package, "Resource").

    Their `path` is below it, or an address from which the file of that `name` was fetched.
    """
    try:
        told = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{manifest}: no manifest of a collection ({error}). A list of addresses is added with"
            f" `sousveil add --from {manifest.name}`."
        ) from error
    return [_resource(manifest, one) for one in told.resources]


def _resource(manifest: Path, one: "_Resource") -> Path:
    place = PurePosixPath(one.name if "://" in one.path else one.path or one.name)
    path = manifest.parent / place
    if place.is_absolute() or ".." in place.parts or not path.is_file():
        raise InputError(
            f"{manifest}: {one.name}: no such file beside it. Fetch it first: {one.path[:200]}"
        )
    sha256 = one.hash.removeprefix("sha256:")
    if sha256 and file_sha256(path) != sha256:
        raise InputError(
            f"{path}: its SHA-256 is not the one that {manifest.name} tells, {sha256}. Fetch it"
            " again, or import the file by itself."
        )
    return path


class _Resource(msgspec.Struct):
    """A file of a collection."""

    name: str
    path: str = ""
    hash: str = ""  # SHA-256, with "sha256:" before it or without


class _Manifest(msgspec.Struct):
    """What a collection consists of."""

    resources: list[_Resource]


def _is_archive(path: Path) -> bool:
    return any(path.name.lower().endswith(suffix) for suffix in SUFFIXES)
