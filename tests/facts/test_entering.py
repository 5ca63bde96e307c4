"""Facts on their whole way: read beside claims, confirmed, changed, withdrawn, made again."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.index.facts import FACT_STATUSES, FactFilter, fact_of, fact_with_sources, facts
from sousveil.index.file import INDEX_FILE
from sousveil.model import Fact
from sousveil.run.indexing import open_index
from tests.commands import Ran, sousveil
from tests.sites import Page, Site, case_for, serve

CLAIM = "Our Halden camera recognises the ethnicity of each visitor and raises an alarm."
PAGE = f"""<!doctype html><html lang="en"><head><title>Halden cameras</title></head><body>
<h1>Face recognition</h1><p>{CLAIM} There were 176 million such cameras in 2017, and up to
626 million in 2020.</p><p>It conforms to ISO/IEC 19795-1:2021.</p>
<p>“We sell to city governments only,” said Jane Roe, a spokesperson for Halden Vision.</p>
</body></html>"""
TENDER = f"""<!doctype html><html lang="en"><head><title>Tender</title></head><body>
<table><tr><td>Contracting authority</td><td>City of Birchport</td></tr>
<tr><td>Title</td><td>Cameras that know ethnicity</td></tr>
<tr><td>Reference number</td><td>BP-2020-7</td></tr>
<tr><td>Estimated value</td><td>EUR 1,200,000</td></tr></table><p>{CLAIM}</p></body></html>"""
LAWN = """<!doctype html><html lang="en"><body><table>
<tr><td>Contracting authority</td><td>City of Birchport</td></tr>
<tr><td>Title</td><td>Mowing of lawns</td></tr><tr><td>Reference number</td><td>BP-2020-8</td></tr>
<tr><td>Awarded to</td><td>{}</td></tr><tr><td>Contract value</td><td>EUR 9,000</td></tr>
</table></body></html>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        served.pages["/"] = Page(PAGE.encode())
        served.pages["/tender"] = Page(TENDER.encode())
        served.pages["/lawn"] = Page(LAWN.format("Green Thumb Ltd").encode())
        yield served


@pytest.fixture
def case(tmp_path: Path, site: Site) -> Case:
    made = case_for(tmp_path / "case", site)
    for path in ("/", "/tender", "/lawn"):
        assert run(made, "add", f"{site.url}{path}").status == 0
    visited = run(made, "visit")
    assert visited.status == 0, visited.err
    return made


def run(case: Case, command: str, *arguments: object) -> Ran:
    return sousveil("--case", case.root, command, *arguments)


def listed(case: Case, *statuses: str) -> list[Fact]:
    with open_index(case) as index:
        return facts(index, FactFilter(status=statuses))


def one(case: Case, kind: str) -> Fact:
    return next(each for each in listed(case) if each.kind == kind)


def finding_at(case: Case, url: str) -> str:
    rows = [
        each for each in run(case, "findings", "--json").json() if each["capture"]["url"] == url
    ]
    return str(rows[0]["id"])


def test_what_stands_beside_claims_is_listed_and_other_tenders_are_not(case: Case) -> None:
    told = listed(case)
    assert [each.kind for each in told] == ["project", "figure", "figure", "document", "statement"]
    assert {each.status for each in told} == {"candidate"}
    project = told[0]
    assert {each.name: each.value for each in project.fields} == {
        "title": "Cameras that know ethnicity", "number": "BP-2020-7",
        "buyer": "City of Birchport", "budget": "1200000",
    }  # fmt: skip
    assert [each.all("when")[0].value for each in told[1:3]] == ["2017", "2020"]


def test_every_field_is_quoted_exactly_from_its_capture(case: Case) -> None:
    for fact in listed(case):
        for field in fact.fields:
            done = run(
                case, "facts", "add", fact.kind, "--field", f"{field.name}={field.value}",
                "--quote", field.source.exact, "--in", field.source.url, "--by", "Ada",
            )  # fmt: skip
            assert done.status == 0, done.err


def test_a_rejected_claim_takes_what_stands_beside_it_along_and_a_change_of_mind_brings_it_back(
    case: Case, site: Site
) -> None:
    claim = finding_at(case, f"{site.url}/")
    assert run(case, "review", claim, "reject", "--by", "Ada").status == 0
    assert [each.kind for each in listed(case)] == ["project"]
    assert run(case, "review", claim, "undo", "--by", "Ada").status == 0
    assert len(listed(case)) == 5


def test_a_tender_that_names_an_actor_of_a_claim_is_listed_without_a_claim_of_its_own(
    case: Case, site: Site
) -> None:
    (case.root / "actors.toml").write_text(
        '[[actor]]\nname = "Green Thumb"\nnames = ["Green Thumb"]\n', encoding="utf-8"
    )
    site.pages["/"] = Page(PAGE.replace("Our Halden", "The Green Thumb").encode())
    assert run(case, "visit", "--all").status == 0
    titles = [each.first("title") for each in listed(case) if each.kind == "project"]
    assert {each.value for each in titles if each} == {
        "Cameras that know ethnicity", "Mowing of lawns",
    }  # fmt: skip


def test_a_confirmed_candidate_is_an_event_and_stays_when_the_index_is_made_again(
    case: Case,
) -> None:
    project = one(case, "project")
    done = run(case, "facts", "confirm", project.id[:6], "--by", "Ada", "--note", "Seen.")
    assert done.status == 0, done.err
    before = listed(case, *FACT_STATUSES)
    confirmed = one(case, "project")
    assert (confirmed.status, confirmed.by, confirmed.note) == ("confirmed", "Ada", "Seen.")
    assert confirmed.fields == project.fields
    assert run(case, "reindex").status == 0
    assert listed(case, *FACT_STATUSES) == before
    assert run(case, "verify").status == 0


