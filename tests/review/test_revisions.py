"""What another engine changes is told with the reason, and can be told again."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sousveil.case import Case, open_case
from sousveil.claims import Engine, engine_for
from sousveil.index.store import Held
from sousveil.model import Finding
from sousveil.review.revisions import engine_change, revise
from sousveil.run.read.looks import Read, TakeAll, read_look
from sousveil.topics import load
from tests.commands import sousveil
from tests.conftest import Commit
from tests.dossier import reports
from tests.review.cases import OFFER, page, take_in

REPORT = "The police bought a camera that tracks Uyghurs by their faces, Reuters reported."
URL = "https://halden.example/"
BOTH = {"attribute": '["ethnicity"]', "group": '["Uyghurs"]'}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case with a topic of its own and two findings."""
    root = tmp_path / "case"
    monkeypatch.setenv("SOUSVEIL_CASE", str(root))
    assert sousveil("init", root).status == 0
    settings = root / "case.toml"
    settings.write_text(settings.read_text().replace('["ethnicity"]', '["own.toml"]'))
    write_topic(root, **BOTH)
    take_in(root, {URL: page(OFFER, REPORT)})
    assert [line["label"] for line in findings()] == ["offers", "reports"]
    return root


def write_topic(root: Path, trait: str = "ethnicity", **kinds: str) -> None:
    """Write a topic of one trait, of which each kind has English terms."""
    tables = "".join(f"[trait.{trait}.{kind}]\nen = {terms}\n" for kind, terms in kinds.items())
    head = 'name = "own"\nversion = 1\ntitle = "Own"\ndescription = "Own."\n'
    (root / "own.toml").write_text(head + tables)


def findings() -> list[dict[str, Any]]:
    return sousveil("findings", "--json").json()


def revised(command: str = "analyse") -> list[dict[str, Any]]:
    ran = sousveil(command, "--json")
    assert ran.status == 0, ran.err
    return [line for line in ran.json() if line["event"] == "revised"]


def test_a_topic_edited_without_a_new_version_shows_what_it_no_longer_finds(case: Path) -> None:
    offer, report = findings()
    write_topic(case, attribute=BOTH["attribute"])
    (line,) = revised()
    assert (line["change"], line["id"], line["quote"]) == ("lost", report["id"], report["quote"])
    assert line["why"][0] == "no term of the topics stands in its passage now"
    assert line["old_engine"] == report["engine"] != line["new_engine"]
    assert [one["id"] for one in findings()] == [offer["id"]]


def test_it_is_told_again_until_the_engine_changes_again(case: Path) -> None:
    write_topic(case, attribute=BOTH["attribute"])
    first = revised()
    assert first == revised()
    told = sousveil("analyse").out
    assert "own 1+" in told
    assert "no longer found  reports ethnicity" in told
    write_topic(case, **BOTH)
    (line,) = revised()
    assert (line["change"], line["id"]) == ("found", first[0]["id"])
    assert any("names a group" in why for why in line["why"])


def test_a_visit_or_import_tells_it_once(case: Path) -> None:
    write_topic(case, attribute=BOTH["attribute"])
    path = case.parent / "pages.warc.gz"
    assert "no longer found" in sousveil("import", path).out
    assert "no longer found" not in sousveil("import", path).out


def test_what_is_judged_otherwise_is_told_with_the_reasons_that_came_and_went(case: Path) -> None:
    offer, _ = findings()
    write_topic(case, "origin", capability='["recognises the ethnicity"]', group=BOTH["group"])
    (line,) = [line for line in revised() if line["id"] == offer["id"]]
    assert line["change"] == "changed"
    assert "trait" in line["changed"]
    assert (line["before"]["trait"], line["after"]["trait"]) == ("ethnicity", "origin")
    assert any(why.startswith("now it names the capability") for why in line["why"])
    assert any(why.startswith("no longer: names the trait") for why in line["why"])
    assert "offers ethnicity" in sousveil("analyse").out


def test_a_quote_that_is_cut_otherwise_is_told_as_one_finding_that_changed() -> None:
    long, short = (reports.finding(q, OFFER, url=URL) for q in (OFFER, OFFER[:40]))
    engine = engine_for([load("ethnicity")])
    (one,) = revise({long.id: long}, {short.id: short}, {record_of(short): "older"}, engine)
    assert (one.finding, one.before, one.changed) == (short, long, ("quote",))


def test_a_score_is_told_when_it_moves_by_more_than_a_tenth() -> None:
    was = reports.finding(OFFER, OFFER, url=URL, score=0.8)
    for score, told in ((0.75, 0), (0.95, 1)):
        now = replace(was, claim=replace(was.claim, score=score, engine="newer"))
        revisions = revise({was.id: was}, {now.id: now}, {}, engine_for([load("ethnicity")]))
        assert len(revisions) == told


def record_of(finding: Finding) -> tuple[str, int]:
    return finding.capture.record.warc, finding.capture.record.offset


