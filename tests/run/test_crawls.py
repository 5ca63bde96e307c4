"""A site is looked at within its bounds, page by page, and a killed crawl goes on where it was."""

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sousveil.archive.read import payload, read_block
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import create_case, read_events
from sousveil.model import Capture, Event, RecordRef
from sousveil.run.visit.crawls import RESUME_WITHIN, Past
from tests.commands import Ran, sousveil
from tests.conftest import NOW

FILLER = "<p>Words of no weight fill this page, so that it is worth referring to.</p>" * 20
CLAIM = "<p>The Kerbwatch camera estimates the ethnicity of every passer-by.</p>"


@dataclass(slots=True)
class Answer:
    """What a path gives."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    seconds: float = 0.0  # until it is given
    retry_after: str = ""


@dataclass(slots=True)
class Site:
    """A site whose answers can be changed, and what was asked of it."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def page(self, path: str, *links: str, text: str = "") -> None:
        """Put a page at `path` that links to others."""
        anchors = "".join(f'<a href="{link}">to</a>' for link in links)
        page = f"<!doctype html><title>{path}</title>{anchors}<p>{path}</p>{text}{FILLER}"
        self.answers[path] = Answer(page.encode())

    def put(self, path: str, body: str | bytes, media_type: str = "text/plain") -> None:
        """Put something else at `path`."""
        self.answers[path] = Answer(body.encode() if isinstance(body, str) else body, media_type)


@contextmanager
def serve() -> Iterator[Site]:
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.times.append(time.monotonic())
            answer = site.answers.get(self.path, Answer(b"<h1>Not found</h1>", status=404))
            time.sleep(answer.seconds)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.retry_after:
                self.send_header("Retry-After", answer.retry_after)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        site.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        yield served


@pytest.fixture
def case(tmp_path: Path, site: Site) -> Case:
    """A case that may reach the site, by the wire alone."""
    made = create_case(tmp_path / "case", title="Test", operator="", now=NOW)
    hosts = frozenset({site.url.removeprefix("http://")})
    save_settings(made, replace(made.settings, allow_hosts=hosts, delay_seconds=0.0, browser=False))
    return open_case(made.root)


def add(case: Case, url: str, *options: str, kind: str = "site") -> None:
    done = sousveil("add", url, "--kind", kind, *options, "--case", case.root)
    assert done.status == 0, done.err


def visit(case: Case, site: Site) -> list[str]:
    """Visit everything; return the paths that were asked for."""
    site.asked.clear()
    done: Ran = sousveil("visit", "--all", "--case", case.root)
    assert done.status == 0, done.err
    return list(site.asked)


def closing(case: Case) -> dict[str, Any]:
    return dict([event for event in read_events(case) if event.type == "crawl"][-1].body)


def looks(case: Case) -> list[Event]:
    return [event for event in read_events(case) if event.type == "visit"]


def verify(case: Case) -> None:
    done = sousveil("verify", case.root)
    assert done.status == 0, done.out


def test_a_site_is_looked_at_from_its_target_outwards(site: Site, case: Case) -> None:
    site.page("/docs/", "a.html", "../about.html", "https://other.example/")
    site.page("/docs/a.html", "b.html", "./", "logo.png")
    site.page("/docs/b.html", "c.html")
    site.page("/docs/c.html", "d.html")
    add(case, f"{site.url}/docs/", "--depth", "2")
    asked = visit(case, site)
    assert asked == ["/robots.txt", "/docs/", "/sitemap.xml", "/docs/a.html", "/docs/b.html"]
    told = closing(case)
    assert told["asked"] == 3
    assert told["left_out"] == {"scope": 2, "no page": 1, "depth": 1}
    assert told["examples"]["depth"] == [f"{site.url}/docs/c.html"]
    assert told["bounds"]["robots"] == "obey"
    assert told["robots"] == {
        f"{site.url}/robots.txt": "robots.txt answered HTTP 404: everything may be asked"
    }
    last = looks(case)[-1].body
    assert (last["target"], last["via"], last["depth"], last["role"]) == (
        f"{site.url}/docs/b.html",
        f"{site.url}/docs/a.html",
        2,
        "page",
    )
    verify(case)


