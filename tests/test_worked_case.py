"""The worked case says what its figures say, and they say when a field came and left."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sousveil.dossier.writing.parse import parse
from tools.worked_figures import (
    apart,
    cited_in,
    counted,
    courses,
    departures,
    fields_in,
    page,
    read_plan,
    shared,
    shown_message,
)

DOCS = Path(__file__).parents[1] / "docs"
OURS = DOCS / "worked-case"
SDK, APP = "https://code.example/halden/sdk.git", "https://code.example/orla/app.git"
PLAN = {
    "repository": [
        {"address": SDK, "vendor": "Halden Vision"},
        {"address": APP, "vendor": "Orla Systems"},
    ],
    "field": [
        {"name": "race", "names": ["race", "raceScore"]},
        {"name": "tribe", "names": ["tribe"]},
    ],
    "apart": [{"part": "whiteUser", "reason": "a list of users"}],
}


def found(
    number: int, quote: str, came: str, left: str = "", *, url: str = SDK, path: str = "Face.java"
) -> dict[str, Any]:
    def commit(day: str) -> dict[str, str]:
        message = f"Of {day}\n\nby B. Author"
        return {"commit": day.replace("-", "") * 5, "commit_date": day, "message": message}

    source = {"path": path, "line": 4, "entered": commit(came)} | (
        {"left": commit(left)} if left else {}
    )
    return {
        "id": f"{number:012x}",
        "label": "offers",
        "trait": "race",
        "quote": quote,
        "capture": {"url": url},
        "source": source,
        "verdict": "quote_removed" if left else "present",
    }


CAME_BACK = [
    found(1, "String race;", "2018-01-01", "2019-01-01"),
    found(2, "setRaceScore(in.get(RACESCORE))", "2017-01-01", "2020-01-01", path="Read.java"),
    found(3, "String race;", "2021-01-01", "2022-01-01"),
    found(4, "brace() // embrace", "2015-01-01"),
    found(5, "List whiteUserList;", "2015-01-01"),
    found(6, "int tribe, race;", "2016-01-01", url=APP),
]


def test_a_field_is_a_whole_word_of_a_quote() -> None:
    told = [fields_in(one, PLAN) for one in CAME_BACK]
    assert told == [["race"], ["race"], ["race"], [], [], ["race", "tribe"]]
    assert [apart(one, PLAN) for one in CAME_BACK] == [None] * 4 + ["a list of users", None]
    assert apart(found(7, "race of whiteUser", "2018-01-01"), PLAN) is None, "it has a field"


def test_a_field_came_with_the_first_commit_and_left_with_the_last() -> None:
    sdk, *app = courses(CAME_BACK, PLAN)
    assert (sdk["field"], sdk["findings"], sdk["finding"]) == ("race", 3, f"{2:012x}")
    assert (sdk["entered"]["date"], sdk["left"]["date"]) == ("2017-01-01", "2022-01-01")
    assert [(one["field"], one["left"]) for one in app] == [("race", None), ("tribe", None)]
    (standing,) = courses([*CAME_BACK[:3], found(8, "RACE", "2023-01-01")], PLAN)
    assert standing["left"] is None


def test_what_left_and_came_back_is_told_with_both_dates() -> None:
    moved = found(9, "String race;", "2010-01-01", "2011-01-01") | {"verdict": "moved"}
    told = departures([*CAME_BACK, moved], PLAN)
    dates = [(one["date"], one["quotes"], one["back"]) for one in told]
    assert dates == [
        ("2019-01-01", {"race": 1}, "2021-01-01"),
        ("2020-01-01", {"race": 1}, None),
        ("2022-01-01", {"race": 1}, None),
    ]


def test_what_a_text_cites_is_told_with_its_commits() -> None:
    (one,) = cited_in(f"It had race [@f:{1:012x}], and again [@f:{1:012x}].", CAME_BACK)
    assert (one["finding"], one["quote"]) == (f"{1:012x}", "String race;")
    assert one["left"] == {
        "commit": "20190101" * 5,
        "date": "2019-01-01",
        "message": one["left"]["message"],
    }
    assert one["left"]["message"] == "Of 2019-01-01 by […]"


def test_what_several_vendors_have_is_told_since_when() -> None:
    assert shared(courses(CAME_BACK, PLAN), PLAN) == [
        {"field": "race", "since": {"Orla Systems": "2016-01-01", "Halden Vision": "2017-01-01"}}
    ]
    told = counted(CAME_BACK, PLAN)
    assert (told["all"], told["with_field"], told["apart"], told["gone"]) == (6, 4, 1, 3)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Released By ada.b,Version 1\nmore", "Released By […],Version 1 more"),
        ("Merge pull request #3 from ada/fix", "Merge pull request #3 from […]"),
        ("Signed-off-by: Ada <ada@b.example>", "Signed-off-by: […] <[…]>"),
        ("thanks @ada", "thanks […]"),
        ("更新到最新接口", "更新到最新接口"),
        ("x" * 200, "x" * 100 + "…"),
    ],
)
def test_a_message_names_nobody(message: str, shown: str) -> None:
    assert shown_message(message) == shown


# ---------------------------------------------------------------- what is in the repository


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((OURS / "figures.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def text() -> str:
    return (OURS / "dossier.md").read_text(encoding="utf-8")


def test_the_page_shows_the_figures_that_the_command_last_wrote(
    figures: dict[str, Any], text: str
) -> None:
    plan = read_plan((OURS / "case.toml").read_text(encoding="utf-8"))
    template = (OURS / "page.md.jinja").read_text(encoding="utf-8")
    written = (DOCS / "explanation" / "worked-case.md").read_text(encoding="utf-8")
    assert written == page(template, plan, text, figures), "run: make worked-case"


def test_the_figures_are_of_the_plan_and_the_text_as_they_are(
    figures: dict[str, Any], text: str
) -> None:
    plan = read_plan((OURS / "case.toml").read_text(encoding="utf-8"))
    assert [one["address"] for one in figures["repositories"]] == [
        one["address"] for one in plan["repository"]
    ]
    assert sum(one["all"] for one in figures["repositories"]) == figures["findings"]["all"]
    assert {one["field"] for one in figures["fields"]} <= {one["name"] for one in plan["field"]}
    assert [one["finding"] for one in figures["cited"]] == sorted(
        set(re.findall(r"@f:([0-9a-f]{12})", text))
    )


def test_every_date_of_the_text_is_that_of_a_commit_it_cites(
    figures: dict[str, Any], text: str
) -> None:
    by_id = {one["finding"]: one for one in figures["cited"]}
    seen = 0
    for statement in parse(text).statements:
        cited = [by_id[name.removeprefix("f:")] for name in statement.cites]
        commits = [commit for one in cited for commit in (one["entered"], one["left"]) if commit]
        for day, month, year in re.findall(r"(\d+) ([A-Z]\w+) (\d{4})", statement.text):
            number = "JanFebMarAprMayJunJulAugSepOctNovDec".index(month[:3]) // 3 + 1
            when = date(int(year), number, int(day)).isoformat()
            assert when in {commit["date"] for commit in commits}, statement.text
            seen += 1
    assert seen > 8


def test_no_file_of_the_worked_case_tells_of_the_computer_it_was_made_on() -> None:
    for path in (*OURS.iterdir(), DOCS / "explanation" / "worked-case.md"):
        told = path.read_text(encoding="utf-8")
        assert not re.search(r"/(?:tmp|root|home|work)/|localhost|127\.0\.0", told), path
