"""Ranking: keeps the queue level with what was found and with what people decide.

Takes an open `Index` and puts what each finding is worth, and its kin, into it
(index/queue.py); review/queue.py tells the worth. What is found anew gets its place at once; as
people decide the front of the queue is put in order again, and what lies further back when it is
reached: a case of a hundred thousand findings need not wait for one key.
"""

import hashlib
from collections.abc import Iterator, Sequence

from sousveil.changes.trace.kin import words_key
from sousveil.claims.model import shipped_model
from sousveil.index.query import earliest_findings
from sousveil.index.queue import Ranked, put_places, still_listed, unplaced, waiting
from sousveil.index.reviews import decided_on, logged_model, reviews_of
from sousveil.index.store import Index
from sousveil.model import Finding
from sousveil.review.casemodel import case_model
from sousveil.review.decisions import status
from sousveil.review.queue import MAX_COMPARED, Decided, Experience, experience, place

# Places at the front that are worked out again as people decide: some 50 ms of work, and more than
# anybody decides on before the next time.
FRONT = 100

# Findings that are decoded at once: some 5 MB.
TOGETHER = 1_000

KIN_DIGITS = 16  # hexadecimal: 64 bits, as many as no case has findings for two to meet


def experience_of(index: Index) -> Experience:
    """Return what the latest decisions of a case tell of what waits."""
    known = decided_on(index, MAX_COMPARED)
    told = {finding_id: status(ones) for finding_id, ones in reviews_of(index, known).items()}
    decided = [
        Decided(finding, is_confirmed=told[finding_id] == "confirmed")
        for finding_id, finding in known.items()
        if told[finding_id] in {"confirmed", "rejected"}
    ]
    form = logged_model(index)
    taught = form is not None and case_model(form, shipped_model()) is not None
    return experience(decided, taught=taught)


def rank(index: Index) -> None:
    """Bring the queue level with the findings and the decisions."""
    put_places(index, places(index))


def put_later(index: Index, ranked: Sequence[Ranked]) -> None:
    """Put places that were worked out a moment ago; what is not listed any more gets none."""
    with index.transaction():
        listed = still_listed(index, [finding_id for finding_id, _, _ in ranked])
        put_places(index, [one for one in ranked if one[0] in listed])


def places(index: Index) -> Iterator[Ranked]:
    """Yield the places of the findings that have none, and of those at the front anew.

    Reads only, so that nobody is held up; `put_later` puts them into the queue.
    """
    gained = experience_of(index)
    front = [one.finding_id for one in waiting(index, "", FRONT)]
    ids = [*unplaced(index), *front]
    for start in range(0, len(ids), TOGETHER):
        for finding in earliest_findings(index, ids[start : start + TOGETHER]):
            yield finding.id, _kin(finding), place(finding, gained).worth


def _kin(finding: Finding) -> str:
    """Return what findings share that say the same, and are said to by the same label."""
    told = "\n".join((finding.claim.label, *words_key(finding)))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:KIN_DIGITS]
