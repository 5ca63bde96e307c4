"""A thousand targets over ninety days: every verdict is held against what really happened.

The service runs in a process of its own against a real server, is killed at moments that chance
chooses, and meets a clock that is wrong for a while. Its days pass as fast as it can work.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.index.notices import notices
from sousveil.index.query import fates, findings, watches
from sousveil.ledger import create_case, read_events
from sousveil.model import Fate, Finding, Notice, Verdict
from sousveil.run.indexing import open_index
from sousveil.watch.targets import parse_every
from tests.commands import sousveil
from tests.ninety.script import DAY, DAYS, TARGETS, host_spells, target
from tests.ninety.world import FIRST_DAY, HOSTS, Clock, World, host_name, served

ROOT = Path(__file__).parents[2]
REAL_MINUTES = 40
KILLS = 12
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 3 * 2**30  # noqa: S108  # a folder of our own in it
# The watch's clock goes five days ahead on the thirtieth day, for half a day.
WRONG_FROM, WRONG_TO, WRONG_BY = 30 * DAY, 30.5 * DAY, 5 * DAY

# The longest proof, from the first look to the last, and looks a day apart around it.
BELIEVED_AFTER = 10 * DAY
# A host that is down meanwhile gives no looks that count.
WITH_TROUBLE = 40 * DAY

# What the script calls it, and what the quote may be called in the end.
ENDINGS = {
    "gone 404": {Verdict.REMOVED},
    "gone 410": {Verdict.REMOVED},
    "soft 404": {Verdict.SOFT_404},
    "sent home": {Verdict.REDIRECTED_AWAY},
    "taken out": {Verdict.QUOTE_REMOVED},
    "reworded": {Verdict.EDITED},
}


@dataclass(frozen=True, slots=True)
class Watched:
    """The case as the ninety days left it."""

    case: Case
    world: World
    by_number: dict[int, tuple[Finding, Fate]]  # of each target
    told: dict[int, list[Notice]]  # of each target's finding, the oldest first


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with _folder(tmp_path_factory) as folder:
        yield from _ninety_days(folder)


@contextmanager
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a folder, in memory where there is room: a hundred thousand syncs take an hour else."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
        with tempfile.TemporaryDirectory(dir=MEMORY, prefix="ninety-") as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("ninety")


def _ninety_days(folder: Path) -> Iterator[Watched]:
    clock_file = folder / "clock"
    clock = Clock(clock_file)
    with pytest.MonkeyPatch.context() as patch, served(clock) as world:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = create_case(folder / "case", title="Ninety days", operator="", now=FIRST_DAY)
        hosts = frozenset(f"{host_name(host)}:{world.port}" for host in range(HOSTS))
        save_settings(case, replace(case.settings, allow_hosts=hosts, browser=False))
        addresses = [world.address(target(number)) for number in range(TARGETS)]
        assert sousveil("add", "--case", case.root, *addresses).status == 0
        _let_pass(case, clock, clock_file)
        yield _told(open_case(case.root), world)


def _let_pass(case: Case, clock: Clock, clock_file: Path) -> None:
    """Let the ninety days pass, killing the watch now and then."""
    chance = random.Random("kills")  # noqa: S311  # a script, no secret
    kills = sorted(chance.uniform(0.5, DAYS - 1) * DAY for _ in range(KILLS))
    deadline = time.monotonic() + REAL_MINUTES * 60
    command = [sys.executable, "-m", "tests.ninety.watcher", str(case.root), str(clock_file)]
    while clock.seconds < DAYS * DAY:
        with subprocess.Popen(command, cwd=ROOT) as running:
            while running.poll() is None:
                time.sleep(0.005)
                clock.err(WRONG_BY if WRONG_FROM <= clock.seconds < WRONG_TO else 0.0)
                if kills and clock.seconds >= kills[0]:
                    kills.pop(0)
                    time.sleep(chance.uniform(0, 0.5))
                    running.send_signal(signal.SIGKILL)
                if time.monotonic() > deadline:
                    running.kill()
                    pytest.fail(f"only {clock.seconds / DAY:.1f} days passed in {REAL_MINUTES} min")
        assert running.returncode in {0, -signal.SIGKILL}


def _told(case: Case, world: World) -> Watched:
    with open_index(case) as index:
        numbers = {
            watch.id: int(watch.target.rpartition("-")[2].removesuffix(".html"))
            for watch in watches(index)
        }
        fate = fates(index)
        told: dict[int, list[Notice]] = defaultdict(list)
        for notice in reversed(notices(index, 1_000_000)):
            if notice.finding_id is not None:
                told[numbers[notice.watch_id or ""]].append(notice)
        by_number = {
            numbers[one.watch_id or ""]: (one, fate[one.id])
            for one in findings(index)
            if one.quote == target(numbers[one.watch_id or ""]).claim
        }
    return Watched(case, world, by_number, told)


def of_story(*stories: str) -> list[int]:
    return [number for number in range(TARGETS) if target(number).story in stories]


def has_trouble(number: int) -> bool:
    return bool(host_spells(number // 10))


pytestmark = [pytest.mark.slow, pytest.mark.timeout(REAL_MINUTES * 60 + 300)]


def test_each_target_was_found(watched: Watched) -> None:
    assert set(watched.by_number) == set(range(TARGETS))


def test_what_left_for_good_is_told_so(watched: Watched) -> None:
    wrong = {}
    for number in of_story(*ENDINGS):
        _, fate = watched.by_number[number]
        if fate.verdict not in ENDINGS[target(number).story]:
            wrong[number] = (target(number).story, fate.verdict, fate.pending, fate.evidence)
    assert wrong == {}


def test_what_stands_is_told_to_stand(watched: Watched) -> None:
    wrong = {}
    for number in of_story("steady", "away and back", "flapping", "new design", "other edit"):
        _, fate = watched.by_number[number]
        if fate.verdict is not Verdict.PRESENT:
            wrong[number] = (target(number).story, fate.verdict, fate.pending, fate.evidence)
    assert wrong == {}


def test_nothing_that_stands_was_ever_called_gone(watched: Watched) -> None:
    believed = {"gone", "reworded"}
    stories = ("steady", "flapping", "cut short", "login wall", "new design", "other edit")
    wrong = {
        number: [(one.kind, one.at, one.text) for one in watched.told[number]]
        for number in of_story(*stories)
        if believed & {one.kind for one in watched.told[number]}
    }
    assert wrong == {}


def test_each_removal_is_told_once_and_in_time(watched: Watched) -> None:
    wrong = {}
    for number in of_story(*ENDINGS):
        one = target(number)
        gone = [each for each in watched.told[number] if each.kind in {"gone", "reworded"}]
        left = FIRST_DAY + timedelta(seconds=one.left_at or 0)
        patience = timedelta(seconds=WITH_TROUBLE if has_trouble(number) else BELIEVED_AFTER)
        is_right = len(gone) == 1 and left <= gone[0].at <= left + patience
        if not is_right:
            wrong[number] = (one.story, left, [(each.kind, each.at) for each in gone])
    assert wrong == {}


def test_what_came_back_is_told_gone_once_and_back_once(watched: Watched) -> None:
    wrong = {}
    for number in of_story("away and back"):
        kinds = Counter(each.kind for each in watched.told[number])
        if (kinds["gone"], kinds["back"]) != (1, 1) and not has_trouble(number):
            wrong[number] = kinds
    assert wrong == {}


def test_nobody_starved_and_nobody_was_asked_too_often(watched: Watched) -> None:
    day = parse_every("24h")
    wrong = {}
    for number in of_story("steady"):
        if has_trouble(number):
            continue
        times = watched.world.asked[number]
        gaps = [after - before for before, after in pairwise(times)]
        # Twice at once where a kill came between an answer and its entry in the log.
        if max(gaps) > 1.5 * day + WRONG_BY or len(times) > 1.4 * DAYS:
            wrong[number] = (len(times), max(gaps) / day)
    assert wrong == {}


def test_no_visit_is_in_the_log_twice(watched: Watched) -> None:
    looks: Counter[tuple[str, str]] = Counter()
    for event in read_events(watched.case):
        if event.type == "visit":
            looks[event.body["watch_id"], event.body["started_at"]] += 1
        elif event.type == "poll":
            looks.update((one["watch_id"], one["at"]) for one in event.body["polled"])
    # What the wrong clock showed came again, and rightly so, when it was that time.
    wrong = [
        (FIRST_DAY + timedelta(seconds=at + WRONG_BY)).isoformat() for at in (WRONG_FROM, WRONG_TO)
    ]
    twice = [look for look, count in looks.items() if count > 1]
    assert [look for look in twice if not wrong[0] <= look[1] <= wrong[1]] == []


def test_the_case_verifies_and_its_index_comes_back_the_same(watched: Watched) -> None:
    assert sousveil("verify", "--case", watched.case.root).status == 0
    assert sousveil("reindex", "--case", watched.case.root).status == 0
    again = _told(watched.case, watched.world)
    assert again.by_number == watched.by_number
