"""What is withheld of a page's text is painted over on its picture, in the pixels themselves."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.commands import sousveil
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, case_for, serve

CLAIM = "The Halden gate camera tells the ethnicity of every visitor."
CONTACT = "Contact person: Petra Lind, petra.lind@halden.example"
LEAST_BLACK = 600  # pixels: a line of small print, and no letter


def made(folder: Path, answer: Page, name: str) -> str:
    """Return what is told of the dossier, in `folder`/out, of a case that saw an answer."""
    with serve() as site:
        case = case_for(folder / "case", site)
        site.pages[name] = answer
        sousveil("add", site.url + name, "--actor", "Halden Vision", "--case", case.root)
        assert sousveil("visit", "--case", case.root).status == 0
    ran = sousveil("dossier", "-o", folder / "out", "--case", case.root)
    assert ran.status == 0, ran.err
    return ran.err


def black(folder: Path) -> int:
    """Return how many pixels of the one picture of a dossier are black, and no letter's."""
    (part,) = (folder / "out" / "pictures").iterdir()  # the whole picture is left out
    with Image.open(part) as picture:
        grey = picture.convert("L")
        row = grey.resize((grey.width // 8, grey.height // 8), Image.Resampling.BOX)
        return sum(64 for value in row.tobytes() if value == 0)


def test_a_contact_on_a_page_of_a_pdf_is_painted_over(tmp_path: Path) -> None:
    pdf = make_pdf([[Text(CLAIM, 72, 700), Text(CONTACT, 72, 670)]])
    told = made(tmp_path, Page(pdf, "application/pdf"), "/a.pdf")
    assert "words that are withheld are painted over: 1 picture" in told
    assert black(tmp_path) > LEAST_BLACK


@pytest.mark.usefixtures("with_browser")
def test_a_contact_on_the_screen_is_painted_over(tmp_path: Path) -> None:
    page = f"<html lang=en><p>{CLAIM}</p><table><tr><td>Contact person</td><td>Petra Lind</td></tr>"
    told = made(tmp_path, Page(page.encode()), "/")
    assert "words that are withheld are painted over: 1 picture" in told
    assert black(tmp_path) > LEAST_BLACK
    pages = (tmp_path / "out").rglob("*.html")
    assert not [one for one in pages if re.search("Petra|Lind", one.read_text("utf-8"))]
