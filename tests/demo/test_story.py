"""The story that the demonstration tells, and what it says of a computer that lacks something."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from sousveil.cli import story
from sousveil.extract.ocr.process import installed
from tests.commands import sousveil
from tests.dossier.markup import Page, read_page

# Each kind of picture: words on it, and what is said of how they were seen.
PICTURED = {
    "each passer-by (Uyghur / non-Uyghur)": "Seen only on the screen: script put it there",
    "2.3 Ethnicity classifier Uyghur / non-Uyghur": "the page as drawn from the PDF, page 2",
    "It recognises the ethnicity of each visitor": "A machine read these words off the picture",
}


def test_a_missing_browser_and_a_missing_reader_of_pictures_are_told_in_a_line_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOUSVEIL_BROWSER", "/nowhere/chromium")
    monkeypatch.setattr("sousveil.extract.ocr.process.find_spec", lambda _: None)
    browser, reader = story.unseen()
    assert browser.startswith("No browser, so the page that a script builds shows nothing. /nowh")
    assert reader == "No OCR, so the scanned leaflet is not read: install sousveil[ocr]."


@pytest.mark.slow
@pytest.mark.skipif(not installed(), reason="the extra `ocr` is not installed")
@pytest.mark.usefixtures("with_browser")
def test_the_dossier_shows_what_vanished_from_a_script_a_pdf_and_a_scan_on_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUSVEIL_CASE", "set by the demo, and taken back")
    ran = sousveil("demo", tmp_path / "demo")
    assert ran.status == 0, ran.err
    pages = [
        read_page(path.read_bytes()) for path in (tmp_path / "demo/dossier/findings").iterdir()
    ]
    for words, seen in PICTURED.items():
        page = next(page for page in pages if words in quote(page))
        assert len(page.all("img")) == 1
        assert [e for e in page.all("rect") if e.attributes.get("class") == "edge"]
        assert seen in page.text
        assert "What became of it" in page.text


def quote(page: Page) -> str:
    return " ".join(" ".join(mark.text for mark in page.all("mark")).split())


def test_the_desk_is_offered_and_nobody_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no person is at the terminal, the command is told, and that is all."""
    story._offer_desk(lambda arguments: pytest.fail(f"ran {arguments}"), tmp_path)
    told = capsys.readouterr().out
    assert f"SOUSVEIL_CONFIG={tmp_path / 'config'}" in told
    assert f"serve --case {tmp_path / 'case'}" in told


def test_whoever_says_yes_gets_the_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    story._offer_desk(ran.append, tmp_path)
    assert ran == [["serve"]]
