"""Looks: what one visit's answers say of an address, and the order in which looks count.

Pure functions of what the log recorded: the answers of a visit (`Probe`) give what they speak for,
before any text is read; `answer/` says, with the text and over time, what became of a page and of a
quote.

Order of looks. Our own visits count in the order of the log, whatever the clock said. The date of
an imported look is its donor's word: it counts at that date, but never later than the log entry
that took it in, and stands before the first of our visits that came after it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from urllib.parse import SplitResult, urlsplit

from sousveil.model import GONE, Failure, FailureKind, Verdict

# A look no surer than this cannot tell that a quote is gone, whatever its verdict.
UNSURE = 0.3

# At most this sure of what an import alone shows: date and bytes are its donor's word.
IMPORT_CONFIDENCE = 0.6

# At most this sure that an address was given up when another host answers for it: it may be a new
# name of the same vendor, a parked name, or a notice that somebody on the way put there.
OTHER_HOST_CONFIDENCE = 0.6

# Successes that carry the page; 202, 204, 206 and their like are no page, or not all of it
# (RFC 9110 section 15.3).
_WHOLE_PAGE = frozenset({200, 203})

_DEFAULT_PORTS = {"http": 80, "https": 443}

_BY_STATUS = {
    401: (Verdict.LOGIN_WALL, 0.8),
    403: (Verdict.BLOCKED, 0.6),
    404: (Verdict.REMOVED, 0.8),
    407: (Verdict.BLOCKED, 0.6),
    410: (Verdict.REMOVED, 0.95),
    429: (Verdict.BLOCKED, 0.9),
    451: (Verdict.BLOCKED_BY_COUNTRY, 0.9),
    503: (Verdict.BLOCKED, 0.5),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer of a visit, as the log recorded it."""

    url: str
    status: int | None  # HTTP status; None for a repository, or without an answer
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an address, as the index holds it."""

    id: int  # of the index that tells it
    at: datetime
    verdict: Verdict  # of this answer alone
    confidence: float
    outcome: str  # "HTTP 404"
    log_index: int
    watch_id: str | None = None  # None for an import
    exit: str = ""  # by name; "" for none
    is_shown: bool = False  # whether a browser showed the page, too

    @property
    def is_import(self) -> bool:
        """Whether it came with an archive made by others."""
        return self.watch_id is None


def judge_address(
    probes: Sequence[Probe], *, is_verified: bool = True
) -> tuple[Verdict, float, str]:
    """Return the verdict on an address, its confidence (0 to 1), and the outcome in words.

    `probes` are the answers of one visit, redirects in order; the last one counts. `is_verified`
    is False when the certificate of a server on the way did not hold: anybody could have answered,
    so nothing is called gone, and the confidence is `UNSURE` at most.
    """
    if not probes:
        return Verdict.UNKNOWN, 0.0, "nothing was tried"
    verdict, confidence, outcome = _judge_last(probes)
    if is_verified or probes[-1].status is None:
        return verdict, confidence, outcome
    if verdict in GONE:
        verdict = Verdict.UNKNOWN
    outcome = f"{outcome}, the server's certificate did not hold"
    return verdict, min(confidence, UNSURE), outcome


def judge_import(status: int | None) -> tuple[Verdict, float, str]:
    """Return what `judge_address` does, of an imported answer; `status` is None for a resource."""
    if status is None:
        return Verdict.PRESENT, IMPORT_CONFIDENCE, "an imported document"
    verdict, confidence, outcome = judge_address([Probe("", status, None)])
    return verdict, min(confidence, IMPORT_CONFIDENCE), f"{outcome} in an imported archive"


def _judge_last(probes: Sequence[Probe]) -> tuple[Verdict, float, str]:
    last = probes[-1]
    if last.status is None:
        return _judge_silence(last)
    outcome = f"HTTP {last.status}"
    if last.failure:
        outcome = f"{outcome}, then {last.failure.message}"
    if last.status in _WHOLE_PAGE:
        verdict, confidence, how = _judge_arrival(probes[0].url, last.url)
        return verdict, min(confidence, UNSURE) if last.failure else confidence, f"{outcome}{how}"
    if last.status // 100 == 2:  # noqa: PLR2004  # the class of success, RFC 9110 section 15.3
        return Verdict.UNKNOWN, 0.5, f"{outcome}, not a whole page"
    if last.status // 100 == 3:  # noqa: PLR2004  # redirection, RFC 9110 section 15.4
        return Verdict.UNKNOWN, 0.5, f"{outcome}, not followed"
    verdict, confidence = _BY_STATUS.get(last.status, (Verdict.UNREACHABLE, 0.6))
    return verdict, confidence, outcome


def _judge_silence(probe: Probe) -> tuple[Verdict, float, str]:
    """Judge a probe that has no HTTP status: a repository, or no answer at all."""
    if probe.failure is None:
        return Verdict.PRESENT, 0.95, "repository read"
    if probe.failure.kind in {FailureKind.REFUSED_ADDRESS, FailureKind.EXIT}:
        return Verdict.UNKNOWN, 1.0, f"not asked: {probe.failure.message}"
    return Verdict.UNREACHABLE, 0.9, probe.failure.message


def _judge_arrival(asked: str, arrived: str) -> tuple[Verdict, float, str]:
    """Tell a page that moved from one that sends its visitors to a front door or another host."""
    if asked == arrived:
        return Verdict.PRESENT, 0.95, ""
    try:
        before, after = urlsplit(asked), urlsplit(arrived)
        is_other_host = _host(before) != _host(after)
    except ValueError:  # what an address is that no URL library takes apart, nobody can tell
        return Verdict.UNKNOWN, UNSURE, f", sent to {arrived}"
    if is_other_host:
        how = f", sent to another host: {arrived}"
        return Verdict.REDIRECTED_AWAY, OTHER_HOST_CONFIDENCE, how
    if (before.path or "/") == (after.path or "/") and before.query == after.query:
        return Verdict.PRESENT, 0.95, ""
    if after.path in {"", "/"}:
        return Verdict.REDIRECTED_AWAY, 0.8, f", sent to the front page {arrived}"
    return Verdict.MOVED, 0.7, f", sent to {arrived}"


def _host(url: SplitResult) -> tuple[str, int | None]:
    """Return host and port, without what a vendor changes and stays the same: `www.`, https."""
    port = url.port
    name = (url.hostname or "").rstrip(".").removeprefix("www.")
    return name, None if port == _DEFAULT_PORTS.get(url.scheme) else port


def in_order(looks: Iterable[Look]) -> list[Look]:
    """Return looks at one address in the order in which they count; see this module's beginning."""
    every = list(looks)
    own = sorted((one for one in every if not one.is_import), key=lambda one: one.log_index)
    # The first visit that began after a time is the first at which this maximum is beyond it.
    latest = list(accumulate((one.at for one in own), max))
    ranks = {one.id: (rank, 1) for rank, one in enumerate(own)}
    ranks |= {one.id: (bisect_right(latest, one.at), 0) for one in every if one.is_import}
    return sorted(every, key=lambda one: (*ranks[one.id], one.at, one.log_index, one.id))
