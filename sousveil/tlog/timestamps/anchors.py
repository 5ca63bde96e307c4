"""Anchors: what ties the log to a block of Bitcoin, kept and held against the log; offline.

    timestamps/<size>-<name>.ots      proof by the calendar of that name over <size>.checkpoint
    timestamps/blocks/<height>.header the header of a block that a proof leads to, in hexadecimal

Takes the log's folder, its key and its head, and gives what holds and the faults, and writes there.
A proof alone leads to a root that a block must have; a header that has it says when, as far as it
is in Bitcoin's chain. That is for whoever holds a node to say: the block's hash is told, and how
much work a header like it takes.

Trust: who can write here can take proofs away, or put in a header of their own making, as far as
they can do the work that is told of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.errors import LogError
from sousveil.model import Fault
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.files import make_folder, read_file, replace_file, sync_folder
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.timestamps import ots
from sousveil.tlog.timestamps.audit import fault_of, read_checkpoint_there
from sousveil.tlog.timestamps.blocks import Header, format_header, read_header
from sousveil.tlog.timestamps.files import BLOCKS_FOLDER, FOLDER, list_stamps, read_subject

MAX_HEADER_BYTES = 200  # 160 digits and a line's end

_HEADER = re.compile(r"(0|[1-9][0-9]{0,9})\.header", re.ASCII)


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """A proof in the folder."""

    path: Path
    calendar: str
    subject: Path
    size: int  # of the log


@dataclass(frozen=True, slots=True)
class Anchor:
    """A proof that holds: the log's first entries existed before a block was made."""

    file: str  # from the case's folder
    calendar: str  # as the case calls it
    entries: int  # of the log, from its beginning
    height: int | None = None  # of the block; None as long as it is only promised
    block: str = ""  # the block's hash; "" when its header is not here
    at: datetime | None = None  # as that header says
    work: float = 0.0  # hashes that a header like it takes, as a power of two


def anchor_files(log: Path) -> list[AnchorFile]:
    """Return the proofs in the folder, the smallest log first."""
    listed = list_stamps(log).anchors
    found = []
    for path in listed:
        size, _, name = path.stem.partition("-")
        found.append(AnchorFile(path, name, path.with_name(f"{size}.checkpoint"), int(size)))
    return sorted(found, key=lambda one: (one.size, one.calendar))


def read_proof(one: AnchorFile) -> tuple[bytes, bytes]:
    """Return a proof and what it is of; raises LogError when either is missing or too long."""
    data = read_file(one.path, ots.MAX_PROOF_BYTES)
    if data is None:
        raise LogError(f"{one.path.name} is missing")
    return data, read_subject(one.subject)


def keep_proof(subject: Path, calendar: str, proof: bytes) -> None:
    """Write a proof that was checked, in the place of what there was."""
    replace_file(subject.with_name(f"{subject.stem}-{calendar}.ots"), proof)


def kept_header(log: Path, height: int) -> Header | None:
    """Return the header that is kept for a height; raises LogError when it is malformed."""
    data = read_file(log / FOLDER / BLOCKS_FOLDER / f"{height}.header", MAX_HEADER_BYTES)
    if data is None:
        return None
    header = read_header(data)
    if format_header(header) != data:
        raise LogError("is not written as it was kept")
    return header


def keep_header(log: Path, height: int, header: Header) -> None:
    """Write a header that has the root which a proof leads to."""
    folder = log / FOLDER / BLOCKS_FOLDER
    make_folder(folder)
    sync_folder(folder.parent)
    replace_file(folder / f"{height}.header", format_header(header))


def wanted_headers(log: Path) -> dict[int, bytes]:
    """Return the roots, by height, of the blocks that proofs lead to and whose headers lack.

    Proofs that cannot be read are passed over: `check_anchors` names them.
    """
    wanted: dict[int, bytes] = {}
    for one in anchor_files(log):
        try:
            proof, data = read_proof(one)
            for told in ots.blocks(proof, data):
                if kept_header(log, told.height) is None:
                    wanted[told.height] = told.root
        except LogError:
            continue
    return wanted


