"""Tiles: how the tree and the entries are laid out in files.

Takes hashes and entries and gives paths and bytes, and the reverse; says which files a growing log
needs. Does no I/O. Follows C2SP tlog-tiles ("Merkle Tree", "Partial Tiles", "Log entries").
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sousveil.errors import LogError
from sousveil.tlog import merkle

TILE_WIDTH = 256  # hashes or entries of a full tile; fixed by the standard
ENTRIES = -1  # the "level" of entry bundles, which lie below the leaf hashes
MAX_ENTRY_BYTES = 65_535  # entries carry a 16-bit length
MAX_TILE_BYTES = TILE_WIDTH * merkle.HASH_BYTES
MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
MAX_LEVEL = 63  # highest level the standard allows in a path
MAX_PATH_LENGTH = 64  # "tile/entries/" and the index of any 63-bit tree fit in 48

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")

# Gives the hashes of the tile at a level and an index.
TileReader = Callable[[int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of a tile: what it covers, not what it holds."""

    level: int  # 0 is the leaf hashes; ENTRIES an entry bundle
    index: int  # from 0, counted in full tiles
    width: int = TILE_WIDTH  # hashes or entries in it; fewer than TILE_WIDTH is a partial tile

    @property
    def path(self) -> str:
        """The path below the log's folder, with slashes."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        parts = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            parts.append(f"x{rest % 1000:03}")
            rest //= 1000
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{level}/{'/'.join(reversed(parts))}{partial}"


def parse_path(path: str) -> Tile:
    """Return the tile that a path below the log's folder names.

    Raises LogError for anything that is not exactly the path of a tile.
    """
    match = _PATH.fullmatch(path) if len(path) <= MAX_PATH_LENGTH else None
    if match:
        level, index, width = match.groups()
        tile = Tile(
            ENTRIES if level == "entries" else int(level),
            int(index.replace("x", "").replace("/", "")),
            int(width) if width else TILE_WIDTH,
        )
        # Another spelling of the same numbers ("00", "x000/001", ".p/0", ".p/256") is no tile.
        if tile.level <= MAX_LEVEL and tile.width and tile.path == path:
            return tile
    raise LogError(f"{path[:200]!r} is not the path of a tile (C2SP tlog-tiles). Check its name.")


def full_tiles(level: int, size: int) -> int:
    """Return how many full tiles a log of `size` entries has at `level`."""
    return int(size >> (8 * (max(level, 0) + 1)))


def partial_width(level: int, size: int) -> int:
    """Return the width of the last tile at `level`, 0 to 255; 0 means there is no partial tile."""
    return (size >> (8 * max(level, 0))) % TILE_WIDTH


def levels(size: int) -> int:
    """Return how many levels of hash tiles a log of `size` entries has."""
    return (size.bit_length() + 7) // 8


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """Return the hash of each entry.

    Raises LogError for an entry of more than MAX_ENTRY_BYTES, which no bundle can hold.
    """
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise LogError(
                f"A log entry of {len(entry):,} bytes is too large: C2SP tlog-tiles allows "
                f"{MAX_ENTRY_BYTES:,}. Log digests, and keep the content in the archive."
            )
    return [merkle.leaf_hash(entry) for entry in entries]


def encode(tile: Tile, items: Sequence[bytes]) -> bytes:
    """Return the bytes of a tile: hashes, or entries of at most MAX_ENTRY_BYTES each."""
    if tile.level == ENTRIES:
        return b"".join(len(entry).to_bytes(2) + entry for entry in items)
    return b"".join(items)


def decode(tile: Tile, data: bytes) -> list[bytes]:
    """Return the hashes or entries in the bytes of a tile, exactly `tile.width` of them.

    Raises LogError when there are more, fewer or cut ones.
    """
    return _decode_bundle(tile, data) if tile.level == ENTRIES else _decode_hashes(tile, data)


def _decode_hashes(tile: Tile, data: bytes) -> list[bytes]:
    due = tile.width * merkle.HASH_BYTES
    if len(data) != due:
        raise LogError(
            f"{tile.path} has {len(data):,} bytes where {due:,} are due; it was cut or changed. "
            "Restore it from a copy."
        )
    return [data[i : i + merkle.HASH_BYTES] for i in range(0, due, merkle.HASH_BYTES)]


def _decode_bundle(tile: Tile, data: bytes) -> list[bytes]:
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < tile.width:
        start = at + 2
        end = start + int.from_bytes(data[at:start])
        if end > len(data) or start > len(data):
            raise LogError(
                f"{tile.path} ends inside entry {len(entries)} of {tile.width}; it was cut or "
                "changed. Restore it from a copy."
            )
        entries.append(data[start:end])
        at = end
    if len(entries) != tile.width or at != len(data):
        raise LogError(
            f"{tile.path} holds {len(entries)} entries and {len(data) - at:,} bytes more where "
            f"{tile.width} entries are due; it was changed. Restore it from a copy."
        )
    return entries


def node_reader(tile: TileReader) -> merkle.NodeReader:
    """Return a reader of tree nodes that takes them from tiles.

    A node's level is split into a tile level and a height of 0 to 7 inside the tile.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, 8)
        tile_index, first = divmod(index << height, TILE_WIDTH)
        return merkle.tree_hash(tile(tile_level, tile_index)[first : first + (1 << height)])

    return node


def grow(edge: Sequence[Sequence[bytes]], new: Sequence[bytes]) -> list[list[bytes]]:
    """Return, for each level, the hashes of its last partial tile followed by the new ones.

    `edge` holds the hashes of the partial tile of each level, an empty list where there is none;
    `new` the hashes of the new leaves. Each full tile that comes about hands one hash up.
    """
    rows: list[list[bytes]] = []
    arriving = list(new)
    while arriving or len(rows) < len(edge):
        row = [*(edge[len(rows)] if len(rows) < len(edge) else ()), *arriving]
        rows.append(row)
        full = len(row) - len(row) % TILE_WIDTH
        arriving = [merkle.tree_hash(row[i : i + TILE_WIDTH]) for i in range(0, full, TILE_WIDTH)]
    return rows


def new_edge(rows: Sequence[Sequence[bytes]]) -> list[Sequence[bytes]]:
    """Return what of each row of `grow` is in its last partial tile."""
    return [row[len(row) - len(row) % TILE_WIDTH :] for row in rows]


def new_tiles(level: int, had: int, row: Sequence[bytes]) -> Iterator[tuple[Tile, Sequence[bytes]]]:
    """Yield the tiles, with what they hold, that a level needs to grow.

    `had` is how many hashes or entries the level had; `row` is what its last partial tile held,
    followed by the new ones. The last tile comes in every width up to its own, not only those of
    signed sizes: so the files of a log follow from its size, and a missing one can be named.
    """
    first = had // TILE_WIDTH
    for start in range(0, len(row), TILE_WIDTH):
        items = row[start : start + TILE_WIDTH]
        index = first + start // TILE_WIDTH
        if len(items) == TILE_WIDTH:
            yield Tile(level, index), items
            continue
        known = had % TILE_WIDTH if start == 0 else 0
        for width in range(known + 1, len(items) + 1):
            yield Tile(level, index, width), items[:width]
