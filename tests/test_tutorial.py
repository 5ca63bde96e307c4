"""The tutorial works: each command that it shows runs, in the order shown, on a vendor's site."""

import re
import shlex
from pathlib import Path

import pytest

from tests.commands import Ran, sousveil
from tests.sites import Page, case_for, serve

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial" / "first-case.md"
VENDOR = "https://vendor.example"
CLAIM = "The camera tells the ethnicity of every visitor, and raises an alarm."
FRAME = "<p>Halden makes cameras for gates and doors.</p><p>Write to us for an offer.</p>"


def commands() -> list[list[str]]:
    """Return the commands of the tutorial's blocks, but those that open the case."""
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line) for block in blocks for line in block.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["sousveil"] and line[1] != "init"]


def page(*passages: str) -> Page:
    told = "".join(f"<p>{passage}</p>" for passage in passages)
    return Page(f"<html lang=en><title>Camera</title>{told}{FRAME}</html>".encode())


def test_each_command_of_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, ran = tmp_path / "case", dict[str, Ran]()
    with serve() as site:
        case_for(root, site)
        monkeypatch.chdir(root)
        site.pages["/products/camera.html"] = page(CLAIM)
        for command in commands():
            if "repository" in command:
                continue  # git over HTTP has tests of its own
            more = []
            if command == ["watch"]:
                site.pages["/products/camera.html"] = page()
                more = ["--once", "--all"]
            known = sousveil("findings", "--json").json()
            ids = {"3f9a0c21b7de": known[0]["id"] if known else ""}
            told = [ids.get(word, word.replace(VENDOR, site.url)) for word in [*command, *more]]
            ran[command[0]] = sousveil(*told)
            assert ran[command[0]].status == 0, (told, ran[command[0]].err)
    assert ran["visit"].out.startswith(f"there             {site.url}/products/camera.html")
    assert "missing, not confirmed yet: not in the page" in ran["watch"].out
    assert f"Went missing from {site.url}/products/camera.html between " in ran["changes"].out
    assert {"targets", "diff", "verify", "dossier", "bundle", "show"} <= set(ran)
    assert (root / "before-and-after.html").exists()
