"""Fates of all findings, from what the index tells of every look at their addresses.

A page that changes whole takes many sentences at once: what is compared for each of them is made
ready once for the two captures, and for the first `MAX_REWORDINGS` of them a new wording is sought.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sousveil.changes.fate import Look, quote_fate
from sousveil.changes.rewording import Pair, find_rewording
from sousveil.errors import SousveilError
from sousveil.index.histories import repositories_gone
from sousveil.index.query import (
    addresses_with_findings,
    captures_of_look,
    findings,
    looks,
    visits,
)
from sousveil.index.store import Index
from sousveil.model import Capture, Document, Fate, Finding, Happening, Verdict, Visit

# New wordings are sought for so many quotes that vanished at one look. A page with more was
# replaced; each takes ten milliseconds, so that all together take seconds.
MAX_REWORDINGS = 200

_NOT_SOUGHT = f"more than {MAX_REWORDINGS} quotes went at once: no new wording of it was sought"

_WORDS = {
    Verdict.QUOTE_REMOVED: "taken out",
    Verdict.MOVED: "moved to another file",
    Verdict.EDITED: "reworded",
}


def all_fates(index: Index, read: Callable[[Capture], Document]) -> Iterator[Fate]:
    """Yield the fate of each finding; `read` extracts a capture's document again."""
    by_id = {finding.id: finding for finding in findings(index)}
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in by_id.values():
        alike.setdefault((finding.url, finding.claim.trait), []).append(finding)

    @functools.cache
    def visits_of(watch_id: str) -> list[Visit]:
        return list(visits(index, watch_id))

    gone = repositories_gone(index)
    for address in addresses_with_findings(index):
        seek = _Seeker(index, read)
        for finding_id, at_address in looks(index, address).items():
            finding = by_id[finding_id]
            if finding.source.path is not None:
                watch_id = finding.watch_id or ""
                yield _repository_fate(finding, visits_of(watch_id), gone.get(watch_id))
            else:
                fate = quote_fate(finding_id, at_address, functools.partial(seek.reworded, finding))
                if finding_id in seek.left_out:
                    fate = replace(fate, evidence=f"{fate.evidence}; {_NOT_SOUGHT}")
                others = alike[finding.url, finding.claim.trait]
                yield replace(fate, remains=_still_claims(fate, finding, others))


def _still_claims(fate: Fate, finding: Finding, alike: Sequence[Finding]) -> bool:
    """Tell whether the new wording holds another finding of the same trait at that address."""
    after = fate.after
    return after is not None and any(
        other.id != finding.id and other.quote in after for other in alike
    )


class _Seeker:
    """Seeks new wordings at one address, and remembers what it made ready and how often it did."""

    def __init__(self, index: Index, read: Callable[[Capture], Document]) -> None:
        self._index = index
        self._read = read
        self.left_out: set[str] = set()  # ids of findings for which no new wording was sought
        self._sought: Counter[int] = Counter()
        self._pairs: dict[tuple[Capture, int], list[Pair]] = {}

    def reworded(self, finding: Finding, look: Look) -> str | None:
        """Return what stands in a finding's place at a look, if that can be told."""
        self._sought[look.id] += 1
        if self._sought[look.id] > MAX_REWORDINGS:
            self.left_out.add(finding.id)
            return None
        looked = (finding.capture, look.id)
        if looked not in self._pairs:
            self._pairs[looked] = list(self._compared(*looked))
        found = (find_rewording(finding.quote, pair) for pair in self._pairs[looked])
        return next((told.text for told in found if told is not None), None)

    def _compared(self, capture: Capture, look_id: int) -> Iterator[Pair]:
        for held in captures_of_look(self._index, look_id):
            try:
                yield Pair(self._read(capture), self._read(held.capture))
            except SousveilError:
                # A capture that is damaged by now has no text to compare with; `verify` names it.
                continue


def _repository_fate(finding: Finding, visited: Sequence[Visit], lost: Happening | None) -> Fate:
    """Return the fate that the repository itself tells: the commit that took the quote out.

    `lost` tells that the whole repository is confirmed to be gone; then all that stood there is.
    """
    source, capture = finding.source, finding.capture
    looks = [visit for visit in visited if visit.verdict is Verdict.PRESENT]
    last_seen = looks[-1].started_at if looks else capture.captured_at
    if source.left is None:
        if source.reach != "dropped" and lost is not None:
            return _gone_with(finding, lost)
        if source.reach != "dropped":
            return Fate(finding.id, Verdict.PRESENT, 0.95, last_seen, None, None, None, "")
        sentence = "no branch or tag of the repository reaches it any more"
        gone, log_index = last_seen, looks[-1].log_index
        return Fate(
            finding.id, Verdict.REMOVED, 0.9, capture.captured_at, gone, None, log_index, sentence
        )
    left = source.left
    verdict, after = Verdict.QUOTE_REMOVED, None
    if source.moved_to is not None:
        verdict, after = Verdict.MOVED, source.moved_to
    elif source.reworded is not None:
        verdict, after = Verdict.EDITED, source.reworded
    first_line = left.message.strip().split("\n", 1)[0]
    sentence = (
        f"{_WORDS[verdict]} by commit {left.id[:12]} of {left.authored_at:%Y-%m-%d}, whose message"
        f" is “{first_line}”"
    )
    return Fate(
        finding.id,
        verdict,
        0.95,
        source.commit.committed_at if source.commit else left.committed_at,
        left.committed_at,
        after,
        source.left_log_index,
        sentence,
        remains=source.reworded is not None,
    )


def _gone_with(finding: Finding, gone: Happening) -> Fate:
    """Return the fate of a quote that stood in a repository until that went."""
    return Fate(
        finding.id,
        Verdict.REMOVED,
        gone.turn.confidence,
        gone.since,
        gone.at,
        None,
        gone.log_index,
        "the whole repository is gone",
        reasons=gone.turn.reasons,
    )
