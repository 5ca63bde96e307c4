"""A quote is shown where it was seen, in a picture that we wrote ourselves."""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.commands import sousveil
from tests.sites import Page, case_for, serve
from tests.web.desks import CHINESE, Served, served


@pytest.fixture
def pictured(tmp_path: Path, with_browser: Path) -> Iterator[Served]:
    """The desk of a case with one page that a browser showed."""
    assert with_browser
    with serve() as site:
        case_for(tmp_path / "case", site)
        site.pages["/zh"] = Page(CHINESE.encode())
        assert sousveil("add", "--case", tmp_path / "case", site.url + "/zh").status == 0
        assert sousveil("visit", "--case", tmp_path / "case").status == 0
    with served(tmp_path / "case") as up:
        yield up


def test_the_quote_is_outlined_on_a_screenshot_that_is_made_once(pictured: Served) -> None:
    (found,) = sousveil("findings", "--case", pictured.case.root, "--json").json()
    ada = pictured.client()
    part = ada.get(f"/findings/{found['id']}/picture?part").text
    assert "Part of the page as a browser showed it" in part
    assert '<rect class="quote"' in part
    answer = ada.get(f"/pictures/{found['id']}")
    assert answer.headers["content-type"] in {"image/png", "image/webp"}
    with Image.open(BytesIO(answer.body)) as picture:
        assert f'width="{picture.width}" height="{picture.height}"' in part
        assert not picture.info.get("exif")
    folder = pictured.case.cache / "pictures"
    made = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(made) == 2
    assert ada.get(f"/findings/{found['id']}/picture?part").text == part
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == made


def test_what_lies_damaged_in_the_cache_is_made_again(pictured: Served) -> None:
    (found,) = sousveil("findings", "--case", pictured.case.root, "--json").json()
    ada = pictured.client()
    before = ada.get(f"/pictures/{found['id']}").body
    folder = pictured.case.cache / "pictures"
    for path in folder.glob("*.json"):
        path.write_text('{"kind": "../../etc", "suffix": "/../x"}')
    assert ada.get(f"/pictures/{found['id']}").body == before
    shutil.rmtree(folder)
    assert ada.get(f"/pictures/{found['id']}").body == before
