"""Findings in documents: the page and boxes, the slide or the cell of each."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook

from sousveil.model import Finding
from sousveil.run.read.reading import read_file
from sousveil.topics import load
from tests.commands import sousveil
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, case_for, serve

CLAIM = "Oddlestane Lens recognises the ethnicity of every face, Uyghur or Han."


def only_finding(path: Path) -> Finding:
    (finding,) = read_file(path, [load("ethnicity")]).findings
    return finding


def test_a_finding_in_a_pdf_tells_its_page_and_a_box_for_each_line(tmp_path: Path) -> None:
    first, second = CLAIM[:42], CLAIM[42:].lstrip()
    page = [Text(first, y=700), Text(second, y=686)]
    path = tmp_path / "manual.pdf"
    path.write_bytes(make_pdf([[Text("Contents")], page]))
    source = only_finding(path).source
    assert source.page == 2
    upper, lower = source.boxes
    assert upper.bottom > 690 > lower.bottom > 680
    assert (source.line, source.end_line) == (2, 3)


def test_a_finding_in_a_workbook_tells_its_cell(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Functions"
    book.active["C4"] = CLAIM
    out = io.BytesIO()
    book.save(out)
    path = tmp_path / "functions.xlsx"
    path.write_bytes(out.getvalue())
    source = only_finding(path).source
    assert (source.cell, source.page, source.boxes) == ("Functions!C4", None, ())


def test_a_claim_that_leaves_a_manual_is_found_and_missed(tmp_path: Path) -> None:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        url = f"{site.url}/manual.pdf"
        rest = [
            Text(f"Step {n}: mount the camera at {n} metres, and turn its lens.", y=600 - 20 * n)
            for n in range(9)
        ]
        site.pages["/manual.pdf"] = Page(make_pdf([[Text(CLAIM), *rest]]), "application/pdf")
        assert sousveil("add", "--case", case.root, url).status == 0
        first = sousveil("visit", "--case", case.root, "--json").json()
        site.pages["/manual.pdf"] = Page(make_pdf([rest]), "application/pdf")
        second = sousveil("visit", "--all", "--case", case.root, "--json").json()
    (found,) = [line for line in first if line["event"] == "found"]
    (held,) = [line for line in second if line["event"] == "held"]
    assert (found["source"]["page"], len(found["source"]["boxes"])) == (1, 1)
    assert (held["id"], held["pending"]) == (found["id"], "quote_removed")
    assert sousveil("verify", case.root).status == 0


def test_a_claim_in_a_file_of_a_package_names_the_file_and_is_missed_when_it_goes(
    tmp_path: Path,
) -> None:
    header = (
        "struct Face {\n  int ethnicity; /* ethnicity recognised from the face, Uyghur = 2 */\n};\n"
    )
    with serve() as site:
        case = case_for(tmp_path / "case", site).root
        url = f"{site.url}/sdk.zip"
        site.pages["/sdk.zip"] = packed({"sdk/face.h": header, "sdk/lib.so": "\x7fELF"})
        assert sousveil("add", url, "--case", case).status == 0
        assert sousveil("visit", "--case", case).status == 0
        found = sousveil("findings", "--case", case, "--json").json()
        assert {one["source"]["part"] for one in found} == {"sdk/face.h"}
        assert sousveil("verify", case).status == 0
        site.pages["/sdk.zip"] = packed({"sdk/face.h": "struct Face { int age; };\n"})
        ran = sousveil("visit", "--all", "--case", case, "--json").json()
    held = [one for one in ran if one["event"] == "held"]
    assert {one["pending"] for one in held} == {"quote_removed"}
    assert {one["id"] for one in held} == {one["id"] for one in found}
    assert sousveil("verify", case).status == 0


def packed(files: Mapping[str, str]) -> Page:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return Page(stream.getvalue(), "application/zip")
