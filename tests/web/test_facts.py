"""Facts at the desk: listed, drawn, and what people make of them."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sousveil.index.facts import facts
from sousveil.model import Fact
from tests.commands import sousveil
from tests.sites import Page, case_for, serve
from tests.web.desks import Served, served

CLAIM = "Our Halden camera recognises the ethnicity of each visitor and raises an alarm."
PAGE = f"""<!doctype html><html lang="en"><title>Halden cameras</title><p>{CLAIM} There were 176
million such cameras in 2017, and up to 626 million such cameras in 2020.</p></html>"""
TENDER = f"""<!doctype html><html lang="en"><title>Tender</title><table>
<tr><td>Contracting authority</td><td>{{}}</td></tr>
<tr><td>Title</td><td>Cameras that know ethnicity</td></tr>
<tr><td>Reference number</td><td>BP-2020-{{}}</td></tr>
<tr><td>Estimated value</td><td>EUR 1,200,000</td></tr></table><p>{CLAIM}</p></html>"""
LINK = re.compile(r'href="(/facts/[0-9a-f]{12})"')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with a tender in Hotan, one in a place nobody knows, and two figures; its key."""
    root = tmp_path_factory.mktemp("facts")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        case = case_for(root / "case", site)
        site.pages["/"] = Page(PAGE.encode())
        site.pages["/1"] = Page(TENDER.format("Hotan Prefecture", 1).encode())
        site.pages["/2"] = Page(TENDER.format("City of Birchport", 2).encode())
        addresses = [f"{site.url}{path}" for path in ("/", "/1", "/2")]
        assert sousveil("add", "--case", case.root, *addresses).status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    return root


@pytest.fixture
def desk(made: Path, tmp_path: Path, own_config: Path) -> Iterator[Served]:
    shutil.copytree(made / "config", own_config, dirs_exist_ok=True)
    with served(shutil.copytree(made / "case", tmp_path / "case")) as up:
        yield up


def known(desk: Served, kind: str) -> list[Fact]:
    with desk.desk.index() as index:
        return [one for one in facts(index) if one.kind == kind]


def test_facts_are_listed_by_kind_and_a_choice_that_there_is_not_is_refused(desk: Served) -> None:
    client = desk.client()
    projects = {f"/facts/{one.id}" for one in known(desk, "project")}
    assert set(LINK.findall(client.get("/facts?kind=project").text)) == projects
    assert len(projects) == 2
    assert client.get("/facts?kind=lawn").status == 400


def test_figures_are_drawn_and_each_dot_leads_to_its_fact(desk: Served) -> None:
    page = desk.client().get("/facts?kind=figure").text
    drawing = page[page.index("<svg") : page.index("</svg>")]
    assert set(LINK.findall(drawing)) == {f"/facts/{one.id}" for one in known(desk, "figure")}
    assert "≤626m" in drawing
    assert "<svg" not in desk.client().get("/facts?kind=project").text


def test_projects_stand_on_the_map_or_beside_it(desk: Served) -> None:
    page = desk.client().get("/projects").text
    drawing, beside = page[page.index("<svg") : page.index("</svg>")], page.partition("Not placed")
    assert "Hotan, Xinjiang: 1 project" in drawing
    assert "Birchport" not in drawing
    assert "City of Birchport" in beside[2]
    assert "Hotan Prefecture" not in beside[2]


def test_the_files_tell_a_fact_a_row_or_a_field_a_row(desk: Served) -> None:
    client = desk.client()
    told = json.loads(client.get("/facts.json?kind=project").body)
    assert {one["kind"] for one in told} == {"project"}
    rows = list(csv.DictReader(io.StringIO(client.get("/facts.csv?kind=project").text)))
    assert len(rows) == sum(len(one["fields"]) for one in told)
    budget = next(row for row in rows if row["name"] == "budget")
    assert (budget["value"], budget["unit"]) == ("1200000", "EUR")
    assert "1,200,000" in budget["quote"]


def test_a_reviewer_confirms_changes_and_withdraws_and_is_named(desk: Served) -> None:
    client = desk.client("reviewer", "Grace")
    one = next(each for each in known(desk, "project") if each.fields[0].source.url.endswith("/1"))
    page = f"/facts/{one.id}"
    assert client.post(f"{page}/confirm", on=page, note="I read it").status == 303
    assert "confirmed" in client.get(page).text
    changed = client.post(
        f"{page}/edit", on=page, name="place", value="Hotan", quote="Hotan Prefecture",
        place=one.fields[0].source.url,
    )  # fmt: skip
    assert changed.status == 303
    place = next(each for each in known(desk, "project") if each.id == one.id).first("place")
    assert place is not None
    assert (place.value, place.source.exact) == ("Hotan", "Hotan Prefecture")
    assert client.post(f"{page}/edit", on=page, name="place", value="").status == 303
    assert client.post(f"{page}/withdraw", on=page, note="no").status == 303
    told = client.get(page).text
    assert told.count("by <bdi>Grace</bdi>") == 5  # added, changed twice, withdrawn; and as it is
    assert one.id not in client.get("/facts").text
    assert one.id in client.get("/facts?status=withdrawn").text


def test_a_quote_that_stands_nowhere_is_refused_and_nothing_is_entered(desk: Served) -> None:
    client = desk.client("reviewer")
    one = known(desk, "figure")[0]
    page = f"/facts/{one.id}"
    answer = client.post(
        f"{page}/edit", on=page, name="when", value="2018", quote="in 2018, as we know",
        place=one.fields[0].source.url,
    )  # fmt: skip
    assert answer.status == 400
    assert next(each for each in known(desk, "figure") if each.id == one.id) == one


def test_who_only_reads_decides_nothing(desk: Served) -> None:
    client = desk.client("reader")
    page = f"/facts/{known(desk, 'figure')[0].id}"
    assert "<h2>Decide</h2>" not in client.get(page).text
    assert client.post(f"{page}/confirm", on="/").status == 403


def test_a_fact_that_there_is_not_is_not_found(desk: Served) -> None:
    assert desk.client().get("/facts/000000000000").status == 404
