"""The log's part of a repair: its checkpoint, its tiles, and what lies between them."""

import os
from itertools import chain
from pathlib import Path

from sousveil.case import Case
from sousveil.errors import LogError
from sousveil.run.repair.bench import Bench
from sousveil.settings import head_path
from sousveil.tlog import merkle, tiles
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.files import read_file, replace_file
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.log import CHECKPOINT_FILE, read_checkpoint
from sousveil.tlog.log import entries as log_entries
from sousveil.tlog.tiles import ENTRIES


def mend_log(bench: Bench) -> tuple[Checkpoint | None, list[bytes] | None]:
    """Mend checkpoint and tiles; return the head and the entries, None for what cannot be had.

    Nothing is mended unless the entries give the root that a checkpoint signs.
    """
    case = bench.case
    there, remembered = _checkpoint(case), _remembered(case)
    heads = sorted((one for one in (there, remembered) if one), key=lambda one: -one.size)
    for head in heads:
        entries = _entries(case, head)
        if entries is None:
            continue
        if there is None or head.size > there.size:
            name = f"log/{CHECKPOINT_FILE}"
            for left in (name, f"{name}.new"):
                if os.path.lexists(case.root / left):
                    bench.set_aside(left, "is not the newest checkpoint that the log's key signed")
            replace_file(case.root / name, head.note)
            bench.made.append(name)
        _mend_tiles(bench, entries)
        return head, entries
    return there, None


def _checkpoint(case: Case) -> Checkpoint | None:
    try:
        return read_checkpoint(case.log, case.settings.key)
    except LogError:
        return None


def _remembered(case: Case) -> Checkpoint | None:
    """Return the newest head that the signing key remembers, where this computer has it."""
    path = head_path(case.settings.origin)
    try:
        return key_chain(case.log, case.settings.key).open(path.read_bytes())
    except (LogError, FileNotFoundError):
        return None


def _entries(case: Case, head: Checkpoint) -> list[bytes] | None:
    """Return the entries that a checkpoint signs; None when they are not all there as they were."""
    try:
        entries = list(log_entries(case.log, head.size))
    except LogError:
        return None
    rows = tiles.grow([], tiles.leaf_hashes(entries))
    edge = tiles.new_edge(rows)
    root = merkle.root(head.size, tiles.node_reader(lambda level, _: edge[level]))
    return entries if root == head.root else None


def _mend_tiles(bench: Bench, entries: list[bytes]) -> None:
    """Make again the tiles that are missing or damaged, from the entries."""
    rows = tiles.grow([], tiles.leaf_hashes(entries))
    plans = [tiles.new_tiles(ENTRIES, 0, entries)]
    plans += [tiles.new_tiles(level, 0, row) for level, row in enumerate(rows)]
    for tile, items in chain.from_iterable(plans):
        name, data = f"log/{tile.path}", tiles.encode(tile, items)
        if _content(bench.case.root / name, len(data)) != data:
            bench.make(name, data, "is not the tile that the entries give")


def _content(path: Path, size: int) -> bytes | None:
    """Return what a file of the log holds; None when it is none, or longer than `size`."""
    try:
        return read_file(path, size)
    except LogError:
        return None


def clear_log(bench: Bench) -> None:
    """Set aside what is in the log's folder and no part of a log of this size."""
    case = bench.case
    for fault in check(case.log, case.settings.key):
        path = case.root / fault.path
        is_folder = path.is_dir() and not path.is_symlink()
        if os.path.lexists(path) and not is_folder and path.name != CHECKPOINT_FILE:
            bench.set_aside(fault.path, fault.problem)
