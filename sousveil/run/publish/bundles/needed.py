"""Which entries of the log must be handed on for findings to stand by themselves."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile

import msgspec

from sousveil.archive.foreign import scan_archive
from sousveil.archive.read import read_block
from sousveil.case import Case
from sousveil.ledger import read_events
from sousveil.model import Capture, Event, Fate, Finding, RecordRef


def needed_entries(case: Case, told: Iterable[tuple[Finding, Fate | None]], size: int) -> set[int]:
    """Return the log entries that brought what shows findings, and what that refers to.

    They are among the log's first `size`, of which no more than names are kept in memory.
    """
    by_file: dict[str, int] = {}
    by_watch: dict[str, list[int]] = defaultdict(list)
    for event in takewhile(lambda event: event.index < size, read_events(case)):
        if event.warc is not None:
            by_file[event.warc] = event.index
            by_watch[event.body.get("watch_id", "")].append(event.index)
    needed: set[int] = set()
    for finding, fate in told:
        numbers = {finding.log_index, finding.source.left_log_index}
        numbers |= {fate.log_index} if fate else set()
        needed |= {number for number in numbers if number is not None}
        if finding.source.commit is not None and finding.watch_id is not None:
            needed |= set(by_watch[finding.watch_id])  # each visit holds only what was new
    for event in events_at(case, needed).values():
        needed |= {by_file[record.warc] for record in _referred_to(case, event)}
    return needed


def events_at(case: Case, numbers: Collection[int]) -> dict[int, Event]:
    """Return the events with these numbers, in their order."""
    told = read_events(case, wanted=lambda index, _: index in numbers)
    return {event.index: event for event in told}


def _referred_to(case: Case, event: Event) -> Iterator[RecordRef]:
    """Yield the records of other files that hold the payloads of an event's revisits."""
    if event.type == "import":  # it tells how many captures there are, and its file which
        kept = scan_archive(case.root / (event.warc or ""), event.warc or "").captures
    else:
        kept = msgspec.convert(event.body.get("captures", []), list[Capture])
    rendering = event.body.get("rendering")
    if rendering is not None and rendering["requests"] is not None:
        listed = b"".join(read_block(case.root, msgspec.convert(rendering["requests"], RecordRef)))
        kept += msgspec.json.decode(listed, type=list[Capture])
    yield from (one.refers_to for one in kept if one.refers_to is not None)
