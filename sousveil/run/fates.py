"""Fates of all findings, from what the index tells of every look at their addresses."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sousveil.changes.fate import Look, find_rewording, quote_fate
from sousveil.errors import SousveilError
from sousveil.index.query import (
    addresses_with_findings,
    captures_of_look,
    findings,
    looks,
    visits,
)
from sousveil.index.store import Index
from sousveil.model import Capture, Document, Fate, Finding, Verdict

_WORDS = {
    Verdict.QUOTE_REMOVED: "taken out",
    Verdict.MOVED: "moved to another file",
    Verdict.EDITED: "reworded",
}


def all_fates(index: Index, read: Callable[[Capture], Document]) -> Iterator[Fate]:
    """Yield the fate of each finding; `read` extracts a capture's document again."""
    by_id = {finding.id: finding for finding in findings(index)}
    for address in addresses_with_findings(index):
        for finding_id, at_address in looks(index, address).items():
            finding = by_id[finding_id]
            if finding.source.path is not None:
                yield _repository_fate(index, finding)
            else:
                fate = quote_fate(finding_id, at_address, _rewording(index, finding, read))
                yield replace(fate, remains=_still_claims(fate, finding, by_id))


def _still_claims(fate: Fate, finding: Finding, by_id: Mapping[str, Finding]) -> bool:
    """Tell whether the new wording holds another finding of the same trait at that address."""
    return fate.after is not None and any(
        other.url == finding.url
        and other.id != finding.id
        and other.claim.trait == finding.claim.trait
        and other.quote in fate.after
        for other in by_id.values()
    )


def _rewording(
    index: Index, finding: Finding, read: Callable[[Capture], Document]
) -> Callable[[Look], str | None]:
    def reworded(look: Look) -> str | None:
        for held in captures_of_look(index, look.id):
            try:
                before, now = read(finding.capture), read(held.capture)
            except SousveilError:
                # A capture that is damaged by now has no text to compare with; `verify` names it.
                continue
            after = find_rewording(finding.passage, before, now)
            if after is not None:
                return after
        return None

    return reworded


def _repository_fate(index: Index, finding: Finding) -> Fate:
    """Return the fate that the repository itself tells: the commit that took the quote out."""
    source, capture = finding.source, finding.capture
    looks = [v for v in visits(index, finding.watch_id or "") if v.verdict is Verdict.PRESENT]
    last_seen = looks[-1].started_at if looks else capture.captured_at
    if source.left is None:
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
