"""Visits through an exit: whatever is watched goes that way, is logged so, and goes no other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.capture.guard.exits import Exit
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import read_events
from sousveil.model import Event
from tests.capture import test_git as git_server
from tests.capture.exit_server import exit_server, unused_exit
from tests.commands import sousveil
from tests.sites import Page, serve

Commit = Callable[..., str]


def with_exit(case: Case, exit_: Exit, default: str = "tor") -> None:
    settings = replace(case.settings, exits={"tor": exit_}, exit=default, delay_seconds=0.0)
    save_settings(case, settings)


def last_visits(case: Case) -> list[Event]:
    return [event for event in read_events(open_case(case.root)) if event.type == "visit"]


@pytest.mark.parametrize("kind", ["page", "site"])
def test_pages_and_sites_go_through_the_case_s_exit(case: Case, kind: str) -> None:
    with serve() as site, exit_server() as server:
        site.pages["/"] = Page(b"<p>plain words</p><a href='/next'>next</a>")
        site.pages["/next"] = Page(b"<p>more</p>")
        port = site.host.rpartition(":")[2]
        with_exit(case, server.exit)
        target = f"http://vendor.example:{port}/"
        assert sousveil("add", target, "--kind", kind, "--case", case.root).status == 0
        ran = sousveil("visit", "--case", case.root)
        assert ran.status == 0, ran.err
        assert {(sort, host) for sort, host, _ in server.asked} == {("name", "vendor.example")}
    visits = last_visits(case)
    assert visits
    assert [visit.body["exit"] for visit in visits] == ["tor"] * len(visits)
    assert all(
        one["ip_address"] is None for visit in visits for one in visit.body.get("requests", [])
    )


def test_a_repository_goes_through_the_case_s_exit(
    case: Case, tmp_path: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with git_server.serving(tmp_path) as (port, _), exit_server() as server:
        with_exit(case, server.exit)
        target = f"http://vendor.example:{port}/vendor%20sdk"
        sousveil("add", target, "--kind", "repository", "--case", case.root)
        ran = sousveil("visit", "--case", case.root)
        assert ran.status == 0, ran.err
        assert {(sort, host) for sort, host, _ in server.asked} == {("name", "vendor.example")}
    (visit,) = last_visits(case)
    assert visit.body["exit"] == "tor"
    assert visit.body["repository"]["ip_address"] is None


def test_without_its_exit_nothing_is_asked_and_the_target_is_not_blamed(
    case: Case, tmp_path: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with serve() as site, git_server.serving(tmp_path) as (port, asked):
        site.pages["/"] = Page(b"<p>plain words</p>")
        with_exit(case, unused_exit())
        case = open_case(case.root)
        save_settings(case, replace(case.settings, allow_hosts=frozenset({"127.0.0.1"})))
        repository_url = f"http://127.0.0.1:{port}/vendor%20sdk"
        sousveil("add", f"{site.url}/", "--case", case.root)
        sousveil("add", repository_url, "--kind", "repository", "--case", case.root)
        ran = sousveil("visit", "--json", "--case", case.root)
        assert asked == []
    assert [line["verdict"] for line in ran.json()] == ["unknown", "unknown"]
    assert all("exit 'tor'" in line["outcome"] for line in ran.json())
    for visit in last_visits(case):
        assert [probe["failure"]["kind"] for probe in visit.body["probes"]] == ["exit"]
        assert visit.body["exit"] == "tor"


def test_an_exit_that_the_case_does_not_name_is_told_before_anybody_is_asked(case: Case) -> None:
    with serve() as site, exit_server() as server:
        with_exit(case, server.exit, default="")
        sousveil("add", f"{site.url}/", "--case", case.root)
        sousveil("add", f"{site.url}/2", "--exit", "tor", "--case", case.root)
        other = {"other": replace(server.exit, name="other")}
        save_settings(case, replace(open_case(case.root).settings, exits=other))
        ran = sousveil("visit", "--case", case.root)
        assert ran.status == 2
        assert "no exit named 'tor'" in ran.err
        assert server.asked == []
    assert last_visits(case) == []
