"""A power cut at any moment leaves all that was acknowledged, on a disk that keeps what it synced.

Beside `tests/test_ledger.py`, which does so with single commits, here whole commands run, and the
disk tears what was not synced at its sectors and writes it in any order. Not tried are the index,
whose file SQLite answers for and which can be made again, and git's copies in `cache/`.
"""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.case import open_case
from sousveil.ledger import Draft, Writer, log_size, read_events
from sousveil.model import Event
from tests.disk import Moment, recorded
from tests.durability.figures import note
from tests.durability.jobs import JOBS, Around, Job, faults, run
from tests.durability.worlds import new_folder, side_by_side

SEEDS = 4  # dice for each moment, beside the two ends: all lost, and only contents lost
COMMANDS = {
    one.name: one
    for one in JOBS
    if one.name in {"add", "visit", "import", "review", "list", "key rotate"}
}


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which the power went, one of the many things left, and what must be in it."""

    job: str
    moment: Moment
    acknowledged: int  # events
    most: int
    folder: Path
    how: int = 0  # -2: nothing unsynced is left; -1: names alone are; else the seed of a dice


def moments(job: Job, around: Around, folder: Path) -> list[Cut]:
    """Run a job once; return each of its moments."""
    world = folder / "world"
    world.mkdir()
    arguments = job.prepare(world, around)
    before = acknowledged = log_size(open_case(world / "case"))
    found: list[Cut] = []

    def told(writer: Writer, drafts: list[Draft]) -> list[Event]:
        nonlocal acknowledged
        events = real(writer, drafts)
        acknowledged = events[-1].index + 1
        return events

    def take(moment: Moment) -> None:
        found.append(Cut(job.name, moment, acknowledged, before + job.adds, folder))

    real = Writer.commit_all
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "commit_all", told)
        with recorded(world, take):
            done = run(world, arguments)
    assert done.status == 0, done.err
    return found


def judge(cut: Cut) -> list[str]:
    """Live on in what a power cut left; return what is wrong with it."""
    world = cut.folder / f"left-{os.getpid()}"
    _leave(cut)(world)
    for left in (*(world / "case").glob("index.sqlite*"), *(world / "case").glob("cache")):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with pytest.MonkeyPatch.context() as fast:
        fast.setattr(os, "fsync", lambda _: None)
        try:
            return [f"{cut.job}, dice {cut.how}: {problem}" for problem in _judge(cut, world)]
        finally:
            shutil.rmtree(world)


def _leave(cut: Cut) -> Callable[[Path], None]:
    if cut.how == -2:
        return cut.moment.leave_synced
    if cut.how == -1:
        return cut.moment.leave_names
    leave = cut.moment.leave_torn if cut.how % 2 else cut.moment.leave_some
    return partial(leave, chance=random.Random(cut.how))  # noqa: S311 - a dice


def _judge(cut: Cut, world: Path) -> list[str]:
    wrong = faults(world)
    size = len(list(read_events(open_case(world / "case"))))
    if not cut.acknowledged <= size <= cut.most:
        wrong.append(f"{size} events, where {cut.acknowledged} to {cut.most} were expected")
    again = run(world, ["add", "--case", "@/case", "https://next.example/"])
    if again.status:
        wrong.append(f"the next command: {again.err}")
    return wrong + faults(world)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_power_cut_at_any_moment_of_a_command_leaves_what_was_acknowledged(
    name: str, around: Around, worlds: Path
) -> None:
    found = moments(COMMANDS[name], around, worlds)
    cuts = [
        replace(one, how=how) for place, one in enumerate(found) for how in _dice(place * SEEDS)
    ]
    wrong = [problem for problems in side_by_side(judge, cuts) for problem in problems]
    note("power cut", name, moments=len(found), leftovers=len(cuts))
    assert wrong == []


def _dice(first: int) -> tuple[int, ...]:
    return (-2, -1, *range(first, first + SEEDS))


def test_a_power_cut_leaves_what_was_acknowledged_however_the_disk_tears_and_reorders(
    around: Around,
) -> None:
    """Moments and dice as hypothesis picks them, which also finds the simplest that fails."""
    with new_folder() as folder:
        found = moments(COMMANDS["import"], around, folder)

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(range(len(found))), st.integers(-2, 2**32))
        def check(place: int, how: int) -> None:
            assert judge(replace(found[place], how=how)) == []

        check()
