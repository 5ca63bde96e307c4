"""Old copies come in with their own dates, as what an archive says, and never as looks of ours."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.read import read_block
from sousveil.case import Case, open_case, save_settings
from sousveil.index.filters import Filter
from sousveil.index.lists import findings_page
from sousveil.index.query import fates, findings, visits_to
from sousveil.ledger import create_case, read_events
from sousveil.run.indexing import open_index
from sousveil.run.publish import verify_bundle
from tests.commands import Ran, lines, sousveil
from tests.conftest import NOW
from tests.run.web_archive import BANNER, WebArchive, web_archive
from tests.sites import Page, case_for, serve

ORIGINAL = "http://halcyon.example/product"
CLAIM = "Our face analysis detects the ethnicity of every visitor, such as Uyghur."
REST = "<p>Halcyon makes cameras for shops, stations and stadiums.</p>" * 8
OLD = f"<!doctype html><title>Halcyon</title>{REST}<p>{CLAIM}</p>".encode()
NEW = f"<!doctype html><title>Halcyon</title>{REST}<p>Our cameras count people.</p>".encode()
FIRST, SECOND = "20180301080000", "20200615120000"


@pytest.fixture
def archive() -> Iterator[WebArchive]:
    with web_archive() as made:
        made.copies = {(ORIGINAL, FIRST): OLD, (ORIGINAL, SECOND): NEW}
        yield made


@pytest.fixture
def case(tmp_path: Path, archive: WebArchive) -> Case:
    made = create_case(tmp_path / "case", title="Test", operator="", now=NOW)
    allowed = frozenset({archive.host})
    save_settings(made, replace(made.settings, allow_hosts=allowed, delay_seconds=0.0))
    return open_case(made.root)


def fetch(case: Case, named: object, *more: object) -> Ran:
    return sousveil("timemap", "--case", case.root, named, *more)


def test_copies_stand_at_the_address_they_are_of_with_the_archives_dates(
    case: Case, archive: WebArchive
) -> None:
    ran = fetch(case, archive.timemap_url(ORIGINAL))
    assert ran.status == 0, ran.err
    assert "2018-03-01 08:00:00 UTC  127.0.0.1  HTTP 200" in ran.out
    with open_index(case) as index:
        looks = list(visits_to(index, ORIGINAL))
        (found,) = findings(index)
    assert [look.started_at for look in looks] == [
        datetime(2018, 3, 1, 8, tzinfo=UTC),
        datetime(2020, 6, 15, 12, tzinfo=UTC),
    ]
    assert {look.watch_id for look in looks} == {None}  # no look of ours
    assert all("in an old copy that 127.0.0.1 keeps" in look.outcome for look in looks)
    assert found.quote == CLAIM
    assert found.url == ORIGINAL
    assert found.watch_id is None
    assert "it is an old copy that 127.0.0.1 keeps" in found.caveats[0]


def test_the_evidence_is_what_we_asked_the_archive_and_when(
    case: Case, archive: WebArchive
) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    events = [event for event in read_events(case) if event.type == "memento"]
    assert [event.body["listed"] for event in events] == [
        "2018-03-01T08:00:00Z",
        "2020-06-15T12:00:00Z",
    ]
    (capture,) = events[0].body["captures"]
    assert capture["url"] == f"{archive.url}/web/{FIRST}id_/{ORIGINAL}"
    assert capture["captured_at"] > "2026"
    assert sousveil("verify", "--case", case.root).status == 0


def test_the_bytes_are_asked_for_as_they_came(case: Case, archive: WebArchive) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    with open_index(case) as index:
        first = next(visits_to(index, ORIGINAL)).captures[0]
    block = b"".join(read_block(case.root, first.record))
    assert OLD in block
    assert BANNER not in block


def test_an_archive_that_gives_no_such_bytes_is_asked_for_what_it_shows(
    case: Case, archive: WebArchive
) -> None:
    archive.knows_raw = False
    assert fetch(case, archive.timemap_url(ORIGINAL)).status == 0
    with open_index(case) as index:
        assert [one.quote for one in findings(index)] == [CLAIM]


def test_what_the_case_has_is_not_asked_for_again(case: Case, archive: WebArchive) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    archive.asked.clear()
    ran = fetch(case, archive.timemap_url(ORIGINAL))
    assert ran.status == 0
    assert "Nothing new" in ran.err
    assert len(archive.asked) == 1  # the list itself


def test_a_copy_that_cannot_be_had_is_told_and_is_no_look(case: Case, archive: WebArchive) -> None:
    archive.lacking = {FIRST}
    ran = fetch(case, archive.timemap_url(ORIGINAL))
    assert ran.status == 1
    assert "no copy came" in ran.out
    with open_index(case) as index:
        assert len(list(visits_to(index, ORIGINAL))) == 1
    archive.lacking = set()
    assert fetch(case, archive.timemap_url(ORIGINAL)).status == 0  # it is asked for again


def test_a_redirect_that_was_archived_is_the_copy(case: Case, archive: WebArchive) -> None:
    elsewhere = "http://halcyon.example/home"
    archive.copies = {(ORIGINAL, FIRST): elsewhere, (elsewhere, FIRST): OLD}
    assert fetch(case, archive.timemap_url(ORIGINAL)).status == 0
    with open_index(case) as index:
        (look,) = visits_to(index, ORIGINAL)
        assert not findings(index)  # the words stand at another address
    assert look.status == 302


@pytest.mark.parametrize(
    ("options", "stamps"),
    [
        (["--since", "2019-01-01"], [SECOND]),
        (["--until", "2019-01-01"], [FIRST]),
        (["--limit", "1"], [SECOND]),
    ],
)
def test_days_and_a_limit_choose_copies(
    case: Case, archive: WebArchive, options: list[str], stamps: list[str]
) -> None:
    assert fetch(case, archive.timemap_url(ORIGINAL), *options).status == 0
    asked = [one for one in archive.asked if "timemap" not in one]
    assert asked == [f"/web/{stamp}id_/{ORIGINAL}" for stamp in stamps]


def test_a_timemap_is_taken_from_a_file_and_kept(
    case: Case, archive: WebArchive, tmp_path: Path
) -> None:
    file = tmp_path / "list.txt"
    file.write_text(archive.timemap(ORIGINAL))
    assert fetch(case, file).status == 0
    (event,) = [event for event in read_events(case) if event.type == "timemap"]
    assert event.body["file"] == "list.txt"
    assert event.warc is not None
    assert sousveil("verify", "--case", case.root).status == 0


def test_an_index_made_again_is_the_same(case: Case, archive: WebArchive) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    with open_index(case) as index:
        before = [(one.id, one.capture, one.caveats) for one in findings(index)]
    assert sousveil("reindex", "--case", case.root).status == 0
    with open_index(case) as index:
        assert [(one.id, one.capture, one.caveats) for one in findings(index)] == before


@pytest.mark.parametrize(
    ("named", "words"),
    [("nowhere.txt", "no such file"), ("http://127.0.0.1:9/x", "gave no timemap")],
)
def test_it_refuses_in_one_line(case: Case, named: str, words: str) -> None:
    ran = fetch(case, named)
    assert ran.status == 2
    (line,) = lines(ran.err)
    assert words in line


def test_a_finding_of_ours_stays_ours_though_an_older_copy_says_the_same(
    tmp_path: Path, archive: WebArchive
) -> None:
    with serve() as site:
        case = case_for(tmp_path / "own", site)
        hosts = case.settings.allow_hosts | {archive.host}
        save_settings(case, replace(case.settings, allow_hosts=hosts))
        target = f"{site.url}/product"
        site.pages["/product"] = Page(OLD)
        archive.copies = {(target, FIRST): OLD}
        assert sousveil("add", "--case", case.root, target).status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        ran = fetch(case, archive.timemap_url(target))
    assert ran.status == 0, ran.err
    with open_index(open_case(case.root)) as index:
        (found,) = findings(index)
        (listed,) = findings_page(index, Filter(), limit=9).rows
        (fate,) = fates(index).values()
        looks = list(visits_to(index, target))
    assert found.watch_id is not None
    assert found.capture.url == target
    assert found.caveats == ()
    assert listed.finding.capture == found.capture
    assert fate.first_seen == datetime(2018, 3, 1, 8, tzinfo=UTC)
    assert [look.watch_id is None for look in looks] == [False, True]  # in the order of the log


def test_a_change_since_an_old_copy_is_shown_with_whose_copy_it_is(
    tmp_path: Path, archive: WebArchive
) -> None:
    with serve() as site:
        case = case_for(tmp_path / "own", site)
        hosts = case.settings.allow_hosts | {archive.host}
        save_settings(case, replace(case.settings, allow_hosts=hosts))
        target = f"{site.url}/product"
        site.pages["/product"] = Page(NEW)
        archive.copies = {(target, FIRST): OLD}
        assert sousveil("add", "--case", case.root, target).status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        assert fetch(case, archive.timemap_url(target)).status == 0
    ran = sousveil("diff", "--case", case.root, target)
    assert ran.status == 0, ran.err
    former, later = ran.out.splitlines()[1:3]
    assert "2018-03-01 08:00:00 UTC, HTTP 200 in an old copy that 127.0.0.1 keeps" in former
    assert "old copy" not in later


@pytest.mark.parametrize("form", ["csl", "bibtex", "icalendar", "json", "ftm"])
def test_exports_say_whose_word_an_old_copy_is(
    case: Case, archive: WebArchive, tmp_path: Path, form: str
) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    output = tmp_path / "out"
    options = ("--format", form, "-o", output, "--all")
    assert sousveil("export", "--case", case.root, *options).status == 0
    text = output.read_text(encoding="utf-8").replace("\r\n ", "")
    assert "it is an old copy that 127.0.0.1 keeps" in text


def test_a_finding_of_an_old_copy_can_be_handed_on_and_checked(
    case: Case, archive: WebArchive, tmp_path: Path
) -> None:
    fetch(case, archive.timemap_url(ORIGINAL))
    with open_index(case) as index:
        (found,) = findings(index)
    output = tmp_path / "evidence.wacz"
    assert sousveil("bundle", "--case", case.root, found.id, "-o", output).status == 0
    key = case.settings.key
    script = Path(verify_bundle.__file__)
    checked = subprocess.run(
        [sys.executable, script, output, "--key", key], capture_output=True, check=False, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "YES" in checked.stdout
