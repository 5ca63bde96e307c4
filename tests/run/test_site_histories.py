"""What happens to sites and feeds as a whole: maps, links, entries and rules."""

import gzip
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from sousveil.changes.histories.words import sentence
from tests.run.test_histories import Days, check_and_make_again, kinds, watch
from tests.sites import Page, Site, case_for, serve

DAY = timedelta(days=1)


def page(*links: str) -> Page:
    anchors = "".join(f'<a href="{link}">to</a>' for link in links)
    return Page(f"<!doctype html><title>t</title>{anchors}<p>Cameras of all kinds.".encode())


def site_map(site: Site, *names: str) -> Page:
    urls = "".join(f"<url><loc>{site.url}/{name}</loc></url>" for name in names)
    return Page(f"<?xml version='1.0'?><urlset>{urls}</urlset>".encode(), "application/xml")


def days_for(folder: Path, site: Site, path: str = "/", kind: str = "site") -> Days:
    case = case_for(folder / "case", site)
    return watch(case, f"{site.url}{path}", "--kind", kind, "--pages", "20")


def paths(site: Site, items: Sequence[str]) -> list[str]:
    return [item.removeprefix(site.url) for item in items]


PAGES = [f"p{number}.html" for number in range(4)]


def put_site(site: Site) -> None:
    site.pages["/"] = page()
    site.pages.update({f"/{name}": page() for name in [*PAGES, "new.html"]})


def test_pages_leave_the_map_and_join_it_whatever_part_names_them(tmp_path: Path) -> None:
    with serve() as site:
        put_site(site)
        index = "".join(f"<sitemap><loc>{site.url}/{part}</loc></sitemap>" for part in "ab")
        site.pages["/sitemap.xml"] = Page(
            f"<sitemapindex>{index}</sitemapindex>".encode(), "text/xml"
        )
        site.pages["/a"] = site_map(site, *PAGES[:2])
        packed = gzip.compress(site_map(site, *PAGES[2:]).body)
        site.pages["/b"] = Page(packed, "application/gzip")
        days = days_for(tmp_path, site)
        assert days.visit() == []
        site.pages["/a"] = site_map(site, PAGES[0], PAGES[3], "new.html")
        site.pages["/b"] = site_map(site, PAGES[1])
        left, joined = days.visit()
        assert (left.turn.kind, paths(site, left.turn.items)) == ("left_map", ["/p2.html"])
        assert (joined.turn.kind, paths(site, joined.turn.items)) == ("joined_map", ["/new.html"])
        assert sentence(left) == f"1 page left the site map: {site.url}/p2.html."
        assert days.visit() == []
        check_and_make_again(days.case)


@pytest.mark.parametrize(
    "broken",
    [
        Page(b"<urlset><url><loc>http://127.0.0.1/p0.html</loc></url><url>", "text/xml"),
        Page(b"<!doctype html><p>Please wait</p></html>"),
        Page(b"<urlset></urlset>", "text/xml"),
    ],
)
def test_a_map_that_is_not_whole_takes_no_page_away(tmp_path: Path, broken: Page) -> None:
    with serve() as site:
        put_site(site)
        site.pages["/sitemap.xml"] = site_map(site, *PAGES)
        days = days_for(tmp_path, site)
        days.visit()
        site.pages["/sitemap.xml"] = broken
        assert days.visit() == []
        site.pages["/sitemap.xml"] = site_map(site, *PAGES[1:])
        (left,) = days.visit()
        assert paths(site, left.turn.items) == ["/p0.html"]


def test_a_stub_of_a_map_is_believed_when_it_lasts(tmp_path: Path) -> None:
    with serve() as site:
        put_site(site)
        site.pages["/sitemap.xml"] = site_map(site, *PAGES)
        days = days_for(tmp_path, site)
        days.visit()
        site.pages["/sitemap.xml"] = site_map(site, PAGES[0])
        days.visit()
        shown = [kinds(days.visit(after)) for after in (DAY, 2 * DAY, DAY)]
        assert shown == [[], ["left_map"], []]


