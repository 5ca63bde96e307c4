"""The reader of renderings, fed by a real Chromium; what is seen must lie where Chromium says."""

import copy
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.claims import find
from sousveil.demo.vendor.pages import answers
from sousveil.errors import ExtractError
from sousveil.extract import extract, snapshot
from sousveil.extract.charset import decode
from sousveil.extract.layout import rectangles
from sousveil.model import RENDERING_TYPE, BlockKind, Document
from sousveil.topics import load
from tests.dossier.chromium import Chromium, open_chromium
from tests.extract.renderings import PROGRAM, ranges, read, render, rendering
from tests.sites import Page, Site, serve

SAVED_PAGES = Path(__file__).parents[2].parent / "shared" / "data" / "history"
# Labels of what html.py reads and nobody sees, or what is no text of the page.
UNSEEN = ("hidden", "noscript", "script >", "title", "aria-label", "label")
LINE_PIXELS = 2  # how far a whole line may lie from where the browser draws it
WORD_PIXELS = 8  # how far a word within a line may: half a wide character

needs_chromium = pytest.mark.skipif(
    PROGRAM is None or os.name != "posix", reason="no Chromium on PATH to show the pages in"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with open_chromium(str(PROGRAM), tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as served:
        yield served


def show(browser: Chromium, site: Site, body: str, head: str = "") -> Document:
    html = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    site.pages["/page"] = Page(html.encode())
    return read(render(browser, f"{site.url}/page"))


def texts(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def boxes(document: Document, words: str) -> list[list[float]]:
    start = document.text.index(words)
    found = rectangles(document, start, start + len(words))
    return [[run.left, run.top, run.right, run.bottom] for run in found]


def assert_same_place(browser: Chromium, document: Document, words: str, pixels: float) -> None:
    """Compare with Range.getClientRects(), rectangles of one line joined."""
    lines: list[list[float]] = []
    for left, top, right, bottom in ranges(browser, words):
        beside = lines and abs(lines[-1][1] - top) < (bottom - top) / 2
        if beside and min(abs(lines[-1][2] - left), abs(lines[-1][0] - right)) < bottom - top:
            last = lines[-1]
            lines[-1] = [*map(min, last[:2], (left, top)), *map(max, last[2:], (right, bottom))]
        else:
            lines.append([left, top, right, bottom])
    assert lines
    found = boxes(document, words)
    assert len(found) == len(lines), (words, found, lines)
    for mine, theirs in zip(found, lines, strict=True):
        assert mine == pytest.approx(theirs, abs=pixels), words


CHINESE = (
    "该系统支持民族识别，包括维吾尔族与汉族，准确率为百分之九十五，"
    "并且这一句话足够长，因此必须在浏览器里换行才能完整显示出来。"
)
UYGHUR = "سىستېما مىللەتنى پەرقلەندۈرىدۇ ۋە ئۇيغۇر 2026 ئەرەب خېتى"
PROSE = f"""<h1>Face attributes</h1><p>The system detects <b>ethnicity</b> and <i>age</i> of every
visitor, and it says so in a sentence that is long enough to go over the end of its line.</p>
<p lang=zh>{CHINESE}</p>
<p lang=ug dir=rtl>{UYGHUR}</p>
<p style="letter-spacing:6px">Spaced out letters</p><p style="text-transform:uppercase">straße in
capitals</p><p>before<br>after a break</p><p>astral 😀😀 then words</p>
<table><tr><th>Attribute<th>Values<tr><td>Race<td>Asian, White</table>
<div style="columns:2;width:500px;height:60px">Text in columns goes from the foot of one column to
the head of the next one, where it is continued, and a quote of it has several rectangles.</div>"""


@needs_chromium
def test_lines_and_words_lie_where_the_browser_draws_them(browser: Chromium, site: Site) -> None:
    page = show(browser, site, PROSE + "<div style='height:3000px'></div>")
    browser.evaluate("scrollTo(0, 120)")
    scrolled = read(rendering(browser, site.url))
    assert scrolled == page
    for line in ("Spaced out letters", "before", "after a break", "Face attributes", "Race"):
        assert_same_place(browser, page, line, LINE_PIXELS)
    assert_same_place(browser, page, "Asian, White", LINE_PIXELS)
    for words in ("ethnicity", "维吾尔族", "才能完整显示", "letters", "then words", "age", "every"):
        assert_same_place(browser, page, words, WORD_PIXELS)
    for sentence in (CHINESE, UYGHUR):
        assert_same_place(browser, page, sentence, LINE_PIXELS)
    assert_same_place(browser, page, "مىللەتنى", 2 * WORD_PIXELS)


@needs_chromium
def test_a_sentence_over_lines_and_elements_has_a_rectangle_a_line(
    browser: Chromium, site: Site
) -> None:
    page = show(browser, site, "<div style='width:200px'>" + PROSE + "</div>")
    start = page.text.index("The system detects")
    end = page.text.index("end of its line.") + len("end of its line.")
    found = rectangles(page, start, end)
    assert len(found) == len({round(run.top) for run in found}) > 4
    assert all(run.left >= 8 and run.right <= 8 + 200 + LINE_PIXELS for run in found)


@needs_chromium
def test_of_columns_only_what_the_browser_tells_the_place_of_has_one(
    browser: Chromium, site: Site
) -> None:
    page = show(browser, site, PROSE)
    assert_same_place(browser, page, "Text in columns goes", WORD_PIXELS)
    assert boxes(page, "several rectangles.") == []


CLIPPED = """<div style="overflow:auto;height:40px;width:200px;border:5px solid">
<p>first of many
<p style="margin-top:80px">scrolled out of sight</p></div>
<div style="overflow:hidden;height:0">folded up</div><div style="height:0">floating free</div>
<div style="overflow:hidden;width:60px;white-space:nowrap">a line cut at its end</div>"""


@needs_chromium
def test_what_a_box_clips_is_text_without_a_place(browser: Chromium, site: Site) -> None:
    page = show(browser, site, CLIPPED)
    cut = "a line cut at its end"
    assert texts(page) == ["first of many", "scrolled out of sight", "floating free", cut]
    assert_same_place(browser, page, "first of many", LINE_PIXELS)
    assert boxes(page, "scrolled out of sight") == []
    assert [box[2] for box in boxes(page, cut)] == [68]


@needs_chromium
def test_text_transformed_keeps_its_own_characters(browser: Chromium, site: Site) -> None:
    page = show(browser, site, PROSE)
    assert "straße in capitals" in texts(page)
    assert [box[0] for box in boxes(page, "straße in capitals")] == [8]


HIDDEN = """<p>Plain words</p><p style="display:none">not displayed</p>
<p style="visibility:hidden">invisible <span style="visibility:visible">but this</span></p>
<div style="opacity:0"><p>transparent</p></div><p hidden>hidden by attribute</p>
<div style="position:absolute;left:-9999px">pushed off</div><p style="font-size:0">of no size</p>
<span style="position:absolute;width:1px;height:1px;overflow:hidden">for readers aloud</span>
<details><summary>Fold</summary>folded away</details><template>template</template>
<noscript>without script</noscript><canvas>canvas fallback</canvas><script>"script"</script>
<style>p{}</style><div style="display:none"><iframe srcdoc="<p>hidden frame"></iframe></div>"""


@needs_chromium
def test_what_is_never_shown_is_left_out(browser: Chromium, site: Site) -> None:
    assert texts(show(browser, site, HIDDEN)) == ["Plain words", "but this", "Fold"]


CONTROLS = """<select><option>Age<option selected>Ethnicity</select>
<input type=submit value="Send it">
<input placeholder="Your name"><input value="typed"><textarea>Long text</textarea>
<img alt="A face in a frame" src=x width=50 height=20><img alt="" src=x>
<img alt="hidden one" style="display:none"><button>Press</button>"""


@needs_chromium
def test_pictures_and_controls_say_what_they_show(browser: Chromium, site: Site) -> None:
    page = show(browser, site, CONTROLS)
    told = [(page.text[b.start : b.end], b.kind, b.context) for b in page.blocks]
    assert told == [
        ("Ethnicity", BlockKind.LIST_ITEM, ""),
        ("Send it", BlockKind.ALT, "value"),
        ("Your name", BlockKind.ALT, "placeholder"),
        ("Long text", BlockKind.PARAGRAPH, ""),
        ("A face in a frame", BlockKind.ALT, "alt"),
        ("Press", BlockKind.PARAGRAPH, ""),
    ]
    assert all(boxes(page, text) for text, _, _ in told)


SHADOWS = """<div id=open>slotted <b slot=first>first</b></div><div id=closed></div><script>
open_ = document.getElementById("open").attachShadow({mode: "open"})
open_.innerHTML = "<p><slot name=first></slot> in shadow, <slot></slot></p>"
shut = document.getElementById("closed").attachShadow({mode: "closed"})
shut.innerHTML = "<p>behind a closed root</p>"; document.getElementById("closed").closedRoot = shut
</script>"""


@needs_chromium
def test_shadow_trees_are_read_in_the_order_of_the_screen(browser: Chromium, site: Site) -> None:
    page = show(browser, site, SHADOWS)
    assert texts(page) == ["first in shadow, slotted", "behind a closed root"]
    assert_same_place(browser, page, "behind a closed root", LINE_PIXELS)
    assert_same_place(browser, page, "in shadow,", WORD_PIXELS)


@needs_chromium
def test_generated_words_are_text_and_bullets_are_not(browser: Chromium, site: Site) -> None:
    head = """<style>.new::before{content:"Beta: "} .new::after{content:"→"}
        .drop::first-letter{font-size:3em}</style>"""
    body = "<ul><li class=new>item</ul><p class=drop>Drop cap</p>"
    assert texts(show(browser, site, body, head)) == ["Beta: item", "Drop cap"]


@needs_chromium
def test_frames_lie_on_the_page_and_are_cut_at_their_borders(browser: Chromium, site: Site) -> None:
    inner = "<p id=a>inside the frame</p><div style='height:900px'></div><p>far below</p>"
    site.pages["/inner"] = Page(inner.encode())
    site.pages["/nest"] = Page(
        b"<body style='margin:0'><p>middle</p><iframe src=/inner width=300 height=100></iframe>"
    )
    body = "<p>outside</p><iframe src=/nest style='margin:20px;padding:0' width=500 height=300>"
    page = show(browser, site, body + "</iframe><div style='height:2000px'></div>")
    assert texts(page) == ["outside", "middle", "inside the frame", "far below"]
    assert_same_place(browser, page, "middle", LINE_PIXELS)
    assert_same_place(browser, page, "inside the frame", LINE_PIXELS)
    assert boxes(page, "far below") == []


@needs_chromium
def test_a_frame_of_another_site_is_read_from_its_own_process(
    browser: Chromium, site: Site
) -> None:
    site.pages["/other"] = Page(
        b"<body style='margin:0'><p style='margin:0'>from another site</p>"
        b"<div style='height:999px'></div><script>scrollTo(0, 5)</script>"
    )
    other = site.url.replace("127.0.0.1", "localhost") + "/other"
    style = "position:absolute;left:100px;top:200px;border:3px solid;padding:4px"
    page = show(browser, site, f"<p>own</p><iframe style='{style}' src='{other}'></iframe>")
    assert texts(page) == ["own", "from another site"]
    ((left, top, _, bottom),) = boxes(page, "from another site")
    assert left == pytest.approx(107, abs=1)
    assert top == pytest.approx(207, abs=1)  # cut at the frame's edge
    assert bottom < 207 + 20


@needs_chromium
def test_text_drawn_on_a_canvas_is_no_text_and_an_empty_page_no_error(
    browser: Chromium, site: Site
) -> None:
    draw = "document.querySelector('canvas').getContext('2d').fillText('drawn', 9, 9)"
    page = show(browser, site, f"<canvas></canvas><script>{draw}</script>")
    assert (page.text, page.blocks, page.runs) == ("", (), ())


# ---------------------------------------------------------------- agreement with the HTML reader


def seen_blocks(document: Document) -> Counter[tuple[str, BlockKind, str]]:
    no_page = {BlockKind.META, BlockKind.COMMENT, BlockKind.STRING}
    return Counter(
        (document.text[b.start : b.end], b.kind, b.context)
        for b in document.blocks
        if b.kind not in no_page and not b.context.startswith(UNSEEN)
    )


STATIC = """<title>Product</title><h1>Faces</h1><p>One  <em>split</em>
sentence.</p><h2>Traits</h2><ul><li>race<li><p>age</p></ul><dl><dt>term<dd>meaning</dl>
<table><thead><tr><th>Code<th colspan=2>Meaning<tbody><tr><td>1<td rowspan=2>Uyghur<td>x<tr><td>2
<td>y</table><pre>keep   these
 lines</pre><h3>下一
节</h3><p>中文
换行</p><blockquote>quoted</blockquote><p>a<img alt="picture words" src=x>b&nbsp;c &amp; d</p>"""


@needs_chromium
def test_a_static_page_gives_the_blocks_that_the_html_reader_gives(
    browser: Chromium, site: Site
) -> None:
    shown = show(browser, site, STATIC)
    source = site.pages["/page"].body
    wire = extract(source, media_type="text/html", charset=None, name="")
    assert [(shown.text[b.start : b.end], b.kind, b.context) for b in shown.blocks] == [
        (wire.text[b.start : b.end], b.kind, b.context) for b in wire.blocks
    ]
    assert (shown.text, shown.title, shown.lang) == (wire.text, wire.title, wire.lang)


@needs_chromium
def test_the_claims_on_the_screen_are_those_in_the_bytes(browser: Chromium, site: Site) -> None:
    topics = [load("ethnicity")]
    compared = 0
    for path, answer in answers(changed=False).items():
        site.pages[path] = Page(answer.body, answer.content_type)
    for path, answer in answers(changed=False).items():
        if not answer.content_type.startswith("text/html"):
            continue
        shown = read(render(browser, site.url + path))
        wire = extract(answer.body, media_type="text/html", charset="utf-8", name=path)
        hidden = {"hidden", "noscript"}
        claims = {
            (wire.text[c.start : c.end], c.label, c.trait)
            for c in find(wire, topics)
            if not any(
                b.start <= c.start < b.end
                and (b.kind in {BlockKind.META, BlockKind.COMMENT} or b.context[:8] in hidden)
                for b in wire.blocks
            )
        }
        assert claims <= {
            (shown.text[c.start : c.end], c.label, c.trait) for c in find(shown, topics)
        }
        compared += len(claims)
    assert compared >= 5


@needs_chromium
@pytest.mark.skipif(not SAVED_PAGES.is_dir(), reason="no saved pages beside the checkout")
def test_saved_pages_read_alike_in_the_bytes_and_on_the_screen(
    browser: Chromium, tmp_path: Path
) -> None:
    browser.call("Network.setBlockedURLs", urls=["http://*", "https://*"])
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    agreed: Counter[str] = Counter()
    try:
        for path in sorted(SAVED_PAGES.glob("*/*.html"))[::2]:
            source = path.read_bytes()
            wire = extract(source, media_type="text/html", charset=None, name=path.name)
            copied = tmp_path / "page.html"
            copied.write_text(decode(source, declares=True)[0], encoding="utf-8-sig")
            shown = seen_blocks(read(render(browser, copied.as_uri())))
            common = shown & seen_blocks(wire)
            agreed.update(shown=shown.total(), same=common.total())
    finally:
        browser.call("Network.setBlockedURLs", urls=[])
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert agreed["shown"] > 1000
    assert agreed["same"] >= 0.97 * agreed["shown"]


# ---------------------------------------------------------------- what may come in


@pytest.fixture(scope="module")
def real(browser: Chromium, site: Site) -> dict[str, Any]:
    site.pages["/page"] = Page((PROSE + CONTROLS + "<iframe srcdoc='<p>framed'>").encode())
    return render(browser, f"{site.url}/page")


def positions(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members: Any = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for key, member in members:
        yield from positions(member, (*path, key))


JUNK = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.text(max_size=5), st.floats(allow_nan=False),
    st.builds(list), st.builds(dict), st.lists(st.integers(-2, 9), max_size=5),
)  # fmt: skip


@needs_chromium
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_snapshot_is_read_or_refused(real: dict[str, Any], data: st.DataObject) -> None:
    damaged = copy.deepcopy(real)
    chooser = random.Random(data.draw(st.integers()))  # noqa: S311  # no secret: picks a place
    places = [path for path in positions(damaged) if path and "strings" not in path[:-1]]
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = chooser.choice(places)
        spot: Any = damaged
        with suppress(KeyError, IndexError, TypeError):
            for step in way:
                spot = spot[step]
            spot[last] = data.draw(JUNK)
    payload = json.dumps(damaged).replace("Infinity", "1e999").encode()
    with suppress(ExtractError):
        found = extract(payload, media_type=RENDERING_TYPE, charset=None, name="x")
        assert all(0 <= r.start < r.end <= len(found.text) for r in found.runs)
        assert all(r.left < r.right and r.top < r.bottom for r in found.runs)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ExtractError):
        extract(data, media_type=RENDERING_TYPE, charset=None, name="x")


def one_text(words: str, count: int = 1) -> dict[str, Any]:
    """Make the snapshot of a page of `count` paragraphs, each with the same text."""
    strings = ["#document", "P", "#text", words, "block", "visible", "1"]
    parents, types, names, values = [-1], [9], [0], [-1]
    for index in range(count):
        parents += [0, 2 * index + 1]
        types += [1, 3]
        names += [1, 2]
        values += [-1, 3]
    boxed = [2 * index + 2 for index in range(count)]
    bounds = [[8, 20 * index, 300, 18] for index in range(count)]
    tree = {
        "nodes": {
            "parentIndex": parents, "nodeType": types, "nodeName": names, "nodeValue": values,
            "attributes": [[] for _ in parents],
        },
        "layout": {
            "nodeIndex": boxed, "styles": [[4, 5, 6]] * count, "bounds": bounds,
            "text": [3] * count,
        },
        "textBoxes": {
            "layoutIndex": list(range(count)), "bounds": list(bounds), "start": [0] * count,
            "length": [len(words)] * count,
        },
    }  # fmt: skip
    frame = {"left": 0, "top": 0, "snapshot": {"documents": [tree], "strings": strings}}
    return {"format": snapshot.FORMAT, "title": "", "lang": "", "frames": [frame]}


def test_half_a_character_in_a_page_does_not_cost_the_rest() -> None:
    assert read(one_text("half \ud83d of one")).text == "half \ufffd of one"


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_BYTES", 10, "bytes are more than the 10"),
        ("MAX_NODES", 4, "5 nodes are more than the 4"),
        ("MAX_BOXES", 3, "4 boxes are more than the 3"),
        ("MAX_DOCUMENTS", 0, "1 documents are more than 0"),
    ],
)
def test_a_snapshot_beyond_a_limit_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(snapshot, limit, value)
    with pytest.raises(ExtractError, match=words):
        read(one_text("words", 2))


