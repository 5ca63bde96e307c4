"""Polls: what did not change costs one request, one revisit record, and no visit."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sousveil.archive.fields import NOT_MODIFIED, SAME_PAYLOAD
from sousveil.archive.read import payload
from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.case import Case
from sousveil.index.due import pasts
from sousveil.index.pace import paces
from sousveil.model import Capture
from sousveil.run.indexing import open_index
from tests.commands import sousveil
from tests.run.watch.moody import DATE, TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody

DAY = timedelta(days=1)


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        served.pages["/tag"] = Mood(etag='"v1"')
        served.pages["/date"] = Mood(last_modified=DATE)
        served.pages["/both"] = Mood(etag='W/"b"', last_modified=DATE)
        served.pages["/neither"] = Mood()
        served.pages["/small"] = Mood("<p>A small page.</p>")
        served.pages["/chunked"] = Mood(is_chunked=True)
        served.pages["/chunked-tag"] = Mood(is_chunked=True, etag='"c"')
        yield served


@pytest.fixture
def watched(site: Moody, tmp_path: Path) -> Case:
    case = case_for(tmp_path / "case", site)
    targets = [site.url(path) for path in site.pages]
    assert sousveil("add", *targets, "--case", case.root).status == 0
    return case


def polled(case: Case) -> dict[str, dict[str, Any]]:
    """Return the newest poll of each path."""
    return {
        "/" + one["target"].rsplit("/", 1)[1]: one
        for event in logged(case, "poll")
        for one in event.body["polled"]
    }


def records(case: Case, warc: str) -> list[dict[str, str]]:
    """Return the heads of a WARC's records."""
    found = []
    with (case.root / warc).open("rb") as file:
        reader = RecordReader(Unpacked(file))
        for record in reader.records():
            found.append(dict(record.head.fields))
            reader.finish(record)
    return found


def test_pages_that_did_not_change_are_polled_together_whatever_validators_they_have(
    site: Moody, watched: Case
) -> None:
    time = Time()
    (first,) = keep_watch(watched, time)
    assert (len(first.visits), first.unchanged) == (7, 0)
    time.sleep(DAY.total_seconds())
    (second,) = keep_watch(watched, time)
    assert (second.visits, second.unchanged) == ([], 7)
    assert set(site.asked.values()) == {2}
    assert sorted(site.conditions) == sorted(
        ['"v1" None', f"None {DATE}", f'W/"b" {DATE}', '"c" None']
    )
    (event,) = logged(watched, "poll")
    visits = {event.index: event.body["target"] for event in logged(watched, "visit")}
    for path, one in polled(watched).items():
        assert visits[one["of"]] == one["target"] == site.url(path)
        assert (one["how"] == "not_modified") == (one["status"] == 304)
    told = {path for path, one in polled(watched).items() if one["how"] == "not_modified"}
    assert told == {"/tag", "/date", "/both", "/chunked-tag"}
    assert event.warc is not None


def test_what_a_poll_saw_is_replayed_from_the_record_it_refers_to(
    site: Moody, watched: Case
) -> None:
    keep_watch(watched, Time())
    keep_watch(watched, Time(), everything=True)
    for path, one in polled(watched).items():
        capture = msgspec.convert(one["capture"], Capture)
        answer = payload(watched.root, capture.record, refers_to=capture.refers_to)
        assert answer.body.decode() == site.pages[path].body
        assert answer.media_type == "text/html"
        assert answer.notes == ()
        is_kept_whole = path in {"/small", "/chunked"}
        assert (capture.refers_to is None) == is_kept_whole


