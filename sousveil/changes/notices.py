"""Notices: what happened to a sentence, or to a watch, in one sentence that people are told.

Takes a finding with its fate before and now, or the health of a watch, and what was told of it
last, and gives the `Notice` that is due, if any. A notice's id is a digest of the happening, not of
the moment at which it was noticed: the same happening has the same id however often it is worked
out, and a later one (gone again after being back) has another.

Notices leave this computer, so their text names no address, actor or case. It quotes, since that is
what people need; `quoted.py` masks names and addresses within a quote.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sousveil.changes.words import awaited, between, minute
from sousveil.model import GONE, Fate, Finding, Notice, Verdict

# A target is told to be unwell after so many looks in a row that did not bring its page, over at
# least so long: restarts and short outages are nobody's business.
UNWELL_LOOKS = 3
UNWELL_SPAN = timedelta(hours=1)

FAILING = (
    Verdict.UNREACHABLE,
    Verdict.BLOCKED,
    Verdict.BLOCKED_BY_COUNTRY,
    Verdict.LOGIN_WALL,
    Verdict.UNKNOWN,
)
"""Verdicts on an address after which nothing is known of what stands there."""

_ID_DIGITS = 12

Quote: TypeAlias = Callable[[str], str]
"""Puts a text of a finding into quotation marks, with nothing in it that is to be hidden."""

Happening = Literal["present", "held", "gone", "reworded", "moved"]

_MISSED = frozenset({"held", "gone", "reworded", "moved"})  # after which a sentence can be back


@dataclass(frozen=True, slots=True)
class Health:
    """How the newest looks of a watch went."""

    watch_id: str
    at: datetime  # of the newest look
    log_index: int  # of the newest look
    failing_since: datetime | None  # first of the looks in a row that failed; None: it answers
    failing_looks: int = 0


def notice_of(
    finding: Finding, before: Fate | None, after: Fate, told: Notice | None, quote: Quote
) -> Notice | None:
    """Return what people are to be told of a finding, or None.

    `before` is its fate at the last analysis, None when there was none; `told` the last notice of
    it. A look that cannot tell says nothing of a sentence: the health of its watch does.
    """
    now = _happening(after)
    if now is None or now == "present":
        if now and told and told.kind in _MISSED:
            text = f"The sentence {quote(finding.quote)} {_back(after, told)}"
            return _notice("back", finding, after, (told.id,), text)
        return _found(finding, quote) if before is None and told is None else None
    stands = after.gone_by is None and now == "moved"
    if stands and told is not None and told.kind == "moved":
        return None
    anchor = (told.id if told else "") if stands else after.last_seen.isoformat()
    text = f"The sentence {quote(finding.quote)} {_what_became(after, now, quote)}"
    return _notice(now, finding, after, (anchor, after.after or ""), text)


def health_notice(health: Health, told: Notice | None) -> Notice | None:
    """Return what people are to be told of a watch; `told` is the last such notice of it."""
    was_unwell = told is not None and told.kind == "unwell"
    if health.failing_since is None:
        if told is None or not was_unwell:
            return None
        text = f"A watched target answers again; it had not since {minute(told.at)}."
        return _of_watch("well", health, health.at, told.id, text)
    span = health.at - health.failing_since
    if was_unwell or health.failing_looks < UNWELL_LOOKS or span < UNWELL_SPAN:
        return None
    text = (
        f"A watched target cannot be reached or does not show its page since"
        f" {minute(health.failing_since)}; {health.failing_looks} looks in a row told nothing."
    )
    return _of_watch("unwell", health, health.failing_since, health.failing_since.isoformat(), text)


def _happening(fate: Fate) -> Happening | None:
    """Return what a fate says of a sentence; None when nothing can be told."""
    if fate.verdict is Verdict.EDITED:
        return "reworded"
    if fate.verdict in GONE:
        return "gone"
    if fate.verdict is Verdict.MOVED:
        return "moved"
    if fate.pending in GONE:
        return "held"
    return "present" if fate.verdict is Verdict.PRESENT else None


def _found(finding: Finding, quote: Quote) -> Notice:
    at = finding.capture.captured_at
    text = f"A sentence was found: {quote(finding.quote)}, seen {minute(at)}."
    return Notice(
        _id("found", finding.id), at, "found", text, finding.id, finding.watch_id, finding.log_index
    )


def _back(fate: Fate, told: Notice) -> str:
    since = "" if told.kind == "moved" else f"; it was missing at {minute(told.at)}"
    return f"stands where it stood again, seen {minute(fate.last_seen)}{since}."


def _what_became(fate: Fate, now: Happening, quote: Quote) -> str:
    when = between(fate.last_seen, fate.gone_by) if fate.gone_by else ""
    when = when or f"after {minute(fate.last_seen)}"
    match now:
        case "held":
            return f"went missing {when}; {awaited(fate.due, fate.looks_left)}."
        case "moved":
            return f"stands elsewhere now; last seen where it stood {minute(fate.last_seen)}."
        case "reworded":
            new = f", and now reads {quote(fate.after)}" if fate.after else ""
            still = ", which still makes the claim" if fate.remains else ""
            return f"was reworded {when}{new}{still}."
        case _:
            return f"left {when}; that is confirmed."


def _notice(
    kind: Literal["held", "gone", "reworded", "moved", "back"],
    finding: Finding,
    fate: Fate,
    happening: Iterable[str],
    text: str,
) -> Notice:
    return Notice(
        _id(kind, finding.id, *happening),
        # A feed's readers take what is dated days ago for old: what is confirmed today is of today.
        fate.confirmed_at or fate.gone_by or fate.last_seen,
        kind,
        text,
        finding.id,
        finding.watch_id,
        fate.log_index,
    )


def _of_watch(
    kind: Literal["unwell", "well"], health: Health, at: datetime, happening: str, text: str
) -> Notice:
    digest = _id(kind, health.watch_id, happening)
    return Notice(digest, at, kind, text, None, health.watch_id, health.log_index)


def _id(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[
        :_ID_DIGITS
    ]
