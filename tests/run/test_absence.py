"""What became of pages and quotes, from real answers over time: slow to say gone, quick to show."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sousveil.case import save_settings
from sousveil.changes.answer import Kind, what_answer_came
from sousveil.ledger import create_case, read_events
from sousveil.model import Exchange, Verdict
from sousveil.run.read.answered import answer_of, text_reader
from sousveil.run.visit.records import request_facts
from tests.capture.exit_server import exit_server
from tests.commands import sousveil
from tests.run.looking import START, Looking, looking_at
from tests.sites import Page, serve

CLAIM = "Our camera infers the ethnicity of every face it sees."
REST = "".join(f"<p>Paragraph {n} tells of lens {n * n} and of its mount.</p>" for n in range(12))
PAGE = Page(f"<h1>Lens</h1><p>{CLAIM}</p>{REST}".encode())
WITHOUT = Page(f"<h1>Lens</h1>{REST}".encode())


def test_a_page_that_answers_404_is_held_then_confirmed(tmp_path: Path) -> None:
    with serve() as site:
        site.pages.update(
            {"/lens.html": PAGE, "/": Page(b"<h1>Halden</h1><p>Welcome to us all.</p>")}
        )
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        assert case.fate().verdict is Verdict.PRESENT
        del site.pages["/lens.html"]
        missed = case.after(hours=1)
        ((_, held),) = missed.held
        assert not missed.gone
        assert (held.verdict, held.pending, held.is_gone) == (
            Verdict.UNKNOWN,
            Verdict.REMOVED,
            False,
        )
        assert held.gone_by is not None
        assert held.due is not None
        assert (held.last_seen - START).seconds < 60
        assert "answered HTTP 404; not confirmed yet" in held.evidence
        assert not case.after(hours=30).gone
        confirmed = case.after(hours=50)
        ((_, gone),) = confirmed.gone
        assert (gone.verdict, gone.is_gone, gone.pending) == (Verdict.REMOVED, True, None)
        assert gone.gone_by == held.gone_by
        assert held.confirmed_at is None
        assert gone.confirmed_at is not None
        assert (gone.confirmed_at - START) // timedelta(hours=1) == 1 + 30 + 50
        assert case.after(hours=5).gone == ()
        assert case.fate().confirmed_at == gone.confirmed_at, "it is confirmed once"
        (told,) = case.told()
        assert told.told.verdict is Verdict.REMOVED
        assert case.everything() == case.reindexed()


HOME = Page(b"<h1>Halden</h1><p>We make many things that look at people, and more.</p>" * 9)
NOTICE = Page("<h1>Ni havas nenion tian</h1><p>Tralala, serĉu ĉe la fronto.</p>".encode())


def around(case: Looking) -> list[dict[str, Any]]:
    return [dict(event.body) for event in read_events(case.case) if event.type == "around"]


def test_the_host_is_asked_around_once_an_hour_and_only_when_something_is_missed(
    tmp_path: Path,
) -> None:
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE, "/mount.html": WITHOUT})
        site.pages["/sitemap.xml"] = Page(f"{site.url}/lens.html\n".encode(), "text/plain")
        case = looking_at(tmp_path, site, "/lens.html", "/mount.html")
        case.after()
        case.after(hours=1)
        assert around(case) == []
        del site.pages["/lens.html"]
        case.after(hours=1)
        (asked,) = around(case)
        urls = {one["role"]: one["url"] for one in asked["asked"]}
        assert set(urls) == {"robots", "made_up", "home", "neighbour", "sitemap"}
        assert urls["neighbour"] == f"{site.url}/mount.html"
        assert urls["made_up"].endswith(".html")
        assert asked["target"] == f"{site.url}/lens.html"
        reasons = case.fate(CLAIM).reasons
        assert "the host's front page answers well" in reasons
        assert "the site map still names it" in reasons
        del site.pages["/mount.html"]
        case.after(minutes=30)
        assert len(around(case)) == 1
        case.after(minutes=40)
        assert len(around(case)) == 2
        assert case.everything() == case.reindexed()
        assert sousveil("verify", case.case.root).status == 0


def test_the_site_map_that_robots_txt_names_is_asked(tmp_path: Path) -> None:
    rules = b"User-agent: *\nDisallow: /\nSitemap: https://elsewhere.example/m\nSitemap: /maps/all"
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE, "/robots.txt": Page(rules, "text/plain")})
        site.pages["/maps/all"] = Page(f"{site.url}/lens.html\n".encode(), "text/plain")
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        del site.pages["/lens.html"]
        case.after(hours=1)
        assert "the site map still names it" in case.fate().reasons
        (asked,) = around(case)
        urls = {one["role"]: one["url"] for one in asked["asked"]}
        assert urls["sitemap"] == f"{site.url}/maps/all"
        assert {"home", "made_up"} <= set(urls), "a page that somebody named is no crawl"
        assert case.everything() == case.reindexed()


@pytest.mark.parametrize("robots", ["obey", "ignore"])
def test_what_a_site_forbids_is_not_asked_for_around_its_pages(tmp_path: Path, robots: str) -> None:
    rules = b"User-agent: *\nDisallow: /sitemap.xml\nDisallow: /*.html$\nAllow: /lens.html$"
    with serve() as site:
        home = Page(b"<a href='/lens.html'>Lens</a><a href='/mount'>Mount</a>" + HOME.body)
        site.pages.update({"/": home, "/lens.html": PAGE, "/robots.txt": Page(rules, "text/plain")})
        site.pages["/mount"] = Page(b"", status=503)
        case = looking_at(tmp_path, site)
        add = ("add", site.url, "--kind", "site", f"--{robots}-robots", "--case", case.case.root)
        assert sousveil(*add).status == 0
        case.after()
        del site.pages["/lens.html"]
        case.after(hours=2)
        (asked,) = around(case)
        may = {"robots", "home"} if robots == "obey" else {"robots", "home", "made_up", "sitemap"}
        assert {one["role"] for one in asked["asked"]} == may
        site.pages["/mount"] = WITHOUT
        case.after(minutes=20)
        case.after(minutes=20)
        assert [one["role"] for one in around(case)[-1]["asked"]] == ["neighbour"]


def test_a_soft_404_in_no_known_words_is_told_by_the_made_up_sibling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as site:
        made_up = f"{site.url}/made-up.html"
        monkeypatch.setattr("sousveil.run.visit.around.made_up_sibling", lambda *_: made_up)
        site.pages.update({"/": HOME, "/lens.html": PAGE, "/made-up.html": NOTICE})
        site.pages["/mount.html"] = WITHOUT
        case = looking_at(tmp_path, site, "/lens.html", "/mount.html")
        case.after()
        site.pages["/lens.html"] = NOTICE
        ((_, held),) = case.after(hours=1).held
        assert held.pending is Verdict.SOFT_404
        assert "a made-up address of this host gets the same answer" in held.reasons[1]
        case.after(days=1)
        ((_, gone),) = case.after(days=3).gone
        assert gone.verdict is Verdict.SOFT_404


SHELF = "".join(f"<p>Paragraph {n} tells of shelf {n * n} and of its load.</p>" for n in range(5))


def test_an_address_known_for_another_page_is_no_new_address_of_this_one(tmp_path: Path) -> None:
    """All pages of the site bear one name, and share most of their few words."""
    with serve() as site:
        site.pages.update({"/": HOME, "/lens": PAGE, "/shelf": Page((REST + SHELF).encode())})
        site.pages["/mount"] = PAGE
        case = looking_at(tmp_path, site, "/lens", "/mount", "/shelf")
        case.after()
        case.after(hours=1)
        site.pages["/lens"] = Page(b"", status=302, location="/shelf")
        site.pages["/mount"] = Page(b"", status=302, location="/mounts")
        site.pages["/mounts"] = WITHOUT
        missed = case.after(hours=1).held
        held = {one.url.rpartition("/")[2]: fate for one, fate in missed}
        assert {name: fate.pending for name, fate in held.items()} == {
            "lens": Verdict.REDIRECTED_AWAY,
            "mount": Verdict.QUOTE_REMOVED,
        }
        case.after(days=2)
        case.after(days=2)
        assert case.everything() == case.reindexed()


def test_an_outage_between_takes_nothing_away_and_proves_nothing(tmp_path: Path) -> None:
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE})
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        site.pages["/lens.html"] = Page(b"<h1>Bad gateway</h1>", status=502)
        for _ in range(4):
            assert not case.after(days=3).held
        fate = case.fate()
        assert (fate.verdict, fate.gone_by, fate.pending) == (Verdict.UNREACHABLE, None, None)
        site.pages["/lens.html"] = WITHOUT
        ((_, held),) = case.after(hours=2).held
        assert held.pending is Verdict.QUOTE_REMOVED
        site.pages["/lens.html"] = Page(b"", status=503)
        case.after(days=1)
        site.pages["/lens.html"] = WITHOUT
        assert not case.after(days=2).gone, "in these three days it may have been back"
        ((_, gone),) = case.after(days=2).gone
        assert (gone.verdict, gone.gone_by) == (Verdict.QUOTE_REMOVED, held.gone_by)
        assert case.everything() == case.reindexed()


def test_what_stands_when_asked_through_another_exit_is_walled_for_one_country(
    tmp_path: Path,
) -> None:
    with serve() as here, serve() as abroad, exit_server() as home, exit_server() as other:
        for site in (here, abroad):
            site.pages.update({"/": HOME, "/lens.html": PAGE})
        other.leads_to = int(abroad.host.rpartition(":")[2])
        vendor = replace(here, url=here.url.replace("127.0.0.1", "vendor.example"))
        case = looking_at(tmp_path, vendor, "/lens.html")
        exits = {"home": home.exit, "abroad": other.exit}
        settings = replace(case.case.settings, exits=exits, exit="home")
        save_settings(case.case, settings)
        case.after()
        del here.pages["/lens.html"]
        case.after(hours=1)
        held = case.fate()
        assert (held.verdict, held.pending) == (Verdict.UNKNOWN, Verdict.BLOCKED_BY_COUNTRY)
        assert held.reasons[1] == "it stands when asked through abroad"
        case.after(hours=2)
        told = case.fate()
        assert (told.verdict, told.gone_by) == (Verdict.BLOCKED_BY_COUNTRY, None)
        assert case.everything() == case.reindexed()
        asked = [one for body in around(case) for one in body["asked"] if one["role"] == "exit"]
        assert {one["exit"] for one in asked} == {"abroad"}
        del abroad.pages["/lens.html"]
        for _ in range(4):
            case.after(days=2)
        assert case.fate().verdict is Verdict.REMOVED


def test_a_challenge_that_names_itself_in_a_header_is_kept_with_the_visit(tmp_path: Path) -> None:
    exchange = Exchange(
        "https://halden.example/",
        START,
        0.1,
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nCF-Mitigated: challenge\r\nServer: x\r\n\r\n",
        None,
        403,
        None,
        None,
        None,
        None,
        None,
    )
    facts = request_facts(exchange)
    assert facts["headers"] == {"cf-mitigated": "challenge"}
    body = {"probes": [{"url": exchange.url, "status": 403, "failure": None}], "requests": [facts]}
    answer = answer_of(
        [], body, text_reader(create_case(tmp_path, title="", operator="", now=START))
    )
    assert what_answer_came(None, answer).kind is Kind.BLOCK_PAGE


WALLS = {
    "login": (
        Page(
            b"<h1>Members</h1><form><input name=u><input type=password name=p></form>"
            b"<p>Please log in with your customer number to go on.</p>"
        ),
        Verdict.LOGIN_WALL,
    ),
    "country": (Page(b"<h1>Not here</h1>", status=451), Verdict.BLOCKED_BY_COUNTRY),
    "challenge": (
        Page(b"<p>Just a moment while we check something about you, dear visitor.</p>" * 3),
        Verdict.BLOCKED,
    ),
}


@pytest.mark.parametrize("wall", WALLS)
def test_behind_a_wall_nothing_is_gone_however_long_it_stands(tmp_path: Path, wall: str) -> None:
    page, verdict = WALLS[wall]
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE})
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        site.pages["/lens.html"] = page
        for _ in range(5):
            said = case.after(days=4)
            assert (said.gone, said.held) == ((), ())
        assert case.fate().verdict is verdict


def test_a_page_that_sends_its_visitors_to_the_front_page_is_held(tmp_path: Path) -> None:
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE})
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        site.pages["/lens.html"] = Page(b"", status=302, location="/")
        ((_, held),) = case.after(hours=1).held
        assert held.pending is Verdict.REDIRECTED_AWAY
        case.after(days=1)
        case.after(days=3)
        assert case.fate().verdict is Verdict.REDIRECTED_AWAY


def test_a_sentence_that_was_reworded_is_told_with_its_new_words_and_can_come_back(
    tmp_path: Path,
) -> None:
    softened = CLAIM.replace("ethnicity", "appearance")
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE})
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        first_seen = case.fate(CLAIM).first_seen
        site.pages["/lens.html"] = Page(f"<h1>Lens</h1><p>{softened}</p>{REST}".encode())
        ((_, held),) = case.after(hours=1).held
        assert (held.pending, held.after) == (Verdict.EDITED, softened)
        assert not case.after(hours=24).gone
        ((_, gone),) = case.after(hours=25).gone
        assert (gone.verdict, gone.after, gone.first_seen) == (
            Verdict.EDITED,
            softened,
            first_seen,
        )
        site.pages["/lens.html"] = PAGE
        case.after(hours=1)
        back = case.fate(CLAIM)
        assert (back.verdict, back.gone_by) == (Verdict.PRESENT, None)
        assert any("it came back once" in reason for reason in back.reasons)
        assert case.everything() == case.reindexed()
