import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sousveil.capture.git.run import GitError, require_git, run_git, stream_git
from sousveil.errors import RepositoryError


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program named git that comes first on PATH; the test writes it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    require_git.cache_clear()
    yield folder / "git"
    require_git.cache_clear()


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_a_git_that_is_too_old_is_refused_with_the_next_step(fake_git: Path) -> None:
    write(fake_git, "echo git version 2.36.9")
    with pytest.raises(RepositoryError, match=r"git 2\.36\.9 is too old: install git 2\.37"):
        require_git()


@pytest.mark.parametrize(
    "said", ["2.37.0", "2.39.5 (Apple Git-154)", "3.0.rc1", "2.47.1.windows.1"]
)
def test_a_git_that_is_new_enough_is_used(fake_git: Path, said: str) -> None:
    write(fake_git, f"echo 'git version {said}'")
    assert said.startswith(require_git())


def test_a_missing_git_is_said(fake_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake_git.parent))
    with pytest.raises(RepositoryError, match="install git"):
        require_git()


def test_a_git_that_hangs_is_ended_with_what_it_started(fake_git: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    write(
        fake_git, f"test $1 = version && echo git version 2.40.0 && exit\n(sleep 1; touch {late})"
    )
    with pytest.raises(GitError) as caught:
        run_git(["fetch"], seconds=0.2)
    assert caught.value.timed_out
    with (
        pytest.raises(GitError) as caught,
        stream_git(["log"], git_dir=tmp_path, seconds=0.2) as pipe,
    ):
        pipe.read()
    assert caught.value.timed_out
    time.sleep(1.2)
    assert not late.exists()


def test_what_git_says_is_repeated_without_control_characters(fake_git: Path) -> None:
    write(
        fake_git,
        "test $1 = version && echo git version 2.40.0 && exit\n"
        "printf 'fatal: \\033[2Jgone\\n' >&2; exit 128",
    )
    with pytest.raises(GitError, match=r"git fetch: fatal:  \[2Jgone$"):
        run_git(["fetch"])


def test_a_reader_that_stops_early_is_no_failure_of_git(repository: Path) -> None:
    with stream_git(
        ["cat-file", "--batch"], git_dir=repository / ".git", stdin=b"x\n" * 99999
    ) as p:
        assert p.readline() == b"x missing\n"


def test_nothing_of_the_users_configuration_reaches_git(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.rev-parse")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!false")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    listed = run_git(["config", "--list", "--show-scope"], git_dir=repository / ".git").decode()
    assert "alias" not in listed
    assert {line.split("\t")[0] for line in listed.splitlines()} == {"local", "command"}
