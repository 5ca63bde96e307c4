"""Learning moves the shipped weights as far as decisions push, and tells whether that helps."""

import json
import math
import shutil
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.case import open_case
from sousveil.claims.model import shipped_model
from sousveil.durable import file_sha256
from sousveil.ledger import read_events
from sousveil.review.casemodel import case_model, case_model_form, words_of
from sousveil.review.learn import MAX_DECISIONS, Example, fit, learn, log_odds
from tests.commands import sousveil
from tests.conftest import NOW
from tests.review.cases import page, take_in

SHIPPED = shipped_model()
CUES = sorted(name for name in SHIPPED.weights if not name.startswith("word "))[:40]


@st.composite
def taught(draw: st.DrawFn) -> list[Example]:
    """Some decisions, of several sources."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["a.example", "b.example", "c.example"]),
                st.sets(st.sampled_from(CUES), min_size=1, max_size=8),
                st.booleans(),
            ),
            max_size=25,
        )
    )
    return [
        Example(f"{number:012x}", source, tuple(sorted(features)), is_claim)
        for number, (source, features, is_claim) in enumerate(rows)
    ]


def odds_of(examples: list[Example]) -> list[float]:
    return [log_odds(SHIPPED, example.features) for example in examples]


def test_without_decisions_nothing_changes() -> None:
    lesson = learn([], SHIPPED)
    assert lesson.corrections == {}
    assert lesson.before == lesson.after
    assert not lesson.is_better


@settings(max_examples=40, deadline=None)
@given(examples=taught(), order=st.randoms())
def test_the_order_of_decisions_is_irrelevant(examples: list[Example], order: Random) -> None:
    shuffled = list(examples)
    order.shuffle(shuffled)
    assert learn(shuffled, SHIPPED) == learn(examples, SHIPPED)


@settings(max_examples=60, deadline=None)
@given(examples=taught())
def test_what_is_learnt_is_finite_and_never_worse_on_what_it_was_learnt_from(
    examples: list[Example],
) -> None:
    corrections = fit(examples, odds_of(examples))
    assert all(math.isfinite(value) for value in corrections.values())
    moved = [
        before + sum(corrections.get(name, 0.0) for name in ("", *example.features))
        for before, example in zip(odds_of(examples), examples, strict=True)
    ]
    assert loss(moved, examples) <= loss(odds_of(examples), examples) + 1e-3


def loss(odds: list[float], examples: list[Example]) -> float:
    margins = [o if e.is_claim else -o for o, e in zip(odds, examples, strict=True)]
    return sum(math.log1p(math.exp(-margin)) for margin in margins)


@settings(max_examples=40, deadline=None)
@given(examples=taught())
def test_the_optimum_is_the_same_wherever_the_search_starts(examples: list[Example]) -> None:
    odds = odds_of(examples)
    start = dict.fromkeys((name for example in examples for name in example.features), 1.0)
    here, there = fit(examples, odds), fit(examples, odds, start)
    for name in here.keys() | there.keys():
        assert abs(here.get(name, 0.0) - there.get(name, 0.0)) < 0.05


@settings(max_examples=60, deadline=None)
@given(examples=taught(), features=st.sets(st.sampled_from(CUES), max_size=8))
def test_the_model_moves_the_odds_of_a_claim_by_its_corrections(
    examples: list[Example], features: set[str]
) -> None:
    lesson = learn(examples, SHIPPED)
    form = case_model_form(lesson, examples, SHIPPED, version=3, now=NOW)
    model = case_model(json.loads(json.dumps(form)), SHIPPED)
    assert model is not None
    assert model.name == "case model 3"
    moved = sum(lesson.corrections.get(name, 0.0) for name in ("", *features))
    expected = log_odds(SHIPPED, features) + moved
    if abs(expected) < 10:  # beyond, the calibration clamps
        assert log_odds(model, features) == pytest.approx(expected, abs=1e-6)


def test_a_model_made_for_other_weights_is_not_used() -> None:
    form = case_model_form(learn([], SHIPPED), [], SHIPPED, version=1, now=NOW)
    assert case_model(form, SHIPPED) is not None
    assert case_model(form, replace(SHIPPED, slope=SHIPPED.slope + 0.1)) is None


def test_a_feature_is_told_in_words() -> None:
    assert words_of("says law") == "speaks of law or rules"
    assert words_of("tech leads") == "speaks of a system, before what is said"
    assert words_of("") == "every passage"


@pytest.mark.slow
def test_five_thousand_decisions_are_learnt_from_in_a_minute() -> None:
    many = [
        Example(
            f"{number:012x}",
            f"{number % 300}.example",
            tuple(sorted({CUES[(number * step + number // 7) % len(CUES)] for step in range(25)})),
            number % 5 < 3,
        )
        for number in range(MAX_DECISIONS)
    ]
    began = time.process_time()
    assert learn(many, SHIPPED).sources == 300
    assert time.process_time() - began < 60


# ---------------------------------------------------------------- the commands

OFFER = "Our {} recognises the ethnicity of every face in the crowd."
REPORT = "The police bought a {} that tracks Uyghurs by their faces, Reuters reported."
THINGS = ("camera", "terminal", "gateway", "doorbell", "server", "drone", "kiosk", "tablet", "lamp")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case of nine sources, where what is offered is confirmed, and no report."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        patch.setenv("SOUSVEIL_CASE", str(folder / "case"))
        assert sousveil("init", folder / "case").status == 0
        take_in(folder / "case", {f"https://{t}.example/": _page(t) for t in THINGS})
        decide_on_all()
    return folder


@pytest.fixture
def case(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that case, of the test's own."""
    shutil.copytree(made, tmp_path / "made")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "made" / "config"))
    monkeypatch.setenv("SOUSVEIL_CASE", str(tmp_path / "made" / "case"))
    return tmp_path / "made" / "case"


