"""What a browser showed beside what came over the wire: evidence, findings, fates."""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import read_events
from tests.commands import sousveil
from tests.sites import Page, Site, case_for, serve

SHELL = """<!doctype html><html lang=en><title>Tuvola</title><h1>Tuvola gate camera</h1>
<p>Our gate camera recognises the ethnicity of each visitor and raises an alarm.</p>
<p style="display:none">The camera also detects whether a visitor is Uyghur.</p>
<div id=specs></div><img src="http://127.0.0.2:8099/private.png">
<script>fetch('/specs.json').then(r => r.json()).then(all => { for (const one of all) {
  const p = document.createElement('p'); p.textContent = one
  document.getElementById('specs').append(p) } })</script>"""
CLAIM = "本产品支持维吾尔族识别,发现后自动告警。"


@pytest.fixture
def site(with_browser: Path) -> Iterator[Site]:
    assert with_browser
    with serve() as served:
        served.pages["/"] = Page(SHELL.encode())
        served.pages["/specs.json"] = specs(CLAIM, "4K")
        yield served


@pytest.fixture
def visited(site: Site, tmp_path: Path) -> Case:
    case = case_for(tmp_path / "case", site)
    assert sousveil("add", site.url, "--case", case.root).status == 0
    ran = sousveil("visit", "--case", case.root)
    assert ran.status == 0, ran.err
    return case


def specs(*texts: str) -> Page:
    return Page(json.dumps(texts).encode(), "application/json")


def findings_of(case: Case) -> dict[str, dict[str, Any]]:
    return {one["quote"]: one for one in sousveil("findings", "--case", case.root, "--json").json()}


def last_visit(case: Case) -> dict[str, Any]:
    return dict(
        [event.body for event in read_events(open_case(case.root)) if event.type == "visit"][-1]
    )


def test_each_quote_is_told_to_be_in_the_bytes_or_on_the_screen(visited: Case) -> None:
    found = findings_of(visited)
    seen = {quote: one["source"].get("seen_in") for quote, one in found.items()}
    assert seen == {
        "Our gate camera recognises the ethnicity of each visitor and raises an alarm.": "both",
        "The camera also detects whether a visitor is Uyghur.": "wire",
        CLAIM: "rendered",
    }
    (origin,) = found[CLAIM]["source"]["came_from"]
    assert origin["url"].endswith("/specs.json")
    assert found[CLAIM]["source"]["regions"]


def test_a_case_with_renderings_verifies_and_is_made_again_the_same(visited: Case) -> None:
    before = findings_of(visited)
    assert sousveil("verify", visited.root).status == 0
    assert sousveil("reindex", "--case", visited.root).status == 0
    assert findings_of(visited) == before


def test_what_a_script_no_longer_writes_vanished_though_the_bytes_are_the_same(
    visited: Case, site: Site
) -> None:
    site.pages["/specs.json"] = specs("4K")
    ran = sousveil("visit", "--all", "--case", visited.root)
    assert "0 gone, 1 missing, not confirmed yet" in ran.out
    assert CLAIM in ran.out
    assert sousveil("verify", visited.root).status == 0


def test_without_a_browser_what_a_script_wrote_is_not_told_to_be_gone(
    visited: Case, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/specs.json"] = specs("4K")
    monkeypatch.setenv("SOUSVEIL_BROWSER", "none")
    ran = sousveil("visit", "--all", "--case", visited.root)
    assert "0 gone." in ran.out
    assert "no program that can be run" in last_visit(visited)["not_shown"]
    monkeypatch.delenv("SOUSVEIL_BROWSER")
    assert (
        "0 gone, 1 missing, not confirmed yet"
        in sousveil("visit", "--all", "--case", visited.root).out
    )


def test_what_the_guard_refused_to_a_page_is_told_in_the_archive(visited: Case) -> None:
    rendering = last_visit(visited)["rendering"]
    warc = visited.root / rendering["snapshot"]["warc"]
    assert "refused_address" in gzip.decompress(warc.read_bytes()).decode("utf-8", "replace")


def test_a_watch_or_a_case_can_do_without_a_browser(site: Site, tmp_path: Path) -> None:
    case = case_for(tmp_path / "other", site)
    assert sousveil("add", site.url, "--no-browser", "--case", case.root).status == 0
    assert sousveil("visit", "--case", case.root).status == 0
    assert "rendering" not in last_visit(case)
    assert sousveil("add", site.url, "--browser", "--case", case.root).status == 0
    save_settings(case, replace(open_case(case.root).settings, browser=False))
    assert sousveil("visit", "--all", "--case", case.root).status == 0
    assert "rendering" not in last_visit(case)


def test_an_index_that_says_otherwise_of_the_screen_is_named(visited: Case) -> None:
    with sqlite3.connect(visited.root / "index.sqlite") as index:
        index.execute(
            "UPDATE sighting SET data = CAST(replace(CAST(data AS TEXT), ?, ?) AS BLOB)",
            ('"seen_in":"rendered"', '"seen_in":"both"'),
        )
    ran = sousveil("verify", visited.root)
    assert ran.status == 1
    assert "is not what this version finds" in ran.out
