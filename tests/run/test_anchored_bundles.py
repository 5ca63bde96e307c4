"""A bundle brings the way from its checkpoint into a block of Bitcoin, which its script follows."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.settings import Calendar, Headers, Timestamps
from sousveil.tlog.timestamps.blocks import read_header
from tests.commands import sousveil
from tests.run.test_bundles import CLAIM, FRAME, checked, ids
from tests.run.test_calendars import HARD, House, mined, serving
from tests.run.test_keys_in_bundles import rewritten
from tests.sites import Page, case_for, serve


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case with a finding, whose log is in a block."""
    folder = tmp_path_factory.mktemp("anchored")
    with pytest.MonkeyPatch.context() as patch, serve() as site, serving(House()) as house:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        made = case_for(folder / "case", site)
        patch.setenv("SOUSVEIL_CASE", str(made.root))
        hosts = made.settings.allow_hosts | {house.url.removeprefix("http://")}
        stamps = Timestamps(
            calendars={"a": Calendar("a", house.url)}, headers=Headers("core", house.url)
        )
        save_settings(made, replace(made.settings, allow_hosts=hosts, timestamps=stamps))
        site.pages["/s/gate.html"] = Page(f"{FRAME}<p>{CLAIM}</p>".encode())
        assert sousveil("add", "--no-browser", f"{site.url}/s/gate.html").status == 0
        assert "promised by a" in sousveil("visit").err
        house.confirm()
        root = read_header(house.headers[house.height]).root
        house.headers[house.height] = mined(root, bits=HARD)
        assert sousveil("stamp").status == 0
        yield open_case(made.root)


@pytest.fixture(scope="module")
def bundle(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "evidence.wacz"
    told = sousveil("bundle", "--case", case.root, *ids(case), "-o", path)
    assert told.status == 0, told.err
    return path


def test_a_stranger_is_told_the_block_and_what_to_compare(
    case: Case, bundle: Path, tmp_path: Path
) -> None:
    told = checked(bundle, "--key", case.settings.key, folder=tmp_path)
    assert told.returncode == 0, told.stdout
    words = "this checkpoint existed before block 200 of Bitcoin, whose header says 2026-01-02 09"
    assert words in told.stdout
    header = (case.log / "timestamps" / "blocks" / "200.header").read_bytes()
    assert f"compare its hash, {read_header(header).hash}" in told.stdout
    assert "nobody else vouches" not in told.stdout


def test_verify_says_the_same(case: Case, bundle: Path) -> None:
    told = sousveil("verify", bundle, "--key", case.settings.key)
    assert told.status == 0, told.out
    assert "Time stamp: this checkpoint existed before block 200 of Bitcoin" in told.out


@pytest.mark.parametrize("ending", [".ots", ".header"])
def test_a_proof_or_a_header_that_was_altered_is_a_no(
    bundle: Path, ending: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(bundle) as package:
        (name,) = (one for one in package.namelist() if one.endswith(ending))
        size = len(package.read(name))
    for place in range(0, size, 9):

        def altered(at: str, data: bytes, place: int = place) -> bytes:
            if at == name:
                data = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
            return data

        told = checked(rewritten(bundle, tmp_path, altered), folder=tmp_path)
        shown = told.stdout.partition(".ots: ")[2].splitlines()[0]
        is_caught = "NO   sousveil/timestamps/" in told.stdout
        assert is_caught or "if its merkle root is" in shown, (place, told.stdout)


def test_without_the_header_the_root_is_told_to_be_looked_up(bundle: Path, tmp_path: Path) -> None:
    def without(name: str, data: bytes) -> bytes | None:
        return None if name.endswith(".header") else data

    told = checked(rewritten(bundle, tmp_path, without), folder=tmp_path)
    assert "leads to block 200 of Bitcoin, if its merkle root is" in told.stdout
