"""A newsroom at the desk: many read, one decides, and the watch writes beside them.

The watch is a process of its own (`python -m bench.desk_crowd CASE SECONDS`), which takes its turns
as `sousveil watch` does: an event is logged and projected, a page read, its finding listed, ranked
and told of. Whatever fails in one of them fails the whole.
"""

import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.asking import Asker, Taken, cpu_seconds
from bench.desk_case import fate_of, put_seen, watch_of
from sousveil.case import Case, open_case
from sousveil.changes.looks import Look
from sousveil.index.listed import list_findings, put_fate_of
from sousveil.index.notices import put_fates
from sousveil.index.store import Index
from sousveil.ledger import TurnWriter
from sousveil.model import Event, Verdict
from sousveil.review.decisions import status
from sousveil.run.indexing import open_index, take_event
from sousveil.run.ranking import rank

THINKING_SECONDS = 2.0  # of a reader, between two pages
DECISIONS_EVERY = LOOKS_EVERY = 0.5  # seconds
LOGGED_BYTES = 3_000  # of a visit's event
_MOMENT_SECONDS = 0.02

IDS = re.compile(r'data-id="([0-9a-f]{12})"')
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a newsroom took."""

    pages: Taken
    decisions: Taken
    looks: int  # that the watch took in meanwhile


def newsroom(
    root: Path,
    host: str,
    cookie: str,
    pid: int,
    *,
    paths: Sequence[str],
    readers: int,
    seconds: float,
) -> Crowd:
    """Let `readers` go through the pages for so long; raises what failed."""
    before, until = cpu_seconds(pid), time.monotonic() + seconds

    def read(number: int) -> Taken:
        taken, asker = Taken(), Asker(host, cookie)
        time.sleep(THINKING_SECONDS * number / readers)
        while time.monotonic() < until:
            asker.ask(paths[(number + len(taken.seconds)) % len(paths)], taken)
            time.sleep(THINKING_SECONDS)
        return taken

    def decide() -> Taken:
        taken, asker = Taken(), Asker(host, cookie)
        ids, token = queue(asker)
        for one in ids:
            if time.monotonic() > until:
                break
            form = {"csrf": token, "finding": one, "decision": "reject", "note": "", "back": ""}
            asker.ask("/review/decide", taken, form)
            time.sleep(DECISIONS_EVERY)
        return taken

    watch = subprocess.Popen(
        [sys.executable, "-m", "bench.desk_crowd", str(root), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with ThreadPoolExecutor(readers + 1) as people:
        deciding = people.submit(decide)
        reading = [people.submit(read, number) for number in range(readers)]
    looks, _ = watch.communicate()
    assert watch.returncode == 0, "the watch failed"
    pages = Taken()
    for one in reading:
        pages.add(one.result())
    pages.cpu_seconds = cpu_seconds(pid) - before
    return Crowd(pages, deciding.result(), int(looks))


def queue(asker: Asker) -> tuple[list[str], str]:
    """Return the findings at the front of the queue, and the token of the page's forms."""
    page = asker.ask("/review", Taken())
    (token,) = set(TOKEN.findall(page))
    return list(dict.fromkeys(IDS.findall(page))), token


def watch_for(case: Case, seconds: float) -> int:
    """Take in a new look of one target after the other for so long; return how many."""
    until, looks, chance = time.monotonic() + seconds, 0, random.Random(2)  # noqa: S311  # text, no secrets
    with open_index(case, create=True) as index:
        ((newest,),) = index.rows("SELECT max(log_index) FROM look")
        ((targets,),) = index.rows("SELECT count(*) FROM watch")

        def take(event: Event) -> None:
            take_event(case, index, event)
            _take_in(index, chance.randrange(targets), newest + looks + 1, chance)

        writer = TurnWriter(case, _wait, take)
        while time.monotonic() < until:
            body = {"looked": "x" * LOGGED_BYTES}
            writer.commit("bench.look", body, now=datetime.now(UTC))
            looks += 1
            time.sleep(LOOKS_EVERY)
    return looks


def _wait() -> bool:
    time.sleep(_MOMENT_SECONDS)
    return True


def _take_in(index: Index, number: int, log_index: int, chance: random.Random) -> None:
    """Do what a visit and the analysis after it do to the index."""
    look = Look(
        0, datetime.now(UTC), Verdict.PRESENT, 0.95, "HTTP 200", log_index, watch_of(number).id
    )
    with index.transaction():
        found = list(put_seen(index, number, look, ["No claim is made here."], chance))
        list_findings(index, status)
    fates = [fate_of(one, chance) for one in found]
    with index.transaction():
        put_fates(index, fates)
        put_fate_of(index, fates)
    rank(index)


if __name__ == "__main__":
    print(watch_for(open_case(Path(sys.argv[1])), float(sys.argv[2])))
