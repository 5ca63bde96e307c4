"""Lists, matrix, timeline, search: every view is a link, every list a file."""

import csv
import io
import json
from typing import Any

import pytest
import schemathesis
from axe_playwright_python.sync_playwright import Axe
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from sousveil.errors import InputError
from sousveil.index.filters import STATES, STATUSES, Filter, filter_from
from sousveil.index.search.passages import KINDS
from sousveil.model import LABELS
from sousveil.run.publish.exports.tables import FORMULAS, table_line
from tests.web.conftest import PageAt
from tests.web.desks import Client, Served

VIEWS = ("/findings", "/targets", "/captures", "/actors", "/timeline", "/search?q=ethnicity")
FILES = ("/findings", "/targets", "/captures", "/actors", "/timeline", "/search")
LINES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)


def several(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=4, unique=True).map(tuple)


FILTERS = st.builds(
    Filter,
    actor=several(LINES),
    label=several(st.sampled_from(LABELS)),
    trait=several(LINES),
    lang=several(LINES),
    host=several(LINES),
    kind=several(st.sampled_from(KINDS)),
    state=several(st.sampled_from(STATES)),
    status=several(st.sampled_from(STATUSES)),
    watch=several(LINES),
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
)


@given(FILTERS)
def test_a_filter_is_read_from_what_it_prints(chosen: Filter) -> None:
    assert filter_from(chosen.parameters()) == chosen
    assert bool(chosen.parameters()) == bool(chosen)


@pytest.mark.parametrize(
    "given_",
    [("label", "wrong"), ("since", "1.3.2026"), ("since", "20260301"), ("actor", "x" * 201),
     ("state", "stands ")],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_refused(given_: tuple[str, str]) -> None:
    with pytest.raises(InputError):
        filter_from([given_])


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_no_cell_of_a_table_is_a_formula_and_none_is_lost(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(table_line(cells), newline=""))
    told = [cell.encode("utf-8", "replace").decode() for cell in cells]
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in told]
    assert not any(cell.startswith(FORMULAS) for cell in row)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there_and_says_what_it_shows(desk: Served, view: str) -> None:
    answer = desk.client(role="reader").get(view)
    assert answer.status == 200
    assert "<h1>" in answer.text
    assert "content-encoding" not in answer.headers


def test_the_cell_of_an_actor_leads_to_its_quotes(desk: Served) -> None:
    client = desk.client()
    matrix = client.get("/actors").text
    link = (
        "/findings?actor=Gazelight&amp;trait=ethnicity"
        "&amp;status=open&amp;status=confirmed&amp;status=disputed"
    )
    assert link in matrix
    shown = client.get(link.replace("&amp;", "&")).text
    assert "returns the ethnicity" in shown
    assert "2 findings" in shown


def test_filters_narrow_what_is_listed(desk: Served) -> None:
    client = desk.client()
    assert "2 findings" in client.get("/findings?lang=zh&lang=en").text
    assert "1 finding" in client.get("/findings?lang=zh").text
    assert "1 finding" in client.get("/findings?state=held").text
    assert "Nothing fits" in client.get("/findings?until=2020-01-01").text
    assert client.get("/findings?label=wrong").status == 400


def test_what_was_decided_is_listed_at_once(desk: Served) -> None:
    client = desk.client()
    found = json.loads(client.get("/api/findings").body)["items"][0]["id"]
    client.post(
        "/review/decide", on="/review", finding=found, decision="reject", note="", back="queue"
    )
    assert json.loads(client.get("/api/findings?status=rejected").body)["count"] == 1
    assert json.loads(client.get("/api/findings?status=open").body)["count"] == 1
    assert sum(one["findings"] for one in json.loads(client.get("/api/actors").body)["items"]) == 1


def test_search_marks_the_words_and_tells_former_text(desk: Served) -> None:
    client = desk.client()
    assert "<mark>民族</mark>" in client.get("/search?q=%E6%B0%91%E6%97%8F").text
    former = client.get("/search?q=%22returns+the+ethnicity%22").text
    assert "former:" in former
    assert "1 passage" in former
    assert "no regular expression" in client.get("/search?q=/a(/").text
    assert "&lt;script&gt;" in client.get("/search?q=%3Cscript%3E").text


@pytest.mark.parametrize("name", FILES)
def test_every_list_is_a_file_too(desk: Served, name: str) -> None:
    client = desk.client()
    asked = "?q=face" if name == "/search" else ""
    table = client.get(f"{name}.csv{asked}")
    assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    header, *rows = csv.reader(io.StringIO(table.text.removeprefix("\ufeff"), newline=""))
    listed = json.loads(client.get(f"{name}.json{asked}").body)
    assert len(rows) == len(listed)
    assert len(rows) > 0
    assert all(len(row) == len(header) for row in rows)
    assert client.get(f"{name}.json{asked}").headers["content-disposition"].startswith("attachment")


def test_pages_follow_each_other_without_gap(desk: Served) -> None:
    client = desk.client()
    for path in ("/api/findings", "/api/changes", "/api/captures", "/api/targets"):
        whole = json.loads(client.get(path).body)["items"]
        seen, after = [], ""
        while True:
            page = json.loads(client.get(f"{path}?limit=1{after}").body)
            seen += page["items"]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert seen == whole


def test_the_endpoints_do_what_their_description_says(desk: Served) -> None:
    client = desk.client()
    ((name, value),) = client.cookies.items()
    description = json.loads(client.get("/api/openapi.json").body)
    config = SchemathesisConfig()
    schema = schemathesis.openapi.from_dict(description, config=config)
    schema.config.update(base_url=desk.url)

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=15,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        def ask(case: schemathesis.Case[Any]) -> None:
            # Whether these say something is no matter of their form.
            case.query.pop("after", None)
            if case.meta and case.meta.generation.mode.is_positive and "q" in case.query:
                case.query["q"] = f"a{case.query['q'][:400]}".replace("/", " ").replace('"', " ")
            case.call_and_validate(headers={"Cookie": f"{name}={value}"})

        ask()


@pytest.mark.parametrize("path", ["/api/findings", "/findings.csv", "/search.json?q=a"])
def test_nobody_reads_without_having_come_in(desk: Served, path: str) -> None:
    stranger = Client(desk.host)
    assert stranger.get(path).status == 401


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [1280, 390])
def test_views_are_accessible_and_fit(page_at: PageAt, view: str, width: int) -> None:
    page = page_at(view, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    faults = Axe().run(page).response["violations"]
    assert [one["id"] for one in faults if one["impact"] in {"serious", "critical"}] == []
