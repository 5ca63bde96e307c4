import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.gitobjects import (
    file_proof,
    parse_commit,
    read_blob,
    shown_path,
    verify_file_proof,
)
from sousveil.errors import RepositoryError

Git = Callable[..., str]
Commit = Callable[..., str]
PATH = "源/more/a b.txt"


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_file_is_proved_by_hashes_alone(
    tmp_path: Path, git: Git, commit: Commit, object_format: str
) -> None:
    folder = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", f"--object-format={object_format}", str(folder))
    head = commit(folder, "first", {PATH: b"said so\n", "源/other": b"1", "z": b"2"})
    proof = file_proof(folder / ".git", head, PATH)
    assert [one.partition(b" ")[0] for one in proof] == [
        b"commit", b"tree", b"tree", b"tree", b"blob"
    ]  # fmt: skip
    assert verify_file_proof(proof, head, PATH) == b"said so\n"
    assert hashlib.new(object_format, proof[0]).hexdigest() == head


def test_a_file_at_the_top_has_one_tree(repository: Path, commit: Commit) -> None:
    head = commit(repository, "first", {"a.txt": b"1"})
    assert len(file_proof(repository / ".git", head, "a.txt")) == 3


def test_a_path_that_is_no_utf8_is_proved_under_the_name_shown(
    repository: Path, commit: Commit
) -> None:
    raw = "测试\n.txt".encode("gb18030")
    head = commit(repository, "first", {os.fsdecode(raw): b"1"})
    assert shown_path(raw) == "\\xb2\\xe2\\xca\\xd4\n.txt"
    proof = file_proof(repository / ".git", head, shown_path(raw))
    assert verify_file_proof(proof, head, shown_path(raw)) == b"1"


def test_any_changed_byte_is_noticed_and_named(repository: Path, commit: Commit) -> None:
    head = commit(repository, "first", {PATH: b"said so\n"})
    proof = file_proof(repository / ".git", head, PATH)
    for number, whole in enumerate(proof):
        for at in range(len(whole)):
            changed = bytearray(whole)
            changed[at] ^= 1
            forged = [*proof[:number], bytes(changed), *proof[number + 1 :]]
            with pytest.raises(RepositoryError, match="hashes to"):
                verify_file_proof(forged, head, PATH)


def test_a_proof_for_another_path_or_commit_does_not_hold(repository: Path, commit: Commit) -> None:
    first = commit(repository, "first", {PATH: b"said so\n"})
    second = commit(repository, "second", {PATH: None, "b.txt": b"1"})
    proof = file_proof(repository / ".git", first, PATH)
    with pytest.raises(RepositoryError, match=f"hashes to {first}, not {second}"):
        verify_file_proof(proof, second, PATH)
    with pytest.raises(RepositoryError, match="has no entry 'other'"):
        verify_file_proof(proof, first, "源/other/a b.txt")
    with pytest.raises(RepositoryError, match="has 3 objects, this one 5"):
        verify_file_proof(proof, first, "源")
    with pytest.raises(RepositoryError, match="has no entry"):
        file_proof(repository / ".git", second, PATH)
    with pytest.raises(RepositoryError, match="is not a blob"):
        file_proof(repository / ".git", first, "源")


@given(st.lists(st.binary(), max_size=4), st.text(max_size=5))
def test_any_objects_are_refused_with_our_own_error(objects: list[bytes], path: str) -> None:
    with pytest.raises(RepositoryError):
        verify_file_proof(objects, "0" * 40, path)


@given(st.binary())
def test_any_tree_is_read_or_refused(tree: bytes) -> None:
    hashed = b"tree %d\0" % len(tree) + tree
    content = b"tree " + hashlib.sha1(hashed, usedforsecurity=False).hexdigest().encode() + b"\n"
    commit = b"commit %d\0" % len(content) + content
    head = hashlib.sha1(commit, usedforsecurity=False).hexdigest()
    with suppress(RepositoryError):
        verify_file_proof([commit, hashed, b"blob 0\0"], head, "a")


def test_a_missing_object_is_named(repository: Path, commit: Commit) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with pytest.raises(RepositoryError, match=f"lacks object {'1' * 40}"):
        read_blob(repository / ".git", "1" * 40)


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
