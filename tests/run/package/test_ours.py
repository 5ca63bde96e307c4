"""Packages of our own are held to every byte, and to the log's proofs in them."""

import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.errors import LogError
from tests.commands import sousveil
from tests.run.package.packages import files, problems, relisted, verified, zipped
from tests.sites import Page, case_for, serve

CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case with one finding, and an archive that somebody else made."""
    folder = tmp_path_factory.mktemp("ours")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        patch.setenv("SOUSVEIL_CASE", str(case.root))
        site.pages["/gate"] = Page(f"<title>Gate</title><p>{CLAIM}</p>".encode())
        assert sousveil("add", "--no-browser", f"{site.url}/gate").status == 0
        assert sousveil("visit").status == 0
        donated = folder / "theirs.warc.gz"
        donated.write_bytes(files()["archive/data.warc.gz"])
        assert sousveil("import", donated).status == 0
        yield case


@pytest.fixture(scope="module")
def bundle(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    path = tmp_path_factory.mktemp("bundle") / "evidence.wacz"
    made = sousveil("bundle", "--case", case.root, finding["id"], "-o", path)
    assert made.status == 0, made.err
    return path


@pytest.fixture(scope="module")
def export(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "case.wacz"
    made = sousveil("export", "--case", case.root, "--format", "wacz", "-o", path)
    assert made.status == 0, made.err
    return path


def test_a_bundle_is_whole_and_tells_its_findings(case: Case, bundle: Path) -> None:
    told = sousveil("verify", bundle, "--key", case.settings.key)
    assert told.status == 0, told.out
    assert "Whole:" in told.out
    assert "the quote stands in these bytes, word for word" in told.out
    assert "One key signed all of it" in told.out
    assert "Whose log it is" not in told.out
    assert "no authority stamped it" in told.out


def test_an_export_is_whole_with_what_others_gave(case: Case, export: Path) -> None:
    result = verified(export, case.settings.key)
    assert problems(result) == ""
    assert result.logged is not None
    assert (result.logged.kind, result.logged.entries) == ("export", 2)
    assert result.is_key_confirmed


def test_without_the_key_it_is_asked_for(case: Case, export: Path) -> None:
    told = sousveil("verify", export, "--json").json()[0]
    assert told["ok"]
    assert told["logged"]["key"] == case.settings.key
    assert any(one.startswith("Whose log it is") for one in told["not_proved"])


def test_another_key_is_a_fault_and_a_mistyped_one_refused(case: Case, export: Path) -> None:
    other = case.settings.key
    with pytest.raises(LogError):
        verified(export, other[:-6] + "AAAAA=")
    told = sousveil("verify", export, "--key", "typo")
    assert told.status == 2


def test_what_is_for_the_other_kind_is_refused(case: Case, export: Path) -> None:
    told = sousveil("verify", case.root, "--key", case.settings.key)
    assert (told.status, "--key is for a WACZ file" in told.err) == (2, True)
    told = sousveil("verify", export, "--against", case.root / "log" / "checkpoint")
    assert (told.status, "--against is for a case" in told.err) == (2, True)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def stored(path: Path, package: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in package.items():
            made.writestr(name, data)
    return path


def test_a_package_listed_anew_is_not_the_one_that_was_signed(export: Path, tmp_path: Path) -> None:
    package = contents(export)
    for name in [name for name in package if name.startswith("sousveil/entry-")]:
        changed = package | {name: package[name].replace(b"visit", b"visut")}
        if changed != package:
            found = problems(verified(stored(tmp_path / "x.wacz", relisted(changed))))
            assert f"{name}: " in found or "another checkpoint" in found
            assert "what was signed is another manifest" in found


@pytest.mark.parametrize("name", ["README.md", "checkpoint", "entry-2.json", "entry-2.tlog-proof"])
def test_each_file_of_the_proof_is_missed(export: Path, tmp_path: Path, name: str) -> None:
    package = contents(export)
    gone = f"sousveil/{name}"
    assert gone in package
    left = {one: data for one, data in package.items() if one != gone}
    assert verified(stored(tmp_path / "x.wacz", relisted(left))).faults


def test_a_package_that_poses_as_ours_is_held_to_our_ways(tmp_path: Path) -> None:
    package = relisted(files() | {"sousveil/checkpoint": b"x"})
    result = verified(zipped(tmp_path / "x.wacz", package))
    assert result.is_ours
    assert "our program writes no such file" in problems(result)


def test_a_bundle_that_names_a_thing_a_thousand_times_is_refused(
    bundle: Path, tmp_path: Path
) -> None:
    package = contents(bundle)
    told = json.loads(package["sousveil/bundle.json"])
    for name in ("timestamps", "findings", "entries"):
        again = told | {name: (told[name] or ["sousveil/x.tsr"]) * 1_000}
        changed = package | {"sousveil/bundle.json": json.dumps(again).encode()}
        found = problems(verified(stored(tmp_path / "x.wacz", relisted(changed))))
        assert "names something twice" in found


def flipped(path: Path, changed: Path, count: int) -> list[int]:
    """Return where a flipped bit of a package was not noticed."""
    data, chance = path.read_bytes(), random.Random(9)  # noqa: S311  # a choice, no secret
    unnoticed = []
    for _ in range(count):
        place = chance.randrange(len(data))
        other = bytearray(data)
        other[place] ^= 1 << chance.randrange(8)
        changed.write_bytes(other)
        if not verified(changed).faults:
            unnoticed.append(place)
    return unnoticed


def test_no_bit_of_a_package_of_ours_changes_unnoticed(
    bundle: Path, export: Path, tmp_path: Path
) -> None:
    assert flipped(bundle, tmp_path / "x.wacz", 12) == []
    assert flipped(export, tmp_path / "x.wacz", 60) == []


@pytest.mark.slow
def test_no_bit_of_a_package_of_ours_changes_unnoticed_by_the_thousand(
    bundle: Path, export: Path, tmp_path: Path
) -> None:
    assert flipped(bundle, tmp_path / "x.wacz", 400) == []
    assert flipped(export, tmp_path / "x.wacz", 4_000) == []
