"""What happened to a repository, a site or a feed as a whole, as JSON values."""

from collections.abc import Sequence

from sousveil.changes.histories.words import sentence
from sousveil.jsonform.values import instant, present
from sousveil.model import Finding, Happening, Json


def happening_json(one: Happening, lost: Sequence[Finding]) -> Json:
    """Return what happened to a repository, a site or a feed as a whole.

    `lost` are the findings whose quotes stood only in what it dropped.
    """
    turn = one.turn
    return present(
        {
            "id": one.id,
            "happened": turn.kind,
            "text": sentence(one, [f"“{finding.quote}”" for finding in lost]),
            "watch": one.watch_id,
            "subject": turn.subject,
            "before": turn.before or None,
            "after": turn.after or None,
            "items": list(turn.items) or None,
            "count": turn.count or None,
            "confidence": turn.confidence,
            "why": list(turn.reasons),
            "findings": [finding.id for finding in lost] or None,
            "since": instant(one.since),
            "at": instant(one.at),
            "log_index": one.log_index,
        }
    )
