"""Screenshots of two looks side by side: compared once, then kept in the case's `cache/`.

Takes a case and what a browser showed at two looks. `run/differences/screens.py` compares, in a
process of its own that writes both pictures anew: no byte of one is sent as it was captured. What
was made is named by the records it was made of.
"""

import hashlib
import threading

import msgspec

from sousveil.case import Case
from sousveil.durable import make_folders
from sousveil.model import Rendering
from sousveil.run.differences.screen_worker import Answer, Compared
from sousveil.run.differences.screens import compare_screens

FOLDER = "screens"  # below the case's `cache/`
FORM = 1  # of what is kept
MAX_KEPT = 300  # of some 300 kB each

# A comparison takes hundreds of megabytes: one at a time, whoever asks.
_turn = threading.Lock()


def compared(case: Case, before: Rendering | None, after: Rendering | None) -> Answer:
    """Return where the screenshots of two looks differ, or why they were not compared."""
    if before is None or after is None:
        return compare_screens(case, before, after)
    records = [[one.record.digest for one in side.slices] for side in (before, after)]
    name = hashlib.sha256(msgspec.json.encode([FORM, records])).hexdigest()[:32]
    path = case.cache / FOLDER / f"{name}.msgpack"
    with _turn:
        if path.is_file():
            try:
                kept: Answer = msgspec.msgpack.decode(path.read_bytes(), type=Answer)
            except msgspec.MsgspecError:
                path.unlink()  # damaged: it is made anew
            else:
                return kept
        answer = compare_screens(case, before, after)
        if isinstance(answer, Compared):
            make_folders(path.parent)
            scratch = path.with_suffix(".new")
            scratch.write_bytes(msgspec.msgpack.encode(answer))
            scratch.replace(path)
            kept_ones = sorted(path.parent.glob("*.msgpack"), key=lambda one: one.stat().st_mtime)
            for old in kept_ones[:-MAX_KEPT]:
                old.unlink(missing_ok=True)
        return answer
