"""Fates of what stood in a repository: its own history tells them, whatever the looks were.

Takes a finding in a file, the looks at the repository, and whether the whole of it is confirmed to
be gone; gives a `Fate`. Pure.
"""

from collections.abc import Sequence
from datetime import datetime

from sousveil.changes.looks import Look
from sousveil.model import Fate, Finding, Happening, Verdict

_WORDS = {
    Verdict.QUOTE_REMOVED: "taken out",
    Verdict.MOVED: "moved to another file",
    Verdict.EDITED: "reworded",
}


def repository_fate(finding: Finding, looks: Sequence[Look], lost: Happening | None) -> Fate:
    """Return the fate that the repository itself tells: the commit that took the quote out.

    `lost` tells that the whole repository is confirmed to be gone; then all that stood there is.
    """
    source, capture = finding.source, finding.capture
    entered = _entered(finding)
    read = [look for look in looks if look.verdict is Verdict.PRESENT]
    last_seen = read[-1].at if read else capture.captured_at
    if source.left is None:
        if source.reach != "dropped" and lost is not None:
            return _gone_with(finding, lost)
        if source.reach != "dropped":
            return Fate(
                finding.id, Verdict.PRESENT, 0.95, last_seen, None, None, None, "",
                first_seen=entered,
            )  # fmt: skip
        return Fate(
            finding.id,
            Verdict.REMOVED,
            0.9,
            capture.captured_at,
            last_seen,
            None,
            read[-1].log_index if read else finding.log_index,
            "no branch or tag of the repository reaches it any more",
            first_seen=entered,
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
        first_seen=entered,
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
        first_seen=_entered(finding),
        reasons=gone.turn.reasons,
    )


def _entered(finding: Finding) -> datetime:
    """Return when a quote entered a repository."""
    entered = finding.source.entered
    return entered.committed_at if entered else finding.capture.captured_at
