"""Two people read for themselves: nobody sees what the other decided before both have decided."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sousveil.case import open_case
from sousveil.ledger import read_events
from tests.commands import sousveil
from tests.review.cases import OFFER, POLICY, page, take_in

SECRET = "a note that nobody may read yet"
ELSEWHERE = ("https://a.example/", "https://halden.example/", "https://mirror.example/copy")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case that asks for two readings: one offer at three places, one policy."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        assert sousveil("init", folder / "case").status == 0
        take_in(folder / "case", {url: page(OFFER) for url in ELSEWHERE[1:]})
        take_in(folder / "case", {ELSEWHERE[0]: page(OFFER, POLICY)}, "policy")
        settings = folder / "case" / "case.toml"
        settings.write_text(settings.read_text().replace("readings = 1", "readings = 2"))
    return folder


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that case, of the test's own."""
    shutil.copytree(made, tmp_path / "made")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "made" / "config"))
    monkeypatch.setenv("SOUSVEIL_CASE", str(tmp_path / "made" / "case"))
    return tmp_path / "made" / "case"


@pytest.fixture
def first(root: Path) -> str:
    """The id of a finding of that case."""
    assert root.is_dir()
    line = sousveil("findings", "--json").json()[0]
    assert line["quote"] == OFFER
    return str(line["id"])


def review(finding_id: str, verb: str, by: str, *more: str) -> str:
    ran = sousveil("review", finding_id, verb, "--by", by, *more)
    assert ran.status == 0, ran.err
    return ran.out


def status(finding_id: str) -> str:
    (told,) = sousveil("show", finding_id, "--json").json()
    return str(told.get("status", "open"))


def test_one_of_two_readings_confirms_nothing_and_shows_neither_decision_nor_note(
    first: str, tmp_path: Path
) -> None:
    said = review(first, "confirm", "Ada", "--note", SECRET)
    assert status(first) == "open"
    outputs = [
        said,
        sousveil("show", first).out,
        sousveil("show", first, "--json").out,
        sousveil("findings").out,
        sousveil("findings", "--json").out,
        sousveil("queue", "--json").out,
    ]
    for told in outputs:
        assert SECRET not in told
        assert "confirmed" not in told
    assert "sealed until others have read it" in outputs[1]
    assert sousveil("dossier", "-o", tmp_path / "dossier").status == 0
    texts = [path.read_text("utf-8", "replace") for path in (tmp_path / "dossier").rglob("*.*ml")]
    assert not any("confirmed by a person" in text or SECRET in text for text in texts)


def test_two_people_who_agree_confirm_and_then_everything_is_told(first: str) -> None:
    review(first, "confirm", "Ada", "--note", SECRET)
    review(first, "confirm", "Bo")
    (told,) = sousveil("show", first, "--json").json()
    assert told["status"] == "confirmed"
    assert [(one["by"], one["decision"]) for one in told["reviews"]] == [
        ("Ada", "confirmed"),
        ("Bo", "confirmed"),
    ]
    assert told["reviews"][0]["note"] == SECRET
    assert sousveil("verify").status == 0


def test_one_person_is_no_two_people_however_the_name_is_written(first: str) -> None:
    review(first, "confirm", "Ada")
    review(first, "confirm", " ADA")
    assert status(first) == "open"


def settle_by_third(finding_id: str) -> None:
    review(finding_id, "reject", "Cy")


def settle_by_one_of_both(finding_id: str) -> None:
    review(finding_id, "reject", "Bo", "--settle")


def change_of_mind(finding_id: str) -> None:
    review(finding_id, "reject", "Ada")


@pytest.mark.parametrize("end", [settle_by_third, settle_by_one_of_both, change_of_mind])
def test_a_disagreement_is_shown_until_it_is_settled_and_its_history_stays(
    root: Path, first: str, end: Callable[[str], None]
) -> None:
    review(first, "confirm", "Ada")
    review(first, "reject", "Bo")
    assert status(first) == "disputed"
    end(first)
    assert status(first) == "rejected"
    logged = [one.body["decision"] for one in read_events(open_case(root)) if one.type == "review"]
    assert logged == ["confirmed", "rejected", "rejected"]
    assert sousveil("verify").status == 0


def test_who_decides_otherwise_after_a_settlement_opens_the_dispute_again(first: str) -> None:
    review(first, "confirm", "Ada")
    review(first, "reject", "Bo")
    settle_by_third(first)
    review(first, "confirm", "Ada")
    assert status(first) == "disputed"


