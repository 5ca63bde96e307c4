"""The commands about actors, without a case."""

from pathlib import Path

import pytest

from tests.commands import sousveil


@pytest.fixture(autouse=True)
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_who_we_know_is_listed_without_a_case() -> None:
    ran = sousveil("actors", "list", "--json")
    assert ran.status == 0
    assert {"name", "names", "domains", "accounts", "listings"} <= set(ran.json()[0])
    assert f"{len(ran.json())} actors." in sousveil("actors", "list").err


def test_somebody_is_shown_by_any_of_their_names() -> None:
    shown = {
        sousveil("actors", "show", name).out for name in ("Hikvision", "海康威视", "HIKVISION")
    }
    assert len(shown) == 1
    assert "domains: hikvision.com" in shown.pop()


def test_nobody_is_told_with_who_is_near() -> None:
    ran = sousveil("actors", "show", "vision")
    assert ran.status == 2
    assert "nobody is known by this name. Near it: " in ran.err


def test_a_file_of_actors_is_checked(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[[actor]]\nname = "Halcyon Vision"\n', encoding="utf-8")
    bad.write_text('[[actor]]\nname = "Halcyon"\nalias = "HV"\n', encoding="utf-8")
    assert (sousveil("actors", "check", good).status, sousveil("actors", "check", bad).status) == (
        0,
        1,
    )
    (problem,) = sousveil("actors", "check", good, bad, tmp_path / "none", "--json").json()[:1]
    assert problem["file"] == str(bad)
    assert "unknown key 'alias'" in problem["problem"]


def test_actors_alone_says_what_it_can_do() -> None:
    assert "import" in sousveil("actors").out
