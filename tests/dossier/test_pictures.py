"""Pictures in a dossier: what stands under them, and that they stay what they are."""

import os
import shutil
from pathlib import Path

import pytest

from sousveil.dossier import write_dossier
from sousveil.dossier.pages import render
from sousveil.model import Finding
from tests.dossier.chromium import open_chromium
from tests.dossier.markup import Page, read_page
from tests.dossier.pictures import PICTURED, WARNING, pictured_report
from tests.dossier.reports import DENIAL, DISCUSSION, EDITED, IN_HISTORY, REMOVED, UYGHUR

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
PHONE = 360
FITS = "(root => root.scrollWidth <= root.clientWidth)(document.documentElement)"
# Whether each overlay lies exactly on its picture, and each picture was loaded.
LAID_OVER = """[...document.querySelectorAll('.sheet')].every(sheet => {
  const img = sheet.querySelector('img'), [one, other] =
    [img, sheet.querySelector('svg')].map(each => each.getBoundingClientRect());
  return img.complete && img.naturalWidth > 0 && ['x', 'y', 'width', 'height'].every(
      side => Math.abs(one[side] - other[side]) < 0.5);
})"""


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = tmp_path_factory.mktemp("pictures")
    target = tmp_path_factory.mktemp("out") / "dossier"
    return write_dossier(pictured_report(pictures), target).parent


def page_of(dossier: Path, found: Finding) -> Page:
    return read_page((dossier / "findings" / f"{found.id}.html").read_bytes())


def test_each_picture_is_copied_once_and_stays_as_it_was(dossier: Path, tmp_path: Path) -> None:
    pictured_report(tmp_path)
    copied = {path.name: path.read_bytes() for path in (dossier / "pictures").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("found", PICTURED)
def test_a_page_shows_the_picture_with_the_quote_outlined(dossier: Path, found: Finding) -> None:
    page = page_of(dossier, found)
    (image,) = page.all("img")
    assert (dossier / "findings" / image.attributes["src"]).is_file()
    assert image.attributes["alt"].endswith("with the quote outlined.")
    edges = [e for e in page.all("rect") if e.attributes.get("class") == "edge"]
    assert [(e.attributes["x"], e.attributes["y"]) for e in edges] == [
        ("57.0", "128.0"),
        ("57.0", "158.0"),
    ]
    assert found.capture.record.record_id in page.text
    assert "ab" * 32 in page.text


def test_the_whole_picture_is_linked_or_its_absence_told(dossier: Path) -> None:
    page = page_of(dossier, EDITED)
    (link,) = [a for a in page.all("a") if a.text == "The whole picture"]
    assert (dossier / "findings" / link.attributes["href"]).is_file()
    assert "(1366 × 2400 pixels)" in page.text
    assert "is too large for these pages; it is in the archive" in page_of(dossier, REMOVED).text


def test_what_a_machine_read_off_a_picture_is_said_with_its_confidence(dossier: Path) -> None:
    text = page_of(dossier, UYGHUR).text
    assert "with a confidence of 0.87 of 1" in text
    assert "what counts is the picture" in text
    assert WARNING in text
    assert "OCR" not in page_of(dossier, EDITED).text


def test_where_the_words_were_seen_is_said(dossier: Path) -> None:
    page = page_of(dossier, EDITED)
    assert "Seen in the bytes the server sent and on the screen." in page.text
    assert "page 3; captured" in page_of(dossier, REMOVED).text


def test_a_missing_picture_has_its_reason(dossier: Path) -> None:
    page = page_of(dossier, DISCUSSION)
    assert "none: no browser showed this address" in page.text
    assert page.all("img") == []


def test_the_front_page_shows_a_loss_on_its_picture_and_links_to_the_others(dossier: Path) -> None:
    index = read_page((dossier / "index.html").read_bytes())
    sources = [image.attributes["src"] for image in index.all("img")]
    assert set(sources) == {f"pictures/{EDITED.id}.png", f"pictures/{REMOVED.id}.png"}
    links = [a.attributes["href"] for a in index.all("a") if a.text == "on the picture"]
    assert set(links) == {f"findings/{found.id}.html#picture" for found in PICTURED}


def test_the_same_report_gives_the_same_pages(tmp_path: Path) -> None:
    assert render(pictured_report(tmp_path)) == render(pictured_report(tmp_path))


@pytest.mark.skipif(
    PROGRAM is None or os.name != "posix", reason="no Chromium on PATH to open the pages with"
)
def test_in_a_browser_outlines_lie_on_their_pictures_on_every_screen(
    dossier: Path, tmp_path: Path
) -> None:
    names = ["index.html", *(f"findings/{found.id}.html" for found in PICTURED)]
    names += [f"findings/{found.id}.html" for found in (DENIAL, IN_HISTORY)]
    with open_chromium(str(PROGRAM), tmp_path / "profile") as chromium:
        for name in names:
            for width in (PHONE, 1_280):
                requested, complaints = chromium.show((dossier / name).as_uri(), width)
                pictures = {uri for uri in requested if "/pictures/" in uri}
                page, style = (dossier / name).as_uri(), (dossier / "style.css").as_uri()
                assert set(requested) == {page, style, *pictures}
                assert all(uri.startswith(dossier.as_uri()) for uri in pictures)
                assert complaints == []
                assert chromium.evaluate(FITS) is True
                assert chromium.evaluate(LAID_OVER) is True