def decide_on_all() -> None:
    for line in sousveil("findings", "--json").json():
        decision = "reject" if "Reuters" in line["quote"] else "confirm"
        ran = sousveil("review", line["id"], decision, "--by", "Ada")
        assert ran.status == 0, ran.err


def _page(thing: str) -> str:
    return page(OFFER.format(thing), REPORT.format(thing))


def test_a_case_learns_what_its_people_reject(case: Path) -> None:
    (told,) = sousveil("model", "train", "--json").json()
    assert (told["used"], told["version"], told["sources"]) == (True, 1, len(THINGS))
    assert told["after"]["wrong"] < told["before"]["wrong"]
    event = list(read_events(open_case(case)))[-1]
    assert (event.type, event.body["version"]) == ("model.trained", 1)
    assert event.body["sha256"] == file_sha256(case / "model.json")
    assert json.loads((case / "model.json").read_text("utf-8")) == event.body["model"]

    assert sousveil("analyse").status == 0
    take_in(case, {"https://window.example/": _page("window pane")}, name="later")
    fresh = [
        line
        for line in sousveil("findings", "--status", "open", "--json").json()
        if "window" in line["quote"]
    ]
    assert [line["label"] for line in fresh] == ["offers"]
    assert fresh[0]["engine"].endswith(", case model 1")
    assert sousveil("verify").status == 0
    assert "speaks of" in sousveil("model", "show").out


def test_a_rejected_finding_that_is_found_no_more_is_still_listed(case: Path) -> None:
    sousveil("model", "train")
    sousveil("analyse")
    lost = [line for line in sousveil("findings", "--json").json() if "no_longer_found_by" in line]
    assert {line["status"] for line in lost} == {"rejected"}
    assert all(line["no_longer_found_by"].endswith("case model 1") for line in lost)
    assert "no longer found by" in sousveil("show", lost[0]["id"]).out
    before = sousveil("findings", "--json").out
    for path in [*case.glob("index.sqlite*"), case / "model.json"]:
        path.unlink()
    assert sousveil("reindex").status == 0
    assert sousveil("findings", "--json").out == before
    assert (case / "model.json").is_file()


def test_a_model_that_is_dropped_judges_no_more_and_its_number_is_not_used_again(
    case: Path,
) -> None:
    before = sousveil("findings", "--json").out
    sousveil("model", "train")
    sousveil("analyse")
    assert sousveil("model", "drop").status == 0
    sousveil("analyse")
    assert sousveil("findings", "--json").out == before
    assert not (case / "model.json").exists()
    refused = sousveil("model", "drop")
    assert (refused.status, "no model of its own" in refused.err) == (2, True)
    (told,) = sousveil("model", "train", "--json").json()
    assert told["version"] == 2


def test_a_model_file_edited_by_hand_judges_nothing_and_is_noticed(case: Path) -> None:
    sousveil("model", "train")
    sousveil("analyse")
    before = sousveil("findings", "--json").out
    path = case / "model.json"
    path.write_text(path.read_text("utf-8").replace('"by": -', '"by": '), "utf-8")
    assert "0 captures read" in sousveil("analyse").err
    assert sousveil("findings", "--json").out == before
    ran = sousveil("verify")
    assert (ran.status, "model.json: is not the case's own model" in ran.out) == (1, True)


def test_a_model_that_is_no_better_on_other_sources_is_not_used(case: Path) -> None:
    take_in(case, {f"https://one.example/{t}": _page(t) for t in THINGS}, "one")
    for line in sousveil("findings", "--json").json():
        against_other_sources = "reject" if "one.example" in str(line) else "confirm"
        sousveil("review", line["id"], against_other_sources, "--by", "Ada")
    ran = sousveil("model", "train")
    assert (ran.status, "Not used" in ran.out) == (0, True)
    assert "No model of its own" in sousveil("model", "show").out


def test_too_few_decisions_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUSVEIL_CASE", str(tmp_path / "new"))
    sousveil("init", tmp_path / "new")
    ran = sousveil("model", "train")
    assert ran.status == 2
    assert "0 confirmed and 0 rejected, of 8 each that are needed" in ran.err
    take_in(tmp_path / "new", {f"https://one.example/{t}": _page(t) for t in THINGS})
    decide_on_all()
    ran = sousveil("model", "train")
    assert (ran.status, "all decisions are on one.example" in ran.err) == (2, True)


def test_a_training_that_was_killed_before_its_file_was_written_leaves_a_whole_case(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("sousveil.run.learning.write_durably", killed)
        assert sousveil("model", "train").status != 0
    assert sousveil("verify").status == 0
    sousveil("analyse")
    assert sousveil("verify").status == 0
    sousveil("reindex")
    kept = (case / "model.json").read_bytes()
    assert sousveil("model", "drop").status == 0
    (case / "model.json").write_bytes(kept)  # as if it had been killed before it went
    assert sousveil("verify").status == 0
