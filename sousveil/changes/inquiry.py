"""Inquiry: what went after a letter to a vendor, in what order, and how long after.

Takes an inquiry, what was frozen before the letter went, and what visits, fates and replies tell
since; gives the course of things in order, each with its time after the letter and a sentence.
A pure function of what was logged: anybody who has the case can draw it again.

What counts as *after* follows the log, not the clock: only what an entry behind the inquiry's own
shows. A phrase left between two looks, and both times are told.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sousveil.changes.words import awaited, minute
from sousveil.model import GONE, Fate, Finding, Inquiry, Verdict, Visit

Kind = Literal[
    "missing", "left", "reworded", "moved", "answered", "silent", "reply", "closed"
]  # fmt: skip
"""What happened: to a phrase, to an address, or between the two who write to each other.

A phrase that is missing may be back: its absence waits to be confirmed.
"""

# Verdicts on an address whose answer is what the publisher shows: so it is frozen.
SHOWN = frozenset(
    {
        Verdict.PRESENT,
        Verdict.EDITED,
        Verdict.QUOTE_REMOVED,
        Verdict.MOVED,
        Verdict.REMOVED,
        Verdict.SOFT_404,
    }
)

# Verdicts after which a phrase is no longer where it was; one that moved stands elsewhere.
_WENT = GONE | {Verdict.MOVED}

_SUCCESS = range(200, 300)  # RFC 9110, section 15.3

# A sentence names a phrase; whoever wants it whole reads the finding.
MAX_PHRASE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Frozen:
    """A watch as it was seen before the letter went."""

    watch_id: str
    target: str
    reasons: tuple[str, ...]  # why it was chosen, in words
    log_index: int | None  # entry of the log with the visit to the target itself
    resting_until: datetime | None = None  # its server asked for rest: not visited, or not whole


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a letter."""

    received_at: datetime
    log_index: int
    sha256: str | None = None  # hexadecimal, of the answer; None when it was not shown to us


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened after an inquiry was logged."""

    at: datetime  # of the look that shows it first
    after_seconds: float  # since the letter; negative before it
    kind: Kind
    sentence: str
    address: str = ""
    finding_id: str | None = None
    log_index: int | None = None  # entry of the log that shows it


@dataclass(frozen=True, slots=True)
class Standing:
    """What became, until now, of a phrase that did not go."""

    finding_id: str
    address: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Course:
    """All that is known of an inquiry."""

    inquiry: Inquiry
    not_frozen: tuple[tuple[Frozen, str], ...]  # with the reason, in words
    happenings: tuple[Happening, ...]  # in order
    stands: tuple[Standing, ...]
    unclear: tuple[Standing, ...]  # what cannot be told, or not yet
    unseen: tuple[str, ...]  # targets that nobody looked at since


def course(
    inquiry: Inquiry,
    frozen: Sequence[Frozen],
    *,
    visits: Sequence[Visit],
    fates: Iterable[tuple[Finding, Fate]],
    replies: Iterable[Reply],
    polled: Mapping[str, datetime],
    broken: Container[int] = (),
) -> Course:
    """Return what happened since an inquiry was logged, in order.

    `visits` are those of its watches, in the order of the log, the frozen ones included; `fates`
    those of their findings; `polled` tells, by watch id, when a poll last found nothing new;
    `broken` are the log entries of visits whose answer did not come whole.
    """
    by_entry = {visit.log_index: visit for visit in visits}
    happenings = _answers(inquiry, visits) + [_reply(inquiry, reply) for reply in replies]
    stands, unclear = [], []
    for finding, fate in fates:
        is_news = fate.log_index is not None and fate.log_index > inquiry.log_index
        if fate.pending is None and fate.verdict in _WENT:
            happenings += [_went(inquiry, finding, fate, by_entry)] if is_news else []
        elif fate.gone_by is not None and is_news:
            happenings.append(_went(inquiry, finding, fate, by_entry))
        elif fate.pending is None and fate.verdict is Verdict.PRESENT:
            stands.append(_stands(inquiry, finding, fate))
        else:
            unclear.append(_unclear(inquiry, finding, fate))
    if inquiry.closed_at is not None:
        sentence = f"{after_words(inquiry, inquiry.closed_at)} the inquiry was closed"
        happenings.append(_happening(inquiry, inquiry.closed_at, "closed", sentence))
    since = {visit.watch_id for visit in visits if visit.log_index > inquiry.log_index}
    return Course(
        inquiry,
        tuple((one, why) for one in frozen if (why := shortfall(one, by_entry, broken))),
        tuple(sorted(happenings, key=lambda one: (one.at, one.log_index or 0))),
        tuple(stands),
        tuple(unclear),
        tuple(
            one.target
            for one in frozen
            if one.watch_id not in since
            and (one.watch_id not in polled or polled[one.watch_id] <= inquiry.sent_at)
        ),
    )


def shortfall(frozen: Frozen, visits: Mapping[int, Visit], broken: Container[int] = ()) -> str:
    """Return why a watch is not frozen, or not whole; "" when it is.

    `visits` are known by their entries of the log, and so are those that are `broken`. A page that
    was gone already is frozen as that, and a file that we cannot read as its bytes.
    """
    visit = visits.get(-1 if frozen.log_index is None else frozen.log_index)
    if frozen.resting_until is not None:
        how = "not visited" if visit is None else "visited in part"
        return f"{how}: its server asked for rest until {minute(frozen.resting_until)}"
    if visit is None:
        return "not visited"
    is_kept = visit.verdict is Verdict.UNKNOWN and visit.status in _SUCCESS
    if (visit.verdict in SHOWN or is_kept) and visit.log_index not in broken:
        return ""
    return f"{visit.verdict}: {visit.outcome}"


def after_words(inquiry: Inquiry, at: datetime) -> str:
    """Return how long after the letter a time is: "2 h 14 min after the letter"."""
    side = "before" if at < inquiry.sent_at else "after"
    return f"{span_words(abs(at - inquiry.sent_at))} {side} the letter"


def span_words(span: timedelta) -> str:
    """Return a length of time as people say it: "45 s", "2 h 14 min", "3 d 1 h"; cut, not rounded.

    `span` is not negative.
    """
    seconds = int(span.total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _answers(inquiry: Inquiry, visits: Sequence[Visit]) -> list[Happening]:
    """Tell where the answer of an address became another kind of answer."""
    told: dict[str, tuple[Verdict, int | None]] = {}
    found = []
    for visit in visits:
        answer = (visit.verdict, visit.status)
        before = told.get(visit.address)
        told[visit.address] = answer
        is_new = before is not None and before != answer
        if visit.log_index > inquiry.log_index and is_new:
            found.append(_answer(inquiry, visit))
    return found


def _answer(inquiry: Inquiry, visit: Visit) -> Happening:
    if visit.status is None and visit.verdict is not Verdict.PRESENT:
        kind: Kind = "silent"
        words = f"{visit.address} did not answer: {visit.outcome}"
    else:
        kind, words = "answered", f"{visit.address} answered: {visit.outcome}"
    return _happening(
        inquiry,
        visit.started_at,
        kind,
        f"{after_words(inquiry, visit.started_at)} {words}",
        address=visit.address,
        log_index=visit.log_index,
    )


def _went(inquiry: Inquiry, finding: Finding, fate: Fate, visits: Mapping[int, Visit]) -> Happening:
    visit = visits.get(-1 if fate.log_index is None else fate.log_index)
    # A commit's date is whatever its author's clock said: a file went when a visit saw that it had.
    at = fate.gone_by or fate.last_seen
    if visit is not None and finding.source.path is not None:
        at = visit.started_at
    kind, words = _how(finding, fate)
    sentence = f"{after_words(inquiry, at)} the phrase {phrase(finding)} {words}"
    if finding.source.path is None:
        seen = fate.last_seen - inquiry.sent_at
        is_after = seen >= timedelta(0)
        when = f"at {span_words(seen)}" if is_after else after_words(inquiry, fate.last_seen)
        sentence += f" (still there {when})"
    return _happening(
        inquiry,
        at,
        kind,
        sentence,
        address=finding.url,
        finding_id=finding.id,
        log_index=fate.log_index,
    )


def _how(finding: Finding, fate: Fate) -> tuple[Kind, str]:
    where = place(finding)
    if fate.verdict not in _WENT:
        return "missing", f"was missing from {where}; {awaited(fate.due, fate.looks_left)}"
    if fate.verdict is Verdict.MOVED:
        return "moved", f"moved from {where} to {_cut(fate.after or 'another address')}"
    if fate.verdict is Verdict.EDITED and fate.after:
        rest = ", which still makes the claim" if fate.remains else ""
        return "reworded", f"was reworded at {where} into “{_cut(fate.after)}”{rest}"
    return "left", f"left {where}: {fate.evidence}"


def _stands(inquiry: Inquiry, finding: Finding, fate: Fate) -> Standing:
    seen = after_words(inquiry, fate.last_seen)
    return Standing(
        finding.id, finding.url, f"{phrase(finding)} stands at {place(finding)}, last seen {seen}"
    )


def _unclear(inquiry: Inquiry, finding: Finding, fate: Fate) -> Standing:
    where, seen = place(finding), after_words(inquiry, fate.last_seen)
    sentence = f"{phrase(finding)} at {where}, last seen {seen}: {fate.evidence}"
    return Standing(finding.id, finding.url, sentence)


def _reply(inquiry: Inquiry, reply: Reply) -> Happening:
    sentence = f"{after_words(inquiry, reply.received_at)} a reply came"
    if reply.sha256 is not None:
        sentence += f" (SHA-256 {reply.sha256})"
    return _happening(inquiry, reply.received_at, "reply", sentence, log_index=reply.log_index)


def _happening(
    inquiry: Inquiry,
    at: datetime,
    kind: Kind,
    sentence: str,
    *,
    address: str = "",
    finding_id: str | None = None,
    log_index: int | None = None,
) -> Happening:
    after = (at - inquiry.sent_at).total_seconds()
    return Happening(at, after, kind, sentence, address, finding_id, log_index)


def phrase(finding: Finding) -> str:
    """Return a finding's quote in quotation marks, on one line, cut where it is long."""
    return f"“{_cut(finding.quote)}”"


def place(finding: Finding) -> str:
    """Return where a phrase stood: its address, and the file in a repository."""
    path = finding.source.path
    return finding.url if path is None else f"{finding.url} {path}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_PHRASE_CHARACTERS else f"{line[:MAX_PHRASE_CHARACTERS]}…"
