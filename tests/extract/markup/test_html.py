"""HTML into text with the way back."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract import extract
from sousveil.model import BlockKind, Document

GENEROUS_SECONDS = 5  # a tenth of a second when linear, minutes when quadratic
MARKUP = """
人 种 face text &amp; &#20154; &nosuch &lt <p> </p> <b> </b> <br> <li> <ul> </ul> <table> <tr> <th>
<td> </table> <h1> <h2> </h2> <pre> </pre> <span> </span> <!--注--> <!----> <wbr> <div> </div>
<template> </template> <x-y> </x-y> <title> </title> <textarea> </textarea> <svg> </svg> < > " ' =
& </script> {"a":"\\u4eba\\n"}
"""
SPACES = (" ", "\n", "\r\n", "\t", "\u00ad", "\u200b", "\u00a0", "\u3000", "\0")
TAGS = (
    "<p hidden>",
    '<span style="display:none">',
    '<img alt="a &amp; b">',
    "<a title='tip  tip'>",
    '<script type="application/json">',
    '<meta name="description" content="c">',
    '<th rowspan="2" colspan="3">',
)
PIECES = st.lists(st.sampled_from([*MARKUP.split(), *SPACES, *TAGS]), max_size=30).map("".join)


def read(source: str, media_type: str = "text/html") -> Document:
    return extract(source.encode(), media_type=media_type, charset="utf-8", name="a page")


def texts(document: Document) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks]


def contexts(document: Document) -> dict[str, str]:
    return {document.text[b.start : b.end]: b.context for b in document.blocks}


def kinds(document: Document) -> dict[str, BlockKind]:
    return {document.text[b.start : b.end]: b.kind for b in document.blocks}


@pytest.mark.parametrize(
    "source",
    ["<p>人<b>种</b>识别", "<p>人<!-- x -->种识别", "<p>人<wbr>种识别", "人<i></i>&#31181;识\n别"],
)
def test_a_word_broken_by_markup_stays_one_word(source: str) -> None:
    assert texts(read(source)) == ["人种识别"]


def test_blocks_and_line_breaks_keep_text_apart_and_inline_elements_do_not() -> None:
    source = "<p>One <i>two</i><p>three<br>four<ul><li>five<li>six</ul><div>sev<b>en</b></div>"
    assert texts(read(source)) == ["One two", "three", "four", "five", "six", "seven"]


def test_white_space_collapses_except_in_pre() -> None:
    assert texts(read("<p> a \n\t b <b> c</b> </p>")) == ["a b c"]
    assert texts(read("<pre>\n a\n   b &lt;\n</pre>")) == ["a\n   b <"]


def test_each_character_leads_back_to_where_it_came_from() -> None:
    source = "<p>识&#21035; &amp;\n人<b>种</b></p>"
    document = read(source)
    assert document.text == "识别 & 人种"
    start = document.text.index("人")
    first, last = document.source_span(start, start + 2)
    assert source[first:last] == "人<b>种"
    assert document.line(start) == 2


def test_hidden_text_is_kept_labelled_and_apart() -> None:
    document = read('<p>a<span style="display: none">b</span>c<p hidden>d<template><p>e</template>')
    assert texts(document) == ["a", "b", "c", "d", "e"]
    assert [b.context for b in document.blocks] == ["", "hidden", "", "hidden", "hidden"]


def test_what_machines_are_told_is_labelled() -> None:
    document = read(
        "<title> Face &amp; more </title><meta name=Description content='Detects  ethnicity'>"
        "<meta property='og:title' content='Race'><meta name=author content='Somebody'>"
        "<img alt='A chart'><input placeholder='Type here'><input type=submit value=Go>"
        "<div aria-label='Menu' title='Tip'>x</div><select><option>One<option>Two</select>"
    )
    assert document.title == "Face & more"
    assert kinds(document) == {
        "Face & more": BlockKind.TITLE,
        "Detects ethnicity": BlockKind.META,
        "Race": BlockKind.META,
        "A chart": BlockKind.ALT,
        "Type here": BlockKind.ALT,
        "Go": BlockKind.ALT,
        "Menu": BlockKind.ALT,
        "Tip": BlockKind.ALT,
        "x": BlockKind.PARAGRAPH,
        "One": BlockKind.LIST_ITEM,
        "Two": BlockKind.LIST_ITEM,
    }
    assert contexts(document)["Detects ethnicity"] == "description"
    assert contexts(document)["A chart"] == "alt"


def test_a_tooltip_does_not_cut_the_sentence_it_stands_in() -> None:
    assert texts(read("<p>It can <a title='Tip'>detect ethnicity</a> now.")) == [
        "It can detect ethnicity now."
    ]


def test_the_context_is_the_path_of_headings() -> None:
    document = read("<h1>API</h1><h2>Face</h2><p>a<h3>Race</h3><p>b<h2>Body</h2><p>c")
    assert contexts(document)["b"] == "API > Face > Race"
    assert contexts(document)["c"] == "API > Body"
    assert contexts(document)["Face"] == "API"


def test_cells_know_their_row_and_column() -> None:
    document = read(
        "<table><tr><th>Field<th>Meaning<tr><td rowspan=2>ethnicity<td>5: Uyghur<tr><td>6: Han"
        "</table><p>after"
    )
    assert contexts(document)["5: Uyghur"] == "ethnicity | Meaning"
    assert contexts(document)["6: Han"] == "Meaning"
    assert contexts(document)["after"] == ""
    assert kinds(document)["5: Uyghur"] is BlockKind.CELL


def test_comments_are_kept_where_they_cut_no_sentence() -> None:
    document = read("<p>Text.<!-- ethnicity: removed --></p><!--[ ]--><p>a<!-- b -->c")
    assert texts(document) == ["Text.", "ethnicity: removed", "ac"]


def test_scripts_are_left_out_but_for_their_json() -> None:
    document = read(
        "<script>var a = '<p>no</p>'</script><style>p{}</style>"
        '<script type="application/ld+json">{"d": "de\\u0074ects\\n人种"}</script>'
    )
    assert texts(document) == ["detects\n人种"]
    assert document.blocks[0].kind is BlockKind.STRING
    assert document.blocks[0].context == "script > /d"


def test_malformed_markup_loses_no_text() -> None:
    source = "<p>a < b</i> & c<div</div>d<p class='x>e<table><td>f</p>g</table>"
    assert "".join(read(source).text.split()).replace("\n", "") == "a<b&cd" + "e" + "fg"


def test_soft_hyphens_and_zero_width_characters_are_kept() -> None:
    assert read("eth\u00adni\u200bcity").text == "eth\u00adni\u200bcity"


def test_the_declared_language_counts_unless_a_template_says_english_over_chinese() -> None:
    assert read('<html lang="zh-CN"><p>人种识别').lang == "zh-CN"
    assert read('<html lang="de"><p>Text').lang == "de"
    assert read('<html lang="en"><p>支持人种识别的产品').lang == "zh-Hans"
    assert read('<html lang="en"><p>Text').lang == "en"


def test_xhtml_has_empty_scripts_and_cdata() -> None:
    source = '<html><script src="x"/><p>a<![CDATA[<b>]]></p></html>'
    assert texts(read(source, media_type="application/xhtml+xml")) == ["a<b>"]


@given(PIECES)
def test_the_way_back_holds_for_any_markup(source: str) -> None:
    document = read(source)
    offsets = document.source_offsets
    assert offsets is not None
    assert offsets.typecode == "I"
    assert len(offsets) == len(document.text) + 1
    assert all(a <= b for a, b in zip(offsets, list(offsets)[1:], strict=False))
    assert offsets[-1] <= len(source)
    for character, offset in zip(document.text, offsets, strict=False):
        assert source[offset] == character or source[offset] in "&\\ \t\r\n" or character == "\n"


@given(PIECES)
def test_blocks_cover_the_text_and_one_line_feed_parts_them(source: str) -> None:
    document = read(source)
    assert "\n".join(texts(document)) == document.text
    assert all(texts(document))


@given(PIECES)
def test_no_text_outside_of_tags_is_lost(source: str) -> None:
    plain = "x " + source.replace("<", "").replace("&", "").replace("\0", "")
    assert "".join(read(plain).text.split()) == "".join(plain.split())


@pytest.mark.parametrize(
    "unit",
    ["<", "<a<a<a", "&", '"', "<div>", "<b hidden>", "<p>", "<![CDATA[>", "<!--", '<a b="', "</p>"],
)
def test_hostile_repetition_takes_no_more_time_than_a_page(unit: str) -> None:
    before = process_time()
    document = read((unit * 200_000)[:200_000])
    assert len(document.text) <= 200_000
    assert process_time() - before < GENEROUS_SECONDS


def test_deep_nesting_is_cut_off_where_browsers_do() -> None:
    source = "<div>" * 250 + "<li><ul>" + "<section>" * 200 + "<li></li>" * 5000 + "end"
    assert texts(read(source)) == ["end"]
