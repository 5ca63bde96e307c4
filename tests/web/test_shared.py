"""What several actors have is drawn at the desk, each lane leading to its finding."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import sousveil
from tests.sites import Page, case_for, serve
from tests.web.desks import Served, served

CLAIM = "The gate camera recognises the ethnicity of every visitor, and raises an alarm by itself."
OTHER = "Our lamp recognises whether a passer-by is Uyghur, and tells the police about it at once."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Served]:
    """Serve a case in which two of three actors have the same sentence."""
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        for actor, said in (("Halden", CLAIM), ("Gazelight", CLAIM), ("Third", OTHER)):
            site.pages[f"/{actor}"] = Page(f"<html lang=en><p>{said}</p></html>".encode())
            sousveil("add", f"{site.url}/{actor}", "--actor", actor, "--case", case.root)
        assert sousveil("visit", "--case", case.root).status == 0
    with served(shutil.copytree(case.root, tmp_path / "served")) as up:
        yield up


def test_what_several_have_is_drawn_listed_and_chosen(desk: Served) -> None:
    client = desk.client()
    page = client.get("/shared").text
    drawing = page[page.index("<svg") : page.index("</svg>")]
    rows = json.loads(client.get("/shared.json").body)
    assert {row["actor"] for row in rows} == {"Halden", "Gazelight"}
    assert {row["words"] for row in rows} == {CLAIM}
    links = {f"/findings/{row['finding']}" for row in rows}
    assert set(re.findall(r'href="(/findings/[0-9a-f]{12})"', drawing)) == links
    assert all(client.get(link).status == 200 for link in links)
    table = list(csv.DictReader(io.StringIO(client.get("/shared.csv").text.removeprefix("\ufeff"))))
    assert [row["finding"] for row in table] == [row["finding"] for row in rows]
    chosen = client.get("/shared?actor=Halden").text
    assert "No two actors have the same among what you ask for" in chosen
    sousveil("review", rows[0]["finding"], "reject", "--by", "A. Reader", "--case", desk.case.root)
    assert "<svg" not in client.get("/shared").text.partition("<main")[2]
