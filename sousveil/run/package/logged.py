"""Our log's proofs in a package: whether its archive files are those that were logged.

A bundle carries `verify_bundle.py`, made to be read by strangers; here the same checks run, by the
one that belongs to this program, never by the one in the package. A package made by `export` has
entries and proofs without events; those are held against the log's key by `tlog`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sousveil.archive.wacz_check.container import Member, Package, read_whole
from sousveil.archive.wacz_check.jsontext import number_of, read_object, text_of
from sousveil.archive.wacz_check.layout import ARCHIVE, WARC_ENDS, within
from sousveil.archive.wacz_check.manifest import Manifest
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import ArchiveError, LogError
from sousveil.model import Json
from sousveil.run.publish import verify_bundle
from sousveil.tlog.note import parse_vkey
from sousveil.tlog.proof import MAX_PROOF_BYTES, verify_proof

FOLDER = "sousveil/"
README, CHECKPOINT = f"{FOLDER}README.md", verify_bundle.CHECKPOINT
# An entry has some 300 bytes, a README some thousands.
MAX_ENTRY_BYTES, MAX_README_BYTES = 2**16, 2**20

_KEYS = "the log's keys"
_ENTRY = re.compile(r"sousveil/entry-([0-9]{1,18})\.json")
_VKEY = re.compile(r"\S{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}(?![A-Za-z0-9+/])")
# A case stamped by ten authorities, with as many witnesses; each costs a run of openssl or two.
MAX_STAMPS = 64
# Of our own files beside the archives: an event with all requests of a large site has megabytes.
MAX_OWN_BYTES = 2**28


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log's proofs in a package come to."""

    kind: str  # "bundle" or "export"
    key: str  # of the log: "" when none is told, or it is not the one expected
    origin: str  # the log's name
    log_size: int  # entries of the log that the proofs are of
    entries: int  # of the log that are in the package, each in the log
    findings: tuple[str, ...] = ()  # one line each
    stamps: tuple[str, ...] = ()  # one line each: what it says, and when
    witnesses: tuple[str, ...] = ()  # one line each: its key, and what it saw when
    known_by: frozenset[str] = frozenset()  # other keys of the log by which it may be known
    keys: str = ""  # how one followed another
    withheld: tuple[str, ...] = ()  # of the log's events, by type and field


class Bundle(verify_bundle.Checks):
    """The checks of a bundle, which keep what they find instead of printing it."""

    def __init__(self, path: Path, key: str | None) -> None:
        super().__init__(path, key)
        self.found: list[tuple[str, str, bool]] = []
        self._digests: dict[str, tuple[int, str]] = {}

    def digest(self, name: str) -> tuple[int, str]:
        """Return size and SHA-256 of a file; several checks ask, and one reading answers."""
        if name not in self._digests:
            self._digests[name] = super().digest(name)
        return self._digests[name]

    def check(self, what: str, how: Callable[[], str]) -> None:
        """Make one check; nothing in a bundle may stop the others."""
        try:
            self.found.append((what, how(), True))
        except verify_bundle.Wrong as wrong:
            self.found.append((what, str(wrong), False))
        except verify_bundle.UNREADABLE as error:
            self.found.append((what, self.unreadable(error), False))

    def contents(self) -> str:
        """Read what there is to check; each thing once, and no more than a bundle of ours names."""
        words = super().contents()
        for listed in (self.entries, self.findings, self.stamps, self.witnesses):
            if len({json.dumps(one) for one in listed}) != len(listed):
                self.entries, self.findings, self.stamps, self.witnesses = [], [], [], []
                raise verify_bundle.Wrong("names something twice")
        if max(len(self.stamps), len(self.witnesses)) > MAX_STAMPS:
            self.stamps, self.witnesses = [], []
            raise verify_bundle.Wrong(f"names more than {MAX_STAMPS} time stamps or witnesses")
        return words

    def conclude(self) -> None:
        """Say nothing: `proved` does."""


def is_ours(package: Package, software: str) -> bool:
    """Tell whether a package says that this program made it."""
    return software.startswith("sousveil/") or any(
        one.name.startswith(FOLDER) for one in package.members
    )


def donated(package: Package) -> frozenset[str]:
    """Return the archive files that the case took in from others, as the log's entries tell."""
    names = set()
    for member in package.members:
        if _ENTRY.fullmatch(member.name):
            try:
                entry = read_object(read_whole(package.file, member, MAX_ENTRY_BYTES))
            except ArchiveError:
                continue  # named when the log's proofs are checked
            if entry.get("type") == "import":
                names.add(_archive_name(entry))
    archives = within(package.members, ARCHIVE, WARC_ENDS)
    return frozenset(one.name for one in archives if _stem(one.name) in names)


def check_logged(
    path: Path, package: Package, manifest: Manifest, told: Told, key: str | None
) -> Logged | None:
    """Make the checks that only a package of ours allows; None when it cannot be one.

    `key` is the log's, as its owner told it by another way.
    """
    is_strange = False
    for one in package.members:
        if not one.is_stored or (one.size > MAX_OWN_BYTES and not one.name.startswith(ARCHIVE)):
            told.fault(one.name, "is compressed or too long; our program writes no such file")
            is_strange = True
    if is_strange:
        return None
    try:
        if any(one.name == verify_bundle.BUNDLE for one in package.members):
            return _check_bundle(path, key, told)
        return _check_export(path, package, manifest, told, key)
    except verify_bundle.UNREADABLE as error:
        told.fault("", f"cannot be read as one of ours: {error}")
        return None


