"""A poll says that a page is as it was only where that is so; what it saw otherwise is a look."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.index.pace import paces
from sousveil.run.indexing import open_index
from sousveil.run.visit import entity
from sousveil.run.watch import service
from tests.commands import sousveil
from tests.run.watch.moody import TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody

CLAIM = "Our camera recognises the ethnicity of each visitor and raises an alarm."


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        served.pages["/page"] = Mood(etag='"v1"')
        yield served


@pytest.fixture
def case(site: Moody, tmp_path: Path) -> Case:
    made = case_for(tmp_path / "case", site)
    assert sousveil("add", site.url("/page"), "--case", made.root).status == 0
    keep_watch(made, Time())
    return made


def test_a_304_that_names_another_version_is_not_believed(site: Moody, case: Case) -> None:
    site.pages["/page"] = Mood(f"<p>{CLAIM}</p>", etag='"v2"', lies=True)
    (batch,) = keep_watch(case, Time(), everything=True)
    assert batch.unchanged == 0
    assert batch.analysis is not None
    assert [finding.quote for finding in batch.analysis.new] == [CLAIM]
    assert site.asked["/page"] == 3  # the third time without conditions


@pytest.mark.parametrize("before", ['W/"v1"', '"v1-gzip"', '"v1--gzip"'])
def test_a_304_may_weaken_the_tag_and_leave_out_the_mark_of_a_coding(
    site: Moody, tmp_path: Path, before: str
) -> None:
    site.pages["/page"] = Mood(etag=before)
    case = case_for(tmp_path / "marked", site)
    sousveil("add", site.url("/page"), "--case", case.root)
    keep_watch(case, Time())
    site.pages["/page"] = Mood(etag='"v1"', lies=True)
    (batch,) = keep_watch(case, Time(), everything=True)
    assert (batch.unchanged, batch.visits) == (1, [])


@pytest.mark.parametrize(
    ("content_type", "is_same"),
    [
        ("text/html;charset=UTF-8", True),
        ("text/html; charset=windows-1251", False),
        ("text/html", False),
        ("text/plain; charset=utf-8", False),
    ],
)
def test_the_same_bytes_of_another_type_are_another_page(
    site: Moody, tmp_path: Path, content_type: str, *, is_same: bool
) -> None:
    site.pages["/bytes"] = Mood("<p>Камера считает посетителей.</p>" * 30)
    case = case_for(tmp_path / "typed", site)
    sousveil("add", site.url("/bytes"), "--case", case.root)
    keep_watch(case, Time())
    site.pages["/bytes"] = replace(site.pages["/bytes"], content_type=content_type)
    (batch,) = keep_watch(case, Time(), everything=True)
    assert (batch.unchanged, len(batch.visits)) == (int(is_same), int(not is_same))


def test_a_304_that_nobody_asked_for_is_no_answer_to_a_poll(site: Moody, tmp_path: Path) -> None:
    site.pages["/page"] = Mood()
    case = case_for(tmp_path / "bare", site)
    sousveil("add", site.url("/page"), "--case", case.root)
    keep_watch(case, Time())
    site.pages["/page"] = Mood("", status=304)
    (batch,) = keep_watch(case, Time(), everything=True)
    assert (batch.unchanged, [visit.status for visit in batch.visits]) == (0, [304])


def test_a_poll_that_is_asked_for_rest_is_a_look_and_nothing_more_is_asked(
    site: Moody, case: Case
) -> None:
    site.pages["/page"] = Mood("<h1>Too many</h1>", status=429, retry_after="1800")
    (batch,) = keep_watch(case, Time(), everything=True)
    assert [visit.outcome for visit in batch.visits] == ["HTTP 429"]
    assert batch.postponed == []
    assert site.asked["/page"] == 2
    assert [event.body["probes"][-1]["status"] for event in logged(case, "visit")] == [200, 429]
    with open_index(case) as index:
        assert [pace.failures for pace in paces(index).values()] == [1]
    assert sousveil("verify", case.root).status == 0


def test_what_a_clock_far_ahead_saw_is_not_polled_until_then(case: Case) -> None:
    clock = Time()
    (batch,) = keep_watch(case, Time(clock.at - timedelta(days=30)), everything=True)
    assert (batch.unchanged, len(batch.visits)) == (0, 1)


def test_a_page_that_no_browser_showed_is_shown_when_there_is_one(
    site: Moody, tmp_path: Path, with_browser: Path
) -> None:
    assert with_browser
    case = case_for(tmp_path / "later", site)
    sousveil("add", site.url("/page"), "--case", case.root)
    save_settings(case, replace(case.settings, browser=False))
    keep_watch(open_case(case.root), Time())
    save_settings(case, replace(case.settings, browser=True))
    (batch,) = keep_watch(open_case(case.root), Time(), everything=True)
    assert (batch.unchanged, len(batch.visits)) == (0, 1)
    (batch,) = keep_watch(open_case(case.root), Time(), everything=True)
    assert (batch.unchanged, len(batch.visits)) == (1, 0)


def test_what_cannot_be_polled_gets_its_turn_however_many_pages_change(
    site: Moody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "VISITS_A_LANE", 1)
    paths = [f"/{number}" for number in range(6)]
    site.pages |= {path: Mood() for path in paths}
    site.pages["/feed.xml"] = Mood("<rss version='2.0'><channel><title>N</title></channel></rss>")
    case = case_for(tmp_path / "many", site)
    sousveil("add", *map(site.url, paths), "--case", case.root)
    sousveil("add", site.url("/feed.xml"), "--kind", "feed", "--case", case.root)
    keep_watch(case, Time())
    for path in paths:
        site.pages[path] = Mood(TEXT * 31)
    first, *_ = keep_watch(case, Time(), everything=True)
    assert len(first.crawled) == 1


def test_a_host_that_asks_for_rest_while_it_is_asked_around_is_left_alone(
    site: Moody, case: Case
) -> None:
    site.pages["/page"] = Mood("<h1>Not found</h1>", status=404)
    site.pages["/"] = Mood("", status=429, retry_after="1800")
    keep_watch(case, Time(), everything=True)
    (around,) = logged(case, "around")
    assert [one["role"] for one in around.body["asked"]] == ["robots", "made_up", "home"]
    assert site.asked["/sitemap.xml"] == 0


def test_what_was_asked_around_by_a_clock_far_ahead_is_asked_again(site: Moody, case: Case) -> None:
    site.pages["/page"] = Mood("<h1>Not found</h1>", status=404)
    ahead = Time()
    ahead.sleep(timedelta(days=30).total_seconds())
    keep_watch(case, ahead, everything=True)
    keep_watch(case, Time(), everything=True)
    assert len(logged(case, "around")) == 2


def test_a_page_too_long_for_a_poll_is_visited_and_kept_whole(
    site: Moody, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entity, "MAX_BYTES", len(TEXT) * 40)
    site.pages["/page"] = Mood(TEXT * 60)
    (batch,) = keep_watch(case, Time(), everything=True)
    assert [visit.status for visit in batch.visits] == [200]
    newest = logged(case, "visit")[-1]
    assert newest.body["probes"][-1]["failure"] is None
    assert newest.body["requests"][-1]["truncated"] is None
