"""The service: nothing is missed, nothing is done twice for nothing, and others get their turn."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from sousveil.case import Case, watched
from sousveil.errors import CaseError
from sousveil.index.pace import paces
from sousveil.run.indexing import open_index
from sousveil.run.watch import service
from tests.commands import sousveil
from tests.run.watch.moody import TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody

HOUR = timedelta(hours=1)


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        for number in range(5):
            served.pages[f"/{number}"] = Mood(etag=f'"{number}"')
        yield served


@pytest.fixture
def case(site: Moody, tmp_path: Path) -> Case:
    made = case_for(tmp_path / "case", site)
    targets = [site.url(path) for path in site.pages]
    assert sousveil("add", *targets, "--every", "6h", "--case", made.root).status == 0
    return made


def looks(case: Case) -> list[tuple[str, str]]:
    """Return the target of every look that is in the log, and whether a visit or a poll saw it."""
    found = []
    for event in [*logged(case, "visit"), *logged(case, "poll")]:
        found += [(one["target"], event.type) for one in event.body.get("polled", [event.body])]
    return found


@contextmanager
def running(case: Case, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `sousveil watch` as a program of its own."""
    command = [sys.executable, "-m", "sousveil", "watch", "--case", str(case.root), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def until(what: object, seconds: float = 20.0) -> None:
    """Wait until `what()` is true."""
    assert callable(what)
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_five_days_bring_each_target_its_looks_and_no_more(site: Moody, case: Case) -> None:
    clock = Time()
    keep_watch(case, clock, days=5)
    for path in site.pages:
        assert 18 <= site.asked[path] <= 23  # four a day, a tenth early to half an hour late
    assert len(looks(case)) == sum(site.asked.values())
    assert sousveil("verify", case.root).status == 0


def test_what_is_due_after_a_restart_follows_from_the_log(site: Moody, case: Case) -> None:
    clock = Time()
    keep_watch(case, clock)
    keep_watch(case, clock)
    assert set(site.asked.values()) == {1}
    clock.sleep(6 * HOUR.total_seconds())
    keep_watch(case, clock)
    assert set(site.asked.values()) == {2}


def test_a_clock_that_jumps_starves_nobody_and_stampedes_nobody(site: Moody, case: Case) -> None:
    clock = Time()
    keep_watch(case, clock, days=1)
    for jump in (30, -30, 30, -30):
        before = dict(site.asked)
        clock.at += timedelta(days=jump)
        keep_watch(case, clock, days=1)
        for path in site.pages:
            assert 3 <= site.asked[path] - before[path] <= 7


def test_a_host_that_fails_is_asked_ever_less_and_its_health_is_told(
    site: Moody, case: Case
) -> None:
    clock = Time()
    keep_watch(case, clock)
    site.pages["/0"] = Mood("<p>broken</p>", status=503)
    keep_watch(case, clock, days=5)
    assert 6 <= site.asked["/0"] <= 10
    assert site.asked["/1"] >= 18
    (told,) = [
        one
        for one in sousveil("targets", "--case", case.root, "--json").json()
        if one["target"] == site.url("/0")
    ]
    assert told["failures"] == site.asked["/0"] - 1
    assert told["outcome"] == "HTTP 503"
    assert "looks without an answer" in told["why"]
    shown = sousveil("targets", "--case", case.root).out
    assert "no usable answer" in shown
    assert "5 targets watched, 0 retired, 1 without a usable answer." in shown
    site.pages["/0"] = Mood()
    keep_watch(case, clock, everything=True)
    with open_index(case) as index:
        assert [pace.failures for pace in paces(index).values()] == [0] * 5


def test_a_host_that_asks_for_rest_is_left_alone_while_others_are_looked_at(
    site: Moody, tmp_path: Path
) -> None:
    with moody("127.0.0.2") as tired:
        tired.pages["/a"] = tired.pages["/b"] = Mood("", status=429, retry_after="1800")
        case = case_for(tmp_path / "case", site, tired)
        targets = [tired.url("/a"), tired.url("/b"), *map(site.url, site.pages)]
        sousveil("add", *targets, "--every", "1h", "--case", case.root)
        clock = Time()
        keep_watch(case, clock, days=0.5)
    assert min(site.asked.values()) >= 8
    assert sum(tired.asked.values()) <= 24  # half an hour apart, and less as it goes on
    assert min(tired.asked.values()) >= 3


def test_an_absence_that_waits_is_looked_for_and_not_polled(site: Moody, case: Case) -> None:
    claim = "Our camera recognises the ethnicity of each visitor and raises an alarm."
    site.pages["/0"] = Mood(f"<p>{claim}</p>" + TEXT * 30, etag='"claim"')
    clock = Time()
    keep_watch(case, clock)
    site.pages["/0"] = Mood("<p>It counts visitors.</p>" + TEXT * 30, etag='"gone"')
    batches = keep_watch(case, clock, days=8)
    gone = [
        finding.quote for batch in batches if batch.analysis for finding, _ in batch.analysis.gone
    ]
    assert gone == [claim]


def test_a_retired_target_stays_in_the_case_and_is_not_visited(site: Moody, case: Case) -> None:
    clock = Time()
    keep_watch(case, clock)
    ran = sousveil("retire", site.url("/0"), "--case", case.root)
    assert (ran.status, "(retired)" in ran.out) == (0, True)
    keep_watch(case, clock, days=1)
    assert site.asked["/0"] == 1
    assert min(site.asked[path] for path in site.pages if path != "/0") >= 4
    assert sousveil("visit", site.url("/0"), "--case", case.root).status == 2
    (event,) = logged(case, "watch.retired")
    assert event.body["target"] == site.url("/0")
    assert sousveil("verify", case.root).status == 0
    told = sousveil("targets", "--case", case.root, "--json").json()
    assert [one["why"] for one in told if one["target"] == site.url("/0")] == ["retired"]
    again = sousveil("add", site.url("/0"), "--case", case.root)
    assert "already" not in again.out
    keep_watch(case, clock, everything=True)
    assert site.asked["/0"] == 2


def test_targets_that_come_while_it_runs_are_seen(site: Moody, case: Case) -> None:
    with running(case) as program:
        until(lambda: sum(site.asked.values()) == 5)
        site.pages["/new"] = Mood()
        added = sousveil("add", site.url("/new"), "--case", case.root)
        assert added.status == 0, added.err
        until(lambda: site.asked["/new"] == 1)
        second = sousveil("watch", "--case", case.root)
        assert second.status == 2
        assert "runs on this case already" in second.err
        for command in ("findings", "targets", "queue"):
            assert sousveil(command, "--case", case.root).status == 0
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=10)
    assert program.returncode == 0
    assert err.splitlines()[-1] == "stopped; what was reported is kept"
    assert "\x1b" not in out + err
    assert "5 due, 0 unchanged, 5 visited, next " in err
    assert sousveil("verify", case.root).status == 0
    assert sousveil("watch", "--once", "--case", case.root).status == 0


