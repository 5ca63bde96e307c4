"""Exports: a case's captures, with the proof that they were logged, as one file for others.

Reads the evidence alone, not the index: the log says which archive files there are, and events and
files which captures are in them. Writes nothing into the case. The package holds, beside what WACZ
1.1.1 asks for, a folder `sousveil/` with the log's checkpoint, the entry of each archive file and
the proof that the entry is in the log (C2SP tlog-proof), and how to check them without us.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from sousveil.case import Case
from sousveil.ledger import read_events
from sousveil.model import Event, Watch
from sousveil.run.publish.output import Output
from sousveil.run.publish.packages import (
    Exported,
    Packed,
    Progress,
    proof_files,
    signed_head,
    write_package,
)
from sousveil.run.publish.succession import succession_files, succession_told
from sousveil.tlog import Checkpoint
from sousveil.watch.targets import find_watches

_README = """\
# What is in `sousveil/`

The WARC files in `archive/` are byte for byte those that were logged. For each of them:

- `entry-N.json`: entry N of the log, which names the file's path and SHA-256 when it came in,
- `entry-N.tlog-proof`: the proof that this entry is in the log (c2sp.org/tlog-proof@v1).

`checkpoint` is the log's signed head (c2sp.org/tlog-checkpoint), the same as in each proof. The log
is signed by

    {key}

Ask the people who gave you this file, by another way, whether that is their key. To check a file:
its SHA-256 is the one in its entry; the SHA-256 of a zero byte and the entry is a leaf of the tree
(RFC 6962, section 2.1); the hashes in the proof lead from that leaf to the root in the checkpoint;
the checkpoint is signed by the key (Ed25519, c2sp.org/signed-note).

This shows that nothing was changed since it was logged. It does not show what the servers sent to
others, nor the time to anybody who doubts the clock of the computer that logged it.
"""


def export_wacz(
    case: Case, targets: Sequence[str], output: Output, *, now: datetime, progress: Progress
) -> Exported:
    """Write the captures of the watches named, or of the whole case, to a new file.

    Imports belong to no watch: they are in the package of a whole case only. Raises TargetError for
    a target that is not watched, and what `write_package` raises.
    """
    head = signed_head(case)

    def others(packed: Sequence[Packed]) -> Iterator[tuple[str, bytes]]:
        readme = _README.format(key=case.settings.key) + succession_told(case)
        yield "sousveil/README.md", readme.encode()
        yield from succession_files(case, head)
        yield from proof_files(case, head, {one.event.index for one in packed})

    return write_package(
        case,
        output,
        _chosen(case, head, targets),
        title=case.settings.title,
        description="Captures of a sousveil case, with the proof that they were logged.",
        others=others,
        log_size=head.size,
        now=now,
        progress=progress,
    )


def _chosen(case: Case, head: Checkpoint, targets: Sequence[str]) -> list[Event]:
    """Return the events that brought an archive file, of the watches named or of all."""
    watches: dict[str, Watch] = {}
    brought = []
    for event in logged_events(case, head):
        if "watch" in event.body:
            watch = msgspec.convert(event.body["watch"], Watch)
            watches[watch.id] = watch
        if event.warc is not None:
            brought.append(event)
    if not targets:
        return brought
    wanted = {watch.id for watch in find_watches(watches.values(), targets)}
    return [event for event in brought if event.body.get("watch_id") in wanted]


def logged_events(case: Case, head: Checkpoint) -> Iterator[Event]:
    """Yield the events that a checkpoint of the log covers, in order."""
    return itertools.takewhile(lambda event: event.index < head.size, read_events(case))
