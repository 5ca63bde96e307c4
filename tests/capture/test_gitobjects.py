import hashlib
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.git import objects as gitobjects
from sousveil.capture.git.objects import (
    FileProof,
    UnprovenError,
    file_proof,
    open_objects,
    parse_commit,
    read_objects,
    shown_path,
    verify_file_proof,
)
from sousveil.errors import RepositoryError

Git = Callable[..., str]
Commit = Callable[..., str]
PATH = "源/more/a b.txt"


def prove(repository: Path, commit: str, path: str, blob: str) -> FileProof:
    with open_objects(repository / ".git") as read:
        return file_proof(read, commit, path, blob)


def tree(git: Git, repository: Path, *entries: tuple[str, str, str]) -> str:
    """Write a tree of (mode, name, id) as it is given, whatever git thinks of it."""
    content = b"".join(
        f"{mode} {name}\0".encode() + bytes.fromhex(object_id) for mode, name, object_id in entries
    )
    return git(
        repository, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=content
    )


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_file_is_proved_by_hashes_alone(
    tmp_path: Path, git: Git, commit: Commit, object_format: str
) -> None:
    folder = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", f"--object-format={object_format}", str(folder))
    head = commit(folder, "first", {PATH: b"said so\n", "源/other": b"1", "z": b"2"})
    proof = prove(folder, head, PATH, git(folder, "rev-parse", f"HEAD:{PATH}"))
    assert proof.names == ("源", "more", "a b.txt")
    assert [one.partition(b" ")[0] for one in proof.objects] == [
        b"commit", b"tree", b"tree", b"tree", b"blob"
    ]  # fmt: skip
    assert verify_file_proof(proof, head, PATH) == b"said so\n"
    assert hashlib.new(object_format, proof.objects[0]).hexdigest() == head


def test_a_file_at_the_top_has_one_tree(repository: Path, git: Git, commit: Commit) -> None:
    head = commit(repository, "first", {"a.txt": b"1"})
    blob = git(repository, "rev-parse", "HEAD:a.txt")
    assert len(prove(repository, head, "a.txt", blob).objects) == 3


def test_a_path_that_is_no_utf8_is_proved_under_the_name_shown(
    repository: Path, git: Git, commit: Commit
) -> None:
    raw = "测试\n.txt".encode("gb18030")
    head = commit(repository, "first", {os.fsdecode(raw): b"1"})
    assert shown_path(raw) == "\\xb2\\xe2\\xca\\xd4\n.txt"
    blob = git(repository, "hash-object", "--stdin", stdin=b"1")
    proof = prove(repository, head, shown_path(raw), blob)
    assert verify_file_proof(proof, head, shown_path(raw)) == b"1"


def test_names_that_no_work_tree_can_hold_are_proved_as_git_reads_them(
    repository: Path, git: Git
) -> None:
    """A slash inside a name, a name beside the folder it begins with, and one name twice."""
    one, two = (
        git(repository, "hash-object", "-w", "--stdin", stdin=content) for content in (b"1", b"2")
    )
    inner = tree(git, repository, ("100644", "evil.h", one))
    top = tree(
        git, repository,
        ("100644", "</script>.h", one), ("100644", "twice", one), ("100644", "twice", two),
        ("40000", "z", inner), ("100644", "z/evil.h", two), ("40000", "z/y", inner),
    )  # fmt: skip
    head = git(repository, "commit-tree", top, "-m", "odd")
    for path, blob, names in [
        ("</script>.h", one, ("</script>.h",)),
        ("twice", one, ("twice",)),
        ("twice", two, ("twice",)),
        ("z/evil.h", one, ("z", "evil.h")),
        ("z/evil.h", two, ("z/evil.h",)),
        ("z/y/evil.h", one, ("z/y", "evil.h")),
    ]:
        proof = prove(repository, head, path, blob)
        assert proof.names == names
        assert verify_file_proof(proof, head, path) == (b"1" if blob == one else b"2")
    with pytest.raises(UnprovenError, match=f"z/y/evil.h: commit {head} does not hold {two} there"):
        prove(repository, head, "z/y/evil.h", two)


def test_a_path_of_two_thousand_folders_is_proved_and_one_of_five_thousand_refused(
    repository: Path, git: Git
) -> None:
    blob = git(repository, "hash-object", "-w", "--stdin", stdin=b"deep")
    objects = repository / ".git" / "objects"
    for depth, is_proved in [(2000, True), (5000, False)]:
        top, kind = blob, b"100644"
        for _ in range(depth):
            content = kind + b" a\0" + bytes.fromhex(top)
            whole = b"tree %d\0" % len(content) + content
            top, kind = hashlib.sha1(whole, usedforsecurity=False).hexdigest(), b"40000"
            (objects / top[:2]).mkdir(exist_ok=True)
            (objects / top[:2] / top[2:]).write_bytes(zlib.compress(whole, 1))
        head = git(repository, "commit-tree", top, "-m", "deep")
        path = "/".join("a" * depth)
        if is_proved:
            proof = prove(repository, head, path, blob)
            assert verify_file_proof(proof, head, path) == b"deep"
        else:
            with pytest.raises(UnprovenError, match="more than 4096 folders"):
                prove(repository, head, path, blob)


def test_any_changed_byte_is_noticed_and_named(repository: Path, git: Git, commit: Commit) -> None:
    head = commit(repository, "first", {PATH: b"said so\n"})
    proof = prove(repository, head, PATH, git(repository, "rev-parse", f"HEAD:{PATH}"))
    for number, whole in enumerate(proof.objects):
        for at in range(len(whole)):
            changed = bytearray(whole)
            changed[at] ^= 1
            objects = (*proof.objects[:number], bytes(changed), *proof.objects[number + 1 :])
            with pytest.raises(RepositoryError, match="hashes to"):
                verify_file_proof(replace(proof, objects=objects), head, PATH)


