"""The commands that show what was found, and what is looked for."""

from pathlib import Path

import pytest

from tests.commands import sousveil
from tests.review.cases import OFFER, page, take_in

OWN = """
name = "ethnicity"
version = 3
title = "Caste"
description = "Infers caste."
[trait.caste.attribute]
en = ["caste", "jati"]
hi = ["जाति"]
[trait.caste.field]
code = ["caste code"]
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case of one finding, and a topic file in the folder where commands are given."""
    monkeypatch.chdir(tmp_path)
    case = tmp_path / "case"
    monkeypatch.setenv("SOUSVEIL_CASE", str(case))
    assert sousveil("init", case).status == 0
    take_in(case, {"https://halden.example/": page(OFFER)})
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    return case


def test_a_finding_is_shown_with_the_engine_that_judged_it() -> None:
    (line,) = sousveil("findings", "--json").json()
    assert f"Judged by: {line['engine']}" in sousveil("show", line["id"]).out


def test_a_topic_is_shown_with_its_words_by_trait_kind_and_language() -> None:
    shown = sousveil("topics", "show", "own.toml").out
    assert "caste, attribute (the trait itself)\n    en: caste, jati\n    hi: जाति\n" in shown
    assert "caste, field (a name in source code, in words)\n    code: caste code\n" in shown


def test_two_topics_of_one_name_are_refused_where_they_meet(root: Path) -> None:
    ran = sousveil("read", "own.toml", "--topic", "ethnicity", "--topic", "own.toml")
    assert (ran.status, ran.out) == (2, "")
    assert "two topics are called 'ethnicity'. Rename one" in ran.err
    settings = root / "case.toml"
    (root / "own.toml").write_text(OWN, "utf-8")
    text = settings.read_text("utf-8").replace('["ethnicity"]', '["ethnicity", "own.toml"]')
    settings.write_text(text, "utf-8")
    ran = sousveil("analyse")
    assert ran.status == 2
    assert "case.toml, topics: two topics are called 'ethnicity'. Rename one" in ran.err
