"""The audit: every byte below a log's folder is what the signed checkpoint says, or is named.

Takes the folder and the log's public key; gives the list of faults, empty when the log is whole.
Changes nothing. C2SP tlog-tiles says which files there are; RFC 6962 section 2.1 what is in them.

Works from the top down. The checkpoint signs the root; the root confirms the last, partial tile of
each level, which together give it; each hash of a confirmed tile confirms the tile below it, and
each leaf hash an entry. When a tile fails, what it should hold is worked out from the files below,
so that it alone is named and they are still checked.
"""

import os
import stat
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from sousveil.errors import LogError
from sousveil.model import Fault
from sousveil.tlog import merkle, tiles
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.files import read_file
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.log import CHECKPOINT_FILE, read_checkpoint
from sousveil.tlog.note import split_note
from sousveil.tlog.tiles import ENTRIES, TILE_WIDTH, Tile

# What others say of the log, and who signs it: checked where stamps, cosignatures and keys are.
OTHERS_FOLDERS = frozenset({"timestamps", "witnesses", "keys"})

# A checkpoint from a stranger may sign any size: past this many missing files we say so once
# rather than name each.
MAX_MISSING = 1_000

_UNCONFIRMED = "is not confirmed: what would confirm it is damaged, or both were changed"
_TOGETHER = (
    "was changed, or another of the last tiles was: together they do not give the root hash that "
    "the checkpoint signs"
)


def check(folder: Path, vkey: str) -> list[Fault]:
    """Return a fault for each file of the log in `folder` that is not as it was signed.

    That is: changed, missing, cut short, swapped, or not of this log. `vkey` is a key of the log,
    as for `read_checkpoint`. Paths are given from the folder that `folder` lies in. Partial tiles
    of earlier sizes must be there while their full tile is not, and must be its beginning. What
    lies in `timestamps/`, `witnesses/` and `keys/` is not looked at. No append may run meanwhile.
    Any two damaged tiles are both named; of more, one may go unnamed while the other accounts of
    its entries are damaged too. Without a good checkpoint, tiles are only compared with each other.
    Raises LogError only when `vkey` itself is malformed or the system refuses to read.
    """
    audit = _Audit(folder)
    audit.list_files()
    head = audit.open_head(vkey)
    size = head.size if head else audit.size_on_disk()
    if audit.has_about(size):
        audit.check_tree(size, head.root if head else None)
        audit.name_strangers(size)
    return sorted(audit.faults, key=lambda fault: fault.path)


