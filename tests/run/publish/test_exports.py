"""Each form of export is read by others' tools, tells what was asked for, and nobody's name."""

import csv
import io
import json
import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import bagit
import jsonschema
import pyarrow.parquet as pq
import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from pybtex.database import parse_string
from pybtex.richtext import Text

from sousveil.case import open_case
from sousveil.run.indexing import open_index
from sousveil.run.publish.exports.bibtex import escaped
from sousveil.run.publish.exports.calendar import calendar
from sousveil.run.publish.exports.citations import printable
from sousveil.run.publish.exports.forms import FORMS
from sousveil.run.publish.exports.told import Asked, Statement, Told, choose
from sousveil.scan.file.table import SCHEMA, finding_of
from tests.conftest import NOW
from tests.dossier.reports import (
    EDITED,
    HOSTILE,
    IN_HISTORY,
    REMOVED,
    UYGHUR,
    fates,
    held_fate,
)
from tests.run.publish.exported import CHINESE, ENGLISH, LETTER_TO, REVIEWER, World, run, world

ROOT = Path(__file__).parents[3]
FILES = sorted(FORMS)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("exported")) as made:
        yield made


def lines_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


# ---------------------------------------------------------------- what is exported


def test_only_what_people_confirmed_is_exported_and_the_rest_is_told(
    watched: World, tmp_path: Path
) -> None:
    ran = watched.export("csv", tmp_path / "a.csv")
    assert "nobody confirmed them: 2 findings; --all" in ran.out
    quotes = {row["quote"] for row in rows_of((tmp_path / "a.csv").read_bytes())}
    assert quotes == {ENGLISH, CHINESE}


def test_all_takes_the_others_each_with_its_status(watched: World, tmp_path: Path) -> None:
    rows = rows_of(watched.exported("csv", tmp_path / "a.csv", "--all"))
    assert sorted(row["status"] for row in rows) == ["confirmed", "confirmed", "open", "open"]


def test_a_rejected_finding_is_in_no_export(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        other = next(
            one for one in made.ids.values() if one not in {made.ids["en"], made.ids["zh"]}
        )
        run("review", "--case", made.case.root, other, "reject", "--by", REVIEWER)
        ids = {row["id"] for row in rows_of(made.exported("csv", tmp_path / "a.csv", "--all"))}
    assert other not in ids
    assert len(ids) == 3


@pytest.mark.parametrize("by", ["target", "finding", "label"])
def test_targets_findings_and_labels_choose(watched: World, tmp_path: Path, by: str) -> None:
    asked = {
        "target": [f"{watched.url}/zh"],
        "finding": [watched.ids["zh"][:8]],
        "label": ["--label", "denies", "--all"],
    }[by]
    told = watched.exported_json("json", tmp_path / "a.json", *asked)
    expected = "/news" if by == "label" else "/zh"
    assert {one["capture"]["url"] for one in told["findings"]} == {watched.url + expected}
    assert {one["target"] for one in told["targets"]} == {watched.url + expected}
    assert {one["url"] for one in told["captures"]} == {watched.url + expected}


def test_what_is_not_there_is_refused(watched: World, tmp_path: Path) -> None:
    ran = watched.export("csv", tmp_path / "a.csv", "https://nobody.example/")
    assert ran.status == 2
    assert "neither watched in this case nor a finding" in ran.err


@pytest.mark.parametrize("form", ["annotations", "csv", "parquet"])
def test_an_export_without_a_confirmed_finding_is_refused(
    watched: World, tmp_path: Path, form: str
) -> None:
    ran = watched.export(form, tmp_path / "a", f"{watched.url}/news")
    assert ran.status == 2
    assert "no finding is confirmed" in ran.err
    assert not (tmp_path / "a").exists()


# ---------------------------------------------------------------- all forms alike


@pytest.mark.parametrize("form", [*FILES, "bagit"])
def test_a_file_that_exists_is_never_overwritten(watched: World, tmp_path: Path, form: str) -> None:
    output = tmp_path / "taken"
    output.write_bytes(b"mine")
    ran = watched.export(form, output)
    assert ran.status == 2
    assert "exists already" in ran.err
    assert output.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [output]


def test_nothing_is_written_when_the_file_beside_it_exists(watched: World, tmp_path: Path) -> None:
    (tmp_path / "a.annotations.jsonld").touch()
    ran = watched.export("ftm", tmp_path / "a.json")
    assert ran.status == 2
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("form", FILES)
def test_no_form_names_who_decided(watched: World, tmp_path: Path, form: str) -> None:
    data = watched.exported(form, tmp_path / "a", "--all")
    assert REVIEWER.encode() not in data
    assert b"Ivana" not in data


@pytest.mark.parametrize("form", [*(one for one in FILES if one != "icalendar"), "bagit"])
def test_every_form_is_looked_through_for_what_tells_of_us(
    tmp_path: Path, form: str, leaky: World
) -> None:
    """An actor has the operator's name, which all forms but calendars tell somewhere."""
    output = tmp_path / "a"
    ran = leaky.export(form, output)
    assert ran.status == 2, ran.out
    assert "the operator's name. Nothing was written" in ran.err
    assert list(tmp_path.iterdir()) == []
    allowed = leaky.export(form, output, "--allow", "operator")
    assert allowed.status == 0, allowed.err
    assert "the operator's name" in allowed.out


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("leaky")) as made:
        path = made.case.root / "case.toml"
        named = path.read_text().replace('operator = ""', 'operator = "Halcyon Vision"')
        path.write_text(named)
        yield replace(made, case=open_case(made.case.root))


