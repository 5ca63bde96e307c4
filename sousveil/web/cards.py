"""Cards: all that somebody needs to see of one finding to decide on it.

Takes an open index and a finding's id and gives a `Card`, or several at once for lists. What other
people decided is in it only when it may be seen (index/reviews.py seals it before).
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sousveil.index.lists import listed
from sousveil.index.nearby import earlier_at, neighbours
from sousveil.index.query import fates_of
from sousveil.index.queue import kin_of, quotes_of, waiting_ids
from sousveil.index.reviews import (
    Past,
    newest_review,
    no_longer_found,
    own_reviews,
    past_of,
    reviews_of,
)
from sousveil.index.store import Index
from sousveil.index.translations import translations_of
from sousveil.model import Fate, Finding, Review, Translation
from sousveil.review.decisions import MAX_SERVED, Status, status
from sousveil.review.queue import Experience, place
from sousveil.run.ranking import experience_of
from sousveil.web.desk import Desk

MAX_COPIES = 20  # of the same words, named one by one
MAX_NEAR = 6  # neighbours on the page, and as many of what stood there earlier

# Decisions after which the reasons for a place in the queue are drawn from them anew.
DECISIONS_A_LESSON = 64


@dataclass(frozen=True, slots=True)
class Card:
    """A finding, and what is known of it."""

    finding: Finding
    fate: Fate | None
    status: Status
    reviews: Sequence[Review]  # that count; sealed while others have yet to read
    needed: int  # readings
    own: Review | None  # what the person who looks has decided
    past: Sequence[Past]
    translations: Sequence[Translation]
    copies: Sequence[Finding]  # the same words elsewhere; those that wait for this person first
    waiting: frozenset[str]  # ids of all that one decision would serve, named in `copies` or not
    wordings: Sequence[str]  # exact words of those, where they are not this one's or a copy's
    neighbours: Sequence[Finding]
    earlier: Sequence[Finding]
    why: tuple[str, ...]  # it stands where it stands in the queue
    is_lost: bool = False  # whether this version finds it no more

    @property
    def sealed_by_others(self) -> Sequence[Review]:
        """Decisions of others of which only that they were made may be told."""
        own = self.own.log_index if self.own else None
        return [one for one in self.reviews if one.decision == "sealed" and one.log_index != own]

    @property
    def waiting_copies(self) -> int:
        """How many other findings one decision would serve."""
        return len(self.waiting - {self.finding.id})


def card_of(desk: Desk, index: Index, finding_id: str, name: str) -> Card | None:
    """Return the card of a finding for the person of this name; None when there is none."""
    kin = kin_of(index, finding_id, MAX_SERVED)
    near, before = (
        neighbours(index, finding_id, MAX_NEAR),
        earlier_at(index, finding_id, MAX_NEAR),
    )
    known = findings_by_id(index, {finding_id, *kin[: MAX_COPIES + 1], *near, *before})
    is_lost = finding_id not in known
    if is_lost:
        known |= {one.id: one for one, _ in no_longer_found(index) if one.id == finding_id}
    finding = known.get(finding_id)
    if finding is None:
        return None
    reviews = reviews_of(index, [finding_id]).get(finding_id, ())
    waits = frozenset(waiting_ids(index, name, kin))
    copies = [known[one] for one in kin[1 : MAX_COPIES + 1] if one in known]
    named = {finding.quote, *(one.quote for one in copies)}
    words = dict.fromkeys(quote for _, quote in quotes_of(index, sorted(waits)))
    return Card(
        finding=finding,
        fate=fates_of(index, [finding_id]).get(finding_id),
        status=status(reviews),
        reviews=reviews,
        needed=index.readings,
        own=own_reviews(index, [finding_id], name).get(finding_id),
        past=past_of(index, finding_id, name),
        translations=translations_of(index, [finding]).get(finding_id, ()),
        copies=copies,
        waiting=waits,
        wordings=[one for one in words if one not in named],
        neighbours=[known[one] for one in near if one in known],
        earlier=[known[one] for one in before if one in known],
        why=place(finding, _gained(desk, newest_review(index) // DECISIONS_A_LESSON)).why,
        is_lost=is_lost,
    )


def findings_by_id(index: Index, ids: Iterable[str]) -> dict[str, Finding]:
    """Return findings by their ids, with whom they are about; those there are."""
    return {one.finding.id: one.finding for one in listed(index, list(ids))}


@functools.lru_cache(maxsize=4)
def _gained(desk: Desk, _lesson: int) -> Experience:
    """Return what was learnt from the decisions so far, once for each lesson."""
    with desk.index() as index:
        return experience_of(index)
