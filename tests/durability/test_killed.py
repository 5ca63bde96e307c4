"""Whoever is killed, at any call that changes a file, leaves a case that verifies and lost nothing.

SIGKILL leaves the files as they are at that moment: the kernel keeps what was written. So each job
runs once, is stopped before and after each such call, and what then lies in the folder is judged;
equal states are judged once. A sample is killed for good, to show that this is so.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
from tests.durability.worlds import read_state, side_by_side


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


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_who_is_killed_at_any_call_has_lost_nothing_that_was_reported(
    job: Job, around: Around, worlds: Path
) -> None:
    require_stops()
    stopped = interrupted(job, around, worlds)
    assert list(problems(stopped.left)) == []
    note("killed", job.name, points=stopped.points, states=len(stopped.left), **stopped.calls)


@pytest.mark.parametrize(
    "job",
    [one for one in JOBS if one.name in {"visit", "review", "import"}],
    ids=lambda job: job.name,
)
def test_a_sample_of_all_moments_leaves_nothing_lost(
    job: Job, around: Around, worlds: Path
) -> None:
    require_stops()
    stopped = interrupted(job, around, worlds)
    assert stopped.points > 150
    assert list(problems(stopped.left[:: max(1, len(stopped.left) // 12)])) == []