@pytest.mark.parametrize("form", [*FILES, "bagit"])
def test_every_form_can_be_sealed(watched: World, tmp_path: Path, form: str) -> None:
    key = pyrage.x25519.Identity.generate()
    ending = ".zip.age" if form == "bagit" else ".age"
    output = tmp_path / f"out{ending}"
    ran = watched.export(form, output, "--encrypt-to", str(key.to_public()))
    assert ran.status == 0, ran.err
    assert all(one.name.endswith(".age") for one in tmp_path.iterdir())
    opened = pyrage.decrypt(output.read_bytes(), [key])
    watched.export(form, tmp_path / "plain")
    plain = tmp_path / "plain"
    assert len(opened) > 100
    assert form == "bagit" or abs(len(opened) - plain.stat().st_size) < 200


# ---------------------------------------------------------------- tables


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_cell_of_csv_is_no_formula(watched: World, tmp_path: Path) -> None:
    data = watched.exported("csv", tmp_path / "a.csv")
    assert data.startswith(b"\xef\xbb\xbfid,label")
    titles = {row["title"] for row in rows_of(data)}
    assert titles == {"'=Features & {prices} of 100% #1_A", "智能人脸平台"}


def test_parquet_has_the_columns_of_a_scan_and_what_a_case_knows(
    watched: World, tmp_path: Path
) -> None:
    watched.exported("parquet", tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.names[: len(SCHEMA)] == SCHEMA.names
    rows = table.to_pylist()
    assert {(row["quote"], row["status"]) for row in rows} == {
        (ENGLISH, "confirmed"),
        (CHINESE, "confirmed"),
    }
    assert all((watched.case.root / row["file"]).is_file() for row in rows)
    assert finding_of(rows[0])["selectors"][0]["exact"] == rows[0]["quote"]


# ---------------------------------------------------------------- the web's forms


def test_annotations_are_a_collection_as_the_model_has_it(watched: World, tmp_path: Path) -> None:
    told = watched.exported_json("annotations", tmp_path / "a.jsonld")
    jsonschema.validate(told, ANNOTATIONS)
    assert told["total"] == len(told["first"]["items"]) == 2
    item = told["first"]["items"][0]
    record = item["sousveil:record"]
    warc = (watched.case.root / record["file"]).read_bytes()
    assert len(warc) >= record["offset"] + record["length"]
    assert item["sousveil:finding"]["status"] == "confirmed"


# Web Annotation Data Model, sections 3.1, 4.2, 5.1 and 5.2, as far as we use it.
ANNOTATIONS = {
    "type": "object",
    "required": ["@context", "id", "type", "total", "first", "last"],
    "properties": {
        "@context": {
            "type": "array",
            "prefixItems": [{"const": "http://www.w3.org/ns/anno.jsonld"}],
        },
        "id": {"type": "string", "format": "uri"},
        "type": {"const": "AnnotationCollection"},
        "total": {"type": "integer", "minimum": 0},
        "first": {
            "type": "object",
            "required": ["id", "type", "partOf", "startIndex", "items"],
            "properties": {
                "type": {"const": "AnnotationPage"},
                "startIndex": {"const": 0},
                "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/annotation"}},
            },
        },
    },
    "$defs": {
        "annotation": {
            "type": "object",
            "required": ["id", "type", "target", "body", "motivation"],
            "not": {"required": ["@context"]},
            "properties": {
                "type": {"const": "Annotation"},
                "motivation": {"const": "classifying"},
                "target": {
                    "required": ["type", "source", "selector", "state"],
                    "properties": {
                        "type": {"const": "SpecificResource"},
                        "selector": {
                            "type": "array",
                            "contains": {
                                "required": ["type", "exact"],
                                "properties": {"type": {"const": "TextQuoteSelector"}},
                            },
                        },
                    },
                },
            },
        }
    },
}


