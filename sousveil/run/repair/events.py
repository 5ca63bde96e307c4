"""The part of a repair that puts bodies of events and archive files in order."""

import os
from pathlib import Path

import msgspec

from sousveil.bodies import disclosure_problem, read_line
from sousveil.case import Case
from sousveil.ledger import (
    event_lines,
    read_events,
)
from sousveil.run.evidence.entries import LINE_END
from sousveil.run.lists import EVENT as LIST_EVENT
from sousveil.run.lists import FOLDER as LIST_FOLDER
from sousveil.run.lists import unlisted
from sousveil.run.repair.bench import Bench
from sousveil.run.verify import unlisted_files


def mend_events(bench: Bench, entries: list[bytes]) -> bool:
    """Cut off what stands behind the last body that was logged; end its line if it does not end.

    Nothing is done unless every body is there; returns whether it is.
    """
    case = bench.case
    ends = _ends_of_bodies(case, entries)
    if ends is None:
        return False
    for path in sorted((case.root / "events").glob("*.jsonl")):
        name, end = f"events/{path.name}", ends.get(path, 0)
        size = path.lstat().st_size
        if end == 0:
            bench.set_aside(name, "holds nothing that is in the log")
        elif size > end:
            _cut(bench, path, end)
        elif size < end:  # all but the last line's end
            with path.open("ab") as file:
                file.write(LINE_END)
                file.flush()
                os.fsync(file.fileno())
            bench.made.append(f"{name}: the end of its last line")
    return True


def _ends_of_bodies(case: Case, entries: list[bytes]) -> dict[Path, int] | None:
    """Return where the last logged body in each file ends; None when one is missing or changed."""
    ends: dict[Path, int] = {}
    lines = event_lines(case)
    for entry in entries:
        path, _, data = next(lines, (None, 0, b""))
        line, logged = read_line(data), msgspec.json.decode(entry)["body"]
        if path is None or line.digest != logged or disclosure_problem(line) is not None:
            return None
        ends[path] = ends.get(path, 0) + len(data.removesuffix(LINE_END)) + len(LINE_END)
    return ends


def _cut(bench: Bench, path: Path, end: int) -> None:
    """Cut a file of events; what is cut off is written down first."""
    name = f"events/{path.name}"
    with path.open("r+b") as file:
        file.seek(end)
        bench.keep_copy(f"{name}.tail", file.read(), f"stood in {name} behind all that was logged")
        file.truncate(end)
        os.fsync(file.fileno())


def clear_unlisted(bench: Bench, entries: list[bytes], *, has_bodies: bool) -> None:
    """Set aside files that lie where evidence does, and that nobody logged.

    Which lists were logged the bodies alone tell.
    """
    case = bench.case
    logged = (msgspec.json.decode(entry).get("warc") for entry in entries)
    strays = list(unlisted_files(case, {warc["path"] for warc in logged if warc}))
    for stray in strays:
        bench.set_aside(stray.path, stray.problem)
    if has_bodies:
        added = list(read_events(case, wanted=lambda _, kind: kind == LIST_EVENT))
        for path in unlisted(case.root, added):
            bench.set_aside(f"{LIST_FOLDER}/{path.name}", "is not in the log")