def test_a_fact_that_was_changed_in_the_index_alone_is_told_by_verify(case: Case) -> None:
    project = one(case, "project")
    assert run(case, "facts", "confirm", project.id, "--by", "Ada").status == 0
    with closing(sqlite3.connect(case.root / INDEX_FILE)) as index, index:
        index.execute(
            "UPDATE fact SET data = CAST(replace(CAST(data AS TEXT), 'Ada', 'Bo') AS BLOB)"
        )
    checked = run(case, "verify")
    assert checked.status == 1
    assert "its facts are not those of the log" in checked.out


def test_a_fact_is_changed_and_withdrawn_by_named_people_and_its_past_stays(
    case: Case, site: Site
) -> None:
    project = one(case, "project")
    assert run(case, "facts", "confirm", project.id, "--by", "Ada").status == 0
    changed = run(
        case, "facts", "edit", project.id, "--by", "Bo", "--drop", "budget",
        "--field", "place=Birchport", "--quote", "City of Birchport", "--in", f"{site.url}/tender",
    )  # fmt: skip
    assert changed.status == 0, changed.err
    now = one(case, "project")
    assert (now.by, now.first("budget"), now.all("place")[0].value) == ("Bo", None, "Birchport")
    assert run(case, "facts", "withdraw", project.id, "--by", "Ada", "--note", "No.").status == 0
    assert all(each.kind != "project" for each in listed(case))
    with open_index(case) as index:
        told = fact_with_sources(index, fact_of(index, project.id))
    assert [(step.event, step.by) for step in told.past] == [
        ("fact.added", "Ada"), ("fact.changed", "Bo"), ("fact.withdrawn", "Ada"),
    ]  # fmt: skip
    assert len(told.seen) == 1
    shown = run(case, "facts", "show", project.id)
    assert "withdrawn by Ada" in shown.out


def test_a_candidate_that_is_withdrawn_does_not_come_back_with_the_next_visit(case: Case) -> None:
    figure = one(case, "figure")
    assert run(case, "facts", "withdraw", figure.id, "--by", "Ada").status == 0
    assert run(case, "visit", "--all").status == 0
    assert figure.id not in {each.id for each in listed(case)}
    assert figure.id in {each.id for each in listed(case, "withdrawn")}


def test_a_fact_is_entered_by_hand_with_a_quote_of_each_field(case: Case, site: Site) -> None:
    done = run(
        case, "facts", "add", "figure", "--field", "amount=6.26亿 cameras", "--field", "when=2020",
        "--quote", "626 million", "--quote", "2020", "--in", finding_at(case, f"{site.url}/"),
        "--by", "Ada", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    (fact,) = done.json()
    assert [(each["name"], each["value"], each.get("unit")) for each in fact["fields"]] == [
        ("amount", "626000000", "cameras"), ("when", "2020", None),
    ]  # fmt: skip
    source = fact["fields"][0]["source"]
    assert source["selectors"][0]["exact"] == "626 million"
    assert source["capture"]["url"] == f"{site.url}/"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--quote", "627 million"), "626 million"),
        (("--quote", "Nobody ever wrote such words here"), "does not stand in"),
        (("--quote", " "), "Nothing is entered without"),
        ((), "--quote: 0 for 1 field"),
    ],
)
def test_a_quote_that_does_not_stand_there_exactly_is_refused_and_nothing_is_logged(
    case: Case, site: Site, arguments: tuple[str, ...], told: str
) -> None:
    before = listed(case, *FACT_STATUSES)
    done = run(
        case, "facts", "add", "figure", "--field", "amount=1 camera", *arguments,
        "--in", f"{site.url}/", "--by", "Ada",
    )  # fmt: skip
    assert done.status == 2
    assert told in done.err
    assert listed(case, *FACT_STATUSES) == before


@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [
        ("figure", "colour=red", "a figure has amount, to, bound, when"),
        ("figure", "amount=many", "no number"),
        ("figure", "bound=perhaps", "there are about"),
        ("figure", "when=2020-02-31", "no calendar"),
        ("figure", "amount", "NAME=VALUE"),
        ("rumour", "amount=1", "no kind of fact"),
    ],
)
def test_what_is_no_value_is_refused(
    case: Case, site: Site, kind: str, field: str, told: str
) -> None:
    done = run(
        case, "facts", "add", kind, "--field", field, "--quote", "626 million",
        "--in", f"{site.url}/", "--by", "Ada",
    )  # fmt: skip
    assert done.status == 2
    assert told in done.err


def test_the_table_has_a_row_a_field_and_no_formula(case: Case) -> None:
    table = run(case, "facts", "--csv", "--kind", "project").out
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert {row["field"]: row["value"] for row in rows}["number"] == "BP-2020-7"
    assert all(row["quote"] and row["warc"] for row in rows)


def test_a_bundle_withholds_who_entered_a_fact(case: Case) -> None:
    assert run(case, "facts", "confirm", one(case, "project").id, "--by", "Secret Name").status == 0
    (line,) = [
        each
        for path in (case.root / "events").iterdir()
        for each in path.read_bytes().splitlines()
        if b"Cameras that know" in each and b"Secret Name" in each
    ]
    body = line.partition(b"\t")[0]
    assert b"Secret Name" not in body
    assert b"Cameras that know" not in body
