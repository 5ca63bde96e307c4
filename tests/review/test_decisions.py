"""People decide on findings: the log keeps every decision, the index the ones that count."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from sousveil.case import open_case
from sousveil.ledger import read_events
from tests.commands import sousveil
from tests.review.cases import OFFER, POLICY, page, take_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case of three findings, and its key."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        assert sousveil("init", folder / "case").status == 0
        pages = {"https://halden.example/": page(OFFER), "https://b.example/": page(OFFER, POLICY)}
        take_in(folder / "case", pages)
    return folder


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that case, of the test's own."""
    shutil.copytree(made, tmp_path / "made")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "made" / "config"))
    monkeypatch.setenv("SOUSVEIL_CASE", str(tmp_path / "made" / "case"))
    return tmp_path / "made" / "case"


def ids() -> list[str]:
    return [line["id"] for line in sousveil("findings", "--json").json()]


def test_a_decision_is_logged_with_the_finding_as_it_was_shown(root: Path) -> None:
    (first, *_) = ids()
    ran = sousveil("review", first[:8], "confirm", "--by", "Ada", "--note", "on the front page")
    assert ran.status == 0, ran.err
    event = list(read_events(open_case(root)))[-1]
    (served,) = event.body["findings"]
    assert (event.type, served["id"]) == ("review", first)
    assert (event.body["decision"], event.body["by"]) == ("confirmed", "Ada")
    assert served["shown"]["quote"] == OFFER
    assert served["shown"]["claim"]["features"]
    (told,) = sousveil("show", first, "--json").json()
    assert told["status"] == "confirmed"
    assert told["review"]["decision"] == "confirmed"
    assert told["review"]["note"] == "on the front page"
    assert "reviews" not in told
    assert sousveil("verify").status == 0


def test_who_decides_again_changes_their_mind_and_the_log_keeps_both(root: Path) -> None:
    (first, *_) = ids()
    for decision in ("confirm", "reject"):
        assert sousveil("review", first, decision, "--by", " Ada  L.").status == 0
    (told,) = sousveil("show", first, "--json").json()
    assert (told["status"], told["review"]["by"]) == ("rejected", "Ada L.")
    kept = [e.body["decision"] for e in read_events(open_case(root)) if e.type == "review"]
    assert kept == ["confirmed", "rejected"]


@pytest.mark.usefixtures("root")
def test_two_people_may_disagree_and_that_is_said() -> None:
    (first, *_) = ids()
    sousveil("review", first, "confirm", "--by", "Ada")
    ran = sousveil("review", first, "reject", "--by", "Bo")
    assert "disputed: they do not agree" in ran.out
    assert "disputed: they do not agree" in sousveil("show", first).out
    (told,) = sousveil("findings", "--status", "disputed", "--json").json()
    assert [one["by"] for one in told["reviews"]] == ["Ada", "Bo"]


@pytest.mark.usefixtures("root")
def test_findings_are_listed_by_what_was_decided() -> None:
    first, second, third = ids()
    sousveil("review", first, "confirm", "--by", "Ada")
    sousveil("review", second, "reject", "--by", "Ada")
    listed = {
        status: [line["id"] for line in sousveil("findings", "--status", status, "--json").json()]
        for status in ("open", "confirmed", "rejected", "disputed")
    }
    assert listed == {"open": [third], "confirmed": [first], "rejected": [second], "disputed": []}


def test_an_index_made_again_holds_the_same_decisions(root: Path) -> None:
    for finding_id, decision in zip(ids(), ("confirm", "reject"), strict=False):
        sousveil("review", finding_id, decision, "--by", "Ada")
    before = sousveil("findings", "--json").out
    for path in root.glob("index.sqlite*"):
        path.unlink()
    assert sousveil("reindex").status == 0
    assert sousveil("findings", "--json").out == before


def test_a_decision_changed_in_the_index_alone_is_noticed(root: Path) -> None:
    (first, *_) = ids()
    sousveil("review", first, "confirm", "--by", "Ada")
    with sqlite3.connect(root / "index.sqlite") as db:
        changed = "replace(CAST(data AS TEXT), 'confirmed', 'rejected')"
        db.execute(f"UPDATE review SET data = CAST({changed} AS BLOB)")
    ran = sousveil("verify")
    assert ran.status == 1
    assert "its decisions are not those of the log" in ran.out


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("0123", "confirm", "--by", "Ada"), "no such finding"),
        (("{id}", "doubt", "--by", "Ada"), "doubt"),
        (("{id}", "confirm"), "--by"),
        (("{id}", "confirm", "--by", "  "), "Say who decides"),
        (("{id}", "confirm", "--by", "A" * 101), "longer than 100 characters"),
        (("{id}", "confirm", "--by", "A", "--note", "n" * 4001), "longer than 4000 characters"),
        (("{id}", "confirm", "--by", "\udcff"), "not UTF-8"),
    ],
)
def test_what_cannot_be_logged_is_refused_in_one_line(
    arguments: tuple[str, ...], says: str
) -> None:
    (first, *_) = ids()
    ran = sousveil("review", *(each.replace("{id}", first) for each in arguments))
    assert (ran.status, says in ran.err) == (2, True), ran.err
    assert sousveil("findings", "--status", "confirmed", "--json").out == ""


@pytest.mark.usefixtures("root")
def test_a_dossier_leaves_rejected_findings_out_and_names_no_reviewer(tmp_path: Path) -> None:
    first, second, third = ids()
    sousveil("review", first, "confirm", "--by", "Ada Reviewer")
    sousveil("review", second, "reject", "--by", "Ada Reviewer")
    ran = sousveil("dossier", "-o", tmp_path / "dossier")
    assert ran.status == 0, ran.err
    pages = {path.stem for path in (tmp_path / "dossier" / "findings").iterdir()}
    assert pages == {first, third}
    front = (tmp_path / "dossier" / "index.html").read_text("utf-8")
    assert "1 more passage is left out: people rejected it." in front
    assert front.count("confirmed by a person") == 1
    told = json.loads((tmp_path / "dossier" / "findings.json").read_text("utf-8"))
    assert [one.get("status") for one in told] == ["confirmed", None]
    texts = [path.read_bytes() for path in (tmp_path / "dossier").rglob("*") if path.is_file()]
    assert not any(b"Reviewer" in text for text in texts)
