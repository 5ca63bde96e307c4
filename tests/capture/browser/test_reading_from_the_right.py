"""Pages that are read from the right: words stand on the picture where their boxes say.

In each page one word is painted red on white; its box must hold red and nothing beside it must.
"""

import pytest
from PIL import Image

from sousveil.capture.browser import Rendered
from sousveil.extract.rendered import read_rendered
from sousveil.model import Run
from tests.capture.browser.conftest import Show
from tests.capture.browser.nasty import Site

RED = "<b style='color:#f00;background:#f00'>"

UYGHUR = f"<p>بۇ سىستېما كىشىلەرنىڭ {RED}چىرايىنى</b> پەرقلەندۈرىدۇ</p>"
ARABIC = f"<p>يتعرف النظام على {RED}العرق</b> من الوجه تلقائيا</p>"
HEBREW = f"<p>המערכת מזהה את {RED}המוצא</b> מהפנים</p>"
JAPANESE = f"<p>このシステムは顔から{RED}民族</b>を推定します。</p>"
MONGOLIAN = f"<p>ᠮᠣᠩᠭᠣᠯ {RED}ᠦᠨᠳᠦᠰᠦᠲᠡᠨ</b> ᠪᠢᠴᠢᠭ</p>"
LATIN = f"<p>The system infers the {RED}origin</b> of a face.</p>"

FAR = "<p style='position:absolute;left:-9999px'>for readers of screens</p>"
WIDE = "<div style='width:2600px;height:10px;background:#00f'></div>"
TALL = "<div style='height:5000px'></div>"
COLUMNS = "<p>縦に書かれた段落。</p>" * 60
LINES = "<p>ᠪᠢᠴᠢᠭ</p>" * 60

PAGES = {
    "uyghur": ("dir=rtl", UYGHUR, "چىرايىنى"),
    "uyghur, in the body alone": ("><body dir=rtl", UYGHUR, "چىرايىنى"),
    "uyghur, in several slices": ("dir=rtl", TALL + UYGHUR, "چىرايىنى"),
    "arabic": ("dir=rtl", ARABIC, "العرق"),
    "arabic, wider than the screen": ("dir=rtl", WIDE + ARABIC, "العرق"),
    "arabic, wide and long": ("dir=rtl", WIDE + TALL + ARABIC, "العرق"),
    "arabic, at the left end": (
        "dir=rtl",
        f"<div style='width:2600px'><div style='float:left'>{ARABIC}</div></div>",
        "العرق",
    ),
    "hebrew": ("dir=rtl", HEBREW, "המוצא"),
    "hebrew, with text pushed far off": ("dir=rtl", FAR + HEBREW, "המוצא"),
    "hebrew in an english page": ("", f"<div dir=rtl>{HEBREW}</div>", "המוצא"),
    "english in an arabic page": ("dir=rtl", f"<div dir=ltr>{LATIN}</div>", "origin"),
    "japanese, upright": ("style='writing-mode:vertical-rl'", JAPANESE, "民族"),
    "japanese, beyond the screen": (
        "style='writing-mode:vertical-rl'",
        COLUMNS + JAPANESE,
        "民族",
    ),
    "japanese, upright in the body alone": (
        "><body style='writing-mode:vertical-rl'",
        COLUMNS + JAPANESE,
        "民族",
    ),
    "mongolian": ("style='writing-mode:vertical-lr'", MONGOLIAN, "ᠦᠨᠳᠦᠰᠦᠲᠡᠨ"),
    "mongolian, beyond the screen": (
        "style='writing-mode:vertical-lr'",
        LINES + MONGOLIAN,
        "ᠦᠨᠳᠦᠰᠦᠲᠡᠨ",
    ),
    "english, wider than the screen": ("", WIDE + LATIN, "origin"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_word_stands_on_the_picture_where_its_box_says(show: Show, site: Site, name: str) -> None:
    attributes, body, word = PAGES[name]
    seen = shown(show, site, f"<html {attributes}>{body}")
    run, red = box_of(seen, word), painted(seen)
    assert (run.left, run.top, run.right, run.bottom) == pytest.approx(red, abs=3)


def test_the_last_slice_may_be_as_large_as_the_screen(show: Show, site: Site) -> None:
    style = "<style>body{margin:0}p{margin:0;height:40px}</style>"
    filler = f"<div style='height:{4000 + 900 - 40}px'></div>"
    seen = shown(show, site, f"<html dir=rtl>{style}{filler}{UYGHUR}")
    assert [(one.top, one.width, one.height) for one in seen.slices] == [
        (0, 1366, 4000),
        (4000, 1366, 900),
    ]
    run = box_of(seen, "چىرايىنى")
    assert (run.left, run.top, run.right, run.bottom) == pytest.approx(painted(seen), abs=3)


def test_of_a_page_that_is_too_wide_the_end_where_reading_begins_is_pictured(
    show: Show, site: Site
) -> None:
    seen = shown(show, site, f"<html dir=rtl>{FAR}{HEBREW}")
    assert seen.width > 10_000
    assert [one.width for one in seen.slices] == [4000]
    assert box_of(seen, "המוצא").right > 3800


def test_a_frame_below_the_screen_of_such_a_page_is_put_where_it_belongs(
    show: Show, site: Site
) -> None:
    far = site.url("/framed", "127.0.0.1")
    send(site, "/framed", f"<html dir=rtl>{HEBREW}")
    seen = shown(show, site, f"<html dir=rtl>{WIDE}{TALL}<iframe src='{far}'></iframe>")
    run = box_of(seen, "המוצא")
    assert (run.left, run.top, run.right, run.bottom) == pytest.approx(painted(seen), abs=3)


def test_a_page_that_fits_is_not_told_of_another_size(show: Show, site: Site) -> None:
    """A picture that makes the window tiny for a moment would show what scripts do then."""
    told = "<script>onresize=()=>{document.body.style.background='#00f'}</script>"
    seen = shown(show, site, f"<html dir=rtl>{told}{UYGHUR}")
    with Image.open(seen.slices[0].png) as picture:
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def shown(show: Show, site: Site, html: str) -> Rendered:
    send(site, "/right", html)
    return show("/right")


def send(site: Site, path: str, html: str) -> None:
    content = f"<!doctype html><meta charset=utf-8>{html}".encode()
    site.pages[path] = lambda handler: handler.send(200, "text/html; charset=utf-8", content)


def box_of(seen: Rendered, word: str) -> Run:
    """Return the one place where a word is said to stand, on the pictures put together."""
    assert seen.snapshot is not None
    document = read_rendered(seen.snapshot.read_bytes(), "page")
    (run,) = (one for one in document.runs if document.text[one.start : one.end].strip() == word)
    return run


def painted(seen: Rendered) -> tuple[int, int, int, int]:
    """Return the box around all that is red, on the pictures put together."""
    boxes = []
    for one in seen.slices:
        with Image.open(one.png) as picture:
            red, green, blue = picture.convert("RGB").split()
        strong = red.point([255 * (level > 200) for level in range(256)])
        for band in (green, blue):
            weak = band.point([255 * (level < 60) for level in range(256)])
            strong = Image.composite(strong, Image.new("L", strong.size), weak)
        if box := strong.getbbox():
            boxes.append((box[0], box[1] + one.top, box[2], box[3] + one.top))
    (only,) = boxes
    return only