def test_the_json_is_what_its_published_schema_says(watched: World, tmp_path: Path) -> None:
    told = watched.exported_json("json", tmp_path / "a.json", "--all")
    schema = json.loads((ROOT / "docs/reference/case.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(told)
    assert len(told["findings"]) == 4
    assert told["log"]["size"] > 0


def test_the_published_schema_is_fresh() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "case_schema.py"))["schema_text"]()
    page = (ROOT / "docs/reference/case.schema.json").read_text(encoding="utf-8")
    assert page == made, "run: python tools/case_schema.py"


# ---------------------------------------------------------------- citations


def test_a_reader_of_bibtex_reads_every_citation(watched: World, tmp_path: Path) -> None:
    read = parse_string(watched.exported("bibtex", tmp_path / "a.bib").decode(), "bibtex")
    assert len(read.entries) == 4  # the English page twice: it changed
    by_url = {one.fields["url"]: one for one in read.entries.values()}
    chinese = by_url[f"{watched.url}/zh"]
    assert chinese.fields["title"] == "{智能人脸平台}"
    assert [str(one) for one in chinese.persons["author"]] == ["{Halcyon Vision}"]
    english = by_url[f"{watched.url}/en"]
    title = Text.from_latex(english.fields["title"]).render_as("text")
    for command, brace in ((r"\textbraceleft ", "{"), (r"\textbraceright ", "}")):
        title = title.replace(command, brace)  # pybtex knows no such commands; TeX does
    assert title == "=Features & {prices} of 100% #1_A"
    assert "SHA-256" in english.fields["note"]


@settings(deadline=None)  # its first run loads the parser
@given(st.text(max_size=60).map(printable))
def test_any_title_is_written_so_that_bibtex_reads_it_as_it_is(title: str) -> None:
    field = f"@online{{key,\n  title = {{{{{escaped(title)}}}}},\n}}\n"
    (entry,) = parse_string(field, "bibtex").entries.values()
    assert entry.fields["title"] == f"{{{escaped(title)}}}"


def test_csl_names_the_archived_copy_of_each_citation(watched: World, tmp_path: Path) -> None:
    items = json.loads(watched.exported("csl", tmp_path / "a.json"))
    assert len({one["id"] for one in items}) == len(items) == 4
    for one in items:
        assert one["type"] == "webpage"
        (parts,) = one["accessed"]["date-parts"]
        assert len(parts) == 3
        name = one["archive_location"].partition(": ")[2].partition(",")[0]
        assert list(watched.case.root.glob(f"archive/**/{name}"))


# ---------------------------------------------------------------- calendars


def test_a_calendar_tells_captures_and_changes(watched: World, tmp_path: Path) -> None:
    data = watched.exported("icalendar", tmp_path / "a.ics")
    events = Calendar.from_ical(data).walk("VEVENT")
    summaries = [str(one["summary"]) for one in events]
    assert sum(one.startswith("First capture") for one in summaries) == 3
    assert "Changed: =Features & {prices} of 100% #1_A" in summaries
    assert f"Letter sent about {watched.url}/zh" in summaries
    assert LETTER_TO.encode() not in data
    ours = {text for _, text, is_ours in FORMS["icalendar"].read(data) if is_ours}
    assert f"Letter sent about {watched.url}/zh" in ours
    assert len({str(one["uid"]) for one in events}) == len(events)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_a_calendar_tells_what_went_and_when_it_can_be_confirmed(watched: World) -> None:
    known = fates()
    due = replace(held_fate(), due=NOW + timedelta(days=1))
    said = (
        Statement(EDITED, known[EDITED.id], "confirmed"),
        Statement(REMOVED, known[REMOVED.id], "confirmed"),
        Statement(UYGHUR, due, "open"),
    )
    summaries = [
        str(one["summary"])
        for one in Calendar.from_ical(calendar(told(watched, *said))).walk("VEVENT")
    ]
    for begin in ("Reworded", "Gone", "Missing, not confirmed yet", "Look again"):
        assert sum(one.startswith(f"{begin}: “") for one in summaries) == 1, begin


