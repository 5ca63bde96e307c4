"""A bundle tells how the log's keys followed each other, and is known by each that vouches."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sousveil.case import Case, open_case
from sousveil.run.keys import rotate
from sousveil.settings import key_path
from sousveil.tlog.cosignature import cosign
from sousveil.tlog.keys import new_signer
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import COSIGNATURE
from sousveil.tlog.witnesses import keep_cosignature
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run.test_bundles import CLAIM, FRAME, checked, ids
from tests.sites import Page, case_for, serve


@pytest.fixture(scope="module")
def keys() -> list[str]:
    """The keys of the case, the oldest first."""
    return []


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, keys: list[str]) -> Iterator[Case]:
    """A case whose key will be followed, revoked and lost; the first key's log was witnessed."""
    folder = tmp_path_factory.mktemp("keyed")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        patch.setenv("SOUSVEIL_CASE", str(case.root))
        site.pages["/s/gate.html"] = Page(f"{FRAME}<p>{CLAIM}</p>".encode())
        assert sousveil("add", "--no-browser", f"{site.url}/s/gate.html").status == 0
        assert sousveil("visit").status == 0
        witnessed(case)
        keys.append(case.settings.key)
        yield case


def witnessed(case: Case) -> None:
    witness = new_signer("w.example", COSIGNATURE)
    head = read_checkpoint(case.log, case.settings.key)
    assert head is not None
    line = cosign(head.note, witness, NOW)
    keep_cosignature(case.log, head, witness.verifier, line)


@pytest.fixture(scope="module")
def bundles(case: Case, keys: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A bundle under each key, all of the log that was witnessed, and one of the log as it is."""
    folder, made = tmp_path_factory.mktemp("bundles"), []

    def bundle(name: str) -> None:
        made.append(folder / f"{name}.wacz")
        told = sousveil("bundle", "--case", case.root, *ids(case), "-o", made[-1])
        assert told.status == 0, told.err

    bundle("before")
    for kind in ("rotated", "revoked", "lost"):
        if kind == "lost":
            key_path(case.settings.origin).unlink()
            assert sousveil("key", "lost", "--case", case.root).status == 0
        else:
            since = NOW if kind == "revoked" else None
            rotate(open_case(case.root), "", NOW, lambda: False, stolen_since=since)
        keys.append(open_case(case.root).settings.key)
        bundle(kind)
    (case.log / "witnesses" / "keys").unlink()
    for one in (case.log / "witnesses").glob("*.checkpoint"):
        one.unlink()
    bundle("by the newest key")
    return made


def test_a_bundle_from_before_is_known_by_the_key_of_then(
    bundles: list[Path], keys: list[str], tmp_path: Path
) -> None:
    assert checked(bundles[0], "--key", keys[0], folder=tmp_path).returncode == 0
    assert checked(bundles[0], "--key", keys[1], folder=tmp_path).returncode == 1


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_the_first_key_signed_is_known_by_every_later_one(
    bundles: list[Path], keys: list[str], number: int, tmp_path: Path
) -> None:
    for key in keys[: number + 1]:
        told = checked(bundles[number], "--key", key, folder=tmp_path)
        assert told.returncode == 0, told.stdout
        assert f"signed by {keys[0]}" in told.stdout
    asked = checked(bundles[number], folder=tmp_path).stdout
    assert f"whether this is their key: {keys[number]}" in asked


def test_a_key_that_was_stolen_or_lost_says_nothing_of_those_that_came_after(
    bundles: list[Path], keys: list[str], tmp_path: Path
) -> None:
    told = [checked(bundles[4], "--key", key, folder=tmp_path).returncode for key in keys]
    assert told == [1, 1, 1, 0]


def test_verify_says_the_same_and_tells_the_keys(
    case: Case, bundles: list[Path], keys: list[str]
) -> None:
    for number, key, right in ((1, keys[0], True), (1, keys[1], True), (4, keys[0], False)):
        told = sousveil("verify", bundles[number], "--key", key)
        assert (told.status == 0) == right, told.out
        if right:
            assert f"The keys of that log: {keys[0]} followed at entry" in told.out
            assert "Whose log it is" not in told.out
            (form,) = sousveil("verify", bundles[number], "--key", key, "--json").json()
            assert form["is_key_confirmed"]
    against = sousveil("verify", case.root, "--against", bundles[0])
    assert (against.status, "the log goes on from it" in against.out) == (0, True)


def test_an_export_tells_them_too(
    case: Case, keys: list[str], bundles: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "all.wacz"
    assert bundles
    assert sousveil("export", "--format", "wacz", "--case", case.root, "-o", path).status == 0
    for key, right in zip(keys, (False, False, False, True), strict=True):
        told = sousveil("verify", path, "--key", key)
        assert (told.status == 0) == right, told.out
    with zipfile.ZipFile(path) as package:
        readme = package.read("sousveil/README.md").decode()
    assert all(key in readme for key in keys)


@pytest.mark.parametrize("taken", ["json", "tlog-proof", "former"])
def test_a_bundle_without_what_shows_a_change_is_a_no(
    bundles: list[Path], taken: str, tmp_path: Path
) -> None:
    def without(name: str, data: bytes) -> bytes | None:
        is_taken = name.endswith(f".{taken}") and not name.endswith("keys.json")
        return None if name.startswith("sousveil/keys/") and is_taken else data

    told = checked(rewritten(bundles[3], tmp_path, without), folder=tmp_path)
    assert told.returncode == 1
    assert "NO   the log's keys" in told.stdout


@pytest.mark.parametrize("member", ["json", "tlog-proof", "former", "keys.json"])
def test_a_change_of_keys_that_was_altered_is_a_no(
    bundles: list[Path], member: str, tmp_path: Path
) -> None:
    for place in (0.1, 0.9):

        def altered(name: str, data: bytes, place: float = place) -> bytes:
            if name.startswith("sousveil/keys/") and name.endswith(member):
                at = int(len(data) * place)
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            return data

        told = checked(rewritten(bundles[3], tmp_path, altered), folder=tmp_path)
        assert "NO   the log's keys" in told.stdout, (member, place, told.stdout)


def test_a_checkpoint_under_the_name_of_another_key_is_a_no(
    bundles: list[Path], keys: list[str], tmp_path: Path
) -> None:
    def renamed(name: str, data: bytes) -> bytes:
        if name == "sousveil/bundle.json":
            data = json.dumps(json.loads(data) | {"key": keys[1]}).encode()
        return data

    told = checked(rewritten(bundles[3], tmp_path, renamed), folder=tmp_path)
    assert f"the checkpoint is of {keys[0]}, not of {keys[1]}" in told.stdout


def rewritten(path: Path, folder: Path, change: object) -> Path:
    """Return a copy of a bundle with files changed, which its list of files does not know."""
    assert callable(change)
    target = folder / "rewritten.wacz"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target
