"""Words for what became of pages and quotes, the same wherever people read them.

The terminal, the dossier, alerts and the report of an inquiry say one thing of one thing. Pure;
times are in UTC, to the minute where that tells them apart.
"""

from datetime import UTC, datetime

from sousveil.model import Verdict

# What became of an address or of a quote there.
VERDICTS: dict[Verdict, str] = {
    Verdict.PRESENT: "still there",
    Verdict.EDITED: "reworded",
    Verdict.QUOTE_REMOVED: "taken out",
    Verdict.REMOVED: "no longer there",
    Verdict.SOFT_404: "replaced by a “not found” page",
    Verdict.MOVED: "moved",
    Verdict.REDIRECTED_AWAY: "address leads elsewhere",
    Verdict.LOGIN_WALL: "behind a login",
    Verdict.BLOCKED: "access refused",
    Verdict.BLOCKED_BY_COUNTRY: "refused to this country",
    Verdict.UNREACHABLE: "no usable answer",
    Verdict.UNKNOWN: "unclear",
}

# What one answer speaks for, which alone proves nothing.
ANSWERS: dict[Verdict, str] = VERDICTS | {
    Verdict.PRESENT: "there",
    Verdict.QUOTE_REMOVED: "not in the page",
    Verdict.REMOVED: "“not found”",
    Verdict.SOFT_404: "a “not found” page",
    Verdict.REDIRECTED_AWAY: "leads elsewhere",
}

MISSING = "missing, not confirmed yet"


def awaited(due: datetime | None, looks: int) -> str:
    """Return what is lacking before an absence is believed: how many looks, and until when."""
    if due is None:
        return "not confirmed yet"
    more = "one more look" if looks == 1 else f"{looks} more looks"
    return f"not confirmed yet: that takes {more}, not before {minute(due)}"


def between(start: datetime, end: datetime) -> str:
    """Return a span in words: "between 2026-11-23 12:04 and 12:19 UTC"."""
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if first > last:  # clocks of commits and donors may run backwards
        return f"between {minute(last)} and {minute(first)}"
    form = "%H:%M" if f"{first:%Y%m%d%H%M}" != f"{last:%Y%m%d%H%M}" else "%H:%M:%S"
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"between {first:%Y-%m-%d} {first.strftime(form)} and {day}{last.strftime(form)} UTC"


def minute(when: datetime) -> str:
    """Return a time as people write it: "2026-11-23 12:04 UTC"."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