def test_polls_are_revisit_records_that_other_tools_accept(watched: Case) -> None:
    keep_watch(watched, Time())
    keep_watch(watched, Time(), everything=True)
    (event,) = logged(watched, "poll")
    assert event.warc is not None
    heads = records(watched, event.warc)
    profiles = [head["WARC-Profile"] for head in heads if head["WARC-Type"] == "revisit"]
    assert sorted(profiles) == [SAME_PAYLOAD] + [NOT_MODIFIED] * 4
    requests = [head for head in heads if head["WARC-Type"] == "request"]
    assert len(requests) == 7
    done = subprocess.run(
        [Path(sys.executable).parent / "warcio", "check", watched.root / event.warc],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sousveil("verify", watched.root).status == 0


def test_a_page_that_changed_is_visited_with_the_answer_that_showed_it(
    site: Moody, watched: Case
) -> None:
    time = Time()
    keep_watch(watched, time)
    claim = "Our camera recognises the ethnicity of each visitor and raises an alarm."
    site.pages["/tag"] = Mood(TEXT * 30 + f"<p>{claim}</p>", etag='"v2"')
    site.pages["/neither"] = Mood(status=410)
    time.sleep(DAY.total_seconds())
    (batch,) = keep_watch(watched, time)
    assert batch.unchanged == 5
    assert {visit.address.rsplit("/", 1)[1]: visit.status for visit in batch.visits} == {
        "tag": 200,
        "neither": 410,
    }
    assert set(site.asked.values()) == {2}
    assert batch.analysis is not None
    assert [finding.quote for finding in batch.analysis.new] == [claim]


def test_a_page_that_begins_to_redirect_is_followed_from_the_answer_that_showed_it(
    site: Moody, watched: Case
) -> None:
    keep_watch(watched, Time())
    site.pages["/tag"] = Mood(status=301, location="/new")
    site.pages["/new"] = Mood()
    (batch,) = keep_watch(watched, Time(), everything=True)
    (visit,) = batch.visits
    assert (visit.verdict, visit.outcome) == ("moved", f"HTTP 200, sent to {site.url('/new')}")
    assert (site.asked["/tag"], site.asked["/new"]) == (2, 1)


def test_a_poll_counts_for_the_schedule_and_for_the_look_whose_bytes_it_found(
    watched: Case,
) -> None:
    time = Time()
    keep_watch(watched, time)
    first = time.at
    for _ in range(3):
        time.sleep(DAY.total_seconds())
        keep_watch(watched, time)
    with open_index(watched) as index:
        looks = index.rows("SELECT count(*) FROM look")
        rows = index.rows("SELECT count, at FROM unchanged")
        for pace in paces(index).values():
            assert (pace.looks, pace.failures) == (4, 0)
            assert pace.same_since is not None
            assert pace.same_since <= first
        assert all(past.last_at > first + 2 * DAY for past in pasts(index).values() if past.last_at)
    assert looks == [(7,)]
    assert [count for count, _ in rows] == [3] * 7


def test_an_index_made_again_tells_the_same_of_polls(watched: Case) -> None:
    keep_watch(watched, Time())
    keep_watch(watched, Time(), everything=True)

    def told() -> list[object]:
        with open_index(watched) as index:
            return [
                index.rows(f"SELECT * FROM {table} ORDER BY 1")
                for table in ("pace", "unchanged", "retired")
            ]

    before = told()
    assert sousveil("reindex", "--case", watched.root).status == 0
    assert told() == before
    assert sousveil("verify", watched.root).status == 0


def test_once_a_week_a_page_is_visited_however_often_it_says_that_it_is_the_same(
    watched: Case,
) -> None:
    time = Time()
    batches = keep_watch(watched, time, days=8)
    visits = [event.body["target"] for event in logged(watched, "visit")]
    assert len(visits) == 14
    assert sum(batch.unchanged for batch in batches) >= 7 * 6


def test_one_slow_page_keeps_no_other_waiting(site: Moody, tmp_path: Path) -> None:
    with moody("127.0.0.2") as other:
        other.pages["/slow"] = Mood()
        case = case_for(tmp_path / "case", site, other)
        targets = [site.url(path) for path in site.pages]
        sousveil("add", other.url("/slow"), *targets, "--case", case.root)
        keep_watch(case, Time())
        other.pages["/slow"] = Mood(TEXT * 31, seconds=1.5)
        (batch,) = keep_watch(case, Time(), everything=True)
    assert (batch.unchanged, len(batch.visits)) == (7, 1)


def test_a_host_that_is_not_ours_is_asked_one_page_at_a_time_with_the_delay(
    site: Moody, tmp_path: Path
) -> None:
    case = case_for(tmp_path / "case", site, delay_seconds=5.0)
    settings = (case.root / "case.toml").read_text()
    allowed = f'allow_hosts = ["{site.host}"]'
    assert allowed in settings
    # As a network, the host may be reached, and yet is nobody's own.
    (case.root / "case.toml").write_text(settings.replace(allowed, 'allow_hosts = ["127.0.0.0/8"]'))
    targets = [site.url(path) for path in ("/tag", "/date", "/both", "/neither")]
    sousveil("add", *targets, "--case", case.root)
    time = Time()
    keep_watch(case, time)
    keep_watch(case, time, everything=True)
    times = sorted(one["at"] for one in polled(case).values())
    at = [msgspec.convert(text, type=type(time.at)) for text in times]
    assert all(after - before >= timedelta(seconds=5) for before, after in pairwise(at))