def _check_bundle(path: Path, key: str | None, told: Told) -> Logged:
    """Make all checks that a bundle's own script makes, and note what is wrong."""
    bundle = Bundle(path, key)
    with bundle.zip:
        bundle.run()
    _note(bundle.found, told)
    held = [(what, words) for what, words, is_right in bundle.found if is_right]
    is_signed = any(what == "the log's checkpoint" for what, _ in held)
    return Logged(
        "bundle",
        bundle.key if is_signed else "",
        bundle.key.partition("+")[0],
        bundle.size,
        sum(what.startswith("log entry ") for what, _ in held),
        tuple(words for what, words in held if what in bundle.findings),
        tuple(words for what, words in held if what in bundle.stamps),
        tuple(f"{what}: {words}" for what, words in held if what.startswith("witness ")),
        frozenset(bundle.known_by) if is_signed else frozenset(),
        next((words for what, words in held if what == _KEYS), ""),
        tuple(sorted(bundle.hidden)),
    )


def _check_export(
    path: Path, package: Package, manifest: Manifest, told: Told, key: str | None
) -> Logged:
    """Hold the entries in an export against the log, and its archive files against those."""
    bundle = Bundle(path, key)
    with bundle.zip:
        bundle.check("the package", bundle.package)
        what = f"the package's signature, in {verify_bundle.DIGEST}"
        bundle.check(what, bundle.package_signature)
        if verify_bundle.KEYS in bundle.names:
            bundle.check(_KEYS, bundle.succession)
    _note(bundle.found, told)
    proofs = _Proofs(package.file, {one.name: one for one in package.members})
    vkey = key or bundle.key or proofs.key_in_readme()
    if vkey in bundle.known_by:
        vkey = bundle.key
    if not vkey:
        told.fault(README, "tells no key of the log, and none was named: nothing says who logged")
        return Logged("export", "", "", 0, 0)
    entries = {}
    for name in sorted(proofs.members):
        if _ENTRY.fullmatch(name):
            try:
                entries[name] = proofs.entry(name, vkey)
            except (ArchiveError, LogError) as error:
                told.fault(name, str(error))
    logged = {_archive_name(entry): entry for entry in entries.values()}
    listed = manifest.digests()
    for member in within(package.members, ARCHIVE, WARC_ENDS):
        _check_archive(member, logged.get(_stem(member.name)), listed.get(member.name, ""), told)
    return Logged(
        "export",
        vkey,
        vkey.partition("+")[0],
        proofs.size,
        len(entries),
        known_by=frozenset(bundle.known_by),
        keys=next((words for what, words, _ in bundle.found if what == _KEYS), ""),
    )


@dataclass(slots=True)
class _Proofs:
    """The log's files in an export."""

    file: BinaryIO
    members: Mapping[str, Member]
    size: int = 0  # of the log, as its checkpoint tells
    _checkpoint: bytes = field(default=b"")

    def read(self, name: str, limit: int) -> bytes:
        if name not in self.members:
            raise ArchiveError("is missing")
        return read_whole(self.file, self.members[name], limit)

    def key_in_readme(self) -> str:
        """Return the log's key as the README tells it; "" when it does not."""
        try:
            text = self.read(README, MAX_README_BYTES).decode("utf-8", "replace")
            found = next(iter(_VKEY.findall(text)), "")
            return str(parse_vkey(found)) if found else ""
        except (ArchiveError, LogError):
            return ""  # told by the caller

    def entry(self, name: str, vkey: str) -> Json:
        """Return an entry that is in the log; raises LogError or ArchiveError when it is not."""
        entry = self.read(name, MAX_ENTRY_BYTES)
        proof = self.read(name.removesuffix(".json") + ".tlog-proof", MAX_PROOF_BYTES)
        index, head = verify_proof(proof, entry, vkey)
        found = _ENTRY.fullmatch(name)
        if found is None or int(found[1]) != index:
            raise LogError(f"its proof is of entry {index}")
        if head.note != self.read(CHECKPOINT, MAX_PROOF_BYTES):
            raise LogError(f"its proof is of another checkpoint than {CHECKPOINT}")
        self.size = head.size
        return read_object(entry)


def _check_archive(member: Member, entry: Json | None, listed: str, told: Told) -> None:
    """Hold an archive file, whose digest is `listed`, against the entry that brought it."""
    if entry is None:
        told.fault(member.name, "no entry of the log in this package names it")
        return
    promised = entry["warc"]
    sha256 = f"sha256:{text_of(promised.get('sha256'))}"
    if number_of(promised.get("bytes")) != member.size or sha256 != listed:
        told.fault(member.name, f"is not the file that the log names: {cited(str(promised))}")


def _archive_name(entry: Json) -> str:
    """Return how the file that an entry brought is called in a package, without its ending."""
    promised = entry.get("warc")
    path = text_of(promised.get("path")) if isinstance(promised, dict) else ""
    return _stem(path)


def _stem(path: str) -> str:
    """Return the name of an archive file without its ending, which a package may mend."""
    return path.rpartition("/")[2].partition(".warc")[0]


def _note(found: Sequence[tuple[str, str, bool]], told: Told) -> None:
    for what, words, is_right in found:
        if not is_right:
            told.fault(what, words)
