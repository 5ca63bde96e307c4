"""Readings: what one capture says, put into the index at once: findings, and text to search."""

from collections.abc import Iterable, Sequence

from sousveil.index.facts import put_candidates
from sousveil.index.search.passages import Passage, put_passages
from sousveil.index.sightings import put_sightings
from sousveil.index.store import Held, Index
from sousveil.model import Fact, Finding


def put_reading(
    index: Index,
    held: Held,
    findings: Sequence[Finding],
    passages: Iterable[Passage] = (),
    candidates: Iterable[Fact] = (),
    *,
    engine: str,
    note: str | None = None,
) -> None:
    """Replace what was found in a capture, the passages that stand in it, and candidates of facts.

    `engine` read it; `note` says why there is no text. What a finding is quoted in is a passage,
    even where no document was read.
    """
    with index.transaction():
        put_sightings(index, held, findings, engine=engine, note=note)
        put_passages(index, held, passages, findings)
        put_candidates(index, held, candidates)