class _Audit:
    """One look at a log's folder: what is there, and the faults found so far."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[Fault] = []
        self._folder = folder
        self._tiles: set[Tile] = set()
        self._widths: defaultdict[tuple[int, int], set[int]] = defaultdict(set)

    def list_files(self) -> None:
        """Note which tiles there are; name what is not a regular file of a log."""
        for folder, folders, files in os.walk(self._folder, onerror=_refuse):
            if Path(folder) == self._folder:
                folders[:] = [name for name in folders if name not in OTHERS_FOLDERS]
            for name in [*files, *folders]:
                path = Path(folder, name)
                where = path.relative_to(self._folder).as_posix()
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode) or where == CHECKPOINT_FILE:
                    continue
                if not stat.S_ISREG(mode):
                    self._blame(where, "is not a regular file, so it is no file of this log")
                elif where == f"{CHECKPOINT_FILE}.new":
                    self._blame(where, "was left by an interrupted append, or added")
                else:
                    self._note_tile(where)

    def open_head(self, vkey: str) -> Checkpoint | None:
        """Return the checkpoint if it is there and signed; name it otherwise."""
        try:
            head = read_checkpoint(self._folder, vkey)
        except LogError as error:
            self._blame(CHECKPOINT_FILE, f"is not the signed checkpoint: {error}")
            return None
        if head is None:
            self._blame(CHECKPOINT_FILE, "is missing")
            return None
        own = key_chain(self._folder, vkey).of(head.size)
        if len(split_note(head.note)[1]) != len(own):
            self._blame(CHECKPOINT_FILE, "has signatures beside the log's own, or one twice")
        return head

    def size_on_disk(self) -> int:
        """Return how many entries the names of the bundles and of their hash tiles tell of."""
        lowest = (one for one in self._tiles if one.level <= 0)
        return max((one.index * TILE_WIDTH + one.width for one in lowest), default=0)

    def has_about(self, size: int) -> bool:
        """Return whether enough tiles are there to go through them one by one."""
        levels = range(ENTRIES, tiles.levels(size))
        full = sum(tiles.full_tiles(level, size) for level in levels)
        missing = full - len(self._widths)
        if missing > MAX_MISSING:
            self._blame("tile", f"lacks about {missing:,} tiles of a log of {size:,} entries")
        return missing <= MAX_MISSING

    def check_tree(self, size: int, root: bytes | None) -> None:
        """Check all tiles and bundles of the log against its root, or among themselves."""
        edge = self._check_edge(size, root)
        for level in reversed(range(tiles.levels(size))):
            index = tiles.full_tiles(level, size)
            self._check_earlier(Tile(level, index, tiles.partial_width(level, size)), edge[level])
            self._check_below(level, index, edge[level], tiles.partial_width(level, size))
        # Full tiles have a tile above them, partial at least, so the edge has led to all.

    def name_strangers(self, size: int) -> None:
        """Name the tiles that a log of `size` entries does not have."""
        for tile in self._tiles:
            full = tiles.full_tiles(tile.level, size)
            width = tiles.partial_width(tile.level, size)
            last = tile.index == full and tile.width <= width
            if tile.index >= full and not last:
                self._blame(
                    tile.path,
                    f"is beyond the {size:,} entries that are signed; an interrupted append left "
                    "it, or it was added",
                )

    def _check_edge(self, size: int, root: bytes | None) -> list[list[bytes] | None]:
        """Return what the partial tile of each level must hold, None where that is unknown.

        Each level has two accounts of it: its file and the files below it. The one combination
        that gives the signed root is true; the files that differ from it are named.
        """
        edge = [
            Tile(level, tiles.full_tiles(level, size), tiles.partial_width(level, size))
            for level in range(tiles.levels(size))
        ]
        stored = [self._load(tile) if tile.width else [] for tile in edge]
        if root is None:
            return stored
        if _root(size, stored) == root:
            return stored
        accounts = [
            [own, *self._accounts_below(tile, own)] for tile, own in zip(edge, stored, strict=True)
        ]
        for choice in product(*accounts):
            if _root(size, choice) == root:
                for tile, own, true in zip(edge, stored, choice, strict=True):
                    if own is not None and own != true:
                        self._blame(tile.path, "was changed: the root hash needs another content")
                return list(choice)
        for tile, own in zip(edge, stored, strict=True):
            if own:
                self._blame(tile.path, _TOGETHER)
        if not edge:
            self._blame(CHECKPOINT_FILE, "signs a root hash that the empty log does not have")
            return []
        # The best guess for what is below: what a tile and any account of it agree on.
        return [None, *(ways[min(1, len(ways) - 1)] for ways in accounts[1:])]

    def _check_full(self, tile: Tile, due: bytes | None) -> None:
        """Check a full tile, whose hash should be `due` if that is known, and all below it."""
        stored = self._load(tile)
        true = stored
        if due and (stored is None or merkle.tree_hash(stored) != due):
            if stored is not None:
                self._blame(tile.path, "was changed: the tile above it records another hash")
            accounts = self._accounts_below(tile, stored)
            true = next((one for one in accounts if merkle.tree_hash(one) == due), None)
        self._check_earlier(tile, true)
        self._check_below(tile.level, tile.index, true, TILE_WIDTH)

    def _check_below(self, level: int, index: int, hashes: list[bytes] | None, width: int) -> None:
        """Check what the `width` hashes of a tile, if they are known, are the hashes of."""
        if level:
            for i in range(width):
                below = Tile(level - 1, index * TILE_WIDTH + i)
                self._check_full(below, hashes[i] if hashes else None)
        elif width:
            bundle = Tile(ENTRIES, index, width)
            self._check_bundle(bundle, hashes)
            self._check_earlier(bundle, hashes)

    def _check_bundle(self, bundle: Tile, hashes: Sequence[bytes] | None) -> None:
        stored = self._load(bundle)
        if stored is None:
            return
        if hashes is None:
            self._blame(bundle.path, _UNCONFIRMED)
            return
        wrong = [str(i) for i, one in enumerate(stored) if hashes[i] != merkle.leaf_hash(one)]
        if wrong:
            first = bundle.index * TILE_WIDTH + int(wrong[0])
            more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
            self._blame(
                bundle.path,
                f"was changed: entry {first}{more} does not have the hash that was logged",
            )

    def _check_earlier(self, tile: Tile, hashes: Sequence[bytes] | None) -> None:
        """Check the narrower versions of a tile; they must be there unless it is full."""
        there = self._widths[tile.level, tile.index]
        is_full = tile.width == TILE_WIDTH
        for width in sorted(there - {TILE_WIDTH}) if is_full else range(1, tile.width):
            earlier = Tile(tile.level, tile.index, width)
            if width in there:
                items = self._load(earlier)
                if tile.level == ENTRIES and items is not None:
                    items = [merkle.leaf_hash(one) for one in items]
                if items is not None and hashes is None:
                    self._blame(earlier.path, _UNCONFIRMED)
                elif items is not None and hashes is not None and items != list(hashes[:width]):
                    self._blame(earlier.path, "was changed: it is not how the fuller tile begins")
            else:
                self._blame(earlier.path, "is missing")

    def _accounts_below(self, tile: Tile, stored: Sequence[bytes] | None) -> list[list[bytes]]:
        """Work out from the files below what a tile holds, in the ways in which they tell it.

        A hash that the tile and any account of the file below agree on is taken, so that one more
        damaged file below does no harm; where they disagree, the accounts differ from each other.
        """
        if tile.level == 0:
            entries = self._read(Tile(ENTRIES, tile.index, tile.width)) if tile.width else []
            return [] if entries is None else [[merkle.leaf_hash(one) for one in entries]]
        first: list[bytes] = []
        last: list[bytes] = []
        for i in range(tile.width):
            below = self._hashes_of(Tile(tile.level - 1, tile.index * TILE_WIDTH + i))
            if stored is not None and (stored[i] in below or not below):
                below = [stored[i]]
            if not below:
                return []
            first.append(below[0])
            last.append(below[-1])
        return [first, last]

    def _hashes_of(self, tile: Tile) -> list[bytes]:
        """Return the hash of a full tile by its file, then by the files below it."""
        stored = self._read(tile)
        accounts = [stored] if stored else []
        return [merkle.tree_hash(one) for one in accounts + self._accounts_below(tile, stored)]

    def _load(self, tile: Tile) -> list[bytes] | None:
        """Return what a tile that must be there holds; name it if it is missing or malformed."""
        if tile not in self._tiles:
            self._blame(tile.path, "is missing")
            return None
        stored = self._read(tile)
        if stored is None:
            self._blame(tile.path, "is cut short or malformed")
        return stored

    def _read(self, tile: Tile) -> list[bytes] | None:
        limit = tiles.MAX_BUNDLE_BYTES if tile.level == ENTRIES else tiles.MAX_TILE_BYTES
        try:
            data = read_file(self._folder / tile.path, limit)
            return None if data is None else tiles.decode(tile, data)
        except LogError:
            return None

    def _note_tile(self, where: str) -> None:
        try:
            tile = tiles.parse_path(where)
        except LogError:
            self._blame(where, "is not a file of this log")
            return
        self._tiles.add(tile)
        self._widths[tile.level, tile.index].add(tile.width)

    def _blame(self, where: str, problem: str) -> None:
        path = os.fsencode(f"{self._folder.name}/{where}").decode("utf-8", "backslashreplace")
        self.faults.append(Fault(path, problem))


def _root(size: int, edge: Sequence[Sequence[bytes] | None]) -> bytes | None:
    """Return the root hash that the partial tiles of all levels give; None if one is unknown."""
    known = [hashes for hashes in edge if hashes is not None]
    if len(known) < len(edge):
        return None
    return merkle.root(size, tiles.node_reader(lambda level, _: known[level]))


def _refuse(error: OSError) -> None:
    """Do not pass over a folder that cannot be listed; one that is missing shows by its files."""
    if not isinstance(error, FileNotFoundError):
        raise LogError(f"{error.filename} could not be listed: {error.strerror}. Mend that.")
