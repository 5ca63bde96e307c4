import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.tlog import log, merkle, tiles
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import sign_checkpoint
from sousveil.tlog.note import KeySigner
from sousveil.tlog.tiles import Tile

Logs = Callable[[int], Path]

SIZE = 521  # two full tiles, a partial one, and a level above
DEEP = 66_000  # three levels of tiles


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def name(folder: Path, path: Path) -> str:
    return path.relative_to(folder.parent).as_posix()


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def named(folder: Path, signer: KeySigner) -> dict[str, str]:
    return {fault.path: fault.problem for fault in check(folder, signer.verifier_key)}


def each_file(folder: Path) -> Iterator[tuple[Path, bytes, str]]:
    """Each file with its content; what a test did to it is undone before the next."""
    for path in files(folder):
        data = path.read_bytes()
        yield path, data, name(folder, path)
        path.write_bytes(data)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, SIZE])
def test_a_whole_log_has_no_fault(logs: Logs, signer: KeySigner, size: int) -> None:
    assert check(logs(size), signer.verifier_key) == []


def test_a_flipped_bit_anywhere_names_exactly_its_file(logs: Logs, signer: KeySigner) -> None:
    folder = logs(SIZE)
    for path, data, where in each_file(folder):
        for at in (0, len(data) // 2, len(data) - 1):
            flip(path, at)
            assert list(named(folder, signer)) == [where]
            path.write_bytes(data)


def test_a_cut_lengthened_or_emptied_file_is_named(logs: Logs, signer: KeySigner) -> None:
    folder = logs(SIZE)
    for path, data, where in each_file(folder):
        for damaged in (data[:-1], data[:1], b"", data + b"\x00", data + data):
            path.write_bytes(damaged)
            assert list(named(folder, signer)) == [where]


def test_a_signature_beside_the_logs_own_is_named(logs: Logs, signer: KeySigner) -> None:
    folder = logs(SIZE)
    path = folder / "checkpoint"
    note = path.read_bytes()
    own = note.splitlines(keepends=True)[-1]
    for more in (own, "\N{EM DASH} somebody.example AAAAAAAA\n".encode()):
        path.write_bytes(note + more)
        (problem,) = named(folder, signer).values()
        assert "signatures beside the log's own" in problem


def test_a_removed_file_is_named(logs: Logs, signer: KeySigner) -> None:
    folder = logs(SIZE)
    for path, _, where in each_file(folder):
        path.unlink()
        assert named(folder, signer) == {where: "is missing"}


def test_two_swapped_files_are_both_named(logs: Logs, signer: KeySigner) -> None:
    folder = logs(SIZE)
    every = files(folder)
    for one, other in pairwise(every):
        before = one.read_bytes(), other.read_bytes()
        one.write_bytes(before[1])
        other.write_bytes(before[0])
        assert sorted(named(folder, signer)) == sorted([name(folder, one), name(folder, other)])
        one.write_bytes(before[0])
        other.write_bytes(before[1])


@pytest.mark.parametrize(
    "added",
    [
        "note.txt",
        "checkpoint.bak",
        "checkpoint.new",
        "tile/0/003",
        "tile/0/002",
        "tile/0/002.p/10",
        "tile/0/2",
        "tile/3/000.p/1",
        "tile/1/000",
        "tile/entries/002.p/10",
        "tile/entries/x001/000",
        "tile/entries/.hidden",
        "tile/readme",
        "other/timestamps/x",
    ],
)
def test_an_added_file_is_named(logs: Logs, signer: KeySigner, added: str) -> None:
    folder = logs(SIZE)
    path = folder / added
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 32)
    assert list(named(folder, signer)) == [f"log/{added}"]


def test_links_pipes_and_names_that_are_no_text_are_named(
    logs: Logs, signer: KeySigner, tmp_path: Path
) -> None:
    folder = logs(SIZE)
    bundle = folder / "tile/entries/000"
    bundle.rename(tmp_path / "kept")
    bundle.symlink_to(tmp_path / "kept")
    (folder / "more").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")
    faults = check(folder, signer.verifier_key)
    assert {"log/tile/entries/000", "log/more", "log/pipe", "log/\\xff"} == {
        fault.path for fault in faults
    }


def test_time_stamps_are_not_the_audit_s_business(logs: Logs, signer: KeySigner) -> None:
    folder = logs(3)
    (folder / "timestamps").mkdir()
    (folder / "timestamps/3-tsa.example.tsr").write_bytes(b"")
    assert check(folder, signer.verifier_key) == []


def test_partial_tiles_that_a_crash_left_beside_a_full_one_are_checked(
    logs: Logs, signer: KeySigner
) -> None:
    folder = logs(SIZE)
    for kind in ("0", "entries"):
        left = folder / f"tile/{kind}/000.p/7"
        left.parent.mkdir()
        left.write_bytes((logs(7) / f"tile/{kind}/000.p/7").read_bytes())
    assert check(folder, signer.verifier_key) == []
    flip(left)
    assert list(named(folder, signer)) == [name(folder, left)]


