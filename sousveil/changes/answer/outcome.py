"""Outcomes: what one answer speaks for, and what is told of a visit before any text is read.

A visit is told so until analysis has read what came (`came.py`). Takes redirects in order; gives a
verdict, its confidence, and the outcome in words, which stay with the look. Pure.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sousveil.changes.answer.case import host_of, is_same_address
from sousveil.changes.answer.quote import Standing
from sousveil.changes.answer.status import WHOLE_PAGE, is_front_page, kind_of_status
from sousveil.changes.answer.values import OTHER_HOST_CONFIDENCE, Came, Kind
from sousveil.changes.looks import IMPORT_CONFIDENCE, UNSURE, Probe
from sousveil.model import GONE, FailureKind, Verdict

_VERDICTS = {
    Kind.NOT_FOUND: Verdict.REMOVED,
    Kind.SOFT_404: Verdict.SOFT_404,
    Kind.MOVED_NOTICE: Verdict.REMOVED,
    Kind.REDIRECTED_AWAY: Verdict.REDIRECTED_AWAY,
    Kind.OTHER_SITE: Verdict.REDIRECTED_AWAY,
    Kind.PARKED: Verdict.REMOVED,
    Kind.BLOCK_PAGE: Verdict.BLOCKED,
    Kind.COUNTRY_WALL: Verdict.BLOCKED_BY_COUNTRY,
    Kind.LOGIN_WALL: Verdict.LOGIN_WALL,
    Kind.ERROR_PAGE: Verdict.UNREACHABLE,
    Kind.NO_ANSWER: Verdict.UNREACHABLE,
    Kind.EMPTY: Verdict.UNKNOWN,
    Kind.TRUNCATED: Verdict.UNKNOWN,
    Kind.UNTOLD: Verdict.UNKNOWN,
}


def verdict_of_one(came: Came, quote: Standing | None = None) -> Verdict:
    """Return what one answer speaks for; whether it is believed is `verdict_of`'s matter."""
    if not came.is_page:
        return _VERDICTS[came.kind]
    if quote is Standing.MISSING:
        return Verdict.QUOTE_REMOVED
    if quote is Standing.REWORDED:
        return Verdict.EDITED
    if quote in {Standing.UNSEEN, Standing.IN_SOURCE}:
        return Verdict.UNKNOWN
    return Verdict.MOVED if came.moved_to else Verdict.PRESENT


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


def judge_import(
    status: int | None, where: str = "in an imported archive"
) -> tuple[Verdict, float, str]:
    """Return what `judge_address` does, of an imported answer; `status` is None for a resource.

    `where` tells whose word it is.
    """
    if status is None:
        return Verdict.PRESENT, IMPORT_CONFIDENCE, "an imported document"
    verdict, confidence, outcome = judge_address([Probe("", status, None)])
    return verdict, min(confidence, IMPORT_CONFIDENCE), f"{outcome} {where}"


def _judge_last(probes: Sequence[Probe]) -> tuple[Verdict, float, str]:
    last = probes[-1]
    if last.status is None:
        return _judge_silence(last)
    outcome = f"HTTP {last.status}"
    if last.failure:
        outcome = f"{outcome}, then {last.failure.message}"
    if last.status in WHOLE_PAGE:
        verdict, confidence, how = _judge_arrival(probes[0].url, last.url)
        return verdict, min(confidence, UNSURE) if last.failure else confidence, f"{outcome}{how}"
    kind, confidence = kind_of_status(last.status)
    more = {2: ", not a whole page", 3: ", not followed"}.get(last.status // 100, "")
    return verdict_of_one(Came(kind, confidence, (outcome,))), confidence, f"{outcome}{more}"


def _judge_silence(probe: Probe) -> tuple[Verdict, float, str]:
    """Judge a probe that has no HTTP status: a repository, or no answer at all."""
    if probe.failure is None:
        return Verdict.PRESENT, 0.95, "repository read"
    if probe.failure.kind in {FailureKind.REFUSED_ADDRESS, FailureKind.EXIT}:
        return Verdict.UNKNOWN, 1.0, f"not asked: {probe.failure.message}"
    return Verdict.UNREACHABLE, 0.9, probe.failure.message


def _judge_arrival(asked: str, arrived: str) -> tuple[Verdict, float, str]:
    """Tell a page that moved from one that sends its visitors to a front door or another host."""
    if is_same_address(asked, arrived):
        return Verdict.PRESENT, 0.95, ""
    if not _is_readable(arrived):
        return Verdict.UNKNOWN, UNSURE, f", sent to {arrived}"
    if host_of(asked) != host_of(arrived):
        how = f", sent to another host: {arrived}"
        return Verdict.REDIRECTED_AWAY, OTHER_HOST_CONFIDENCE, how
    if is_front_page(arrived):
        return Verdict.REDIRECTED_AWAY, 0.8, f", sent to the front page {arrived}"
    return Verdict.MOVED, 0.7, f", sent to {arrived}"


def _is_readable(url: str) -> bool:
    """Whether an address can be taken apart, its port included."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True