def test_a_form_we_do_not_know_is_refused_by_its_name() -> None:
    with pytest.raises(ExtractError, match="'sousveil-rendering-9' is not 'sousveil-rendering-1'"):
        read(one_text("words") | {"format": "sousveil-rendering-9"})


def test_frames_that_hold_each_other_are_read_once() -> None:
    told = one_text("turning")
    tree = told["frames"][0]["snapshot"]["documents"][0]
    told["frames"][0]["snapshot"]["strings"].append("IFRAME")
    tree["nodes"]["nodeName"][1] = 7
    tree["nodes"]["contentDocumentIndex"] = {"index": [1], "value": [0]}
    tree["layout"]["nodeIndex"].insert(0, 1)
    for column in ("styles", "bounds", "text"):
        tree["layout"][column].insert(0, tree["layout"][column][0])
    tree["textBoxes"]["layoutIndex"] = [1]
    assert read(told).text == "turning"


def test_a_large_page_takes_linear_time() -> None:
    began = time.process_time()
    read(one_text("Some words that are shown in a paragraph of the page.", 5_000))
    small = time.process_time() - began
    began = time.process_time()
    read(one_text("Some words that are shown in a paragraph of the page.", 40_000))
    assert time.process_time() - began < 30 * max(small, 0.02)
