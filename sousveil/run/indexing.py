"""Keeps the index level with the log, and makes it again from the case alone."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

import msgspec

from sousveil.archive.foreign import scan_archive
from sousveil.archive.read import read_block
from sousveil.case import Case
from sousveil.errors import ArchiveError
from sousveil.index.file import INDEX_FILE
from sousveil.index.listed import put_decided
from sousveil.index.project import project
from sousveil.index.reviews import touched_by
from sousveil.index.store import Index
from sousveil.ledger import log_size, read_events
from sousveil.model import Capture, Event, RecordRef
from sousveil.review.decisions import EVENT, status

# A body may have 16 MiB, most have some kB; who is killed meanwhile does so many again.
EVENTS_A_TRANSACTION = 100


def sync_index(case: Case, index: Index) -> int:
    """Project the events that the index does not hold yet; return how many there were.

    Many go together, so that a transaction's cost is not paid for each.
    """
    first = index.next_event()
    events = read_events(case, first) if log_size(case) > first else iter(())
    while together := list(islice(events, EVENTS_A_TRANSACTION)):
        with index.transaction():
            for event in together:
                _take(case, index, event)
    return index.next_event() - first


def take_event(case: Case, index: Index, event: Event) -> None:
    """Project an event that was committed just now; those before it first, if any lack.

    Whoever committed it by turns did so while it was theirs: then nothing is left to do, and what
    others have committed since is theirs to project.
    """
    known = index.next_event()
    if known == event.index:
        _take(case, index, event)
    elif known < event.index:
        sync_index(case, index)


def _take(case: Case, index: Index, event: Event) -> None:
    with index.transaction():
        project(index, event, _captures_in(case), _requests_in(case))
        if event.type == EVENT:
            put_decided(index, touched_by(index, event), status)


@contextmanager
def open_index(case: Case, *, create: bool = False) -> Iterator[Index]:
    """Open the case's index; raises CaseError when it is missing and not to be made."""
    index = Index(case.root / INDEX_FILE, create=create, readings=case.settings.readings)
    try:
        yield index
    finally:
        index.close()


def _captures_in(case: Case) -> Callable[[str], Iterable[Capture]]:
    def captures(warc: str) -> Iterable[Capture]:
        return scan_archive(case.root / warc, warc).captures

    return captures


def _requests_in(case: Case) -> Callable[[RecordRef], Iterable[Capture]]:
    def requests(record: RecordRef) -> Iterable[Capture]:
        try:
            listed = b"".join(read_block(case.root, record))
        except ArchiveError:
            # `verify` names the damage. The index goes without: a later visit finds no original
            # there, and keeps the payload once more.
            return ()
        return msgspec.json.decode(listed, type=list[Capture])

    return requests
