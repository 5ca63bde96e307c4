"""What tests of several rooms need: a configuration of their own, cases, real git repositories."""

import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.capture.browser.program import find_browser
from sousveil.case import Case
from sousveil.errors import BrowserError
from sousveil.ledger import create_case

# Tests that are not about browsers do without; `with_browser` brings one back.
os.environ["SOUSVEIL_BROWSER"] = "none"
# Programs that tests start, by the hundred, compile our modules and those of others only once,
# even where Python is told to write nothing beside them.
os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".cache" / "bytecode")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Tests sync files some hundred thousand times. In memory that costs nothing, and loosens nothing:
# tests of power cuts and failing disks see the calls (tests/disk.py), never the device.
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 2**31  # noqa: S108  # pytest makes a folder of its own
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

Git = Callable[..., str]
Commit = Callable[..., str]


def pytest_collection_finish() -> None:
    """Keep the collector from walking all tests again and again: a sixth of their time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def ready_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of all tests of a session: no program that they start makes words anew."""
    folder = tmp_path_factory.mktemp("ready")
    folder.chmod(0o700)
    return folder


@pytest.fixture(autouse=True)
def own_config(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, ready_words: Path
) -> Path:
    """Keep signing keys of tests away from those of the person who runs them."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "cache").symlink_to(ready_words)
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(folder))
    monkeypatch.delenv("SOUSVEIL_CASE", raising=False)
    return folder


@pytest.fixture
def with_browser(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let visits use the browser of this computer; skip where there is none."""
    monkeypatch.delenv("SOUSVEIL_BROWSER", raising=False)
    try:
        return find_browser()
    except BrowserError as error:
        pytest.skip(str(error))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Give a fresh case, with nothing in it but its opening."""
    return create_case(tmp_path / "case", title="Test", operator="Nobody", now=NOW)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Run git in a folder: `git(folder, "tag", "v1")` gives what it prints, stripped."""
    configuration = tmp_path / "gitconfig"
    configuration.write_text("[user]\nname = N\nemail = e@example\n[init]\ndefaultBranch = main\n")

    def run(
        folder: Path, *arguments: str, stdin: bytes = b"", date: str = "1600000000 +0000"
    ) -> str:
        environment = os.environ | {
            "GIT_CONFIG_GLOBAL": str(configuration),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
        }
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, input=stdin,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    return run


@pytest.fixture
def commit(git: Git) -> Commit:
    """Write files (None deletes one), commit them, and give the commit's id.

    Each commit is a day later than the one before, the first of 14 September 2020.
    """
    days = iter(range(10_000))

    def run(folder: Path, message: str, files: Mapping[str, bytes | None]) -> str:
        for name, content in files.items():
            path = folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        date = f"{1_600_041_600 + 86_400 * next(days)} +0800"
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", message, date=date)
        return git(folder, "rev-parse", "HEAD")

    return run


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """An empty repository with a work tree, on branch main."""
    folder = tmp_path / "vendor sdk"
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder
