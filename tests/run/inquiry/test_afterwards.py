"""After a letter the service looks every few minutes, and the report tells what it saw."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.cli import casework, inquiring
from sousveil.model import Json
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run.watch.moody import TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody

CLAIM = "<p>The camera recognises the ethnicity of each person, such as Uyghur or Han.</p>\n"
MILD = "<p>The camera recognises the attributes of each person, such as hats or bags.</p>\n"


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        served.pages["/"] = Mood()
        served.pages["/gate"] = Mood(TEXT * 10 + CLAIM, etag='"1"')
        served.pages["/news"] = Mood(TEXT * 12 + CLAIM)
        yield served


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(inquiring, "now", made.now)
    monkeypatch.setattr(casework, "now", made.now)
    return made


@pytest.fixture
def case(site: Moody, clock: Time, tmp_path: Path) -> Case:
    """A case of two pages with a claim, looked at for a day; the letter goes as this ends."""
    made = case_for(tmp_path / "case", site)
    targets = [site.url("/gate"), site.url("/news")]
    sousveil("add", *targets, "--every", "24h", "--no-browser", "--case", made.root)
    keep_watch(made, clock, days=1)
    ran = sousveil(
        "inquiry", site.url("/gate"), "--sent", "now", "--to", "press office", "--case", made.root
    )
    assert ran.status == 0, ran.out
    return made


def report(case: Case) -> Json:
    (told,) = sousveil("inquiry", "report", "--case", case.root, "--json").json()
    return told


def test_what_goes_is_told_within_minutes_and_what_stands_stands(
    case: Case, site: Moody, clock: Time
) -> None:
    before = sum(site.asked.values())
    keep_watch(case, clock, days=2 / 24)
    assert sum(site.asked.values()) - before > 4  # their own interval is a day
    assert report(case)["happenings"] == []
    assert len(report(case)["stands"]) == 2
    site.pages["/gate"] = replace(site.pages["/gate"], body=TEXT * 10 + MILD, etag='"2"')
    for days, kinds in ((1, {"missing"}), (2, {"left", "reworded"})):
        keep_watch(case, clock, days=days)
        told = report(case)
        (went,) = (one for one in told["happenings"] if one["finding_id"])
        assert went["kind"] in kinds
        assert went["address"] == site.url("/gate")
        assert 2 * 3_600 <= went["after_seconds"] <= 4 * 3_600
    assert [one["address"] for one in told["stands"]] == [site.url("/news")]
    assert told["unseen"] == []
    assert sousveil("verify", case.root).status == 0


def test_an_outage_after_the_letter_is_not_told_as_a_removal(
    case: Case, site: Moody, clock: Time
) -> None:
    whole = dict(site.pages)
    for path in site.pages:
        site.pages[path] = Mood("<h1>Out of order</h1>", status=503)
    keep_watch(case, clock, days=3 / 24)
    told = report(case)
    assert {one["kind"] for one in told["happenings"]} <= {"answered", "silent"}
    assert all("503" in one["sentence"] for one in told["happenings"])
    assert len(told["unclear"]) == 2
    site.pages.update(whole)
    keep_watch(case, clock, days=1)
    told = report(case)
    assert len(told["stands"]) == 2
    assert told["unclear"] == []


def test_a_closed_inquiry_is_looked_at_no_more_often_than_before(
    case: Case, site: Moody, clock: Time
) -> None:
    (known,) = sousveil("inquiry", "list", "--case", case.root, "--json").json()
    assert sousveil("inquiry", "close", known["id"], "--case", case.root).status == 0
    before = sum(site.asked.values())
    keep_watch(case, clock, days=0.5)
    assert sum(site.asked.values()) - before <= 2
    assert len(logged(case, "inquiry.closed")) == 1
    assert clock.at - NOW > timedelta(days=1.4)
