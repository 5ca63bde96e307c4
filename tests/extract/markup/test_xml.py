"""XML that tells people something: its text with places, and none of its addresses."""

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import ExtractError
from sousveil.extract import decode_as, extract
from sousveil.extract.markup.xml import MAX_CONTEXT_CHARACTERS, MAX_DEPTH, XmlReader, tells
from sousveil.model import Document

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="style.css"?>
<!-- made by a shop -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
  <title>Lens news</title><link>https://lens.example/</link><language>zh-CN</language>
  <item>
    <title>Model 7 &amp; its <![CDATA[<b>eye</b>]]></title>
    <guid isPermaLink="false">tag:lens.example,2026:7</guid>
    <pubDate>Tue, 03 Mar 2026 10:00:00 GMT</pubDate>
    <media:content url="https://lens.example/a.mp4" expression="full" medium="video"/>
    <description>&lt;p&gt;It tells &lt;em&gt;moods&lt;/em&gt; apart.&lt;/p&gt;&lt;img alt="A
      face"&gt;</description>
    <content:encoded><![CDATA[<h2>More</h2><p>人脸
      识别 &amp; age</p>]]></content:encoded>
  </item>
</channel></rss>"""


def read(source: str, media_type: str = "application/rss+xml", name: str = "") -> Document:
    return extract(source.encode(), media_type=media_type, charset=None, name=name)


def blocks_of(document: Document) -> list[tuple[str, str, str]]:
    return [(b.kind.value, b.context, document.text[b.start : b.end]) for b in document.blocks]


def test_a_feed_is_read_as_the_text_that_it_tells() -> None:
    document = read(FEED)
    entry = "rss > channel > Lens news > item > Model 7 & its eye"
    assert (document.format, document.title, document.lang) == ("xml", "Lens news", "zh-CN")
    assert blocks_of(document) == [
        ("comment", "", "made by a shop"),
        ("title", "rss > channel > title", "Lens news"),
        ("heading", "rss > channel > Lens news > item > title", "Model 7 & its eye"),
        ("paragraph", f"{entry} > pubDate", "Tue, 03 Mar 2026 10:00:00 GMT"),
        ("paragraph", f"{entry} > description", "It tells moods apart."),
        ("alt", f"{entry} > description > alt", "A face"),
        ("heading", f"{entry} > encoded", "More"),
        ("paragraph", f"{entry} > encoded > More", "人脸识别 & age"),
    ]


def test_each_character_keeps_the_way_to_its_source() -> None:
    document = read(FEED)
    source = decode_as(FEED.encode(), document.charset)
    start = document.text.index("moods apart")
    first, last = document.source_span(start, start + len("moods apart"))
    assert source[first:last] == "moods&lt;/em&gt; apart"
    start = document.text.index("人脸识别")
    assert source[slice(*document.source_span(start, start + 4))].split() == ["人脸", "识别"]
    assert document.line(start) == 1 + FEED[: FEED.index("人脸")].count("\n")


def test_atom_is_read_with_its_xhtml_and_escaped_html() -> None:
    document = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="html">A &amp;amp; B'
        '</title><entry><summary>R &amp; D</summary><category label="Faces" term="x:y"/>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>sentence</b>.'
        "</p><div>Two.</div></div></content></entry></feed>",
        "application/atom+xml",
    )
    assert document.lang == "de"
    assert [(kind, text) for kind, _, text in blocks_of(document)] == [
        ("title", "A & B"),
        ("paragraph", "R & D"),
        ("alt", "Faces"),
        ("paragraph", "One sentence."),
        ("paragraph", "Two."),
    ]


def test_elements_in_the_midst_of_a_text_do_not_cut_it() -> None:
    document = read(
        "<article><para>It sorts <emphasis>faces</emphasis> by age.<!-- yes --></para><p>Next"
        "<br/>line</p><list><i>one</i><i>two</i></list></article>",
        "text/xml",
    )
    texts = [text for _, _, text in blocks_of(document)]
    assert texts == ["It sorts faces by age.", "Next", "line", "one", "two"]


def test_a_broken_feed_is_read_as_far_as_it_makes_sense() -> None:
    document = read(
        "<rss><channel></b></item><item><title>A & B &nbsp; &undeclared;</title><description>One"
        "<item><title>Two < three</title></rss><description>Last <![CDATA[words]"
    )
    texts = [text for _, _, text in blocks_of(document)]
    assert texts == ["A & B &undeclared;", "One", "Two < three", "Last words]"]


def test_no_entity_is_expanded_and_nothing_is_fetched() -> None:
    document = read(
        '<!DOCTYPE rss [<!ENTITY a "boom"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
        "<rss><channel><title>t &a; &x;</title></channel></rss>"
    )
    assert document.text == "t &a; &x;"


@pytest.mark.parametrize(
    ("source", "media_type", "name", "format_"),
    [
        ("<rss></rss>", "text/html", "", "xml"),
        ("<rss></rss>", "", "", "xml"),
        ("<urlset></urlset>", "text/xml", "", "xml"),
        ("<?xml version='1.0'?><feed/>", "text/plain", "", "xml"),
        ("<?xml version='1.0'?><!DOCTYPE html><html/>", "application/xml", "", "html"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "text/xml", "", "html"),
        ("<xs:schema><xs:element name='race'/></xs:schema>", "text/xml", "", "code"),
        ("<svg><title>A logo</title></svg>", "image/svg+xml", "", "code"),
        ("<project><description>Sorts faces</description></project>", "", "pom.xml", "code"),
        ("<LinearLayout android:text='a'/>", "", "layout.xml", "code"),
        ("<face><race>1</race></face>", "text/xml", "", "code"),
        (f"<news><text>{'It sorts the faces of people. ' * 9}</text></news>", "", "a.xml", "xml"),
        (f"<news><text>{'系统能够识别人脸的属性。' * 9}</text></news>", "", "a.xml", "xml"),
    ],
)
def test_xml_for_people_is_told_from_xml_for_programs(
    source: str, media_type: str, name: str, format_: str
) -> None:
    assert read(source, media_type, name).format == format_


def test_addresses_are_no_text() -> None:
    document = read(
        "<urlset><url><loc>https://a.example/race-gender</loc></url>"
        "<news:title>A title</news:title></urlset>"
    )
    assert document.text == "A title"


def test_xml_for_programs_keeps_its_lines_and_comments() -> None:
    document = read(
        "<resources>\n  <!-- 民族 -->\n  <string name='race'>Race</string>\n</resources>",
        "text/xml",
    )
    assert [(kind, text) for kind, _, text in blocks_of(document)] == [
        ("code", "<resources>"),
        ("comment", "<!-- 民族 -->"),
        ("code", "<string name='race'>Race</string>"),
        ("code", "</resources>"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "<a>" * 200_000 + "text",
        "<rss>" + "<a><b>x</a>" * 50_000,
        "<rss>" + "<!--" * 200_000,
        "<rss>" + "<![CDATA[" * 100_000,
        "<rss>" + "&" * 500_000,
        "<rss>" + "<a b='" * 100_000,
        "<rss>" + '<a b="' * 100_000,
        "<rss>" + "] " * 300_000,
        "<!DOCTYPE [" + "] " * 300_000,
        "<!DOCTYPE " + '"' * 300_001,
        "<rss>" + "<?" * 300_000,
        "<rss>" + "</" * 300_000,
        "<rss>" + "<a " * 200_000,
        "<rss><description>" + "&lt;b&gt;x" * 60_000,
        "<rss>" + "<div xmlns='http://www.w3.org/1999/xhtml'>" * 20_000,
        "<rss>" + "<title>x</title>" * 40_000,
        "<" + "n" * 500_000 + ">x",
    ],
    ids=lambda source: source[5:20],
)
def test_hostile_xml_takes_linear_time(source: str) -> None:
    began = time.monotonic()
    with suppress(ExtractError):
        document = read(source)
        assert all(len(block.context) <= MAX_CONTEXT_CHARACTERS for block in document.blocks)
    assert time.monotonic() - began < 8


def test_depth_is_bounded() -> None:
    reader = XmlReader("<a>" * (MAX_DEPTH * 3) + "deep words" + "</a>" * (MAX_DEPTH * 3) + "after")
    reader.read()
    assert len(reader.assembly.finish()[2]) == 2


MARKS = """
    <rss> </rss> <title> </title> <a> </a> <a/> <!-- --> <![CDATA[ ]]> <? ?> & &amp; &lt;p&gt;
    &lt; > < text 人脸 = ' " <div xmlns='http://www.w3.org/1999/xhtml'> <!DOCTYPE [ ] &#x3c;b&#62;
    <description> </description> label='x
"""
XMLISH = st.lists(st.sampled_from(MARKS.split()) | st.text(max_size=5)).map("".join)


@given(XMLISH)
def test_any_text_is_read_and_offsets_never_decrease(source: str) -> None:
    tells(source)
    reader = XmlReader(source)
    reader.read()
    text, offsets, blocks = reader.assembly.finish()
    assert len(offsets) == len(text) + 1
    assert all(a <= b for a, b in pairwise(offsets))
    assert all(offset <= len(source) for offset in offsets)
    position = 0
    for block in blocks:
        assert position <= block.start < block.end <= len(text)
        position = block.end
