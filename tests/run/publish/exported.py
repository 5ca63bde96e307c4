"""A case with what exports tell: pages in two languages, a removal, decisions, a letter."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sousveil.case import Case, open_case
from tests.commands import Ran, sousveil
from tests.sites import Page, case_for, serve

ENGLISH = "Our face analysis detects the ethnicity of every visitor, such as Uyghur."
CHINESE = "人脸属性识别支持识别民族，包括维吾尔族、汉族等。"
REVIEWER = "Ivana Testerova"
LETTER_TO = "press@halcyon.example"


@dataclass(frozen=True, slots=True)
class World:
    """A case, and what it watches."""

    case: Case
    url: str
    ids: dict[str, str]  # of findings, by the beginning of their quotes

    def export(self, form: str, output: Path, *more: object) -> Ran:
        return sousveil("export", "--case", self.case.root, "--format", form, "-o", output, *more)

    def exported(self, form: str, output: Path, *more: object) -> bytes:
        ran = self.export(form, output, *more)
        assert ran.status == 0, ran.err
        return output.read_bytes()

    def exported_json(self, form: str, output: Path, *more: object) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.exported(form, output, *more))
        return told


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make the case: two of its findings are confirmed, one is rejected, the others open."""
    with serve() as site, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        site.pages["/en"] = page("=Features & {prices} of 100% #1_A", ENGLISH)
        site.pages["/zh"] = page("智能人脸平台", CHINESE, "本系统可以分析人员的种族属性。")
        site.pages["/news"] = page("News", "The company denies that it detects ethnicity.")
        targets = [f"{site.url}/{name}" for name in ("en", "zh", "news")]
        run("add", "--case", case.root, *targets[:2], "--actor", "Halcyon Vision")
        run("add", "--case", case.root, targets[2], "--actor", "Quarry Times")
        run("visit", "--case", case.root)
        site.pages["/en"] = page("=Features & {prices} of 100% #1_A", "Our cameras count people.")
        run("visit", "--all", "--case", case.root)
        found = run("findings", "--case", case.root, "--json").json()
        ids = {one["quote"][:12]: one["id"] for one in found}
        english = next(one["id"] for one in found if one["capture"]["url"] == targets[0])
        chinese = [one["id"] for one in found if one["capture"]["url"] == targets[1]]
        for finding in (english, chinese[0]):
            decide(case, finding, "confirm")
        run("inquiry", "about", "--case", case.root, targets[1],
            "--sent", "2026-11-01T10:00", "--to", LETTER_TO)  # fmt: skip
        yield World(open_case(case.root), site.url, ids | {"en": english, "zh": chinese[0]})


def page(title: str, *paragraphs: str) -> Page:
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    return Page(f"<!doctype html><title>{title}</title>{text}".encode())


def decide(case: Case, finding: str, how: str) -> None:
    run("review", "--case", case.root, finding, how, "--by", REVIEWER, "--note", "seen by Ivana")


def run(*arguments: object) -> Ran:
    ran = sousveil(*arguments)
    assert ran.status == 0, ran.err
    return ran
