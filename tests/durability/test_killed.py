"""Whoever is killed, at any call that changes a file, leaves a case that verifies and lost nothing.

SIGKILL leaves the files as they are at that moment: the kernel keeps what was written. So each job
runs once, is stopped before and after each such call, and what then lies in the folder is judged;
equal states are judged once. Some are killed for good, to show that this is so.
"""

import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from sousveil.case import open_case
from sousveil.ledger import log_size
from tests.durability.figures import note
from tests.durability.jobs import (
    JOBS,
    Acknowledged,
    Around,
    Job,
    Left,
    judge,
    run,
    tell_acknowledged,
)
from tests.durability.stops import SYNCS, Stop, Verdict, require_stops, traced
from tests.durability.worlds import State, live_in, read_state, side_by_side, write_state

QUICK = tuple(one for one in JOBS if one.name in {"visit", "review", "import"})


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A job that was stopped again and again, and what lay there."""

    calls: Counter[str]
    left: list[Left]

    @property
    def points(self) -> int:
        """Moments at which it could have been killed: before and after each call."""
        return 2 * self.calls.total()


def interrupted(job: Job, around: Around, folder: Path) -> Interrupted:
    """Run a job once, and keep each state that lies there before and after its calls."""
    world = folder / "world"
    arguments = prepared(job, around, world)
    before = events_in(job, world)
    acknowledged = Acknowledged(before)
    calls: Counter[str] = Counter()
    left: list[Left] = []
    known: set[tuple[bytes, int]] = set()

    def take(stop: Stop) -> Verdict:
        # Between two calls nothing changes, and a sync changes nothing for who is killed.
        if stop.when == "before":
            calls[stop.call] += 1
        if (stop.when == "after" and stop.call not in SYNCS) or not left:
            state, told = read_state(world), acknowledged.up_to_now()
            if (key := (state.digest(), told)) not in known:
                known.add(key)
                left.append(Left(str(stop), state, job, arguments, before, told, folder))
        return "on"

    def work() -> None:
        tell_acknowledged(acknowledged.write)
        raise SystemExit(run(world, arguments).status)

    ended = traced(work, world, take)
    acknowledged.close()
    assert ended == 0
    return Interrupted(calls, left)


def prepared(job: Job, around: Around, world: Path) -> list[str]:
    """Make a job's world; return the command's arguments."""
    world.mkdir()
    return [str(one) for one in job.prepare(world, around)]


def events_in(job: Job, world: Path) -> int:
    return 0 if job.is_torn else log_size(open_case(world / "case"))


def problems(left: list[Left]) -> Iterator[str]:
    for found in side_by_side(judge, left):
        yield from found


@dataclass(frozen=True, slots=True)
class Kill:
    """A call at which a job is killed for good."""

    job: Job
    arguments: Sequence[str]
    start: State
    before: int
    call: int
    when: Literal["before", "after"]
    folder: Path


def killed(kill: Kill) -> list[str]:
    """Kill a job at a call; return what is wrong with what it left."""
    world = kill.folder / f"killed-{os.getpid()}"
    write_state(kill.start, world)
    with live_in(world):
        pass  # the link to the words is ours, not the command's
    acknowledged = Acknowledged(kill.before)

    def take(stop: Stop) -> Verdict:
        return "kill" if (stop.number, stop.when) == (kill.call, kill.when) else "on"

    def work() -> None:
        tell_acknowledged(acknowledged.write)
        raise SystemExit(run(world, kill.arguments).status)

    ended = traced(work, world, take)
    told = acknowledged.up_to_now()
    acknowledged.close()
    when = f"killed {kill.when} call {kill.call}"
    left = Left(when, read_state(world), kill.job, kill.arguments, kill.before, told, kill.folder)
    shutil.rmtree(world)
    return ([] if ended == -signal.SIGKILL else [f"{when}: ended with {ended}"]) + judge(left)


@pytest.mark.parametrize("job", QUICK[1:], ids=lambda job: job.name)
def test_who_is_killed_for_good_leaves_what_a_stop_shows(
    job: Job, around: Around, worlds: Path
) -> None:
    require_stops()
    world, chance = worlds / "world", random.Random(job.name)  # noqa: S311 - a dice
    arguments = prepared(job, around, world)
    start, before = read_state(world), events_in(job, world)
    calls = [chance.randrange(1, 60) for _ in range(2)]
    kills = [
        Kill(job, arguments, start, before, call, when, worlds)
        for call in calls
        for when in (("before", "after") if call % 2 else ("after",))
    ]
    assert [problem for found in side_by_side(killed, kills) for problem in found] == []


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_who_is_killed_at_any_call_has_lost_nothing_that_was_reported(
    job: Job, around: Around, worlds: Path
) -> None:
    require_stops()
    stopped = interrupted(job, around, worlds)
    assert list(problems(stopped.left)) == []
    note("killed", job.name, points=stopped.points, states=len(stopped.left), **stopped.calls)


@pytest.mark.parametrize("job", QUICK, ids=lambda job: job.name)
def test_a_sample_of_all_moments_leaves_nothing_lost(
    job: Job, around: Around, worlds: Path
) -> None:
    require_stops()
    stopped = interrupted(job, around, worlds)
    assert stopped.points > 150
    assert list(problems(stopped.left[:: max(1, len(stopped.left) // 12)])) == []
