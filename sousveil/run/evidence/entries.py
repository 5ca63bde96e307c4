"""Entries: the log's entries and the lines of the events, held against each other in one pass.

Takes a case and the signed head of its log; gives every fault of the events, what the log promises
of archive files, and the few events that other checks want whole. One entry and one line are in
memory at a time. That the entries are those that were signed is for `tlog.audit` to check.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import msgspec

from sousveil.bodies import Line, disclosure_problem, merged, read_line
from sousveil.case import Case
from sousveil.ledger import event_lines, make_event
from sousveil.model import Event, Fault
from sousveil.run.evidence.promises import Promise, Promises
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.log import entries as log_entries

MAX_EXTRA_LINES = 20  # named one by one; more of them say nothing new
# Likewise, of lines that are not what was logged: one that is taken out moves all that follow.
MAX_WRONG_LINES = 1_000

LINE_END = b"\n"
TOLD_EVERY = 2_000  # entries, between two words on how far it is


class PromisedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry says of the file it brought."""

    path: str
    sha256: str
    bytes: int


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the log, as `ledger` writes it."""

    v: int
    type: str
    time: str
    body: str
    warc: PromisedFile | None = None
    former: str | None = None  # where the log's key changed (tlog/keychain.py)
    key: str | None = None
    stolen_since: str | None = None


@dataclass(slots=True)
class Entries:
    """What a pass over all entries brought."""

    count: int = 0
    promises: Promises = field(default_factory=Promises)
    key_sizes: set[int] = field(default_factory=set)  # of the log, where an entry changes its key
    events: list[Event] = field(default_factory=list)  # of the kinds that were asked for
    faults: list[Fault] = field(default_factory=list)  # of lines, or the entry that is none
    unread: str = ""  # why the log's entries could not be read


def read_entries(
    case: Case,
    head: Checkpoint,
    kinds: Collection[str],
    promises: Promises,
    progress: Callable[[int, int, str], None],
) -> Entries:
    """Hold each line of the events against the entry that has its digest, in order.

    Events of `kinds` are kept, and what is promised goes into `promises`, which is empty. Where an
    entry is none, nothing is returned but its fault. Raises LogError at a bundle of entries that
    is missing or malformed.
    """
    read, decode = Entries(promises=promises), msgspec.json.Decoder(Entry).decode
    lines = _Lines(case)
    for index, data in enumerate(log_entries(case.log, head.size)):
        if index % TOLD_EVERY == 0:
            progress(index, head.size, "events")
        try:
            entry = decode(data)
            datetime.fromisoformat(entry.time)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            fault = Fault("log", f"entry {index} is no entry of a case: {error}")
            return Entries(faults=[fault])
        _take(read, index, entry)
        line = lines.next(index, entry, head.size)
        if line is not None and entry.type in kinds:
            read.events.append(make_event(index, json.loads(data), merged(line)))
    read.faults += lines.all_faults()
    return read


def _take(read: Entries, index: int, entry: Entry) -> None:
    read.count += 1
    if entry.key is not None:
        read.key_sizes.add(read.count)
    if entry.warc is not None:
        file = entry.warc
        read.promises.add(Promise(file.path, file.sha256, file.bytes, index, entry.type))


class _Lines:
    """The lines of the events, held against one entry after another."""

    def __init__(self, case: Case) -> None:
        self._lines = event_lines(case)
        self._faults: list[Fault] = []
        self._left_out = 0
        self._has_ended = False
        self._after = ""  # behind which line what is missing should stand

    def next(self, index: int, entry: Entry, size: int) -> Line | None:
        """Return the line that an entry has the digest of; None, and a fault, for another."""
        found = next(self._lines, None)
        if found is None:
            if not self._has_ended:
                missing = f"the bodies of log entries {index} to {size - 1} are missing"
                self._faults.append(Fault("events", f"{missing}{self._after}"))
            self._has_ended = True
            return None
        path, number, data = found
        self._after = f", behind line {number} of {path.name}"
        line, problems = read_line(data), []
        if not data.endswith(LINE_END):
            problems.append("is cut short")
        if entry.body != line.digest:
            problems.append(f"is not the body of log entry {index} ({entry.type})")
        elif told := disclosure_problem(line):
            problems.append(f", of log entry {index} ({entry.type}), {told}")
        if path.name < f"{entry.time[:7]}.jsonl":
            problems.append("stands in the wrong month's file")
        for problem in problems:
            self._blame(f"events/{path.name}", f"line {number} {problem}".replace(" ,", ","))
        return None if problems else line

    def all_faults(self) -> list[Fault]:
        """Return what was found, with the first of the lines that no entry has the digest of."""
        for path, number, _ in islice(self._lines, MAX_EXTRA_LINES):
            self._faults.append(Fault(f"events/{path.name}", f"line {number} is not in the log"))
        if self._left_out:
            more = f"{self._left_out:,} more lines are not what was logged"
            self._faults.append(Fault("events", more))
        return self._faults

    def _blame(self, where: str, problem: str) -> None:
        if len(self._faults) < MAX_WRONG_LINES:
            self._faults.append(Fault(where, problem))
        else:
            self._left_out += 1
