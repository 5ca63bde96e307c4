"""Where pages, feeds and site maps lead."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.links import (
    MAX_LINKS,
    Entry,
    Link,
    feed_entries,
    html_links,
    is_feed,
    sitemap_links,
)


def test_a_page_leads_by_anchors_areas_frames_relations_and_refreshes() -> None:
    page = """<!doctype html><base href="/docs/"><base href="/other/">
    <link rel=stylesheet href=a.css><link rel="next" href="2.html">
    <link rel=alternate type="application/atom+xml" href=/feed><link rel=sitemap href=/map.xml>
    <meta http-equiv=Refresh content="5; URL='later.html'">
    <A HREF="a.html?x=1&amp;y=2&copy=3">a</A><a href='b.html'>b</a><a href=c.html>c</a>
    <a name=d>d</a>
    <map><area href=e.html></map><iframe src="frame.html"></iframe><!-- <a href=no.html> -->
    <script>var s = '<a href="script.html">'</script><a href="b.html">again</a>"""
    found = html_links(page)
    assert found.base == "/docs/"
    assert found.links == (
        Link("2.html"),
        Link("/feed", "feed"),
        Link("/map.xml", "sitemap"),
        Link("later.html"),
        Link("a.html?x=1&y=2&copy=3"),
        Link("b.html"),
        Link("c.html"),
        Link("e.html"),
        Link("frame.html"),
    )
    assert not found.is_cut


def test_a_page_of_ten_thousand_links_is_read_to_a_bound() -> None:
    found = html_links("".join(f'<a href="{n}.html">' for n in range(10_000)))
    assert len(found.links) == MAX_LINKS
    assert found.is_cut


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<link>https://halden.example/</link><atom:link rel="self" href="https://halden.example/feed"/>
<item><title>Old</title><link>https://halden.example/old?a=1&amp;b=2</link>
<pubDate>Mon, 05 Jan 2026 10:00:00 +0100</pubDate></item>
<item><link><![CDATA[ https://halden.example/new ]]></link><pubDate>Tue, 06 Jan 2026 10:00:00 GMT
</pubDate></item>
<item><guid>https://halden.example/by-guid</guid></item>
<item><guid isPermaLink="false">42</guid></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://halden.example/"/>
<entry><link rel="edit" href="/edit/1"/><link href="/one"/>
<updated>2026-01-05T10:00:00Z</updated></entry>
<a:entry xmlns:a="x"><a:link rel="alternate" href="/two"/>
<a:published>2026-02-05T10:00:00+01:00</a:published>
</a:entry></feed>"""
RDF = """<rdf:RDF><channel rdf:about="https://halden.example/"><items/></channel>
<item rdf:about="https://halden.example/about"><dc:date>2026-01-05</dc:date></item></rdf:RDF>"""


def test_entries_of_feeds_are_told_the_newest_first() -> None:
    assert feed_entries(RSS) == (
        Entry("https://halden.example/new", datetime(2026, 1, 6, 10, tzinfo=UTC)),
        Entry("https://halden.example/old?a=1&b=2", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        Entry("https://halden.example/by-guid", None),
    )
    assert [entry.href for entry in feed_entries(ATOM)] == ["/two", "/one"]
    assert feed_entries(RDF) == (
        Entry("https://halden.example/about", datetime(2026, 1, 5, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    ("text", "told"), [(RSS, True), (ATOM, True), (RDF, True), ("<html><feed>", False), ("", False)]
)
def test_a_feed_is_known_by_its_root(text: str, *, told: bool) -> None:
    assert is_feed(text) is told


def test_a_site_map_lists_pages_and_an_index_lists_site_maps() -> None:
    pages, maps = sitemap_links(
        "<?xml version='1.0'?><urlset><url><loc> https://halden.example/a </loc>"
        "<lastmod>2026-01-05</lastmod><image:image><image:loc>https://halden.example/i.png"
        "</image:loc></image:image></url><url><loc>https://halden.example/b?x=1&amp;y</loc></url>"
    )
    assert [page.href for page in pages] == [
        "https://halden.example/a",
        "https://halden.example/b?x=1&y",
    ]
    assert pages[0].at == datetime(2026, 1, 5, tzinfo=UTC)
    assert maps == ()
    index = (
        "<sitemapindex><sitemap><loc>https://halden.example/1.xml.gz</loc></sitemap></sitemapindex>"
    )
    assert sitemap_links(index) == ((), ("https://halden.example/1.xml.gz",))


def test_a_site_map_may_be_plain_text() -> None:
    pages, _ = sitemap_links("https://halden.example/a\nhttps://halden.example/b\n\nnothing\n")
    assert [page.href for page in pages] == ["https://halden.example/a", "https://halden.example/b"]


def test_no_entity_is_expanded() -> None:
    bomb = '<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
    bomb += "<urlset><url><loc>&b;</loc></url>"
    pages, _ = sitemap_links(bomb)
    assert [page.href for page in pages] == ["&b;"]


@pytest.mark.parametrize(
    "flood",
    ["<a href=" * 100_000, "<item><link>" * 50_000, "<url><loc>x" * 50_000, "&" * 500_000,
     '<a href="' + "&" * 500_000 + '">', "<a" + " b=c" * 200_000 + ">", "<!--" * 100_000],
)  # fmt: skip
def test_floods_are_read_in_linear_time(flood: str) -> None:
    began = time.monotonic()
    html_links(flood)
    feed_entries(flood)
    sitemap_links(f"<urlset>{flood}")
    assert time.monotonic() - began < 10


@given(st.text(alphabet="<>/=\"'&; !-[]?aelinkhrfurlocitmsx:", max_size=200))
def test_any_text_has_links_or_none(text: str) -> None:
    html_links(text)
    feed_entries(text)
    sitemap_links(text)
    is_feed(text)