def test_a_visit_gets_its_turn_beside_the_service(site: Moody, case: Case) -> None:
    with running(case) as program:
        until(lambda: sum(site.asked.values()) == 5)
        until(lambda: len(logged(case, "visit")) == 5)
        ran = sousveil("visit", "--all", "--case", case.root)
        assert ran.status == 0, ran.err
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=10)
    assert program.returncode == 0
    assert len(logged(case, "visit")) == 10
    assert sousveil("verify", case.root).status == 0
    assert {path.name for path in case.pending.iterdir()} == {"lock", "watch.lock"}


def test_a_service_that_waits_for_a_silent_server_ends_within_seconds(
    site: Moody, case: Case
) -> None:
    assert sousveil("watch", "--once", "--case", case.root).status == 0
    for path in ("/0", "/1"):
        site.pages[path] = Mood("<p>late</p>", seconds=8)
    with running(case, "--all", "--json") as program:
        until(lambda: min(site.asked.values()) == 2)
        time.sleep(0.5)
        begun = time.monotonic()
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=10)
    assert time.monotonic() - begun < 4
    assert program.returncode == 0
    polled = [target for target, kind in looks(case) if kind == "poll"]
    assert sorted(polled) == [site.url(path) for path in ("/2", "/3", "/4")]


@pytest.mark.parametrize("after", [0.05, 0.3])
def test_a_sweep_that_is_killed_goes_on_where_it_was(
    site: Moody, tmp_path: Path, after: float
) -> None:
    many = 40
    for number in range(many):
        site.pages[f"/{number}"] = Mood(etag=f'"{number}"')
    case = case_for(tmp_path / "many", site)
    targets = [site.url(f"/{number}") for number in range(many)]
    sousveil("add", *targets, "--case", case.root)
    asked = sum(site.asked.values())
    with running(case, "--once") as program:
        until(lambda: sum(site.asked.values()) > asked)
        time.sleep(after)
        program.kill()
        program.communicate()
    assert sousveil("verify", case.root).status == 0
    before = dict.fromkeys(target for target, _ in looks(case))
    assert sousveil("watch", "--once", "--case", case.root).status == 0
    told = looks(case)
    assert len(told) == len(set(told)) == many
    assert set(before) <= {target for target, _ in told}
    assert sousveil("watch", "--once", "--case", case.root).status == 0
    assert len(looks(case)) == many
    assert sousveil("verify", case.root).status == 0