def test_robots_txt_is_obeyed_and_kept(site: Site, case: Case) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private/\n")
    site.page("/", "/private/a.html", "/open.html")
    site.page("/open.html")
    site.page("/private/a.html")
    add(case, site.url)
    assert "/private/a.html" not in visit(case, site)
    assert closing(case)["left_out"] == {"robots": 1}
    first = looks(case)[0].body
    assert first["role"] == "robots"
    assert len(first["captures"]) == 1
    add(case, site.url, "--ignore-robots")
    assert "/private/a.html" in visit(case, site)
    assert closing(case)["bounds"]["robots"] == "ignore"


def test_a_server_that_fails_to_give_its_rules_is_asked_nothing(site: Site, case: Case) -> None:
    site.answers["/robots.txt"] = Answer(b"down", status=503)
    site.page("/", "/a.html")
    add(case, site.url)
    assert visit(case, site) == ["/robots.txt"]
    assert closing(case)["left_out"] == {"robots": 1}


def test_site_maps_lead_to_pages_that_nothing_links_to(site: Site, case: Case) -> None:
    site.put("/robots.txt", f"Sitemap: {site.url}/maps.xml\n")
    index = f"<sitemapindex><sitemap><loc>{site.url}/1.xml.gz</loc></sitemap></sitemapindex>"
    site.put("/maps.xml", index, "application/xml")
    urls = f"<urlset><url><loc>{site.url}/alone.html</loc></url></urlset>"
    site.put("/1.xml.gz", gzip.compress(urls.encode()), "application/gzip")
    site.page("/")
    site.page("/alone.html")
    add(case, site.url)
    assert visit(case, site) == ["/robots.txt", "/", "/maps.xml", "/1.xml.gz", "/alone.html"]
    assert looks(case)[-1].body["via"] == f"{site.url}/1.xml.gz"


def test_traps_end(site: Site, case: Case) -> None:
    site.page("/", *(f"/cal?month={n}" for n in range(300)), "/deep/", *(f"/n{n}x" for n in "abc"))
    for month in range(300):
        site.page(f"/cal?month={month}", f"/cal?month={month + 1000}")
    path = "/deep/"
    for _ in range(8):
        site.page(path, "more/")
        path += "more/"
    site.page("/sid?PHPSESSID=1", "/sid?PHPSESSID=2")
    add(case, site.url, "--pages", "500", "--depth", "20")
    asked = visit(case, site)
    assert sum(path.startswith("/cal") for path in asked) == 60
    assert sum(path.startswith("/deep") for path in asked) == 4
    assert closing(case)["left_out"]["trap"] > 240


def test_no_more_pages_than_the_bound_are_asked_for(site: Site, case: Case) -> None:
    site.page("/", *(f"/{chr(97 + n)}.html" for n in range(20)))
    add(case, site.url, "--pages", "5")
    visit(case, site)
    told = closing(case)
    assert (told["asked"], told["left_out"]) == (5, {"pages": 16})


def test_a_page_that_vanished_with_its_link_is_noticed(site: Site, case: Case) -> None:
    site.page("/", "/product.html")
    site.page("/product.html", text=CLAIM)
    add(case, site.url)
    visit(case, site)
    site.page("/")
    del site.answers["/product.html"]
    assert "/product.html" in visit(case, site)
    listed = sousveil("findings", "--json", "--case", case.root).json()
    (found,) = [one for one in listed if one["capture"]["url"].endswith("/product.html")]
    assert (found["verdict"], found["pending"]) == ("unknown", "removed")
    verify(case)


def test_a_dossier_tells_each_page_of_a_site_by_its_own_looks(
    site: Site, case: Case, tmp_path: Path
) -> None:
    site.page("/", "/product.html", "/other.html")
    site.page("/product.html", text=CLAIM)
    site.page("/other.html")
    add(case, site.url)
    visit(case, site)
    visit(case, site)
    out = tmp_path / "dossier"
    assert sousveil("dossier", "-o", out, "--case", case.root).status == 0
    (page,) = (out / "findings").glob("*.html")
    looks_told = page.read_text().partition('<table class="visits">')[2].partition("</table>")[0]
    assert looks_told.count("<tr>") == 3  # its head and two looks
    assert f"{site.url}/other.html" in (out / "index.html").read_text()


