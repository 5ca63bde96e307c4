"""What a case has found, with all that is known of each finding: for listings and programs.

Takes an index and what is asked for; gives findings with what became of them and what people
decided.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sousveil.errors import InputError
from sousveil.index.query import fates, findings
from sousveil.index.reviews import no_longer_found, reviews
from sousveil.index.store import Index
from sousveil.jsonform import finding_json
from sousveil.model import LABELS, Fate, Finding, Json, Review
from sousveil.review.decisions import STATUSES, status


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and what is known of it."""

    finding: Finding
    fate: Fate | None  # None while no later visit told anything
    reviews: tuple[Review, ...]  # the oldest first
    no_longer_found_by: str | None = None  # the reader that does not see a decided finding any more

    def as_json(self) -> Json:
        """Return the form that `sousveil findings --json` prints (docs/reference/finding.md)."""
        form = finding_json(self.finding, self.fate, self.reviews)
        lost = self.no_longer_found_by
        return form | ({"no_longer_found_by": lost} if lost else {})


def found(
    index: Index,
    *,
    labels: Collection[str] = (),
    actor: str = "",
    statuses: Collection[str] = (),
) -> Iterator[Found]:
    """Yield findings of these labels and statuses, all when none is named.

    `actor` is part of the name of the actor or the publisher, in any case. Findings that were
    decided on and that this version does not find any more come last. Raises InputError for a
    label or a status that there is none of.
    """
    _check(labels, LABELS, "label")
    _check(statuses, STATUSES, "status")
    decided, told = reviews(index), fates(index)
    present = [(finding, None) for finding in findings(index)]
    for finding, reader in (*present, *no_longer_found(index)):
        decisions = tuple(decided.get(finding.id, ()))
        if (
            (not labels or finding.claim.label in labels)
            and (not actor or _names(finding, actor))
            and (not statuses or status(decisions) in statuses)
        ):
            yield Found(finding, told.get(finding.id), decisions, reader)


def _check(names: Collection[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise InputError(f"{what} {name}: no such {what}. There are {', '.join(known)}.")


def _names(finding: Finding, part: str) -> bool:
    told = (finding.actor, finding.attribution.publisher if finding.attribution else None)
    return any(part.casefold() in name.casefold() for name in told if name)