def test_a_finding_that_was_decided_on_does_not_vanish_silently(case: Path) -> None:
    _, report = findings()
    sousveil("review", report["id"], "confirm", "--by", "Ada")
    write_topic(case, attribute=BOTH["attribute"])
    (line,) = revised()
    assert line["status"] == "confirmed"
    write_topic(case, attribute='["creed"]')  # another engine, which has not read anything yet
    (kept,) = sousveil("findings", "--status", "confirmed", "--json").json()
    assert kept["no_longer_found_by"] == line["new_engine"]
    write_topic(case, attribute=BOTH["attribute"])
    (kept,) = sousveil("findings", "--status", "confirmed", "--json").json()
    assert kept["id"] == report["id"]
    assert kept["no_longer_found_by"] == line["new_engine"]
    assert "no longer found by" in sousveil("findings").out
    assert sousveil("review", report["id"], "reject", "--by", "Bo").status == 0
    assert sousveil("verify").status == 0


def test_an_index_made_again_after_an_upgrade_tells_the_same(case: Path) -> None:
    write_topic(case, attribute=BOTH["attribute"])
    (line,) = revised("reindex")
    assert line["change"] == "lost"
    assert revised("reindex") == revised() == [line]
    assert not list(case.glob("index.sqlite.earlier*"))


def test_a_reindex_that_was_killed_still_compares_with_the_index_before_it(case: Path) -> None:
    (case / "index.sqlite").rename(case / "index.sqlite.earlier")
    (case / "index.sqlite").write_bytes(b"half of an index")
    write_topic(case, attribute=BOTH["attribute"])
    assert [line["change"] for line in revised("reindex")] == ["lost"]


def test_an_index_of_an_earlier_version_is_compared_with(case: Path) -> None:
    with sqlite3.connect(case / "index.sqlite") as db:
        db.execute("DROP TABLE former")
        db.execute("ALTER TABLE capture DROP COLUMN former_engine")
        db.execute("PRAGMA user_version = 2")
    write_topic(case, attribute=BOTH["attribute"])
    refused = sousveil("analyse")
    assert (refused.status, "sousveil reindex" in refused.err) == (2, True)
    assert [line["change"] for line in revised("reindex")] == ["lost"]


def test_an_analysis_that_was_killed_tells_all_when_it_is_done_again(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(case, {"https://b.example/": page(REPORT)}, name="more")
    write_topic(case, attribute=BOTH["attribute"])
    done: list[object] = []

    def dying(
        opened: Case, held: Sequence[Held], body: Mapping[str, Any], engine: Engine, take: TakeAll
    ) -> list[Read]:
        if done:
            raise KeyboardInterrupt
        done.append(held)
        return read_look(opened, held, body, engine, take)

    with monkeypatch.context() as patch:
        patch.setattr("sousveil.run.read.analyse.read_look", dying)
        assert sousveil("analyse").status != 0
    assert [line["change"] for line in revised()] == ["lost", "lost"]


def test_a_repository_is_compared_with_what_was_found_in_it(
    case: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"README.md": REPORT.encode(), "a.txt": OFFER.encode()})
    assert sousveil("add", repository).status == 0
    assert sousveil("visit").status == 0
    assert len(findings()) == 4
    write_topic(case, attribute=BOTH["attribute"])
    lost = [line for line in revised() if line["source"].get("path")]
    assert [(line["change"], line["source"]["path"]) for line in lost] == [("lost", "README.md")]
    commit(repository, "second", {"b.txt": b"nothing of note"})
    assert sousveil("visit", "--all").status == 0
    assert [line for line in revised() if line["source"].get("path")] == lost


@pytest.mark.parametrize("damage", ["garbage", "findings"])
def test_an_index_that_cannot_be_read_is_replaced_and_nothing_is_compared(
    case: Path, damage: str
) -> None:
    write_topic(case, attribute=BOTH["attribute"])
    if damage == "garbage":
        (case / "index.sqlite").write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(case / "index.sqlite") as db:
            db.execute("UPDATE sighting SET data = CAST('{}' AS BLOB)")
    ran = sousveil("reindex")
    assert (ran.status, "cannot be read" in ran.err) == (0, True)
    assert len(findings()) == 1
    assert revised() == []


def test_deleting_the_index_forgets_what_changed_and_nothing_else(case: Path) -> None:
    write_topic(case, attribute=BOTH["attribute"])
    revised()
    before = findings()
    for path in case.glob("index.sqlite*"):
        path.unlink()
    assert revised("reindex") == []
    assert findings() == before
    assert open_case(case).settings.topics == ("own.toml",)


def test_the_parts_in_which_two_engines_differ_are_named() -> None:
    old = "claims 0.1.0+a1b2c3, ethnicity 1+d4e5f6, reader 0718ab"
    new = "claims 0.1.0+a1b2c3, ethnicity 1+ffffff, reader 0718ab, case model 2"
    assert engine_change(old, new) == "ethnicity 1+d4e5f6, now 1+ffffff; now case model 2"
    assert engine_change(new, old).endswith("case model 2 no more")
