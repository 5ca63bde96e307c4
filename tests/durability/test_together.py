"""Several at once on one case, and clocks that go back: nothing is lost, and nothing is twice."""

import os
import random
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from sousveil.case import open_case
from sousveil.cli import casework
from sousveil.ledger import read_events, writing
from tests.durability.jobs import faults, run, write_warc
from tests.durability.worlds import live_in

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORK = get_context("fork")


@pytest.fixture
def world(worlds: Path) -> Path:
    """A world with a case in it."""
    world = worlds / "world"
    world.mkdir()
    assert run(world, ["init", "@/case"]).status == 0
    return world


def started(world: Path, arguments: Sequence[object]) -> ForkProcess:
    """Start a command in a process of its own."""

    def work() -> None:
        raise SystemExit(run(world, arguments).status)

    process = FORK.Process(target=work)
    process.start()
    return process


def targets(world: Path) -> list[str]:
    events = read_events(open_case(world / "case"))
    return [event.body["watch"]["target"] for event in events if event.type == "watch.added"]


def test_many_who_write_at_once_each_get_their_turn(world: Path) -> None:
    urls = [f"https://{number}.example/" for number in range(12)]
    running = [started(world, ["add", "--case", "@/case", url]) for url in urls]
    for process in running:
        process.join(120)
        assert process.exitcode == 0
    assert sorted(targets(world)) == sorted(urls)
    assert faults(world) == []


def test_the_same_archive_taken_in_by_two_at_once_is_in_the_case_once(
    world: Path, tmp_path: Path
) -> None:
    write_warc(tmp_path / "kept.warc.gz")
    taking = ["import", "--case", "@/case", tmp_path / "kept.warc.gz"]
    for process in [started(world, taking) for _ in range(3)]:
        process.join(120)
        assert process.exitcode == 0
    kinds = [event.type for event in read_events(open_case(world / "case"))]
    assert kinds == ["case.opened", "import"]
    assert faults(world) == []


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_writers_that_are_killed_while_others_wait_lose_nothing_of_the_others(
    world: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a dice
    urls = [f"https://{number}.example/" for number in range(10)]
    running = {url: started(world, ["add", "--case", "@/case", url]) for url in urls}
    killed = chance.sample(urls, 4)
    for url in killed:
        time.sleep(chance.random() * 0.1)
        if running[url].is_alive():
            os.kill(running[url].pid or 0, signal.SIGKILL)
    for process in running.values():
        process.join(120)
    done = [url for url, process in running.items() if process.exitcode == 0]
    assert set(done) >= set(urls) - set(killed)
    assert faults(world) == []
    there = targets(world)
    assert set(done) <= set(there) <= set(urls)
    assert len(set(there)) == len(there)


def test_a_case_is_verified_while_others_write_or_says_that_they_do(world: Path) -> None:
    urls = [f"https://{number}.example/" for number in range(6)]
    running = [started(world, ["add", "--case", "@/case", url]) for url in urls]
    while any(process.is_alive() for process in running):
        checked = run(world, ["verify", "@/case"])
        assert checked.status == 0 or "another sousveil is writing" in checked.err, checked.out
    assert faults(world) == []


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(days=40), timedelta(days=9_000)])
def test_a_clock_that_goes_back_neither_stops_nor_harms_a_case(
    world: Path, back: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [NOW + timedelta(days=800)]
    monkeypatch.setattr(casework, "now", lambda: clock[0])
    for number in range(4):
        assert run(world, ["add", "--case", "@/case", f"https://{number}.example/"]).status == 0
        clock[0] -= back
        assert faults(world) == []
    with live_in(world), writing(open_case(world / "case")) as writer:
        writer.commit("note", {"text": "later"}, now=clock[0])
    times = [event.time for event in read_events(open_case(world / "case"))]
    assert times[-1] == clock[0]  # told as it was, though it cannot be true
    assert faults(world) == []
