"""The dossier in a real Chromium: what it requests, what it complains about, how wide it gets."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.dossier import write_dossier
from tests.dossier.chromium import Chromium, open_chromium
from tests.dossier.reports import EDITED, HOSTILE, IN_HISTORY, UYGHUR, made_up_report

PHONE = 360
FITS = "(root => root.scrollWidth <= root.clientWidth)(document.documentElement)"
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")

pytestmark = pytest.mark.skipif(
    PROGRAM is None or os.name != "posix", reason="no Chromium on PATH to open the pages with"
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with open_chromium(str(PROGRAM), tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = replace(made_up_report(), faults=("W" * 400,))
    return write_dossier(report, tmp_path_factory.mktemp("out") / "dossier").parent


PAGES = ["index.html"] + [f"findings/{f.id}.html" for f in (EDITED, IN_HISTORY, UYGHUR, HOSTILE)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_only_itself_and_its_style_sheet_and_raises_no_complaint(
    chromium: Chromium, dossier: Path, page: str
) -> None:
    requested, complaints = chromium.show((dossier / page).as_uri(), PHONE)
    assert requested == [(dossier / page).as_uri(), (dossier / "style.css").as_uri()]
    assert complaints == []
    paper = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper != "rgba(0, 0, 0, 0)"  # the style sheet was applied


@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_no_sideways_scrolling_on_a_phone(
    chromium: Chromium, dossier: Path, page: str
) -> None:
    chromium.show((dossier / page).as_uri(), PHONE)
    chromium.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert chromium.evaluate("innerWidth") == PHONE
    assert chromium.evaluate(FITS) is True


def test_the_browser_would_have_complained_about_a_script_or_a_foreign_picture(
    chromium: Chromium, tmp_path: Path
) -> None:
    page = write_dossier(made_up_report(), tmp_path / "dossier")
    html = page.read_text("utf-8")
    bait = "<script>1</script><img src='https://tracker.example/x'></body>"
    page.write_text(html.replace("</body>", bait), "utf-8")
    _, complaints = chromium.show(page.as_uri(), PHONE)
    assert len(complaints) == 2
    assert all("Content Security Policy" in complaint for complaint in complaints)


def test_uyghur_is_set_from_right_to_left_and_code_from_left_to_right(
    chromium: Chromium, dossier: Path
) -> None:
    direction = "getComputedStyle(document.querySelector('.words')).direction"
    chromium.show((dossier / f"findings/{UYGHUR.id}.html").as_uri(), PHONE)
    assert chromium.evaluate(direction) == "rtl"
    assert chromium.evaluate("document.querySelector('.words').lang") == "ug"
    chromium.show((dossier / f"findings/{IN_HISTORY.id}.html").as_uri(), PHONE)
    assert chromium.evaluate(direction) == "ltr"
