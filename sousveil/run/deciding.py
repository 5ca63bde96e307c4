"""Deciding: from what a person says of findings to events of the log, and the index after them.

The one way in which commands and pages decide, take back, settle and translate. Takes an open
`Writer` and `Index`, and people's words; what cannot be logged is refused before anything is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sousveil.errors import OvertakenError
from sousveil.index.query import earliest_findings
from sousveil.index.queue import kin_of, waiting_ids
from sousveil.index.reviews import last_by, no_longer_found, own_reviews, reviews_of
from sousveil.index.store import Index
from sousveil.ledger import Draft, Writer
from sousveil.model import Event, Finding, Review
from sousveil.review.decisions import (
    EVENT,
    MAX_SERVED,
    TRANSLATION,
    Decision,
    disagreeing,
    is_third,
    review_body,
    translation_body,
    withdrawal_body,
)
from sousveil.run.indexing import take_event

# Log entries after which the front of the queue is put in order by the decisions so far: one
# decision changes the order little.
A_LESSON = 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of findings."""

    decision: Decision
    by: str
    note: str = ""
    settles: bool = False  # whether one who disagreed says that this is to count


def decide(
    writer: Writer, index: Index, ids: Sequence[str], verdict: Verdict, now: datetime
) -> list[Event]:
    """Log one decision on findings that say the same; return its events, MAX_SERVED findings each.

    A third person's decision on what two disagree on settles it. Where the events are a lesson
    (`is_lesson`) the queue is to be ranked anew, for which nobody need wait. Raises OvertakenError
    for findings that are not known, and as `review_body`.
    """
    findings = _known(index, ids)
    drafts = [
        Draft(EVENT, review_body(share, verdict.decision, verdict.by, verdict.note, settles), now)
        for share, settles in _shares(index, findings, verdict)
    ]
    return _commit(writer, index, drafts)


def _shares(
    index: Index, findings: Sequence[Finding], verdict: Verdict
) -> Iterator[tuple[list[Finding], tuple[int, ...]]]:
    """Part findings by the disagreement that a decision settles, and by what one event holds."""
    decided = reviews_of(index, [one.id for one in findings])
    by_dispute: dict[tuple[int, ...], list[Finding]] = {}
    for finding in findings:
        told = decided.get(finding.id, ())
        settles = verdict.settles or is_third(told, verdict.by)
        by_dispute.setdefault(disagreeing(told) if settles else (), []).append(finding)
    for settled, together in by_dispute.items():
        rest = iter(together)
        while share := list(islice(rest, MAX_SERVED)):
            yield share, settled


def copies_of(index: Index, finding_id: str, by: str, limit: int) -> list[str]:
    """Return a finding, and those that say the same and wait for a decision of `by`, too."""
    kin = kin_of(index, finding_id, limit)
    waits = waiting_ids(index, by, kin)
    return [one for one in kin if one == finding_id or one in waits]


def take_back(
    writer: Writer, index: Index, by: str, now: datetime, *, finding_id: str = "", note: str = ""
) -> tuple[Event, list[Review]]:
    """Take back the latest decision of `by`, or that on one finding, with all that it served.

    Returns the event, and what was taken back. Raises OvertakenError when there is none.
    """
    taken = last_by(index, by)
    if finding_id:
        one = own_reviews(index, [finding_id], by).get(finding_id)
        taken = [one] if one is not None else []
    if not taken:
        raise OvertakenError(
            f"{by} has decided nothing{f' on {finding_id}' if finding_id else ''} that could be"
            " taken back. Names count as they were written, in any case."
        )
    body = withdrawal_body({one.log_index for one in taken}, by, note)
    (event,) = _commit(writer, index, [Draft(EVENT, body, now)])
    return event, taken


def translate(
    writer: Writer, index: Index, finding_id: str, text: str, *, lang: str, by: str, now: datetime
) -> Event:
    """Log what a finding's quote says in another language; raises as `translation_body`."""
    (finding,) = _known(index, [finding_id])
    draft = Draft(TRANSLATION, translation_body(finding, text, lang, by), now)
    (event,) = _commit(writer, index, [draft])
    return event


def _known(index: Index, ids: Sequence[str]) -> list[Finding]:
    """Return findings as they are read now, or as they were when somebody decided on them."""
    wanted = list(dict.fromkeys(ids))
    found = {one.id: one for one in earliest_findings(index, wanted)}
    if len(found) < len(wanted):
        found |= {one.id: one for one, _ in no_longer_found(index) if one.id not in found}
    unknown = [one for one in wanted if one not in found]
    if unknown:
        raise OvertakenError(f"{unknown[0]}: no such finding. `sousveil findings` lists them.")
    return [found[one] for one in wanted]


def is_lesson(events: Iterable[Event]) -> bool:
    """Whether the queue is to be ranked anew after these decisions (`ranking.rank`)."""
    return any(event.index % A_LESSON == 0 for event in events)


def _commit(writer: Writer, index: Index, drafts: Sequence[Draft]) -> list[Event]:
    """Log events, and take them into the index.

    Its transaction is begun first: while somebody else's does not end nothing is logged, so nobody
    is told of a refusal after something was.
    """
    with index.transaction():
        events = writer.commit_all(drafts)
        for event in events:
            take_event(writer.case, index, event)
    return events