def test_what_did_not_change_is_kept_once(site: Site, case: Case) -> None:
    site.page("/", "/a.html", "/b.html")
    site.page("/a.html")
    site.page("/b.html", text=CLAIM)
    add(case, site.url)
    visit(case, site)
    visit(case, site)
    captures = [capture for event in looks(case) for capture in event.body["captures"]]
    revisits = [one for one in captures if one["refers_to"]]
    assert [one["url"] for one in revisits] == [
        f"{site.url}{p}" for p in ("/", "/a.html", "/b.html")
    ]
    verify(case)
    before = sousveil("findings", "--json", "--case", case.root).out
    assert sousveil("reindex", "--case", case.root).status == 0
    assert sousveil("findings", "--json", "--case", case.root).out == before
    visit(case, site)
    again = [capture for event in looks(case) for capture in event.body["captures"]]
    originals = {one["refers_to"]["record_id"] for one in again if one["refers_to"]}
    assert len(originals) == 3


def test_an_original_that_was_taken_away_is_a_fault_of_its_revisits(site: Site, case: Case) -> None:
    site.page("/")
    add(case, site.url)
    visit(case, site)
    first = next(event for event in looks(case) if event.body["role"] == "page")
    visit(case, site)
    (case.root / str(first.warc)).unlink()
    done = sousveil("verify", case.root)
    assert done.status == 1
    assert "no whole file here holds" in done.out


def test_entries_of_a_feed_are_looked_at_once_and_when_they_change(site: Site, case: Case) -> None:
    def entry(path: str, day: int) -> str:
        return (
            f"<item><link>{site.url}{path}</link>"
            f"<pubDate>Thu, {day:02} Jan 2026 00:00:00 GMT</pubDate></item>"
        )

    def feed(*entries: str) -> None:
        site.put("/news/feed.xml", f"<rss><channel>{''.join(entries)}</channel></rss>", "text/xml")

    for path in ("/2026/a.html", "/2026/b.html", "/2026/c.html"):
        site.page(path, "/other.html")
    feed(entry("/2026/a.html", 1), entry("/2026/b.html", 2))
    add(case, f"{site.url}/news/feed.xml", kind="feed")
    assert visit(case, site) == ["/robots.txt", "/news/feed.xml", "/2026/b.html", "/2026/a.html"]
    feed(entry("/2026/a.html", 1), entry("/2026/c.html", 3))
    assert visit(case, site) == ["/robots.txt", "/news/feed.xml", "/2026/c.html"]
    assert closing(case)["left_out"] == {"seen": 1}
    verify(case)


def test_documents_that_a_page_links_to_are_taken(site: Site, case: Case) -> None:
    site.page("/docs/", "/files/report.pdf", "spec.docx", "a.html", "https://other.example/b.pdf")
    site.put("/files/report.pdf", b"%PDF-1.4 not much of one", "application/pdf")
    assert sousveil("add", f"{site.url}/docs/", "--case", case.root).status == 0
    assert visit(case, site) == ["/docs/", "/files/report.pdf", "/docs/spec.docx"]
    assert visit(case, site) == ["/docs/"]
    told = looks(case)[1].body
    assert (told["role"], told["via"]) == ("document", f"{site.url}/docs/")
    verify(case)


def test_a_document_that_is_watched_by_itself_is_not_taken_with_a_page(
    site: Site, case: Case
) -> None:
    site.page("/", "/report.pdf")
    site.put("/report.pdf", b"%PDF-1.4 not much of one", "application/pdf")
    for path in ("/", "/report.pdf"):
        assert sousveil("add", site.url + path, "--case", case.root).status == 0
    assert sorted(visit(case, site)) == ["/", "/report.pdf"]


def test_a_killed_crawl_goes_on_where_it_stopped(site: Site, case: Case) -> None:
    names = [f"/{chr(97 + n)}.html" for n in range(12)]
    site.page("/", *names)
    for name in names:
        site.page(name)
        site.answers[name].seconds = 0.1
    add(case, site.url)
    command = [sys.executable, "-m", "sousveil", "visit", "--all", "--case", str(case.root)]
    for upto in (6, 10):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while len(set(site.asked)) < upto and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        verify(case)
    assert sousveil("visit", "--case", case.root).status == 0  # it is due: its visit is not over
    asked = Counter(site.asked)
    assert set(asked) == {"/", *names, "/robots.txt", "/sitemap.xml"}
    assert sum(asked.values()) <= len(asked) + 2  # the pages in flight
    assert len({event.body["crawl"] for event in looks(case)}) == 1
    assert closing(case)["asked"] == 13
    verify(case)
    site.asked.clear()
    assert sousveil("visit", "--case", case.root).status == 0
    assert site.asked == []  # over, and not due


