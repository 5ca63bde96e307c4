"""Projects are exported with buyers, suppliers and sums; who may be a person is left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sousveil.case import Case
from tests.run.publish.exported import run
from tests.sites import Page, case_for, serve

CLAIM = "Our Halden camera recognises the ethnicity of each visitor and raises an alarm."
TENDER = """<!doctype html><html lang="en"><head><title>Award</title></head><body><table>
<tr><td>Contracting authority</td><td>City of Birchport</td></tr>
<tr><td>Title</td><td>Cameras that know ethnicity</td></tr>
<tr><td>Reference number</td><td>BP-2020-7</td></tr>
<tr><td>Estimated value</td><td>EUR 1,200,000</td></tr>
<tr><td>Awarded to</td><td>{supplier}</td></tr>
<tr><td>Contract value</td><td>EUR 990,000</td></tr></table><p>{claim}</p></body></html>"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("projects")
    with serve() as site, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        made = case_for(folder / "case", site)
        for path, supplier in (("/a", "Halden Vision Ltd"), ("/b", "Jane Roe")):
            site.pages[path] = Page(TENDER.format(supplier=supplier, claim=CLAIM).encode())
            run("add", "--case", made.root, f"{site.url}{path}")
        run("visit", "--case", made.root)
        yield made


def entities(case: Case, output: Path, *more: str) -> list[dict[str, Any]]:
    run("export", "--case", case.root, "--format", "ftm", "-o", output, "--all", *more)
    return [json.loads(line) for line in output.read_bytes().splitlines()]


def of(found: list[dict[str, Any]], schema: str) -> list[dict[str, list[str]]]:
    return [one["properties"] for one in found if one["schema"] == schema]


def test_a_project_has_its_buyer_its_contract_and_who_got_it(case: Case, tmp_path: Path) -> None:
    found = entities(case, tmp_path / "a.json")
    by_id = {one["id"]: one["properties"] for one in found}
    assert {one["name"][0] for one in of(found, "Project")} == {"Cameras that know ethnicity"}
    project = of(found, "Project")[0]
    assert (project["amount"], project["currency"]) == (["1200000"], ["EUR"])
    assert project["projectId"] == ["BP-2020-7"]
    contract = of(found, "Contract")[0]
    assert by_id[contract["authority"][0]]["name"] == ["City of Birchport"]
    assert contract["amount"] == ["990000"]
    (award,) = of(found, "ContractAward")
    assert by_id[award["supplier"][0]]["name"] == ["Halden Vision Ltd"]
    assert all(proof in by_id for one in found for proof in one["properties"].get("proof", ()))
    assert len(by_id) == len(found)


def test_a_supplier_that_may_be_a_person_is_no_entity(case: Case, tmp_path: Path) -> None:
    names = {one for each in entities(case, tmp_path / "a.json")
             for one in each["properties"].get("name", ())}  # fmt: skip
    assert "Halden Vision Ltd" in names
    assert b"Jane Roe" not in (tmp_path / "a.json").read_bytes()


def test_a_fact_that_nobody_confirmed_is_exported_with_all_alone(
    case: Case, tmp_path: Path
) -> None:
    schema = json.loads(
        (Path(__file__).parents[3] / "docs" / "reference" / "case.schema.json").read_bytes()
    )
    for number, (options, expected) in enumerate(((("--all",), {"candidate"}), ((), set()))):
        output = tmp_path / f"{number}.json"
        run("export", "--case", case.root, "--format", "json", "-o", output, *options)
        told = json.loads(output.read_bytes())
        jsonschema.validate(told, schema)
        assert {one["status"] for one in told["facts"]} == expected
        assert all("by" not in one for one in told["facts"])


@pytest.mark.slow
def test_followthemoney_takes_projects(case: Case, tmp_path: Path) -> None:
    ftm = pytest.importorskip("followthemoney", reason="in the group slow: needs libicu-dev")
    for form in entities(case, tmp_path / "a.json"):
        proxy = ftm.model.get_proxy(form)
        proxy.schema.validate(form)
        assert proxy.to_dict()["properties"].keys() == form["properties"].keys()
