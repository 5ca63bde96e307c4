"""The manifest: whether a package holds the files it lists, unchanged, and no others.

Takes the files of a package and holds each against `datapackage.json` (WACZ 1.1.1, "Directories and
Files"; Frictionless Data Package, "Data Resource"), and that against `datapackage-digest.json`.
Gives what the manifest says, for whoever checks its signature.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from sousveil.archive.digests import Digests, parse_digest
from sousveil.archive.wacz_check.container import Member, Package, pieces, read_whole
from sousveil.archive.wacz_check.jsontext import number_of, read_object, text_of
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import ArchiveError
from sousveil.model import Json

MANIFEST, DIGEST = "datapackage.json", "datapackage-digest.json"
# Some 300 bytes a file, for `zip_end.MAX_FILES` files.
MAX_MANIFEST_BYTES = 32 * 2**20
# Two chains of certificates have 10,000 bytes.
MAX_DIGEST_BYTES = 2**20

_PROFILES = frozenset({"data-package", "wacz-package", "wacz"})  # 1.1.1; what its drafts say
_MULTI = "multi-wacz-package"
_VERSION = re.compile(r"1\.[0-9]{1,3}\.[0-9]{1,3}")
_CURRENT = "1.1.1"
_BROKEN = frozenset({"md5", "sha1"})  # two files can be made that have the same
_DIGEST_FIELDS = {"path", "hash", "signedData"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself."""

    about: Json  # datapackage.json; {} when it cannot be read
    sha256: str  # of its bytes, hexadecimal; "" when there is none
    digest: Json  # datapackage-digest.json; {} when there is none
    is_bound: bool  # whether the digest file names this manifest

    @property
    def software(self) -> str:
        """The program that says it made the package."""
        return text_of(self.about.get("software"))

    def digests(self) -> dict[str, str]:
        """Return the digest that is listed of each file, by path."""
        listed = self.about.get("resources")
        found = (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
        return {text_of(one.get("path")): text_of(one.get("hash")) for one in found}


def read_manifest(package: Package, told: Told) -> Manifest:
    """Return what the package says of itself, checked in itself.

    Raises ArchiveError for a package of packages, which is to be checked piece by piece.
    """
    data = _read(package, MANIFEST, MAX_MANIFEST_BYTES, told)
    if data is None:
        told.fault(MANIFEST, "cannot be read, and it alone says what belongs to the package")
        return Manifest({}, "", {}, is_bound=False)
    about = _object(MANIFEST, data, told)
    if about.get("profile") == _MULTI:
        raise ArchiveError(
            "it is a package of packages (multi-wacz-package), which names others instead of"
            " holding archives. Verify each of those by itself."
        )
    _check_profile(about, told)
    sha256 = hashlib.sha256(data).hexdigest()
    bound = _read(package, DIGEST, MAX_DIGEST_BYTES, told)
    if bound is None:
        told.odd(DIGEST, "is missing: nothing holds the manifest itself, and nobody signed it")
        return Manifest(about, sha256, {}, is_bound=False)
    digest = _object(DIGEST, bound, told)
    return Manifest(about, sha256, digest, is_bound=_check_digest(digest, data, told))


def check_files(package: Package, manifest: Manifest, told: Told) -> None:
    """Hold every file against the manifest: listed once, with its true size and digest."""
    resources = _resources(manifest.about, told)
    for member in package.members:
        if member.name in {MANIFEST, DIGEST}:
            continue
        if member.name.endswith("/"):
            if member.size:
                told.fault(member.name, "is a folder with content")
            continue
        resource = resources.pop(member.name, None)
        if resource is None:
            told.fault(member.name, "is in the package, but not listed: nothing vouches for it")
        _check_file(package.file, member, resource, told)
    for name in resources:
        told.fault(name, "is listed, but not in the package")


def _check_file(file: BinaryIO, member: Member, resource: Json | None, told: Told) -> None:
    """Read a file to its end; hold it against what is listed, where it is."""
    labelled = _labelled(resource) if resource is not None else ""
    digests = Digests(labelled)
    try:
        for piece in pieces(file, member):
            digests.update(piece)
    except ArchiveError as error:
        told.fault(member.name, str(error))
        return
    if resource is None:
        return
    parsed = parse_digest(labelled)
    if not labelled:
        told.fault(member.name, "is listed without a digest: it could be any other file")
    elif parsed is None:
        told.fault(member.name, f"is listed with a digest that nobody can check: {cited(labelled)}")
    elif not digests.agrees(labelled):
        told.fault(member.name, f"was changed: it does not have the digest {cited(labelled)}")
    elif parsed[0] in _BROKEN:
        told.fault(member.name, f"is listed by {parsed[0].upper()} alone, which can be forged")
    size = number_of(resource.get("bytes", _stats(resource).get("bytes")))
    if size is None:
        told.fault(member.name, "is listed without its size")
    elif size != member.size:
        told.fault(member.name, f"has {member.size:,} bytes, and is listed with {size:,}")


def _resources(about: Json, told: Told) -> dict[str, Json]:
    """Return what is listed, by path."""
    listed = about.get("resources")
    if not isinstance(listed, list):
        told.fault(MANIFEST, "has no list of resources")
        return {}
    found: dict[str, Json] = {}
    for number, resource in enumerate(listed):
        path = resource.get("path") if isinstance(resource, dict) else None
        if not isinstance(path, str):
            told.fault(MANIFEST, f"resource {number} has no path of one file")
        elif path in found:
            told.fault(path, "is listed twice")
        elif path in {MANIFEST, DIGEST}:
            told.fault(path, "is listed, but cannot hold a digest of itself")
        else:
            found[path] = resource
            if not text_of(resource.get("name")):
                told.odd(path, "is listed without a name")
    return found


def _labelled(resource: Json) -> str:
    """Return the digest of a resource with its algorithm, as 1.1.1 or 1.0.0 has it."""
    stated = text_of(resource.get("hash"))
    former = text_of(_stats(resource).get("hash"))
    if not stated and former:
        stated = f"{text_of(resource.get('hashing')) or 'md5'}:{former}"
    # Frictionless: a digest without a label is MD5 ("Data Resource", hash).
    return stated if not stated or ":" in stated else f"md5:{stated}"


def _stats(resource: Json) -> Mapping[str, object]:
    stats = resource.get("stats")
    return stats if isinstance(stats, dict) else {}


def _check_profile(about: Json, told: Told) -> None:
    profile, version = about.get("profile"), text_of(about.get("wacz_version"))
    if profile is None:
        told.fault(MANIFEST, "has no profile, which is to be 'data-package'")
    elif profile not in _PROFILES:
        told.fault(MANIFEST, f"is of another profile: {cited(repr(profile))}")
    if version and not _VERSION.fullmatch(version):
        told.fault(MANIFEST, f"is of a version of WACZ that is not known: {cited(version)}")
    elif not version and profile != "wacz":
        told.fault(MANIFEST, "does not say of which version of WACZ it is")
    elif version not in {_CURRENT, ""}:
        told.odd(MANIFEST, f"is of version {version}, and was checked as {_CURRENT}")
    for name in ("created", "software"):
        if not text_of(about.get(name)):
            told.odd(MANIFEST, f"does not say '{name}'")


def _check_digest(digest: Json, data: bytes, told: Told) -> bool:
    """Tell whether the digest file is of this manifest."""
    labelled = text_of(digest.get("hash"))
    digests = Digests(labelled)
    digests.update(data)
    if digest.get("path") != MANIFEST:
        told.fault(DIGEST, f"is not of {MANIFEST}")
    if extra := sorted(set(digest) - _DIGEST_FIELDS):
        told.odd(DIGEST, f"says more than the standard knows: {cited(', '.join(extra))}")
    if digests.agrees(labelled) is not True:
        told.fault(DIGEST, f"{MANIFEST} was changed: it does not have the digest {cited(labelled)}")
        return False
    if (parse_digest(labelled) or ("",))[0] in _BROKEN:
        told.fault(DIGEST, f"holds {MANIFEST} by a digest that can be forged")
        return False
    return digest.get("path") == MANIFEST


def _object(name: str, data: bytes, told: Told) -> Json:
    try:
        return read_object(data)
    except ArchiveError as error:
        told.fault(name, str(error))
        return {}


def _read(package: Package, name: str, limit: int, told: Told) -> bytes | None:
    member = next((one for one in package.members if one.name == name), None)
    if member is None:
        return None
    try:
        return read_whole(package.file, member, limit)
    except ArchiveError as error:
        told.fault(name, str(error))
        return None