def test_a_proof_for_another_path_or_commit_does_not_hold(
    repository: Path, git: Git, commit: Commit
) -> None:
    first = commit(repository, "first", {PATH: b"said so\n"})
    blob = git(repository, "rev-parse", f"HEAD:{PATH}")
    second = commit(repository, "second", {PATH: None, "b.txt": b"1"})
    proof = prove(repository, first, PATH, blob)
    with pytest.raises(RepositoryError, match=f"hashes to {first}, not {second}"):
        verify_file_proof(proof, second, PATH)
    with pytest.raises(RepositoryError, match=f"other: the proof leads to {PATH} instead"):
        verify_file_proof(proof, first, "源/other")
    other = replace(proof, names=("源", "other", "a b.txt"))
    with pytest.raises(RepositoryError, match="has no entry 'other'"):
        verify_file_proof(other, first, "源/other/a b.txt")
    with pytest.raises(RepositoryError, match="has 3 objects, this one 5"):
        verify_file_proof(replace(proof, names=("源",)), first, "源")
    with pytest.raises(UnprovenError, match=f"{PATH}: commit {second} does not hold {blob} there"):
        prove(repository, second, PATH, blob)
    with pytest.raises(UnprovenError, match="does not hold"):
        prove(repository, first, "源", blob)


@given(st.lists(st.binary(), max_size=4), st.text(max_size=5))
def test_any_objects_are_refused_with_our_own_error(objects: list[bytes], path: str) -> None:
    with pytest.raises(RepositoryError):
        verify_file_proof(FileProof(tuple(path.split("/")), tuple(objects)), "0" * 40, path)


@given(st.binary())
def test_any_tree_is_read_or_refused(tree: bytes) -> None:
    hashed = b"tree %d\0" % len(tree) + tree
    content = b"tree " + hashlib.sha1(hashed, usedforsecurity=False).hexdigest().encode() + b"\n"
    commit = b"commit %d\0" % len(content) + content
    head = hashlib.sha1(commit, usedforsecurity=False).hexdigest()
    with suppress(RepositoryError):
        verify_file_proof(FileProof(("a",), (commit, hashed, b"blob 0\0")), head, "a")


def test_a_missing_object_is_named(repository: Path, commit: Commit) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with pytest.raises(RepositoryError, match=f"lacks object {'1' * 40}"):
        list(read_objects(repository / ".git", ["1" * 40]))
    with (
        open_objects(repository / ".git") as read,
        pytest.raises(RepositoryError, match=f"lacks object {'1' * 40}"),
    ):
        read("1" * 40)


def test_an_object_that_is_too_large_is_refused_and_the_next_one_read(
    repository: Path, git: Git, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitobjects, "MAX_OBJECT_BYTES", 3)
    commit(repository, "first", {"a.txt": b"1", "b.txt": b"long\n"})
    small, large = (git(repository, "rev-parse", f"HEAD:{name}") for name in ("a.txt", "b.txt"))
    with open_objects(repository / ".git") as read:
        with pytest.raises(RepositoryError, match=f"{large} has 5 bytes; we read 3 at most"):
            read(large)
        assert read(small) == b"blob 1\x001"


def test_a_git_that_ended_is_told_and_not_waited_for(
    repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitobjects, "READING_SECONDS", 0.2)
    head = commit(repository, "first", {"a.txt": b"1"})
    with open_objects(repository / ".git") as read:
        assert read(head).startswith(b"commit ")
        time.sleep(0.5)
        for _ in range(2):
            with pytest.raises(RepositoryError, match="git ended before it answered"):
                read(head)


# ---------------------------------------------------------------- commits


def test_a_commit_says_when_and_why_but_not_who() -> None:
    read = parse_commit(
        "1" * 40,
        b"tree x\nauthor A > B <a@example> 1608618865 +0800\ncommitter C <c@example> 1608618900"
        b" -0500\nencoding GB18030\n\n" + "删除字段\n".encode("gb18030"),
    )
    assert read.authored_at == datetime(2020, 12, 22, 6, 34, 25, tzinfo=UTC)
    assert read.committed_at - read.authored_at == timedelta(seconds=35)
    assert read.message == "删除字段\n"
    assert "example" not in repr(read)


@pytest.mark.parametrize(
    "encoding", [b"undefined", b"rot13", b"idna", b"unicode_escape", b"a\0b", b"no-such", b""]
)
def test_a_strange_encoding_never_stops_a_reading(encoding: bytes) -> None:
    read = parse_commit("1" * 40, b"tree x\nencoding " + encoding + b"\n\nfield \\ud800 gone")
    assert "gone" in read.message
    assert read.message.encode("utf-8")


@given(st.binary())
def test_any_commit_is_read(content: bytes) -> None:
    assert parse_commit("1" * 40, content).authored_at.tzinfo is UTC


@pytest.mark.parametrize(
    "date", [b"", b"99999999999999999999", b"-99999999999999", b"x", b"9" * 5000]
)
def test_a_date_that_cannot_be_read_is_the_epoch_as_in_git(date: bytes) -> None:
    read = parse_commit("1" * 40, b"author A <a> " + date + b" +0000\n\nm")
    assert read.authored_at == datetime(1970, 1, 1, tzinfo=UTC)
