"""The whole way: a vendor's site is watched, changes, and what vanished is told and proved."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.demo.vendor import VendorSite
from sousveil.demo.vendor.sdk import drop_field, make_repository
from tests.commands import Ran, sousveil


@dataclass(frozen=True, slots=True)
class Story:
    """A case after two visits, with what the commands said."""

    case: Path
    site: VendorSite
    first: Ran
    second: Ran


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch, VendorSite(folder / "vendor") as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = folder / "case"
        assert sousveil("init", case, "--title", "Story", "--operator", "Desk").status == 0
        opened = open_case(case)
        host = site.base_url.removeprefix("http://")
        settings = replace(opened.settings, allow_hosts=frozenset({host}), delay_seconds=0.0)
        save_settings(opened, settings)
        targets = [*site.urls(), site.repository]
        assert sousveil("add", "--case", case, "--actor", "Oddlestane", *targets).status == 0
        first = sousveil("visit", "--case", case, "--json")
        site.change()
        second = sousveil("visit", "--all", "--case", case, "--json")
        yield Story(case, site, first, second)


@pytest.fixture(autouse=True)
def story_config(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(story.case.parent / "config"))


def test_every_page_that_claims_has_a_finding_and_no_other_offers(story: Story) -> None:
    assert story.first.status == 0
    offered = {
        line["capture"]["url"]
        for line in story.first.json()
        if line["event"] == "found" and line["label"] in {"offers", "reports"}
    }
    claiming = {page.url for page in story.site.pages if page.claims}
    plain = {page.url for page in story.site.pages if page.claims and not page.needs}
    assert plain <= offered - {story.site.repository.as_uri()} <= claiming


def test_a_finding_quotes_exactly_and_says_why(story: Story) -> None:
    for finding in sousveil("findings", "--case", story.case, "--json").json():
        assert finding["quote"] == finding["selectors"][0]["exact"]
        assert finding["quote"] in finding["passage"]
        assert 0 <= finding["score"] <= 1
        assert finding["reasons"]
        assert finding["actor"] == "Oddlestane"
        assert (story.case / finding["capture"]["warc"]).is_file()


def test_the_second_visit_says_what_vanished_and_how(story: Story) -> None:
    gone: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for line in story.second.json():
        if line["event"] == "gone":
            gone.setdefault(line["capture"]["url"], set()).add(line["verdict"])
        elif line["event"] == "held":
            held.setdefault(line["capture"]["url"], set()).add(line["pending"])
            assert (line["verdict"], "missing since" in line["evidence"]) == ("unknown", True)
    base = story.site.base_url
    assert list(gone) == [story.site.repository.as_uri()]  # a commit is proof by itself
    assert "quote_removed" in gone[story.site.repository.as_uri()]
    assert "edited" in held[f"{base}/en/products/stanelens.html"]
    assert held[f"{base}/zh/tender/parameters.html"] == {"removed"}
    assert "quote_removed" in held[f"{base}/en/downloads/test-report.pdf"]
    needing = {page.url for page in story.site.pages if page.needs}
    assert len(set(held) - needing) == 3


def test_the_commit_that_dropped_the_field_is_found_with_its_innocent_message(
    story: Story,
) -> None:
    left = [
        line["source"]["left"]
        for line in story.second.json()
        if line["event"] == "gone" and "left" in line["source"]
    ]
    assert left
    assert {commit["message"].strip() for commit in left} == {"Minor clean-up of headers."}


def test_what_still_stands_is_not_called_gone(story: Story) -> None:
    findings = sousveil("findings", "--case", story.case, "--json").json()
    standing = {f["capture"]["url"] for f in findings if f["verdict"] == "present"}
    base = story.site.base_url
    assert f"{base}/en/docs/api.html" in standing
    assert f"{base}/zh/products/stanelens.html" in standing


def test_the_case_verifies(story: Story) -> None:
    ran = sousveil("verify", "--case", story.case, "--json")
    assert (ran.status, ran.json()[0]["ok"], ran.json()[0]["faults"]) == (0, True, [])


def test_a_finding_is_shown_with_its_evidence(story: Story) -> None:
    finding = sousveil("findings", "--case", story.case, "--json").json()[0]
    shown = sousveil("show", finding["id"], "--case", story.case)
    assert shown.status == 0
    assert finding["capture"]["record_digest"] in shown.out
    assert finding["capture"]["warc"] in shown.out


def test_the_index_can_be_deleted_and_comes_back_the_same(story: Story, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(story.case, copy)
    before = sousveil("findings", "--case", copy, "--json").out
    for path in copy.glob("index.sqlite*"):
        path.unlink()
    shutil.rmtree(copy / "cache")
    refused = sousveil("findings", "--case", copy)
    assert (refused.status, "sousveil reindex" in refused.err) == (2, True)
    assert sousveil("reindex", "--case", copy).status == 0
    assert sousveil("findings", "--case", copy, "--json").out == before
    assert (copy / "cache").is_dir()


def test_analysing_again_changes_nothing(story: Story) -> None:
    before = sousveil("findings", "--case", story.case, "--json").out
    ran = sousveil("analyse", "--case", story.case, "--json")
    assert (ran.status, ran.json()) == (0, [])
    assert sousveil("findings", "--case", story.case, "--json").out == before


def test_a_third_visit_without_change_finds_nothing_new(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(story.case, tmp_path / "copy")
    shutil.copytree(story.case.parent / "config", tmp_path / "config")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "config"))
    ran = sousveil("visit", "--all", "--case", tmp_path / "copy", "--json")
    assert ran.status == 0
    assert {line["event"] for line in ran.json()} == {"visit"}


def test_the_dossier_tells_the_same(story: Story, tmp_path: Path) -> None:
    ran = sousveil("dossier", "-o", tmp_path / "dossier", "--case", story.case)
    assert ran.status == 0
    page = (tmp_path / "dossier" / "index.html").read_text(encoding="utf-8")
    assert "Minor clean-up of headers." in page
    findings = sousveil("findings", "--case", story.case, "--json").json()
    for finding in findings:
        assert (tmp_path / "dossier" / "findings" / f"{finding['id']}.html").is_file()
    assert json.dumps(story.case.name) not in page


def test_a_branch_moved_back_is_told_though_nothing_new_was_kept(
    case: Case, tmp_path: Path
) -> None:
    repository = tmp_path / "sdk"
    make_repository(repository)
    drop_field(repository)
    assert sousveil("add", "--case", case.root, repository).status == 0
    gone = [
        line
        for line in sousveil("visit", "--case", case.root, "--json").json()
        if line.get("label") == "offers" and "left" in line["source"]
    ]
    assert gone
    subprocess.run(["git", "-C", repository, "reset", "-q", "--hard", "HEAD~1"], check=True)
    assert sousveil("visit", "--all", "--case", case.root).status == 0
    findings = sousveil("findings", "--case", case.root, "--json").json()
    assert {line["id"] for line in gone} <= {line["id"] for line in findings}
    assert all(line["verdict"] == "present" for line in findings)
    assert sousveil("verify", case.root).status == 0
