"""The difference between two looks at a target: read from the archive, compared, quietened.

Takes a case, its index and two looks; gives a `Difference`. What a browser showed is compared where
it was shown both times, else what the address answered. Other captures of the same address teach
what changes by itself (`changes/diff/noise.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from sousveil.case import Case
from sousveil.changes.diff.compare import compare
from sousveil.changes.diff.members import MemberChanges, changed_members
from sousveil.changes.diff.noise import learn, quieten
from sousveil.changes.diff.values import Change, Diff, Row
from sousveil.changes.diff.watched import watched_terms
from sousveil.errors import InputError, SousveilError
from sousveil.index.query import event_body, findings
from sousveil.index.store import Index
from sousveil.model import Capture, Document, Finding, Rendering
from sousveil.run.differences.looks import Look, choose, looks_at
from sousveil.run.read.analyse import load_topics
from sousveil.run.read.looks import read_document

# Other captures that noise is learnt from, the nearest in time: each takes as long to read as one
# of the two that are compared.
MAX_TEACHERS = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed at an address from one look to another."""

    address: str
    former: Look
    later: Look
    looks: int  # that were made at this address
    seen: Literal["rendered", "wire"]  # what is compared
    diff: Diff
    members: MemberChanges
    taught_by: int  # other captures that noise was learnt from
    untaught: int  # of them, that could not be read
    findings: tuple[Finding, ...]  # of this address


def difference(
    case: Case, index: Index, target: str, *, since: str | None, until: str | None
) -> Difference:
    """Return what changed at a target between two looks.

    Raises TargetError and InputError as `looks_at` and `choose`, ArchiveError or ExtractError when
    one of the two captures cannot be read, TopicError when the case names an unknown topic.
    """
    looks = looks_at(index, target)
    former, later = choose(looks, since, until)
    is_shown = former.rendered is not None and later.rendered is not None
    seen: Literal["rendered", "wire"] = "rendered" if is_shown else "wire"
    before, after = (read_document(case, _capture(look, seen)) for look in (former, later))
    teachers, untaught = _teachers(case, looks, (former, later), seen)
    there = tuple(one for one in findings(index) if one.url == former.visit.address)
    diff = compare(before, after, watched_terms(load_topics(case)))
    volatile = learn(teachers)
    return Difference(
        address=former.visit.address,
        former=former,
        later=later,
        looks=len(looks),
        seen=seen,
        diff=quieten(diff, volatile, [one.quote for one in there]),
        members=changed_members(before, after),
        taught_by=volatile.captures,
        untaught=untaught,
        findings=there,
    )


def _capture(look: Look, seen: Literal["rendered", "wire"]) -> Capture:
    capture = look.rendered if seen == "rendered" else look.wire
    if capture is None:
        raise InputError(
            f"{look.visit.address}: look {look.number} brought nothing to compare"
            f" ({look.visit.outcome}). Name another with --from or --to."
        )
    return capture


def _teachers(
    case: Case, looks: Sequence[Look], pair: tuple[Look, Look], seen: Literal["rendered", "wire"]
) -> tuple[list[Document], int]:
    """Return the captures nearest to the two that are compared, and how many were unreadable."""
    taken = {look.number for look in pair}
    others = [
        look
        for look in looks
        if look.number not in taken and look.is_page and (seen == "wire" or look.rendered)
    ]
    others.sort(key=lambda look: min(abs(look.number - number) for number in taken))
    documents, unread = [], 0
    for look in sorted(others[:MAX_TEACHERS], key=lambda look: look.number):
        try:
            documents.append(read_document(case, _capture(look, seen)))
        except SousveilError:
            unread += 1  # told with the result; `analyse` says which, and why
    return documents, unread


def rendering_of(index: Index, look: Look) -> Rendering | None:
    """Return what a browser showed at a look, with its screenshot, if one was there."""
    shown = event_body(index, look.visit.log_index).get("rendering")
    return msgspec.convert(shown, Rendering) if shown is not None else None


def findings_in(difference: Difference, row: Row) -> tuple[Finding, ...]:
    """Return the findings whose quote, or most of it, stands in a row that changed."""
    if row.change is Change.SAME:
        return ()
    sides = [" ".join(text.split()) for text in (row.text_before, row.text_after)]
    quotes = ((one, " ".join(one.quote.split())) for one in difference.findings)
    return tuple(
        one
        for one, quote in quotes
        if any(quote in side or (2 * len(side) > len(quote) and side in quote) for side in sides)
    )