@given(st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_damaged_files_are_both_named(
    logs: Logs, signer: KeySigner, data: st.DataObject
) -> None:
    folder = logs(SIZE)
    # With the checkpoint gone too, nothing says how long the log was.
    tile_files = [path for path in files(folder) if path.name != "checkpoint"]
    damaged = data.draw(st.lists(st.sampled_from(tile_files), max_size=2, unique=True))
    for path in damaged:
        how = data.draw(st.sampled_from(["flip", "cut", "remove"]))
        if how == "flip":
            flip(path, data.draw(st.integers(0, path.stat().st_size - 1)))
        elif how == "cut":
            path.write_bytes(path.read_bytes()[:-1])
        else:
            path.unlink()
    assert {name(folder, path) for path in damaged} <= set(named(folder, signer))


@pytest.mark.parametrize(
    "damaged",
    [
        ["tile/2/000.p/1"],
        ["tile/1/000"],
        ["tile/1/001.p/1"],
        ["tile/0/100"],
        ["tile/entries/100"],
        ["tile/1/000", "tile/0/100", "tile/entries/101"],
        ["tile/1/000", "tile/2/000.p/1"],
        ["tile/0/000", "tile/0/255", "tile/0/256", "tile/1/001.p/1"],
    ],
)
def test_in_a_log_of_three_levels_exactly_the_damaged_files_are_named(
    logs: Logs, signer: KeySigner, damaged: list[str]
) -> None:
    folder = logs(DEEP)
    for path in damaged:
        flip(folder / path, 40 if "p" not in path else 3)
    assert sorted(named(folder, signer)) == sorted(f"log/{path}" for path in damaged)


@pytest.mark.parametrize("index", [3, 300, 515])
def test_an_entry_rewritten_with_its_tiles_is_still_found(
    logs: Logs, signer: KeySigner, index: int
) -> None:
    folder = logs(SIZE)
    entries = list(log.entries(folder, SIZE))
    entries[index] = b"what we would rather have said"
    forged = folder.parent / "forged" / "log"
    forger = KeySigner(signer.name, Ed25519PrivateKey.generate())
    log.append(forged, entries, forger)
    for path in (forged / "tile").rglob("*"):
        if path.is_file():
            (folder / path.relative_to(forged)).write_bytes(path.read_bytes())
    faults = named(folder, signer)
    assert faults
    assert "log/checkpoint" not in faults


def test_one_bundle_and_its_tile_rewritten_together_are_both_named(
    logs: Logs, signer: KeySigner
) -> None:
    folder = logs(SIZE)
    entries = [b"other %d" % i for i in range(256)]
    bundle, tile = Tile(tiles.ENTRIES, 0), Tile(0, 0)
    (folder / bundle.path).write_bytes(tiles.encode(bundle, entries))
    (folder / tile.path).write_bytes(tiles.encode(tile, tiles.leaf_hashes(entries)))
    assert list(named(folder, signer)) == ["log/tile/0/000", "log/tile/entries/000"]


def test_an_older_checkpoint_put_back_shows_by_what_lies_beyond_it(
    logs: Logs, signer: KeySigner
) -> None:
    folder = logs(SIZE)
    (folder / "checkpoint").write_bytes((logs(520) / "checkpoint").read_bytes())
    faults = named(folder, signer)
    assert list(faults) == ["log/tile/0/002.p/9", "log/tile/entries/002.p/9"]
    assert all("beyond the 520 entries that are signed" in text for text in faults.values())


def test_without_a_good_checkpoint_the_tiles_are_checked_among_themselves(
    logs: Logs, signer: KeySigner
) -> None:
    folder = logs(SIZE)
    flip(folder / "checkpoint")
    flip(folder / "tile/entries/000")
    flip(folder / "tile/0/001")
    (folder / "tile/entries/002.p/9").unlink()
    faults = named(folder, signer)
    assert faults["log/tile/entries/002.p/9"] == "is missing"
    assert faults.pop("log/checkpoint").startswith("is not the signed checkpoint: ")
    assert "log/tile/entries/000" in faults
    assert "log/tile/0/001" in faults


def test_a_folder_that_is_not_there_lacks_its_checkpoint(tmp_path: Path, signer: KeySigner) -> None:
    assert named(tmp_path / "log", signer) == {"log/checkpoint": "is missing"}


def test_an_empty_log_with_a_root_is_named(logs: Logs, signer: KeySigner) -> None:
    folder = logs(0)
    (folder / "checkpoint").write_bytes(sign_checkpoint(0, b"x" * 32, signer).note)
    assert list(named(folder, signer)) == ["log/checkpoint"]


def test_a_checkpoint_of_an_absurd_size_is_answered_at_once(logs: Logs, signer: KeySigner) -> None:
    folder = logs(3)
    head = sign_checkpoint(2**62, merkle.EMPTY_ROOT, signer)
    (folder / "checkpoint").write_bytes(head.note)
    faults = named(folder, signer)
    assert list(faults) == ["log/tile"]
    assert "lacks about" in faults["log/tile"]
