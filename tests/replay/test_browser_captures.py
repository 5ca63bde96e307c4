"""What a browser captured is replayed: made by script, from other hosts, and unchanged since."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.case import save_settings
from sousveil.run.publish.exports import export_wacz
from sousveil.run.publish.output import Output
from tests.commands import sousveil
from tests.replay.player import PROGRAM, Served, Viewer, build, quiet, served, viewer
from tests.sites import Page, case_for, serve

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on PATH to replay in")

FILLER = "<!-- " + "made up " * 400 + "-->"  # a page long enough to be worth a revisit
SHELL = (
    """<!doctype html><title>Loading</title><h1>Tuvola gate camera</h1><p id=asked></p>
<p id=sent></p><iframe src="OTHER/frame"></iframe><script>
navigator.serviceWorker?.register("/worker.js").catch(() => 0)
const show = (id, text) => document.getElementById(id).textContent = text
fetch("/specs.json").then(r => r.json()).then(all => show("asked", all.join(" ")))
fetch("/search", {method: "POST", headers: {"Content-Type": "application/json"},
  body: JSON.stringify({q: "民族", page: 1, deep: {exact: true}})})
  .then(r => r.json()).then(all => { show("sent", all.answer); document.title = "Made by script" })
</script>"""
    + FILLER
)
CLAIM = "本产品支持民族识别"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A package of one watch, visited twice with a browser, and its site's address, now dead."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch, serve() as site, serve() as other:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        patch.delenv("SOUSVEIL_BROWSER", raising=False)
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        site.pages["/"] = Page(SHELL.replace("OTHER", elsewhere).encode())
        site.pages["/specs.json"] = Page(json.dumps([CLAIM]).encode(), "application/json")
        site.pages["/search"] = Page(b'{"answer": "asked by POST"}', "application/json")
        site.pages["/worker.js"] = Page(b"onfetch = () => {}", "text/javascript")
        other.pages["/frame"] = Page(b"<p>From another host</p>")
        case = case_for(folder / "case", site)
        hosts = case.settings.allow_hosts | {elsewhere.removeprefix("http://")}
        save_settings(case, replace(case.settings, allow_hosts=hosts))
        assert sousveil("add", site.url, "--case", case.root).status == 0
        for _ in range(2):
            ran = sousveil("visit", "--all", "--case", case.root)
            assert ran.status == 0, ran.err
        export_wacz(case, [site.url], Output(folder / "one.wacz"), now=NOW, progress=quiet)
    return folder / "one.wacz", site.url


@pytest.fixture(scope="module")
def running(
    exported: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    installed = build(tmp_path_factory.mktemp("built"))
    with served(installed, exported[0]) as server:
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    with viewer(str(PROGRAM), tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def index_of(wacz: Path) -> list[tuple[str, str, dict[str, str]]]:
    with zipfile.ZipFile(wacz) as package:
        lines = package.read("indexes/index.cdx").decode().splitlines()
    return [(key, at, json.loads(told)) for key, at, told in (x.split(" ", 2) for x in lines)]


def test_py_wacz_finds_no_fault(exported: tuple[Path, str]) -> None:
    referee = Path(sys.executable).with_name("wacz")
    done = subprocess.run(
        [referee, "validate", "-f", exported[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_made_by_script_is_replayed_at_both_its_times(
    browser: Viewer, running: Served, exported: tuple[Path, str]
) -> None:
    wacz, url = exported
    lines = [one for one in index_of(wacz) if one[2]["url"] == f"{url}/"]
    assert any(told["mime"] == "warc/revisit" for _, _, told in lines)
    for at in {lines[0][1], lines[-1][1]}:
        browser.open(running.page(running.stage, url=f"{url}/", ts=at, quote=CLAIM))
        browser.until(f"page()?.getElementById('asked')?.textContent === '{CLAIM}'")
        browser.until("page().getElementById('sent').textContent === 'asked by POST'")
        browser.until("page().title === 'Made by script'")
        frame = browser.until("page().querySelector('iframe').contentDocument?.body?.innerText")
        assert frame == "From another host"
        assert browser.way_out.heard == []


def test_pages_have_the_title_that_was_shown(exported: tuple[Path, str]) -> None:
    with zipfile.ZipFile(exported[0]) as package:
        _, *pages = map(json.loads, package.read("pages/pages.jsonl").splitlines())
    assert {page["title"] for page in pages} == {"Made by script"}