def test_the_delay_that_robots_txt_asks_for_is_kept(site: Site, case: Case) -> None:
    save_settings(case, replace(case.settings, allow_hosts=frozenset({"127.0.0.0/8"})))
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 0.4\n")
    site.page("/", "/a.html")
    site.page("/a.html")
    add(case, site.url)
    visit(case, site)
    gaps = [later - sooner for sooner, later in zip(site.times, site.times[1:], strict=False)]
    assert len(gaps) == 3
    assert all(gap >= 0.35 for gap in gaps)


def test_a_crawl_says_what_it_left_out(site: Site, case: Case) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /\n")
    add(case, site.url)
    done = sousveil("visit", "--all", "--case", case.root)
    assert (
        "asked for 0 pages; left out: 1 not allowed by robots.txt, or it could not be had"
        in done.err
    )


def test_a_crawl_whose_host_asks_for_rest_goes_on_later(site: Site, case: Case) -> None:
    site.page("/", "/a.html")
    site.page("/a.html")
    site.answers["/"].retry_after = "3600"
    add(case, site.url)
    done = sousveil("visit", "--all", "--case", case.root)
    assert "left for later" in done.err
    assert site.asked == ["/robots.txt", "/"]
    assert visit(case, site) == ["/sitemap.xml", "/a.html"]
    verify(case)


def test_bounds_are_for_sites_and_feeds(site: Site, case: Case) -> None:
    done = sousveil("add", site.url, "--pages", "5", "--case", case.root)
    assert done.status == 2
    assert "--kind site" in done.err


def test_a_page_that_turns_out_to_be_a_site_is_crawled_from_then_on(site: Site, case: Case) -> None:
    site.page("/", "/a.html")
    site.page("/a.html")
    add(case, site.url, kind="page")
    assert visit(case, site) == ["/"]
    add(case, site.url)
    assert "/a.html" in visit(case, site)


def test_a_crawl_that_stopped_a_day_ago_begins_anew() -> None:
    body = {"target": "https://halden.example/", "started_at": NOW.isoformat(), "crawl": "c"}
    past = Past()
    past.take(Event(7, "visit", NOW, body))
    past.forget_stale(NOW + RESUME_WITHIN)
    assert (past.crawl, len(past.events)) == ("c", 1)
    past.forget_stale(NOW + RESUME_WITHIN + timedelta(seconds=1))
    assert (past.crawl, past.events) == ("", [])
    assert past.seen_at == {"https://halden.example/": NOW}


def requests_of(case: Case, event: Event) -> list[Capture]:
    listed = msgspec.convert(event.body["rendering"]["requests"], RecordRef)
    return msgspec.json.decode(b"".join(read_block(case.root, listed)), type=list[Capture])


@pytest.mark.usefixtures("with_browser")
def test_what_a_browser_was_given_is_kept_once_for_all_pages(site: Site, case: Case) -> None:
    save_settings(case, replace(case.settings, browser=True))
    script = "/* the same on every page */" * 100
    site.put("/app.js", script, "text/javascript")
    for path in ("/", "/a.html"):
        site.page(path, "/a.html", text='<script src="/app.js"></script>')
    add(case, site.url)
    visit(case, site)
    robots, first, _, second = looks(case)
    assert "rendering" not in robots.body
    (whole,) = [one for one in requests_of(case, first) if one.url.endswith("/app.js")]
    (again,) = [one for one in requests_of(case, second) if one.url.endswith("/app.js")]
    assert (whole.refers_to, again.refers_to) == (None, whole.record)
    kept = payload(case.root, again.record, refers_to=again.refers_to)
    assert kept.body.decode() == script
    verify(case)
    assert sousveil("reindex", "--case", case.root).status == 0
    visit(case, site)
    (later,) = [one for one in requests_of(case, looks(case)[-1]) if one.url.endswith("/app.js")]
    assert later.refers_to == whole.record
