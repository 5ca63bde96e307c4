"""Views in a text: a line by itself places one; what is none, or shows nothing, is refused."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from sousveil.capture.browser.printing import print_page
from sousveil.dossier import write_dossier
from sousveil.dossier.pages import render
from sousveil.dossier.writing.pages import Text
from sousveil.dossier.writing.parse import parse
from sousveil.dossier.writing.rules import Cited, problems
from sousveil.errors import InputError
from tests.dossier.markup import read_page
from tests.dossier.reports import EDITED, UYGHUR, made_up_report
from tests.dossier.views.made import fact

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
REPORT = replace(
    made_up_report(),
    decided={one.id: "confirmed" for one in made_up_report().findings},
    facts=(fact(1, "project", title="Gates", place="Hotan", budget=("1200000", "CNY")),),
)


def text(source: str) -> Text:
    return Text(parse(source), {one.id: Cited(one, "") for one in REPORT.findings}, None)


def test_a_view_by_itself_is_no_statement_and_one_within_a_sentence_is_no_view() -> None:
    written = parse("{matrix}\n\nWe saw {timeline} there?\n\n- {projects}\n\n`{shared}`\n")
    assert written.views == ((1, "matrix"), (5, "projects"))
    assert [one.text for one in written.statements] == ["We saw {timeline} there?", "{shared}"]


def test_a_view_that_there_is_not_is_named_with_its_line() -> None:
    (told,) = problems(parse("# A title\n\n{lawn}\n"), {})
    assert str(told).startswith("line 3: {lawn} is no view. There are matrix, timeline")


def test_a_view_with_nothing_to_show_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r"line 3: \{figures\}"):
        render(REPORT, text("{matrix}\n\n{figures}\n"))


def test_a_text_has_its_views_where_it_places_them_and_in_print_without_links() -> None:
    pages = render(REPORT, text("# Gates\n\n{projects}\n\n{matrix}\n"))
    for name, has_links in (("index.html", True), ("print.html", False)):
        page = read_page(pages[name])
        figures = [one for one in page.all("figure") if "drawing" in one.attributes["class"]]
        assert [one.attributes["id"] for one in figures] == ["view-projects", "view-matrix"]
        assert any("matrix.html" in one.attributes["href"] for one in page.all("a")) is has_links
    assert "matrix.html" in pages


def test_a_quoted_block_has_its_own_direction_and_the_language_of_what_it_cites() -> None:
    source = f"# A\n\n> {UYGHUR.quote} [@f:{UYGHUR.id}]\n\n> {EDITED.quote} [@f:{EDITED.id}]\n"
    blocks = read_page(render(REPORT, text(source))["index.html"]).all("blockquote")
    told = [(one.attributes["dir"], one.attributes.get("lang")) for one in blocks[:2]]
    assert told == [("rtl", "ug"), ("ltr", "en")]


def test_in_a_text_from_right_to_left_all_that_is_not_keeps_its_direction() -> None:
    source = f"# {UYGHUR.passage}\n\n{UYGHUR.passage} [@f:{UYGHUR.id}]\n\n"
    source += f"It recognises ethnicity [@f:{EDITED.id}].\n\n{{matrix}}\n"
    page = read_page(render(REPORT, text(source))["index.html"])
    assert [one.attributes["dir"] for one in page.all("figure")][:1] == ["ltr"]
    turned = [one.attributes.get("dir") for one in page.all("p") if "recognises" in one.text]
    kept = [one.attributes.get("dir") for one in page.all("p") if UYGHUR.quote[:20] in one.text]
    assert (turned[0], kept[0]) == ("ltr", None)


def test_a_view_in_a_text_counts_what_people_confirmed_alone() -> None:
    some = replace(REPORT, decided={EDITED.id: "confirmed", UYGHUR.id: "disputed"})
    pages = render(some, text("# A\n\n{timeline}\n"))
    figure = (
        pages["index.html"].decode().partition('id="view-timeline"')[2].partition("</figure>")[0]
    )
    assert "Of findings that people confirmed alone." in figure
    cited = {one.id for one in REPORT.findings if f"findings/{one.id}.html" in figure}
    assert cited == {EDITED.id}
    assert UYGHUR.id in pages["evidence.html"].decode()
    with pytest.raises(InputError, match=r"line 3: \{matrix\}.*that people confirmed; review"):
        render(replace(REPORT, decided={}), text("# A\n\n{matrix}\n"))


@pytest.mark.skipif(PROGRAM is None or os.name != "posix", reason="no Chromium on PATH to print")
def test_drawings_are_printed_with_text_of_a_size_that_can_be_read(tmp_path: Path) -> None:
    source = text("# Gates\n\n{matrix}\n\n{projects}\n\n{timeline}\n")
    page = write_dossier(REPORT, tmp_path / "out", text=source).with_name("print.html")
    printed = pypdfium2.PdfDocument(print_page(Path(str(PROGRAM)), page))
    leaves = [one.get_textpage() for one in printed]
    told = "".join(one.get_text_range() for one in leaves)
    assert all(word in told for word in ("Hotan", "first seen", "Halcyon Vision"))
    (place,) = [
        leaf.get_charbox(at) for leaf in leaves if (at := leaf.get_text_range().find("Hotan")) >= 0
    ][:1]
    assert place[3] - place[1] > 4  # points, of its H: letters of some 7
