"""The folder of time stamps: what is stamped, the stamps, and their chains.

    timestamps/<size>.checkpoint      the signed note of that size, byte for byte as it was stamped
    timestamps/<date>.sums            renewal: the SHA-512 of each file here, as `sha512sum` writes
    timestamps/<subject>-<name>.tsr   response of the authority of that name (RFC 3161)
    timestamps/<subject>-<name>.pem   its certificates, the signer's first, the root last, below a
                                      line with the SHA-512 of the response: not all of that is
                                      signed, and no byte may change unnoticed

Takes the folder and gives what is in it, and writes there. A subject is written before its stamps,
a chain before its stamp: a crash leaves what nobody misses.

Trust: who can write here can take stamps away, or add those of an authority of their own. They
cannot make a known authority's stamp hold for another log.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.errors import LogError
from sousveil.tlog.files import make_folder, read_file, replace_file, sync_folder
from sousveil.tlog.note import MAX_NOTE_BYTES
from sousveil.tlog.timestamps.chain import Certificate, write_certificates
from sousveil.tlog.timestamps.token import MAX_TOKEN_BYTES

FOLDER = "timestamps"
BLOCKS_FOLDER = "blocks"  # in it: `anchors.py`

# A renewal names every file of the folder: a century of four stamps a day by two authorities.
MAX_SUMS_BYTES = 128 * 2**20
MAX_CHAIN_BYTES = 2 * MAX_TOKEN_BYTES  # the same certificates, in base64

_NAME = re.compile(
    r"(?P<subject>(?P<size>[1-9][0-9]{0,18})|[0-9]{8}T[0-9]{6}Z)"
    r"(?:\.(?P<of>checkpoint|sums)|-(?P<by>[a-z0-9][a-z0-9_-]{0,39})\.(?P<kind>tsr|pem|ots))"
)
_SUM = re.compile(r"([0-9a-f]{128})  (\S+)")


@dataclass(frozen=True, slots=True)
class StampFile:
    """A stamp in the folder."""

    path: Path  # of the response
    authority: str
    subject: Path  # what it is a stamp of
    size: int | None  # of the log, where that is a checkpoint

    @property
    def chain(self) -> Path:
        """Where its certificates lie."""
        return self.path.with_suffix(".pem")


@dataclass(frozen=True, slots=True)
class Listed:
    """What there is in the folder."""

    stamps: tuple[StampFile, ...]  # the smallest log first, renewals last
    anchors: tuple[Path, ...]  # OpenTimestamps proofs: `anchors.py`
    subjects: tuple[Path, ...]  # what they are stamps of, where it is there
    leftovers: tuple[Path, ...]  # of a stamp that did not come about: they say nothing
    strangers: tuple[Path, ...]  # what has no place here


def list_stamps(log: Path) -> Listed:
    """Return what there is in the folder of a log's time stamps, which may be missing."""
    stamps, anchors, subjects, leftovers, strangers = [], [], [], [], []
    folder = log / FOLDER
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(names):
        path, found = folder / name, _NAME.fullmatch(name.removesuffix(".new"))
        if name == BLOCKS_FOLDER and path.is_dir() and not path.is_symlink():
            continue
        if found is None or path.is_symlink() or not path.is_file() or _is_mixed(found):
            strangers.append(path)
        elif name.endswith(".new"):
            leftovers.append(path)
        elif found["of"]:
            subjects.append(path)
        elif found["kind"] == "tsr":
            stamps.append(_stamp_file(path, found))
        elif found["kind"] == "ots":
            anchors.append(path)
        elif f"{path.stem}.tsr" not in names:
            leftovers.append(path)
    stamps.sort(key=lambda one: (one.size is None, one.size or 0, one.path.name))
    stamped = {one.subject for one in stamps}
    stamped |= {one.with_name(f"{one.stem.partition('-')[0]}.checkpoint") for one in anchors}
    leftovers += [path for path in subjects if path not in stamped]
    return Listed(
        tuple(stamps),
        tuple(anchors),
        tuple(path for path in subjects if path in stamped),
        tuple(leftovers),
        tuple(strangers),
    )


