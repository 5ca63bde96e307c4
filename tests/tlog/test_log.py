import errno
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sigstore._internal.merkle import verify_merkle_inclusion
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from sousveil.errors import LogError
from sousveil.tlog import files, log, merkle
from sousveil.tlog.audit import check
from sousveil.tlog.note import KeySigner

Logs = Callable[[int], Path]
P = ParamSpec("P")
R = TypeVar("R")


def entry(index: int) -> bytes:
    return b'{"event":%d}' % index + b"." * (index % 7)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_without_a_log_has_no_checkpoint(tmp_path: Path, signer: KeySigner) -> None:
    assert log.read_checkpoint(tmp_path / "log", signer.verifier_key) is None


def test_a_log_grown_one_by_one_is_the_log_made_at_once(
    tmp_path: Path, logs: Logs, signer: KeySigner
) -> None:
    folder = tmp_path / "log"
    for size in range(1, 531):
        head = log.append(folder, [entry(size - 1)], signer)
        assert head.size == size
        if size in {1, 2, 255, 256, 257, 511, 512, 513, 530}:
            assert content(folder) == content(logs(size))
            assert log.read_checkpoint(folder, signer.verifier_key) == head
            assert check(folder, signer.verifier_key) == []
    assert list(log.entries(folder, 530)) == [entry(i) for i in range(530)]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_the_referees_read_our_log_and_agree(logs: Logs, signer: KeySigner, size: int) -> None:
    folder = logs(size)
    reader = TilesReader(LocalBackend(folder))
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(signer.verifier_key))
    ours = log.read_checkpoint(folder, signer.verifier_key)
    assert ours is not None
    assert (head.origin, head.size) == (signer.name, size)
    assert reader.calculate_root_hash() == head.root_hash == ours.root
    for index in {0, size // 3, size // 2, size - 1}:
        assert reader.get_entry(index) == entry(index)
        proof = log.inclusion(folder, index, size)
        assert reader.get_inclusion_proof(index, size).node_hashes == proof
        merkle.verify_inclusion(merkle.leaf_hash(entry(index)), index, size, proof, ours.root)
        claim = SimpleNamespace(log_index=index, tree_size=size, root_hash=ours.root, hashes=proof)
        inner = SimpleNamespace(inclusion_proof=claim, canonicalized_body=entry(index))
        verify_merkle_inclusion(cast(Any, SimpleNamespace(_inner=inner)))


def test_every_growth_of_a_log_is_proved(logs: Logs) -> None:
    folder = logs(600)
    leaves = [merkle.leaf_hash(entry(i)) for i in range(600)]
    reader = TilesReader(LocalBackend(folder))
    reader.set_size(600)
    roots = {size: merkle.tree_hash(leaves[:size]) for size in range(601)}
    for old in range(601):
        proof = log.consistency(folder, old, 600)
        merkle.verify_consistency(old, 600, roots[old], roots[600], proof)
        if old:
            reader.get_consistency_proof(old, 600).check(roots[old], roots[600])
    assert log.consistency(folder, 300, 520) == reader.get_consistency_proof(300, 520).node_hashes


def test_an_older_size_is_still_proved_after_its_partial_tiles_went(
    logs: Logs,
) -> None:
    folder = logs(600)
    root = merkle.tree_hash([merkle.leaf_hash(entry(i)) for i in range(300)])
    proof = log.inclusion(folder, 7, 300)
    merkle.verify_inclusion(merkle.leaf_hash(entry(7)), 7, 300, proof, root)
    assert list(log.entries(folder, 300)) == [entry(i) for i in range(300)]


def test_entries_are_read_from_any_place(logs: Logs) -> None:
    folder = logs(600)
    for start in (0, 1, 255, 256, 511, 599, 600):
        assert list(log.entries(folder, 600, start)) == [entry(i) for i in range(start, 600)]


def test_the_same_entries_again_change_nothing(logs: Logs, signer: KeySigner) -> None:
    for size in (1, 256, 300):
        folder = logs(size)
        before = content(folder)
        for count in (0, 1, min(size, 280)):
            last = [entry(i) for i in range(size - count, size)]
            assert log.append(folder, last, signer).size == size
        assert content(folder) == before


def test_the_log_reads_few_files_to_grow(
    logs: Logs, signer: KeySigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = logs(66_000)
    read: list[Path] = []
    written: list[Path] = []

    def counted_read(path: Path, limit: int) -> bytes | None:
        read.append(path)
        return files.read_file(path, limit)

    def counted_write(path: Path, data: bytes) -> None:
        written.append(path)
        files.write_file(path, data)

    monkeypatch.setattr(log, "read_file", counted_read)
    monkeypatch.setattr(log, "write_file", counted_write)
    log.append(folder, [b"one more"], signer)
    # The checkpoint, a tile of each of three levels, and the last bundle for three questions.
    assert len(read) <= 7
    assert len(written) == 2
    assert check(folder, signer.verifier_key) == []


# ---------------------------------------------------------------- crashes

# Old size and entries added: a new log, a plain step, a tile that fills, a batch over two tiles.
GROWTHS = [(0, 1), (0, 3), (5, 1), (255, 1), (256, 1), (254, 5), (250, 270)]


def die_at(number: int) -> None:
    """Make the process die at the `number`-th call that changes the disk for good."""
    calls = iter(range(1, 1_000_000))

    def dying(real: Callable[P, R], *, torn: bool = False) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if next(calls) == number:
                if torn:
                    tear(cast(int, args[0]))
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    os.fsync = dying(os.fsync, torn=True)
    os.replace = dying(os.replace)
    os.mkdir = dying(os.mkdir)
    os.unlink = dying(os.unlink)
    os.rmdir = dying(os.rmdir)
    os.open = dying(os.open)


def tear(descriptor: int) -> None:
    """Cut the file being synced in half, as a power cut may."""
    size = os.fstat(descriptor).st_size
    if not Path(f"/proc/self/fd/{descriptor}").resolve().is_dir():
        os.ftruncate(descriptor, size // 2)


def append_in_child(folder: Path, new: Sequence[bytes], signer: KeySigner, number: int) -> bool:
    """Append in a process that dies at the `number`-th step; return whether it lived."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            die_at(number)
            log.append(folder, new, signer)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) == (status == 0), "the child failed instead of dying"
    return status == 0


@pytest.mark.parametrize(("old", "more"), GROWTHS)
def test_a_killed_append_lost_nothing_and_is_finished_by_the_next(
    logs: Logs, tmp_path: Path, signer: KeySigner, old: int, more: int
) -> None:
    key = signer.verifier_key
    new = [entry(i) for i in range(old, old + more)]
    wanted = content(logs(old + more))
    # Beyond the first steps come hundreds of equal ones, files written or removed: a sample.
    for number in [*range(1, 50), *range(50, 10_000, 97)]:
        folder = logs(old) if old else tmp_path / str(number) / "log"
        lived = append_in_child(folder, new, signer, number)
        head = log.read_checkpoint(folder, key)
        size = head.size if head else 0
        assert size in {old, old + more}
        assert list(log.entries(folder, size)) == [entry(i) for i in range(size)]
        assert log.append(folder, new, signer).size == old + more
        assert check(folder, key) == []
        assert content(folder) == wanted
        if lived:
            return
    pytest.fail("the append never came to its end")


@pytest.mark.parametrize("number", range(1, 12))
def test_after_a_killed_append_another_entry_can_come(
    logs: Logs, signer: KeySigner, number: int
) -> None:
    folder = logs(300)
    append_in_child(folder, [b"never finished"], signer, number)
    head = log.read_checkpoint(folder, signer.verifier_key)
    assert head is not None
    log.append(folder, [b"another"], signer)
    assert check(folder, signer.verifier_key) == []
    assert list(log.entries(folder, head.size + 1))[-1] == b"another"


@pytest.mark.parametrize("name", ["fsync", "replace", "open", "mkdir"])
def test_a_full_disk_is_one_clear_error_and_the_log_stays(
    logs: Logs, signer: KeySigner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    refusals = 0
    for number in range(1, 40):
        folder = logs(256)
        with monkeypatch.context() as patched:
            patched.setattr(os, name, fail_at(number, getattr(os, name)))
            message = refusal(folder, [entry(256)], signer)
        if message is not None:
            assert "No space left on device" in message
            refusals += 1
        assert log.append(folder, [entry(256)], signer).size == 257
        assert check(folder, signer.verifier_key) == []
    assert refusals


def fail_at(number: int, real: Callable[P, R]) -> Callable[P, R]:
    calls = iter(range(1, 1_000_000))

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args, **kwargs)

    return call


def refusal(folder: Path, new: Sequence[bytes], signer: KeySigner) -> str | None:
    try:
        log.append(folder, new, signer)
    except LogError as error:
        return str(error)
    return None


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "damaged",
    ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"],
)
def test_nothing_is_signed_over_tiles_that_contradict_the_checkpoint(
    logs: Logs, signer: KeySigner, damaged: str
) -> None:
    for damage in ("remove", "cut", "change"):
        folder = logs(300)
        path = folder / damaged
        data = path.read_bytes()
        if damage == "remove":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(data[:-1])
        else:
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        before = content(folder)
        with pytest.raises(LogError, match="log"):
            log.append(folder, [entry(300)], signer)
        assert content(folder) == before


def test_an_entry_that_is_too_large_leaves_the_log_as_it_was(logs: Logs, signer: KeySigner) -> None:
    folder = logs(3)
    before = content(folder)
    with pytest.raises(LogError, match="too large"):
        log.append(folder, [b"small", b"x" * 65_536], signer)
    assert content(folder) == before


def test_a_log_whose_checkpoint_is_gone_is_not_begun_again(logs: Logs, signer: KeySigner) -> None:
    for size in (2, 256, 300):
        folder = logs(size)
        (folder / "checkpoint").unlink()
        with pytest.raises(LogError, match="Restore the checkpoint from a copy"):
            log.append(folder, [entry(0)], signer)


def test_a_checkpoint_of_another_key_is_refused(logs: Logs) -> None:
    other = KeySigner("log.example/one", Ed25519PrivateKey.generate())
    folder = logs(3)
    with pytest.raises(LogError, match=r"log/checkpoint: The note is not signed by"):
        log.read_checkpoint(folder, other.verifier_key)
    with pytest.raises(LogError, match="not signed by"):
        log.append(folder, [entry(3)], other)


def test_a_link_or_a_pipe_in_place_of_a_tile_is_refused(logs: Logs, tmp_path: Path) -> None:
    folder = logs(3)
    path = folder / "tile/entries/000.p/3"
    path.rename(tmp_path / "kept")
    path.symlink_to(tmp_path / "kept")
    with pytest.raises(LogError, match="could not be read"):
        list(log.entries(folder, 3))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(LogError, match="not a regular file"):
        list(log.entries(folder, 3))


def test_entries_and_proofs_name_the_tile_that_is_missing(logs: Logs) -> None:
    folder = logs(300)
    (folder / "tile/entries/000").unlink()
    (folder / "tile/0/000").unlink()
    with pytest.raises(LogError, match=r"tile/entries/000 is missing"):
        list(log.entries(folder, 300))
    with pytest.raises(LogError, match=r"tile/0/000 is missing"):
        log.inclusion(folder, 4, 300)