def test_a_page_that_nothing_links_to_any_more_is_told(tmp_path: Path) -> None:
    with serve() as site:
        site.pages["/"] = page("/a.html", "/b.html")
        site.pages["/a.html"] = page("/c.html")
        site.pages["/b.html"] = page()
        site.pages["/c.html"] = page()
        days = days_for(tmp_path, site)
        assert days.visit() == []
        site.pages["/a.html"] = Page(b"busy", status=503)
        assert days.visit() == []
        site.pages["/a.html"] = page()
        (alone,) = days.visit()
        assert (alone.turn.kind, paths(site, alone.turn.items)) == ("unlinked", ["/c.html"])
        assert days.visit() == []
        check_and_make_again(days.case)


def test_rules_that_newly_forbid_a_page_are_told_and_a_server_in_trouble_is_not(
    tmp_path: Path,
) -> None:
    with serve() as site:
        site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /admin\n", "text/plain")
        site.pages["/"] = page("/claims/race.html", "/other.html")
        site.pages["/claims/race.html"] = page()
        site.pages["/other.html"] = page()
        days = days_for(tmp_path, site)
        assert days.visit() == []
        site.pages["/robots.txt"] = Page(b"", "text/plain", status=500)
        assert days.visit() == []
        site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /claims/\n", "text/plain")
        (forbidden,) = days.visit()
        assert forbidden.turn.kind == "forbidden"
        assert paths(site, forbidden.turn.items) == ["/claims/race.html"]
        assert days.visit() == []
        check_and_make_again(days.case)


def rss(site: Site, *entries: tuple[int, str]) -> Page:
    items = "".join(
        f"<item><guid>g{day}</guid><title>News {day}</title><link>{site.url}/n{day}.html</link>"
        f"<pubDate>{day:02} Nov 2026 10:00:00 GMT</pubDate>"
        f"<description><![CDATA[<p>{text}</p>]]></description></item>"
        for day, text in entries
    )
    return Page(f"<rss><channel>{items}</channel></rss>".encode(), "application/rss+xml")


def atom(site: Site, *entries: tuple[int, str]) -> Page:
    items = "".join(
        f"<entry><id>tag:{day}</id><title type='html'>News {day}</title>"
        f"<link rel='alternate' href='{site.url}/n{day}.html'/>"
        f"<published>2026-11-{day:02}T10:00:00Z</published>"
        f"<content type='xhtml'><div><p>{text}</p></div></content></entry>"
        for day, text in entries
    )
    return Page(f"<feed>{items}</feed>".encode(), "application/atom+xml")


@pytest.mark.parametrize("form", [rss, atom])
def test_an_entry_that_was_taken_out_is_told_and_one_that_slid_out_is_not(
    tmp_path: Path, form: Callable[..., Page]
) -> None:
    with serve() as site:
        site.pages.update({f"/n{day}.html": page() for day in range(10)})
        says = {day: f"Cameras for gate {day} arrived." for day in range(10)}
        site.pages["/feed"] = form(site, *((day, says[day]) for day in (5, 4, 3, 2, 1)))
        days = days_for(tmp_path, site, "/feed", "feed")
        assert days.visit() == []
        site.pages["/feed"] = form(site, *((day, says[day]) for day in (7, 6, 5, 4, 3)))
        assert days.visit() == []
        site.pages["/feed"] = form(site, *((day, says[day]) for day in (7, 5, 4, 3)))
        (left,) = days.visit()
        assert sentence(left) == "The entry “News 6” was taken out of the feed."
        says[4] = "Cameras for gate 4 tell ethnicity no more."
        site.pages["/feed"] = form(site, *((day, says[day]) for day in (7, 5, 4, 3)))
        (edited,) = days.visit()
        assert edited.turn.kind == "entry_edited"
        assert (edited.turn.before, edited.turn.after) == ("Cameras for gate 4 arrived.", says[4])
        whole = site.pages["/feed"]
        site.pages["/feed"] = Page(whole.body[: len(whole.body) // 2], whole.content_type)
        assert days.visit() == []
        check_and_make_again(days.case)
