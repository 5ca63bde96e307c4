"""The difference between two looks at a target: read from the archive, compared, quietened.

Takes a case, its index and two looks; gives a `Difference`. What a browser showed is compared where
it was shown both times, else what the address answered. Other captures of the same address teach
what changes by itself (`changes/diff/noise.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from sousveil.case import Case
from sousveil.changes.diff.compare import compare
from sousveil.changes.diff.members import MemberChanges, changed_members
from sousveil.changes.diff.noise import learn, quieten
from sousveil.changes.diff.values import Change, Diff, Row, Watched
from sousveil.changes.diff.watched import watched_terms
from sousveil.errors import InputError, SousveilError
from sousveil.index.query import event_body, findings_at
from sousveil.index.store import Index
from sousveil.model import Capture, Document, Finding, Rendering
from sousveil.run.differences.looks import Look, choose, looks_at
from sousveil.run.read.analyse import load_topics
from sousveil.run.read.looks import read_document

# Other captures that noise is learnt from, the nearest in time: each takes as long to read as one
# of the two that are compared.
MAX_TEACHERS = 8


# Looks before the later one among which a change is sought when the user named none.
MAX_FORMERS = 8

Seen: TypeAlias = Literal["rendered", "wire"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed at an address from one look to another."""

    address: str
    former: Look
    later: Look
    newest: Look  # which may not have brought the page
    looks: int  # that were made at this address
    seen: Seen  # what is compared
    diff: Diff
    members: MemberChanges
    taught_by: int  # other captures that noise was learnt from
    untaught: int  # of them, that could not be read
    findings: tuple[Finding, ...]  # of this address


def difference(
    case: Case, index: Index, target: str, *, since: str | None, until: str | None
) -> Difference:
    """Return what changed at a target between two looks.

    When `since` is None, the former is the last look that shows a change that is no noise, among
    the `MAX_FORMERS` before the later one. Raises TargetError and InputError as `looks_at` and
    `choose`, ArchiveError or ExtractError when one of the two captures cannot be read, TopicError
    when the case names an unknown topic.
    """
    looks = looks_at(index, target)
    formers, later = choose(looks, since, until)
    there = tuple(findings_at(index, later.visit.address))
    reader = _Reader(case, looks, there, watched_terms(load_topics(case)))
    told = []
    for former in formers[:MAX_FORMERS]:
        seen: Seen = "rendered" if former.rendered and later.rendered else "wire"
        found = _between(reader, former, later, seen)
        if any(row.change is not Change.SAME and not row.noise for row in found.diff.rows):
            return found
        told.append(found)
    return told[0]


def _between(reader: "_Reader", former: Look, later: Look, seen: Seen) -> Difference:
    before, after = reader.read(former, seen), reader.read(later, seen)
    teachers, untaught = reader.others(former, later, seen)
    volatile = learn(teachers)
    diff = compare(before, after, reader.watched)
    return Difference(
        address=later.visit.address,
        former=former,
        later=later,
        newest=reader.looks[-1],
        looks=len(reader.looks),
        seen=seen,
        diff=quieten(diff, volatile, [one.quote for one in reader.findings]),
        members=changed_members(before, after),
        taught_by=volatile.captures,
        untaught=untaught,
        findings=reader.findings,
    )


@dataclass(slots=True)
class _Reader:
    """Reads captures of one address from the archive, each once, and knows what to guard there."""

    case: Case
    looks: Sequence[Look]
    findings: tuple[Finding, ...]
    watched: Watched
    known: dict[tuple[int, Seen], Document] = field(default_factory=dict)

    def read(self, look: Look, seen: Seen) -> Document:
        """Return the text of a look's capture; raises ArchiveError, ExtractError or InputError."""
        key = look.number, seen
        if key not in self.known:
            self.known[key] = read_document(self.case, _capture(look, seen))
        return self.known[key]

    def others(self, former: Look, later: Look, seen: Seen) -> tuple[list[Document], int]:
        """Return the captures nearest to two looks, and how many of them cannot be read."""
        pair = {former.number, later.number}
        near = [
            look
            for look in self.looks
            if look.number not in pair and look.is_page and (seen == "wire" or look.rendered)
        ]
        near.sort(key=lambda look: min(abs(look.number - number) for number in pair))
        documents, unread = [], 0
        for look in sorted(near[:MAX_TEACHERS], key=lambda look: look.number):
            try:
                documents.append(self.read(look, seen))
            except SousveilError:
                unread += 1  # told with the result; `analyse` says which, and why
        return documents, unread


def _capture(look: Look, seen: Seen) -> Capture:
    capture = look.rendered if seen == "rendered" else look.wire
    if capture is None:
        raise InputError(
            f"{look.visit.address}: look {look.number} brought nothing to compare"
            f" ({look.visit.outcome}). Name another with --from or --to."
        )
    return capture


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
