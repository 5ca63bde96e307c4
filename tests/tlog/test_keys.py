import os
from pathlib import Path

import pytest

from sousveil.errors import LogError
from sousveil.tlog.keys import create_signer, load_signer


def test_a_created_key_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "config" / "keys" / "log.key"
    made = create_signer(path, "log.example/one")
    assert load_signer(path).verifier_key == made.verifier_key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_two_keys_differ(tmp_path: Path) -> None:
    one, two = (create_signer(tmp_path / name, "log.example/one") for name in ("a", "b"))
    assert one.verifier_key != two.verifier_key


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    made = create_signer(path, "log.example/one")
    with pytest.raises(LogError, match="exists already"):
        create_signer(path, "log.example/one")
    assert load_signer(path).verifier_key == made.verifier_key
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_key_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"log.key: the signing key is missing.*Restore it"):
        load_signer(tmp_path / "log.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    create_signer(path, "log.example/one")
    path.chmod(mode)
    with pytest.raises(LogError, match=r"chmod 600"):
        load_signer(path)


@pytest.mark.parametrize("content", [b"", b"\xff", b"PRIVATE+KEY+x", b"-----BEGIN", b"x" * 5_000])
def test_a_file_that_is_no_key_is_refused_and_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(LogError, match=r"log\.key"):
        load_signer(path)


def test_a_link_a_pipe_and_a_folder_are_refused(tmp_path: Path) -> None:
    create_signer(tmp_path / "log.key", "log.example/one")
    (tmp_path / "link").symlink_to("log.key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(LogError, match=name):
            load_signer(tmp_path / name)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LogError, match=r"file/log.key: the signing key could not be stored"):
        create_signer(tmp_path / "file" / "log.key", "log.example/one")


def test_a_name_with_spaces_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot name a key"):
        create_signer(tmp_path / "log.key", "my log")
    assert not list(tmp_path.iterdir())
