"""What entries of a feed say is read from any form, and anything is read or has no entries."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.feeds import FeedEntry, read_feed

TAGS = ("rss", "item", "title", "link", "entry", "content", "div", "guid")
WORDS = st.sampled_from(
    [*(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), "x", "<![CDATA[", "]]>", "&lt;"]
)


def test_rss_says_what_its_items_say() -> None:
    source = """<rss><channel><title>Firm</title><item><title><![CDATA[A & B]]></title>
      <media:title>picture</media:title><link>https://vendor.example/a</link>
      <guid isPermaLink="false">7</guid><pubDate>Mon, 02 Nov 2026 10:00:00 +0100</pubDate>
      <description>&lt;p&gt;Tells &lt;b&gt;age&lt;/b&gt; &amp;amp; more&lt;/p&gt;</description>
    </item></channel></rss>"""
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    told = FeedEntry("7", "https://vendor.example/a", "A & B", "Tells age & more", at)
    assert read_feed(source).entries == (told,)
    assert read_feed(source).is_whole


def test_atom_says_what_its_entries_say() -> None:
    source = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id>
      <title>News</title><link rel="self" href="/self"/><link href="/news"/>
      <updated>2026-11-02T09:00:00Z</updated>
      <content type="xhtml"><div><p>One.</p><p>Two <title>x</title></p></div></content>
      <summary>Short</summary></entry></feed>"""
    (entry,) = read_feed(source).entries
    assert (entry.id, entry.href, entry.title) == ("urn:1", "/news", "News")
    assert entry.text.split() == ["One.", "Two", "x"]


def test_a_feed_that_was_cut_is_told_to_be() -> None:
    source = (
        "<rss><channel><item><link>/a</link></item><item><link>/b</link></item></channel></rss>"
    )
    assert all(not read_feed(source[:end]).is_whole for end in range(len(source)))
    assert read_feed(f"{source}\n<!-- made by hand -->\n").is_whole


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_any_text_is_read(source: str) -> None:
    for entry in read_feed(source).entries:
        assert entry.id
