"""What answers is told before it is watched, and nothing of it is kept."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.claims import engine_for
from sousveil.run.visit.trying import try_watches
from sousveil.topics import load
from sousveil.watch.targets import make_watch
from tests.commands import Ran, sousveil
from tests.conftest import NOW
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, Site, case_for, serve

CLAIM = "Our camera recognises the ethnicity of every face in the crowd."
HTML = f"<!doctype html><title>Lampwick API</title><p>{CLAIM}</p>".encode()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as made:
        made.pages["/api"] = Page(HTML)
        made.pages["/private/x"] = Page(b"<!doctype html><p>Nothing of interest.</p>")
        made.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private\n", "text/plain")
        made.pages["/old"] = Page(b"", status=301, location="/api")
        pdf = make_pdf([[Text(CLAIM)]])
        made.pages["/offer.pdf"] = Page(pdf, "application/pdf")
        yield made


@pytest.fixture
def case(tmp_path: Path, site: Site) -> Case:
    made = case_for(tmp_path / "case", site)
    assert sousveil("reindex", "--case", made.root).status == 0
    return made


def files_of(case: Case) -> dict[str, str]:
    return {
        path.relative_to(case.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in case.root.rglob("*")
        if path.is_file()
    }


def tries(case: Case, *what: object) -> Ran:
    return sousveil("try", "--case", case.root, *what)


def test_an_address_is_told_with_redirects_kind_size_robots_and_claims(
    case: Case, site: Site
) -> None:
    paths = ("/api", "/old", "/private/x", "/offer.pdf", "/gone")
    ran = tries(case, "--json", *(site.url + one for one in paths))
    assert ran.status == 0, ran.err
    api, old, private, offer, gone = ran.json()
    assert (api["status"], api["media_type"], api["size_bytes"]) == (200, "text/html", len(HTML))
    assert (api["title"], api["robots"], api["claims"]) == ("Lampwick API", "allows it", 1)
    assert (api["said"][0]["quote"], api["said"][0]["trait"]) == (CLAIM, "ethnicity")
    assert old["hops"] == [site.url + "/api"]
    assert old["claims"] == 1
    assert private["robots"] == "asks crawlers to stay away"
    assert (private["claims"], private["is_there"]) == (0, True)
    assert (offer["media_type"], offer["claims"]) == ("application/pdf", 1)
    assert (gone["status"], gone["is_there"], gone["claims"]) == (404, False, 0)


def test_nothing_is_written_into_the_case(case: Case, site: Site) -> None:
    assert sousveil("findings", "--case", case.root).status == 0
    before = files_of(case)
    assert "Nothing of this was kept" in tries(case, site.url + "/api").err
    assert files_of(case) == before


def test_private_addresses_are_refused_and_not_asked(case: Case, site: Site) -> None:
    save_settings(case, replace(case.settings, allow_hosts=frozenset()))
    (told,) = tries(open_case(case.root), "--json", site.url + "/api").json()
    assert told["status"] is None
    assert "loopback" in told["outcome"]
    assert (told["claims"], told["robots"], told["is_there"]) == (0, "", False)


def test_a_redirect_to_a_private_address_is_not_followed(case: Case, site: Site) -> None:
    site.pages["/inward"] = Page(b"", status=302, location="http://127.0.0.2/secret")
    (told,) = tries(case, "--json", site.url + "/inward").json()
    assert not told["is_there"]
    assert "loopback" in told["outcome"]


def test_a_repository_is_not_asked_for(case: Case) -> None:
    (told,) = tries(case, "--json", "git+https://halden.example/sdk.git").json()
    assert "a repository" in told["outcome"]


def test_more_than_twenty_are_refused(case: Case, site: Site) -> None:
    ran = tries(case, *(f"{site.url}/{number}" for number in range(21)))
    assert ran.status == 2
    assert "20 at a time" in ran.err


def test_a_host_is_left_alone_between_two_requests(case: Case, site: Site) -> None:
    waited: list[float] = []
    settings = replace(case.settings, delay_seconds=5.0, allow_hosts=frozenset())
    watches = [
        make_watch(site.url + path, kind=None, every="1d", actor=None, now=NOW)
        for path in ("/api", "/gone")
    ]
    engine = engine_for([load("ethnicity")])
    told = list(try_watches(settings, watches, engine, clock=lambda: NOW, sleep=waited.append))
    assert len(told) == 2
    assert waited == [5.0, 5.0]  # robots.txt is asked for once, then each address in its turn
