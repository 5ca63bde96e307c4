"""A disk that is full, read-only or failing: what was acknowledged is there, and all goes on after.

Calls of the whole process are let fail by the kernel, those of SQLite and git included: from the
n-th on as a full disk (ENOSPC) or one that was taken away from writers (EROFS) does, or the n-th
sync alone (EIO), after which what was to be synced is lost, as it is on Linux.
"""

import errno
import os
import shutil
from collections.abc import Sequence
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
from tests.durability.stops import SYNCS, WRITES, Stop, Verdict, require_stops, traced
from tests.durability.worlds import State, live_in, read_state, side_by_side, write_state

CHANGES = WRITES | {"rename", "unlink", "rmdir", "truncate", "ftruncate"}
HARMS = {
    "full disk": (errno.ENOSPC, WRITES, True),
    "read-only disk": (errno.EROFS, CHANGES, True),
    "failing sync": (errno.EIO, SYNCS, False),
}
"""What fails, with which errno, and whether all that follows fails, too."""

COMMANDS = {one.name: one for one in JOBS if not one.is_torn}
UNCAUGHT = 70  # how `stops.traced` tells of an exception


@dataclass(frozen=True, slots=True)
class Harm:
    """A job, and the call at which it is harmed."""

    job: Job
    arguments: Sequence[str]
    start: State
    before: int
    how: str
    call: int  # counted among the calls that this harm is about, from 1
    folder: Path


def harmed(harm: Harm) -> list[str]:
    """Run a job on a disk that fails; return what is wrong with how it ended and what it left."""
    world = harm.folder / f"harmed-{os.getpid()}"
    write_state(harm.start, world)
    with live_in(world):
        pass  # the link to the words is ours, not the command's
    acknowledged = Acknowledged(harm.before)
    number, calls, goes_on = HARMS[harm.how]
    seen = 0
    kept = dict(harm.start.files)  # what the disk has for good, of files that were synced
    lost: dict[str, bytes] = {}  # what a failed sync was to keep

    def take(stop: Stop) -> Verdict:
        nonlocal seen
        if stop.call not in calls:
            return "on"
        if stop.when == "before":
            seen += 1
            if seen == harm.call or (goes_on and seen > harm.call):
                if stop.call in SYNCS and (world / stop.path).is_file():
                    lost[stop.path] = (world / stop.path).read_bytes()
                return number
        elif stop.call in SYNCS and (world / stop.path).is_file():
            lost.pop(stop.path, None)
            kept[stop.path] = (world / stop.path).read_bytes()
        return "on"

    def work() -> None:
        tell_acknowledged(acknowledged.write)
        raise SystemExit(run(world, harm.arguments).status)

    ended = traced(work, world, take)
    told = acknowledged.up_to_now()
    acknowledged.close()
    for name, data in lost.items():
        path = world / name
        if path.exists() and path.read_bytes() == data:
            path.write_bytes(kept.get(name, b""))
    when = f"{harm.how} at call {harm.call}"
    left = Left(when, read_state(world), harm.job, harm.arguments, harm.before, told, harm.folder)
    shutil.rmtree(world)
    wrong = [f"{harm.job.name}, {when}: ended with {ended}"] if ended not in {0, 1, 2} else []
    return wrong + judge(left)


def harms(job: Job, around: Around, folder: Path, how: str, most: int) -> list[Harm]:
    """Prepare a job, and return how it may be harmed: at each call, or at `most` of them."""
    world = folder / "world"
    world.mkdir()
    arguments = [str(one) for one in job.prepare(world, around)]
    start, before = read_state(world), log_size(open_case(world / "case"))
    calls = 0

    def take(stop: Stop) -> Verdict:
        nonlocal calls
        calls += stop.when == "before" and stop.call in HARMS[how][1]
        return "on"

    def work() -> None:
        raise SystemExit(run(world, arguments).status)

    assert traced(work, world, take) == 0
    step = max(1, calls // most)
    return [
        Harm(job, arguments, start, before, how, call, folder) for call in range(1, calls + 1, step)
    ]


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_fails_at_any_call_loses_nothing_that_was_acknowledged(
    name: str, how: str, around: Around, worlds: Path
) -> None:
    require_stops()
    found = harms(COMMANDS[name], around, worlds, how, most=16)
    wrong = [problem for problems in side_by_side(harmed, found) for problem in problems]
    note(how, name, points=len(found))
    assert wrong == []


@pytest.mark.parametrize("how", HARMS)
def test_a_disk_that_fails_now_and_then_loses_nothing_that_was_acknowledged(
    how: str, around: Around, worlds: Path
) -> None:
    require_stops()
    found = harms(COMMANDS["import"], around, worlds, how, most=4)
    assert [problem for problems in side_by_side(harmed, found) for problem in problems] == []


def test_a_case_on_media_that_cannot_be_written_is_read_and_verified(
    around: Around, worlds: Path
) -> None:
    require_stops()
    world = worlds / "world"
    world.mkdir()
    finding = COMMANDS["review"].prepare(world, around)[1]

    def take(stop: Stop) -> Verdict:
        return errno.EROFS if stop.path.startswith("case/") else "on"

    for command in (
        ["verify", "@/case"],
        ["findings", "--case", "@/case"],
        ["bundle", finding, "-o", "@/out/evidence.wacz", "--case", "@/case"],
    ):

        def work(command: Sequence[object] = command) -> None:
            raise SystemExit(run(world, command).status)

        assert traced(work, world, take) == 0, command