def check_anchors(
    log: Path, vkey: str, head: Checkpoint | None
) -> tuple[list[Anchor], list[Fault], list[str]]:
    """Return the proofs that hold, a fault for each that does not, and what was not looked at.

    `head` is the log's signed head; without it proofs are held against their checkpoints alone.
    Raises LogError when `vkey` is malformed.
    """
    files = anchor_files(log)
    faults = list(_strange_headers(log))
    if files and not ots.is_installed():
        return [], faults, [f"{len(files)} OpenTimestamps proofs: the extra `ots` is missing"]
    keys = key_chain(log, vkey)
    anchors: list[Anchor] = []
    used: set[int] = set()
    for one in files:
        try:
            read_checkpoint_there(log, one.subject, keys, head)
            found = _anchor(log, one)
        except LogError as error:
            faults.append(fault_of(log, one.path, str(error)))
            continue
        anchors.append(found)
        used |= {each.height for each in ots.blocks(*read_proof(one))}
    # Where a proof is damaged, its header has none; that is no fault of the header.
    for height in sorted(_heights(log) - used) if not faults else ():
        path = log / FOLDER / BLOCKS_FOLDER / f"{height}.header"
        faults.append(fault_of(log, path, "is of a block that no proof here leads to"))
    return anchors, faults, []


def _anchor(log: Path, one: AnchorFile) -> Anchor:
    """Return what a proof leads to; of several blocks, the first whose header is here."""
    proof, data = read_proof(one)
    where = f"{log.name}/{FOLDER}/{one.path.name}"
    told = sorted(ots.blocks(proof, data), key=lambda each: each.height)
    if not told:
        if not list(ots.promises(proof, data)):
            raise LogError("leads to no block, and no calendar promises one")
        return Anchor(where, one.calendar, one.size)
    for each in told:
        header = kept_header(log, each.height)
        if header is None:
            continue
        if header.root != each.root:
            raise LogError(f"does not lead to the root in the header of block {each.height:,}")
        return Anchor(
            where, one.calendar, one.size, each.height, header.hash, header.at, header.work
        )
    return Anchor(where, one.calendar, one.size, told[0].height)


def _heights(log: Path) -> set[int]:
    folder = log / FOLDER / BLOCKS_FOLDER
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return {int(found[1]) for name in names if (found := _HEADER.fullmatch(name))}


def _strange_headers(log: Path) -> Iterator[Fault]:
    folder = log / FOLDER / BLOCKS_FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        found = _HEADER.fullmatch(path.name.removesuffix(".new"))
        if found is None or path.is_symlink() or not path.is_file():
            yield fault_of(log, path, "is no block header")
        elif not path.name.endswith(".new"):
            try:
                kept_header(log, int(found[1]))
            except LogError as error:
                yield fault_of(log, path, str(error))


def told(anchors: Sequence[Anchor], size: int) -> Iterator[str]:
    """Yield in sentences what proofs show of a log of `size` entries; nothing for none.

    What was anchored first is told, what covers most, and that some is only promised.
    """
    with_block = [one for one in anchors if one.at is not None]
    if with_block:
        first = min(with_block, key=lambda one: (one.height or 0, one.entries))
        widest = max(with_block, key=lambda one: (one.entries, -(one.height or 0)))
        for one in dict.fromkeys((first, widest)):
            yield _sentence(one, size)
    blind = [one for one in anchors if one.height is not None and one.at is None]
    if blind:
        heights = ", ".join(f"{one.height:,}" for one in blind)
        yield (
            f"OpenTimestamps proofs lead to block {heights} of Bitcoin, whose header is not here:"
            " give it with `sousveil stamp --block-header`, from any node."
        )
    waiting = [one for one in anchors if one.height is None]
    if waiting:
        yield (
            f"{len(waiting)} OpenTimestamps proofs are promises of their calendars so far, and show"
            " nothing yet: `sousveil stamp` asks again."
        )


def _sentence(one: Anchor, size: int) -> str:
    what = "All of the log" if one.entries == size else f"The first {one.entries:,} entries"
    return (
        f"{what} existed before block {one.height:,} of Bitcoin, whose header says"
        f" {one.at:%Y-%m-%d %H:%M:%S} UTC, if that header is in Bitcoin's chain: compare its hash,"
        f" {one.block}, with any node's. To make one like it takes 2^{one.work:.0f} hashes."
    )