def test_when_all_changes_at_once_it_is_visited_by_and_by(
    site: Moody, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "VISITS_A_LANE", 1)
    clock = Time()
    keep_watch(case, clock)
    for path in site.pages:
        site.pages[path] = Mood(TEXT * 31, etag='"other"')
    batches = keep_watch(case, clock, everything=True)
    assert [len(batch.visits) for batch in batches] == [3, 2]
    assert set(site.asked.values()) == {2}


def test_a_target_that_becomes_another_kind_is_visited_as_such(site: Moody, case: Case) -> None:
    clock = Time()
    keep_watch(case, clock)
    added = sousveil("add", site.url("/0"), "--kind", "repository", "--case", case.root)
    assert added.status == 0, added.err
    (batch,) = keep_watch(case, clock, everything=True)
    assert [visit.verdict for visit in batch.visits] == ["unreachable"]


def test_one_service_at_a_time(case: Case) -> None:
    with watched(case), pytest.raises(CaseError, match="runs on this case already"):
        keep_watch(case, Time())


def test_an_exit_that_nobody_set_up_holds_up_nobody_else(site: Moody, case: Case) -> None:
    sousveil("add", site.url("/1"), "--exit", "nowhere", "--case", case.root)
    (batch,) = keep_watch(case, Time())
    assert len(batch.visits) == 4
    assert "no exit named 'nowhere'" in batch.troubles[0]


def test_batches_are_told_as_json(site: Moody, case: Case) -> None:
    ran = sousveil("watch", "--once", "--case", case.root, "--json")
    assert ran.status == 0, ran.err
    assert {line["target"] for line in map(json.loads, ran.out.splitlines())} == {
        site.url(path) for path in site.pages
    }


SHELL = """<!doctype html><title>Gate</title><h1>Gate camera</h1><p id=more></p><script>
document.getElementById('more').textContent = 'The camera %s each visitor, stores one record for'
  + ' each hour of the day and raises an alarm at the gate.'</script>"""


def test_a_page_that_a_script_fills_is_shown_again_and_others_are_polled(
    site: Moody, tmp_path: Path, with_browser: Path
) -> None:
    assert with_browser
    site.pages.clear()
    site.pages["/filled"] = Mood(SHELL % "counts", etag='"same"')
    site.pages["/plain"] = Mood(etag='"same"')
    case = case_for(tmp_path / "shown", site)
    sousveil("add", site.url("/filled"), site.url("/plain"), "--case", case.root)
    keep_watch(case, Time())
    (batch,) = keep_watch(case, Time(), everything=True)
    assert [visit.address for visit in batch.visits] == [site.url("/filled")]
    assert batch.unchanged == 1
