"""Screens: where the screenshots of two looks differ.

Takes what a browser showed at two looks, reads the slices of both screenshots from the archive, and
gives both pictures with the regions that differ, or why there are none. `screen_worker.py` opens
the pictures in a process of its own, with bounds of its own.
"""

import subprocess
import sys

import msgspec

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.errors import ArchiveError
from sousveil.model import Rendering
from sousveil.run.differences.screen_worker import Answer, Refusal, Task

# By the clock, on a busy machine; the process itself is bounded in processor time.
MAX_WAIT_SECONDS = 120

_WORKER = (sys.executable, "-P", "-m", "sousveil.run.differences.screen_worker")


def compare_screens(case: Case, before: Rendering | None, after: Rendering | None) -> Answer:
    """Return where two screenshots differ, or why they were not compared."""
    if before is None or after is None or not before.slices or not after.slices:
        return Refusal("a browser did not picture the page at both looks")
    try:
        sides = [
            [payload(case.root, one.record).body for one in rendering.slices]
            for rendering in (before, after)
        ]
    except ArchiveError as error:
        return Refusal(f"one cannot be had from the archive: {error}")
    task = Task(*([len(data) for data in side] for side in sides))
    sent = b"".join([msgspec.json.encode(task), b"\n", *sides[0], *sides[1]])
    try:
        ran = subprocess.run(
            _WORKER, input=sent, capture_output=True, timeout=MAX_WAIT_SECONDS, check=True
        )
        answer: Answer = msgspec.msgpack.decode(ran.stdout, type=Answer)
    except subprocess.TimeoutExpired:
        return Refusal(f"they were not ready within {MAX_WAIT_SECONDS} seconds")
    except (subprocess.CalledProcessError, msgspec.MsgspecError):
        return Refusal("what opens pictures broke on them, or ran out of its time or memory")
    return answer
