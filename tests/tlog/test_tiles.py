from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import tiles as referee

from sousveil.errors import LogError
from sousveil.tlog import merkle, tiles
from sousveil.tlog.tiles import ENTRIES, TILE_WIDTH, Tile

names = st.builds(
    Tile, st.integers(ENTRIES, tiles.MAX_LEVEL), st.integers(0, 2**55), st.integers(1, TILE_WIDTH)
)


def test_paths_are_those_of_the_standard() -> None:
    # The examples of C2SP tlog-tiles, "Merkle Tree" and of our own case folders.
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(0, 1234, 56).path == "tile/0/x001/234.p/56"
    assert Tile(ENTRIES, 0, 1).path == "tile/entries/000.p/1"
    assert Tile(63, 999).path == "tile/63/999"


@given(names)
def test_paths_are_read_back_and_are_the_referee_s(tile: Tile) -> None:
    assert tiles.parse_path(tile.path) == tile
    width = tile.width % TILE_WIDTH
    assert tile.path == "/".join(referee.tile_path(tile.level, tile.index, width))


@given(st.text() | st.from_regex(r"tile/[0-9]{1,2}/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?"))
def test_any_path_is_read_exactly_or_refused(path: str) -> None:
    with suppress(LogError):
        assert tiles.parse_path(path).path == path


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/1",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/entries",
        "tile/0/" + "x001/" * 40 + "001",
    ],
)
def test_other_spellings_of_a_path_are_refused(path: str) -> None:
    with pytest.raises(LogError, match="not the path of a tile"):
        tiles.parse_path(path)


def test_the_standard_s_log_of_70_000_entries_has_its_tiles() -> None:
    # C2SP tlog-tiles, "Partial Tiles".
    assert tiles.levels(70_000) == 3
    assert [tiles.full_tiles(level, 70_000) for level in range(3)] == [273, 1, 0]
    assert [tiles.partial_width(level, 70_000) for level in range(3)] == [112, 17, 1]
    assert [tiles.full_tiles(level, 256) for level in (ENTRIES, 0, 1)] == [1, 1, 0]
    assert [tiles.partial_width(level, 256) for level in (ENTRIES, 0, 1)] == [0, 0, 1]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 2**24, 2**63 - 1])
def test_the_referee_counts_the_same_tiles(size: int) -> None:
    for level in range(ENTRIES, tiles.levels(size) + 1):
        counted = tiles.full_tiles(level, size), tiles.partial_width(level, size)
        assert counted == referee.level_tiles(size, level)
    assert tiles.levels(size) == 0 or size >> (8 * (tiles.levels(size) - 1)) > 0
    assert size >> (8 * tiles.levels(size)) == 0


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=TILE_WIDTH))
def test_entries_survive_a_write_and_a_read(entries: list[bytes]) -> None:
    bundle = Tile(ENTRIES, 0, len(entries))
    assert tiles.decode(bundle, tiles.encode(bundle, entries)) == entries


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=TILE_WIDTH))
def test_hashes_survive_a_write_and_a_read(hashes: list[bytes]) -> None:
    tile = Tile(0, 0, len(hashes))
    assert tiles.decode(tile, tiles.encode(tile, hashes)) == hashes


@given(st.binary(max_size=600), st.integers(1, 20), st.sampled_from([ENTRIES, 0]))
def test_any_bytes_are_a_tile_or_refused(data: bytes, width: int, level: int) -> None:
    tile = Tile(level, 0, width)
    with suppress(LogError):
        items = tiles.decode(tile, data)
        assert len(items) == width
        assert tiles.encode(tile, items) == data


def test_damaged_tiles_are_refused_with_what_is_wrong() -> None:
    bundle = Tile(ENTRIES, 7, 2)
    whole = tiles.encode(bundle, [b"one", b"two"])
    assert whole == b"\x00\x03one\x00\x03two"
    with pytest.raises(LogError, match=r"entries/007.p/2 ends inside entry 1 of 2"):
        tiles.decode(bundle, whole[:-1])
    with pytest.raises(LogError, match=r"ends inside entry 1 of 2"):
        tiles.decode(bundle, whole[:6])
    with pytest.raises(LogError, match=r"holds 1 entries and 0 bytes more"):
        tiles.decode(bundle, whole[:5])
    with pytest.raises(LogError, match=r"holds 2 entries and 1 bytes more"):
        tiles.decode(bundle, whole + b"\x00")
    with pytest.raises(LogError, match=r"tile/0/000.p/2 has 63 bytes where 64 are due"):
        tiles.decode(Tile(0, 0, 2), b"\x00" * 63)


def test_the_largest_entry_fits_and_one_byte_more_is_refused() -> None:
    largest = b"x" * 65_535
    bundle = Tile(ENTRIES, 0, 1)
    assert tiles.leaf_hashes([largest]) == [merkle.leaf_hash(largest)]
    assert tiles.decode(bundle, tiles.encode(bundle, [largest])) == [largest]
    with pytest.raises(LogError, match=r"65,536 bytes is too large"):
        tiles.leaf_hashes([b"", largest + b"x"])


@given(st.integers(0, 1_200), st.integers(0, 600))
def test_a_grown_log_has_the_tiles_and_root_of_one_made_at_once(old: int, more: int) -> None:
    leaves = [merkle.leaf_hash(b"%d" % i) for i in range(old + more)]
    edge = tiles.new_edge(tiles.grow([], leaves[:old]))
    rows = tiles.grow(edge, leaves[old:])
    newest = tiles.new_edge(rows)
    assert newest == tiles.new_edge(tiles.grow([], leaves))
    reader = tiles.node_reader(lambda level, _: newest[level])
    assert merkle.root(old + more, reader) == merkle.tree_hash(leaves)


@given(st.integers(0, 600), st.integers(0, 600))
def test_growing_makes_each_width_of_the_last_tile_once(had: int, more: int) -> None:
    row = [b"%d" % i for i in range(had - had % TILE_WIDTH, had + more)]
    made = dict(tiles.new_tiles(0, had, row))
    size = had + more
    due = {Tile(0, index) for index in range(had // TILE_WIDTH, size // TILE_WIDTH)}
    first = had % TILE_WIDTH + 1 if had // TILE_WIDTH == size // TILE_WIDTH else 1
    widths = range(first, size % TILE_WIDTH + 1)
    assert set(made) == due | {Tile(0, size // TILE_WIDTH, width) for width in widths}
    for tile, items in made.items():
        start = tile.index * TILE_WIDTH
        assert items == [b"%d" % i for i in range(start, start + tile.width)]
