"""Editors mark words and draw boxes at the desk, by mouse and by keyboard, and readers may not."""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, expect

from sousveil.run.publish.marking import marks_of
from tests.commands import sousveil
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, case_for, serve
from tests.web.desks import Served, served

CLAIM = "The Halden gate camera tells the ethnicity of every visitor, and raises an alarm"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with a finding beside a contact, and one on a page of a PDF; its key."""
    root = tmp_path_factory.mktemp("withheld")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(root / "config"))
        case = case_for(root / "case", site)
        page = (
            f"<html lang=en><title>Gate</title><p>{CLAIM}, says Mira Holt, jo@halden.example.</p>"
        )
        site.pages["/"] = Page(page.encode())
        site.pages["/sheet.pdf"] = Page(make_pdf([[Text(f"{CLAIM}.", 40)]]), "application/pdf")
        addresses = [f"{site.url}{path}" for path in site.pages]
        assert sousveil("add", "--case", case.root, *addresses).status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    return root


@pytest.fixture
def desk(made: Path, tmp_path: Path, own_config: Path) -> Iterator[Served]:
    shutil.copytree(made / "config", own_config, dirs_exist_ok=True)
    with served(shutil.copytree(made / "case", tmp_path / "case")) as up:
        yield up


def page_of(desk: Served, ending: str) -> str:
    found = sousveil("findings", "--case", desk.case.root, "--json").json()
    one = next(one["id"] for one in found if one["capture"]["url"].endswith(ending))
    return f"/findings/{one}/withhold"


def test_words_are_marked_and_shown_as_readers_will_see_them(desk: Served) -> None:
    page = page_of(desk, "/")
    client = desk.client("editor", "Grace")
    assert "[withheld: e-mail address]" in client.get(page).text
    asked = {"what": "withhold", "words": "Mira Holt", "note": "a bystander"}
    assert client.post(f"{page}/words", on=page, **asked).status == 303
    assert "says [withheld: passage]" in client.get(page).text
    (mark,) = marks_of(desk.case).words
    assert (mark.words, mark.by, mark.finding_id in page) == ("Mira Holt", "Grace", True)
    shown = {
        "what": "show",
        "words": "jo@halden.example",
        "note": "the company",
        "where": "everywhere",
    }
    assert client.post(f"{page}/words", on=page, **shown).status == 303
    assert "[withheld: e-mail address]" not in client.get(page).text
    wrong = client.post(f"{page}/words", on=page, what="withhold", words="Nobody", note="x")
    assert (wrong.status, "does not stand in finding" in wrong.text) == (400, True)
    assert client.post(f"{page}/words", on=page, what="burn", words="x", note="x").status == 400


def test_readers_and_reviewers_mark_nothing(desk: Served) -> None:
    page = page_of(desk, ".pdf")
    for role in ("reader", "reviewer"):
        client = desk.client(role, "Ada")
        assert '<form method="post" action="/findings' not in client.get(page).text
        assert client.post(f"{page}/words", on="/", what="withhold", words="x").status == 403
        assert client.post(f"{page}/picture", on="/", boxes="", note="x").status == 403
    assert marks_of(desk.case).pictures == {}


def test_the_whole_picture_is_written_anew_and_a_page_without_one_says_so(desk: Served) -> None:
    page = page_of(desk, ".pdf")
    whole = f"/pictures/{page.split('/')[2]}/whole"
    client = desk.client("editor")
    with Image.open(BytesIO(client.get(whole).body)) as picture:
        assert (picture.format, picture.width) == ("JPEG", 1_200)
    other = page_of(desk, "/")
    assert "No picture shows this finding" in client.get(other).text
    assert client.get(f"/pictures/{other.split('/')[2]}/whole").status == 404


def test_boxes_are_drawn_by_mouse_and_written_by_keyboard(desk: Served, browser: Browser) -> None:
    address = page_of(desk, ".pdf")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    client = desk.client("editor", "Grace")
    cookies = client.cookies.items()
    context.add_cookies([{"name": k, "value": v, "url": desk.url} for k, v in cookies])
    page = context.new_page()
    page.goto(desk.url + address)
    image = page.get_by_role("img", name="The whole picture")
    image.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#boxing img').naturalWidth === 1200")
    seen = image.bounding_box()
    assert seen is not None
    scale = 1_200 / seen["width"]
    page.mouse.move(seen["x"] + 20, seen["y"] + 30)
    page.mouse.down()
    page.mouse.move(seen["x"] + 120, seen["y"] + 60)
    page.mouse.up()
    lines = page.get_by_label("Boxes, one a line")
    left, top, right, bottom = (int(side) for side in lines.input_value().split(","))
    drawn = (left, top, right, bottom)
    assert drawn == pytest.approx([side * scale for side in (20, 30, 120, 60)], abs=3)
    lines.press("End")
    lines.type("\n0,0,50,60")
    expect(page.locator("#boxing rect.painted")).to_have_count(2)
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1_280
    page.get_by_label("Why").last.fill("a face")
    page.get_by_role("button", name="I looked at the whole picture").press("Enter")
    expect(page.get_by_text("Grace looked at it")).to_be_visible()
    context.close()
    (mark,) = marks_of(desk.case).pictures.values()
    assert [(one.left, one.top, one.right, one.bottom) for one in mark.boxes] == [
        drawn,
        (0, 0, 50, 60),
    ]