def test_undo_lets_what_the_same_person_decided_before_count_again(root: Path, first: str) -> None:
    review(first, "confirm", "Ada")
    review(first, "confirm", "Bo")
    review(first, "reject", "Bo")
    assert status(first) == "disputed"
    review(first, "undo", "Bo", "--note", "the wrong key")
    assert status(first) == "confirmed"
    review(first, "undo", "Bo")
    assert status(first) == "open"
    ran = sousveil("review", first, "undo", "--by", "Bo")
    assert (ran.status, "nothing" in ran.err) == (2, True)
    before = sousveil("findings", "--json").out
    assert sousveil("verify").status == 0
    for path in root.glob("index.sqlite*"):
        path.unlink()
    assert sousveil("reindex").status == 0
    assert sousveil("findings", "--json").out == before


def test_nobody_takes_back_what_others_decided(first: str) -> None:
    review(first, "confirm", "Ada")
    review(first, "confirm", "Bo")
    ran = sousveil("review", first, "undo", "--by", "Cy")
    assert ran.status == 2
    assert status(first) == "confirmed"


def test_one_decision_serves_the_same_words_elsewhere_in_one_event(root: Path, first: str) -> None:
    said = review(first, "confirm", "Ada", "--copies")
    assert "2 findings in the same words" in said
    event = list(read_events(open_case(root)))[-1]
    assert len(event.body["findings"]) == 3
    assert {one["shown"]["url"] for one in event.body["findings"]} == set(ELSEWHERE)
    assert sousveil("queue", "--by", "Ada", "--json").json()[0]["quote"] == POLICY
    review(first, "undo", "Ada")
    assert len(sousveil("queue", "--by", "Ada", "--json").json()) == 2


@pytest.mark.usefixtures("root")
def test_the_queue_shows_the_same_words_once_and_to_each_what_they_have_not_read() -> None:
    offer, policy = sousveil("queue", "--json").json()
    assert (offer["quote"], offer["copies"], policy["copies"]) == (OFFER, 2, 0)
    review(policy["id"], "reject", "Ada")
    for_ada = sousveil("queue", "--by", "Ada", "--json").json()
    for_bo = sousveil("queue", "--by", "Bo", "--json").json()
    assert [one["quote"] for one in for_ada] == [OFFER]
    assert {one["quote"] for one in for_bo} == {POLICY, OFFER}


def test_a_translation_stands_beside_the_quote_wherever_it_is_said(first: str) -> None:
    german = "Unser Kamerasystem erkennt die Ethnie jedes Gesichts in der Menge."
    ran = sousveil("translate", first, german, "--lang", "de", "--by", "Cy")
    assert ran.status == 0, ran.err
    others = [one["id"] for one in sousveil("findings", "--json").json() if one["quote"] == OFFER]
    for finding_id in others:
        (told,) = sousveil("show", finding_id, "--json").json()
        assert told["quote"] == OFFER
        assert [(one["text"], one["by"]) for one in told["translations"]] == [(german, "Cy")]
    assert german in sousveil("show", first).out
    again = sousveil("translate", first, "Kürzer.", "--lang", "DE", "--by", "cy", "--json").json()
    assert [one["text"] for one in again[0]["translations"]] == ["Kürzer."]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("", "--lang", "de", "--by", "Cy"), "empty"),
        (("Text", "--lang", "de Deutsch", "--by", "Cy"), "no language tag"),
        (("Text", "--lang", "de", "--by", " "), "no name"),
        (("x" * 8001, "--lang", "de", "--by", "Cy"), "longer than 8000"),
    ],
)
def test_a_translation_that_cannot_be_logged_is_refused(
    first: str, arguments: tuple[str, ...], says: str
) -> None:
    ran = sousveil("translate", first, *arguments)
    assert (ran.status, says in ran.err) == (2, True), ran.err


def test_agreement_is_told_of_what_two_have_read(first: str) -> None:
    review(first, "confirm", "Ada", "--copies")
    review(first, "confirm", "Bo", "--copies")
    told = sousveil("agreement", "--json").json()
    everything = next(one for one in told if one["label"] is None and one["trait"] is None)
    assert (everything["findings"], everything["agreed"], everything["people"]) == (3, 3, 2)
    assert (everything["alpha"], everything["blind"]) == (None, True)
    assert "not to be told" in sousveil("agreement").out
