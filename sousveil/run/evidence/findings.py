"""The index held against the evidence: findings against their captures, the rest against the log.

Takes a case and its index and yields a fault for each thing that the index tells otherwise.
Believes nothing that the index says. Writes nothing.
"""

from collections.abc import Callable, Container, Iterator

import msgspec

from sousveil.case import Case
from sousveil.errors import SousveilError
from sousveil.index.facts import EVENTS as FACT_EVENTS
from sousveil.index.facts import entered_facts, logged_facts
from sousveil.index.file import INDEX_FILE
from sousveil.index.inquiries import EVENTS as INQUIRY_EVENTS
from sousveil.index.inquiries import inquiries, logged_inquiries
from sousveil.index.query import findings, watches
from sousveil.index.reviews import contradicts_log, logged_model, model_in
from sousveil.index.store import Index
from sousveil.ledger import log_size, read_events
from sousveil.model import Capture, Event, Fault, Finding
from sousveil.review.casemodel import DROPPED, FILE, TRAINED
from sousveil.review.decisions import EVENT as REVIEW
from sousveil.run.evidence.archives import Progress
from sousveil.run.evidence.entries import TOLD_EVERY
from sousveil.run.learning import model_file_problem
from sousveil.run.quotes import Reread
from sousveil.run.visit.watches import EVENTS as WATCH_EVENTS
from sousveil.run.visit.watches import logged_watches

# Events that the index is held against.
_HELD = WATCH_EVENTS | INQUIRY_EVENTS | {REVIEW, TRAINED, DROPPED, *FACT_EVENTS}


def verify_findings(
    case: Case,
    index: Index,
    reread: Callable[[Finding, Event], Reread],
    progress: Progress,
    *,
    engine: str,
) -> Iterator[Fault]:
    """Yield a fault for what the index says and the evidence does not.

    `reread` extracts and judges a finding's capture again. A finding that another engine
    than `engine` made is held to its quote alone.
    """
    found = findings(index)
    kept: list[Event] = []
    brought = {finding.log_index for finding in found}
    yield from _contradictions(case, index, brought, kept, progress)
    problem = model_file_problem(case, index)
    if problem is not None:
        yield Fault(FILE, problem)
    logged = {event.index: event for event in kept}
    for done, finding in enumerate(found):
        progress(done, len(found), finding.url)
        event = logged.get(finding.log_index)
        if event is None or event.warc != finding.capture.record.warc:
            yield Fault(
                INDEX_FILE,
                f"finding {finding.id}: entry {finding.log_index} of the log did not bring its"
                " archive file. The index was changed; make it again with `sousveil reindex`.",
            )
            continue
        contradiction = _problem(finding, event, reread, engine)
        if contradiction is not None:
            yield Fault(INDEX_FILE, f"finding {finding.id}: {contradiction}")


def _contradictions(
    case: Case,
    index: Index,
    brought: Container[int],
    kept: list[Event],
    progress: Progress,
) -> Iterator[Fault]:
    """Find where the index tells otherwise than the log, but for findings.

    The events with the numbers `brought` are put into `kept`, with others.
    """
    known, size = index.next_event(), log_size(case)
    if known > size:
        yield Fault(
            INDEX_FILE,
            f"knows {known} events, the log has {size}: the newest were taken away",
        )

    def decisions() -> Iterator[Event]:
        for event in _held(case, brought, size, progress):
            if event.type == REVIEW and event.index < known:
                yield event
            elif event.type != REVIEW:
                kept.append(event)

    if contradicts_log(index, decisions()):
        yield Fault(INDEX_FILE, "its decisions are not those of the log: run `sousveil reindex`")
    # An index that lags behind the log, as after a crash, is no fault: `analyse` brings it up.
    told = [event for event in kept if event.index < known]
    for what, indexed, logged in (
        ("watches", watches(index), logged_watches(told, with_retired=True)),
        ("inquiries", inquiries(index), logged_inquiries(told)),
        ("facts", entered_facts(index), logged_facts(told)),
    ):
        if indexed != logged:
            yield Fault(INDEX_FILE, f"its {what} are not those of the log: run `sousveil reindex`")
    if logged_model(index) != model_in(told):
        yield Fault(INDEX_FILE, "its model is not that of the log: run `sousveil reindex`")


def _held(case: Case, brought: Container[int], size: int, progress: Progress) -> Iterator[Event]:
    """Yield the events that the index is held against, and those with the numbers `brought`."""

    def is_wanted(number: int, kind: str) -> bool:
        if number % TOLD_EVERY == 0:
            progress(number, size, "events, for the index")
        return number in brought or kind in _HELD

    return read_events(case, wanted=is_wanted)


def _problem(
    finding: Finding, event: Event, reread: Callable[[Finding, Event], Reread], engine: str
) -> str | None:
    """Return how a finding contradicts the event that brought its capture, or the capture."""
    if event.type in {"visit", "handed-in"} and finding.capture not in msgspec.convert(
        event.body["captures"], list[Capture]
    ):
        return "its capture is not the one that was logged. Run `sousveil reindex`."
    try:
        again = reread(finding, event)
    except SousveilError as error:
        return f"its capture cannot be read: {error}"
    if again.quote != finding.quote:
        return (
            "its quote is not in its capture. The index was changed, or made by another version;"
            " make it again with `sousveil reindex`."
        )
    if finding.claim.engine == engine and not again.is_found:
        return "what the index says of it is not what this version finds. Run `sousveil reindex`."
    return None