def _is_mixed(found: re.Match[str]) -> bool:
    """Tell whether a name is of a checkpoint with a date, or of a renewal with a size."""
    if found["kind"] == "ots":
        return found["size"] is None  # only checkpoints go to calendars
    return found["of"] is not None and (found["of"] == "checkpoint") != (found["size"] is not None)


def _stamp_file(path: Path, found: re.Match[str]) -> StampFile:
    size = int(found["size"]) if found["size"] else None
    ending = "sums" if size is None else "checkpoint"
    return StampFile(path, found["by"], path.with_name(f"{found['subject']}.{ending}"), size)


def clear_leftovers(log: Path) -> None:
    """Remove what is left of stamps that did not come about."""
    for path in list_stamps(log).leftovers:
        path.unlink()


def keep_subject(log: Path, name: str, data: bytes) -> Path:
    """Write what is to be stamped, unless it is there; raises LogError when another is."""
    path = log / FOLDER / name
    there = read_file(path, max(MAX_SUMS_BYTES, len(data)))
    if there is None:
        make_folder(path.parent)
        sync_folder(log)
        replace_file(path, data)
    elif there != data:
        raise LogError(f"{path} is another than the log's own. Move it out of the case.")
    return path


def keep_stamp(stamp: StampFile, response: bytes, path: Sequence[Certificate]) -> None:
    """Write a stamp that was checked, with its certificates, which come first."""
    replace_file(stamp.chain, chain_file(stamp, response, path))
    replace_file(stamp.path, response)


def chain_file(stamp: StampFile, response: bytes, path: Sequence[Certificate]) -> bytes:
    """Return what the file of a stamp's certificates holds, byte for byte."""
    head = f"SHA-512 of {stamp.path.name}: {hashlib.sha512(response).hexdigest()}\n"
    return head.encode() + write_certificates(path)


def stamp_file(subject: Path, authority: str) -> StampFile:
    """Return where the stamp of a subject by an authority belongs."""
    size = int(subject.stem) if subject.suffix == ".checkpoint" else None
    return StampFile(subject.with_name(f"{subject.stem}-{authority}.tsr"), authority, subject, size)


def read_subject(path: Path) -> bytes:
    """Return what was stamped; raises LogError when it is missing or too long."""
    limit = MAX_NOTE_BYTES if path.suffix == ".checkpoint" else MAX_SUMS_BYTES
    return _read(path, limit)


def read_stamp(stamp: StampFile) -> tuple[bytes, bytes]:
    """Return the response and the chain of a stamp; raises LogError as `read_subject`."""
    return _read(stamp.path, MAX_TOKEN_BYTES), _read(stamp.chain, MAX_CHAIN_BYTES)


def _read(path: Path, limit: int) -> bytes:
    data = read_file(path, limit)
    if data is None:
        raise LogError(f"{path.name} is missing")
    return data


def format_sums(log: Path) -> bytes:
    """Return the digest of each file in the folder, a line each, as `sha512sum` checks them."""
    listed = list_stamps(log)
    names = [stamp.subject.name for stamp in listed.stamps]  # proofs, which grow, stay outside
    for stamp in listed.stamps:
        names += [stamp.path.name, stamp.chain.name]
    lines = [f"{_digest(log / FOLDER / name)}  {name}\n" for name in sorted(set(names))]
    return "".join(lines).encode()


def check_sums(path: Path) -> frozenset[str]:
    """Return the names of the files that a renewal lists; raises LogError if one is another."""
    names = set()
    for line in read_subject(path).decode("utf-8", "replace").splitlines():
        found = _SUM.fullmatch(line)
        if found is None or _NAME.fullmatch(found[2]) is None:
            raise LogError(f"{path.name} has a line that is no digest with a name of this folder")
        if _digest(path.with_name(found[2])) != found[1]:
            raise LogError(f"{path.name} was made when {found[2]} was another, or is missing now")
        names.add(found[2])
    return frozenset(names)


def _digest(path: Path) -> str:
    """Return the SHA-512 of a file in hexadecimal; "" when it is not there."""
    data = read_file(path, MAX_SUMS_BYTES)
    return "" if data is None else hashlib.sha512(data).hexdigest()


def renewal_name(at: datetime) -> str:
    """Return the name of a renewal made at a time in UTC."""
    return f"{at:%Y%m%dT%H%M%SZ}.sums"
