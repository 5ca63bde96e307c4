"""The log on disk: a checkpoint and the tiles of its tree, read and grown.

    checkpoint                  signed note: origin, size, root hash
    tile/entries/000[.p/W]      what was logged, 256 entries a bundle
    tile/<level>/000[.p/W]      hashes of the tree
    keys/                       where its key changed: `keychain.py`
    timestamps/, witnesses/     what others say of checkpoints; not ours to read

Takes that folder and entries; gives checkpoints, entries and proofs. Follows C2SP tlog-tiles; the
files can be served as they are. One writer at a time; readers need no lock, for a checkpoint is
replaced in one step and the tiles of a signed size are not taken away before fuller ones exist.

Trust: who can write here can cut the newest entries off by putting an old checkpoint back. They
cannot change what a checkpoint they do not have the key of has signed without `audit.check`, or
any proof against that checkpoint, failing.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

from sousveil.errors import LogError
from sousveil.tlog import merkle, tiles
from sousveil.tlog.checkpoint import Checkpoint, sign_checkpoint
from sousveil.tlog.files import (
    make_folder,
    read_file,
    remove_folder,
    replace_file,
    sync_folder,
    write_file,
)
from sousveil.tlog.keychain import KeyChain, keep_change, key_chain, read_key_entry
from sousveil.tlog.note import MAX_NOTE_BYTES, Signer
from sousveil.tlog.proof import Proof, format_proof
from sousveil.tlog.tiles import ENTRIES, TILE_WIDTH, Tile

CHECKPOINT_FILE = "checkpoint"
TILE_FOLDER = "tile"


def read_checkpoint(folder: Path, vkey: str) -> Checkpoint | None:
    """Return the log's head, its signature verified; None when nothing is signed yet.

    `vkey` is the log's key, or was, or will be when a change that is under way is done. Raises
    LogError when the checkpoint is malformed or not signed by the key that its size asks for.
    """
    return _read_checkpoint(folder, key_chain(folder, vkey))


def entries(folder: Path, size: int, start: int = 0) -> Iterator[bytes]:
    """Yield the entries from `start` to `size`, in order, as they stand in their bundles.

    Raises LogError at a bundle that is missing or malformed. Hashes are not compared: that is
    `audit.check`'s work.
    """
    for index in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
        first = index * TILE_WIDTH
        bundle = Tile(ENTRIES, index, min(TILE_WIDTH, size - first))
        yield from _read_tile(folder, bundle)[max(start - first, 0) :]


def inclusion(folder: Path, index: int, size: int) -> list[bytes]:
    """Return the proof that entry `index` is among the first `size`, the lowest level first.

    Raises LogError unless 0 <= index < size, or when a tile is missing or malformed.
    RFC 6962 section 2.1.1.
    """
    return merkle.inclusion_proof(index, size, _nodes(folder, size))


def consistency(folder: Path, old: int, new: int) -> list[bytes]:
    """Return the proof that the first `old` entries are a prefix of the first `new`.

    Raises LogError unless 0 <= old <= new, or when a tile is missing or malformed.
    RFC 6962 section 2.1.2.
    """
    return merkle.consistency_proof(old, new, _nodes(folder, new))


def append(folder: Path, new: Sequence[bytes], signer: Signer) -> Checkpoint:
    """Add entries to the log, which is begun if there is none, and return its new head.

    `signer` has the key that signs it by now.

    May be called again with the same entries after a crash anywhere: a log that ends in exactly
    these entries is left as it is, so the same entry twice in a row is stored once. Reads and
    writes O(log n) files, plus one or two for each entry. Raises LogError when an entry is over
    65,535 bytes, when the newest tiles are missing or contradict the checkpoint (nothing is signed
    then), when there are tiles but no checkpoint, or when the system refuses.

    1. The head and the newest tiles are read and checked.  Crash: nothing happened.
    2. Entry bundles, then hash tiles, are written, synced. Crash: files beyond the signed size,
       which nobody reads; the next append overwrites them.
    3. The checkpoint is signed and written beside the old. Crash: as before. The same entries
       give the same bytes again, so no size is ever signed with two roots.
    4. It takes the old one's place.                        Crash: done but for step 5.
    5. Partial tiles of tiles that are full now go.         Crash: some stay; they do no harm.
    """
    return _grow(folder, new, key_chain(folder, str(signer.verifier)), (signer,))


def hand_over(folder: Path, entry: bytes, index: int, *signers: Signer) -> Checkpoint:
    """Append `entry`, of number `index`, by which another key follows; return the new head.

    `signers` are the former key and the one that it names, or that alone where the former was lost.
    As `append`, and may be called again with the same; between its steps 3 and 4

    - what shows the change is written to `keys/` and synced. Crash: it tells of a size that nothing
      has signed; the head is still the former key's.

    Raises LogError as `append`, and when the entry names other keys.
    """
    size = index + 1
    change = read_key_entry(entry, size)
    if change is None or change.signers != tuple(one.verifier for one in signers):
        raise LogError(f"Entry {index} does not hand the log over to these keys. Nothing was done.")
    keys = key_chain(folder, str(change.former))
    if change not in keys.changes:
        keys = KeyChain(keys.first, (*keys.changes, change))
    last = read_file(folder / CHECKPOINT_FILE, MAX_NOTE_BYTES)

    def keep(head: Checkpoint) -> None:
        proof = Proof(index, tuple(inclusion(folder, index, size)), head.note)
        parts = {"json": entry, "tlog-proof": format_proof(proof)}
        if change.is_lost and last is not None:
            parts["former"] = last
        keep_change(folder, size, parts)

    return _grow(folder, [entry], keys, signers, keep)


def _grow(
    folder: Path,
    new: Sequence[bytes],
    keys: KeyChain,
    signers: Sequence[Signer],
    keep: Callable[[Checkpoint], None] = lambda _: None,
) -> Checkpoint:
    """Add entries to the log of these keys; `keep` is given the new head before it takes effect."""
    leaves = tiles.leaf_hashes(new)
    head = _read_checkpoint(folder, keys)
    size = head.size if head else 0
    edge = _read_edge(folder, head) if head else []
    if head and _ends_in(folder, size, new):
        # The crash may have come between 4 and the end.
        sync_folder(folder)
        _remove_partials(folder, size - len(new), size)
        return head
    grown = size + len(new)
    if keys.of(grown) != tuple(one.verifier for one in signers):
        raise LogError(
            f"{folder}: entry {grown - 1} is for {keys.of(grown)[-1]} to sign, not for"
            f" {signers[-1].verifier}. Nothing was added. `sousveil key show` tells which key signs"
            " this log since when."
        )
    tail = [] if size % TILE_WIDTH == 0 else list(entries(folder, size, size - size % TILE_WIDTH))
    rows = tiles.grow(edge, leaves)
    plan = list(tiles.new_tiles(ENTRIES, size, [*tail, *new]))
    for level, row in enumerate(rows):
        plan += tiles.new_tiles(level, size >> (8 * level), row)
    if head is None:
        _refuse_strays(folder, {tile.path for tile, _ in plan})
    _write_tiles(folder, plan, _firm_folders(folder, head))
    newest = tiles.new_edge(rows)
    root = merkle.root(grown, tiles.node_reader(lambda level, _: newest[level]))
    signed = sign_checkpoint(grown, root, *signers)
    keep(signed)
    replace_file(folder / CHECKPOINT_FILE, signed.note)
    _remove_partials(folder, size, grown)
    return signed


def _read_checkpoint(folder: Path, keys: KeyChain) -> Checkpoint | None:
    path = folder / CHECKPOINT_FILE
    data = read_file(path, MAX_NOTE_BYTES)
    if data is None:
        return None
    try:
        return keys.open(data)
    except LogError as error:
        raise LogError(f"{path}: {error}") from None


def _read_edge(folder: Path, head: Checkpoint) -> list[list[bytes]]:
    """Return the hashes of the partial tile of each level, checked against the checkpoint."""
    size = head.size
    edge: list[list[bytes]] = []
    for level in range(tiles.levels(size)):
        width = tiles.partial_width(level, size)
        tile = Tile(level, tiles.full_tiles(level, size), width)
        edge.append(_read_tile(folder, tile) if width else [])
    root = merkle.root(size, tiles.node_reader(lambda level, _: edge[level]))
    bundled = tiles.leaf_hashes(list(entries(folder, size, size - size % TILE_WIDTH)))
    if root != head.root or (bundled and bundled != edge[0]):
        raise LogError(
            f"{folder}: the newest tiles do not give the root hash that the checkpoint of "
            f"{size} entries signs; nothing was added. Run `sousveil verify` to see which file "
            "was changed, and restore it from a copy."
        )
    return edge


def _read_tile(folder: Path, tile: Tile) -> list[bytes]:
    """Return what a tile holds; a partial one is taken from the full one when that replaced it."""
    limit = tiles.MAX_BUNDLE_BYTES if tile.level == ENTRIES else tiles.MAX_TILE_BYTES
    for there in dict.fromkeys((tile, Tile(tile.level, tile.index))):
        data = read_file(folder / there.path, limit)
        if data is not None:
            try:
                return tiles.decode(there, data)[: tile.width]
            except LogError as error:
                raise LogError(f"{folder}: {error}") from None
    raise LogError(
        f"{folder / tile.path} is missing, though the checkpoint covers it. Restore it from a "
        "copy; the log cannot go on without it."
    )


def _nodes(folder: Path, size: int) -> merkle.NodeReader:
    """Return a reader of the nodes of the first `size` entries that reads each tile once."""

    @cache
    def tile(level: int, index: int) -> list[bytes]:
        last = index == tiles.full_tiles(level, size)
        width = tiles.partial_width(level, size) if last else TILE_WIDTH
        return _read_tile(folder, Tile(level, index, width))

    return tiles.node_reader(tile)


def _ends_in(folder: Path, size: int, new: Sequence[bytes]) -> bool:
    if len(new) > size:
        return False
    stored = entries(folder, size, size - len(new))
    return all(one == other for one, other in zip(stored, new, strict=True))


def _refuse_strays(folder: Path, planned: set[str]) -> None:
    """Refuse to begin a log in a folder that has one whose checkpoint is gone.

    What a first append that was interrupted may have left is what this one would write.
    """
    for path in (folder / TILE_FOLDER).rglob("*"):
        if not path.is_dir() and path.relative_to(folder).as_posix() not in planned:
            raise LogError(
                f"{path} is there, but {folder / CHECKPOINT_FILE} is missing. Restore the "
                "checkpoint from a copy; to sign another in its place would deny what it signed."
            )


def _firm_folders(folder: Path, head: Checkpoint | None) -> set[Path]:
    """Return folders whose names are durable: those on the way to a tile that `head` covers.

    All of them were synced before that was signed. Of any other, which an append that died may
    have made, nothing is known.
    """
    if head is None:
        return {folder.parent}
    firm = {folder}
    for level in range(ENTRIES, tiles.levels(head.size)):
        last, width = tiles.full_tiles(level, head.size), tiles.partial_width(level, head.size)
        for tile in (Tile(level, last, width), Tile(level, last - 1)):
            if tile.index >= 0 and tile.width:
                parents = (folder / tile.path).parents
                firm.update(one for one in parents if one.is_relative_to(folder))
    return firm


def _write_tiles(
    folder: Path, plan: Sequence[tuple[Tile, Sequence[bytes]]], firm: Collection[Path]
) -> None:
    """Write and sync tiles, their names, and those of the folders on the way that are not `firm`.

    Each folder is synced once, after all files are: nothing before the checkpoint needs an order.
    """
    make_folder(folder)
    grown: set[Path] = set()  # folders with names that may not be durable
    for tile, items in plan:
        path = folder / tile.path
        make_folder(path.parent)
        write_file(path, tiles.encode(tile, items))
        for one in path.parents:
            grown.add(one)
            if one in firm:
                break
    for one in sorted(grown, reverse=True):
        sync_folder(one)


def _remove_partials(folder: Path, old: int, new: int) -> None:
    """Remove the partial tiles of each tile that became full between two sizes.

    C2SP tlog-tiles, "Partial Tiles", allows it once the full tile is available.
    """
    for level in range(ENTRIES, tiles.levels(new)):
        index = tiles.full_tiles(level, old)
        if index == tiles.full_tiles(level, new):
            continue
        remove_folder((folder / Tile(level, index, 1).path).parent)