def told(watched: World, *statements: Statement) -> Told:
    with open_index(watched.case) as index:
        chosen = choose(watched.case, index, Asked(labels=["offers"]), NOW, lambda: SCHEMA)
    return replace(chosen, statements=statements)


@pytest.mark.parametrize("form", FILES)
def test_hostile_words_are_written_so_that_they_can_be_read_back(watched: World, form: str) -> None:
    """Lone surrogates, control and override characters, markup, an address that is none."""
    with open_index(watched.case) as index:
        said = [Statement(one, None, "open") for one in (HOSTILE, IN_HISTORY, REMOVED)]
        data = FORMS[form].make(replace(told(watched, *said), index=index))
    assert form == "parquet" or data.decode()
    assert list(FORMS[form].read(data))


# ---------------------------------------------------------------- bags


def test_a_bag_validates_and_every_change_to_it_is_seen(watched: World, tmp_path: Path) -> None:
    bag_path = tmp_path / "bag"
    assert watched.export("bagit", bag_path).status == 0
    bag = bagit.Bag(str(bag_path))
    bag.validate()
    warcs = sorted(one.name for one in (bag_path / "data" / "archive").rglob("*.warc.gz"))
    assert warcs == sorted(one.name for one in (watched.case.root / "archive").rglob("*.warc.gz"))
    entries = [json.loads(one.read_bytes()) for one in bag_path.glob("data/sousveil/entry-*.json")]
    logged = {one["warc"]["sha256"] for one in entries}
    lines = (bag_path / "manifest-sha256.txt").read_text().splitlines()
    assert {line.split()[0] for line in lines if " data/archive/" in line} == logged
    warc = next((bag_path / "data" / "archive").rglob("*.warc.gz"))
    warc.write_bytes(warc.read_bytes()[:-1] + b"?")
    with pytest.raises(bagit.BagValidationError):
        bag.validate()


def test_a_bag_of_a_finding_holds_what_shows_it_alone(watched: World, tmp_path: Path) -> None:
    assert watched.export("bagit", tmp_path / "bag", watched.ids["zh"]).status == 0
    warcs = list((tmp_path / "bag" / "data" / "archive").rglob("*.warc.gz"))
    assert 1 <= len(warcs) <= 2  # where it stood, and the newest look, which its fate rests on


def test_a_damaged_archive_file_is_not_bagged(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        warc = next((made.case.root / "archive").rglob("*.warc.gz"))
        warc.write_bytes(warc.read_bytes() + b"?")
        ran = made.export("bagit", tmp_path / "bag")
    assert ran.status == 2
    assert "its SHA-256 is not the one that was logged" in ran.err
    assert not (tmp_path / "bag").exists()


# ---------------------------------------------------------------- FollowTheMoney


def test_entities_keep_their_ids_and_lead_to_the_annotations(
    watched: World, tmp_path: Path
) -> None:
    first = lines_of(watched.exported("ftm", tmp_path / "a.json"))
    again = lines_of(watched.exported("ftm", tmp_path / "b.json"))
    assert [one["id"] for one in first] == [one["id"] for one in again]
    beside = json.loads((tmp_path / "a.annotations.jsonld").read_bytes())
    annotated = {one["id"] for one in beside["first"]["items"]}
    links = [one["properties"] for one in first if one["schema"] == "Documentation"]
    assert {one["recordId"][0] for one in links} == annotated
    ids = {one["id"] for one in first}
    assert all({*one["document"], *one["entity"]} <= ids for one in links)


@pytest.mark.slow
def test_followthemoney_takes_every_entity(watched: World, tmp_path: Path) -> None:
    ftm = pytest.importorskip("followthemoney", reason="in the group slow: needs libicu-dev")
    for form in lines_of(watched.exported("ftm", tmp_path / "a.json", "--all")):
        proxy = ftm.model.get_proxy(form)
        proxy.schema.validate(form)
        assert proxy.to_dict()["properties"].keys() == form["properties"].keys()
