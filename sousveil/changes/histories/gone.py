"""Whole repositories: what git was told, and what that amounts to over time.

Takes the probe of a visit to a repository and gives `Came`, which is weighed by the course of looks
that pages have, too (`changes/answer/`): one "not found" is held, not believed. `turned` then tells
what one more look adds. Two traps are in the answers: forges ask for a password where a repository
was deleted as where it was made private, and git takes any page that answers with HTTP 200 for a
repository without branches (gitprotocol-http(5), "dumb" discovery).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sousveil.capture.git.errors import ABSENT, CLOSED, ELSEWHERE, NO_COMMITS
from sousveil.changes.answer.course import SPACING, Seen
from sousveil.changes.answer.values import Came, Kind
from sousveil.changes.answer.verdict import verdict_of
from sousveil.changes.fate import Probe
from sousveil.model import GONE, Failure, FailureKind, Turn

# Looks that show the same barrier, `SPACING` apart, before it is told: one may be a fault.
LOOKS_AT_BARRIER = 2

# A forge says the same of a repository that is private, renamed or deleted.
BARRIER_CONFIDENCE = 0.7

_STATUS = re.compile(r"The requested URL returned error: (\d{3})\b")  # libcurl's words, by git
_BY_STATUS: Mapping[int, tuple[Kind, float]] = {
    403: (Kind.BLOCK_PAGE, 0.6),
    410: (Kind.NOT_FOUND, 0.95),
    429: (Kind.BLOCK_PAGE, 0.9),
    451: (Kind.COUNTRY_WALL, 0.9),
}
_BY_WORDS: tuple[tuple[str, Kind, float], ...] = (
    (ABSENT, Kind.NOT_FOUND, 0.8),
    (CLOSED, Kind.LOGIN_WALL, 0.8),
    (ELSEWHERE, Kind.UNTOLD, 0.8),
    # Emptied by its owner, or a page of another kind that answers git: the weakest sign there is.
    (NO_COMMITS, Kind.SOFT_404, 0.6),
)
_BARRIERS: Mapping[Literal["repository_closed", "repository_elsewhere"], str] = {
    "repository_closed": CLOSED,
    "repository_elsewhere": ELSEWHERE,
}


def came_of_repository(probe: Probe) -> Came:
    """Return what kind of answer a visit to a repository met.

    What nobody answered, a clone cut short (shallow) and a folder of this computer that is not
    there show nothing of the repository.
    """
    failure = probe.failure
    if failure is None:
        return Came(Kind.PAGE, 0.95, ("git read the repository",))
    if failure.kind in {FailureKind.REFUSED_ADDRESS, FailureKind.EXIT, FailureKind.TOO_LARGE}:
        return Came(Kind.UNTOLD, 0.9, (failure.message,))
    if failure.kind is not FailureKind.REPOSITORY:
        return Came(Kind.NO_ANSWER, 0.9, (failure.message,))
    kind, confidence = _said(failure)
    return Came(kind, confidence, (failure.message,))


def _said(failure: Failure) -> tuple[Kind, float]:
    for words, kind, confidence in _BY_WORDS:
        if words in failure.message:
            return kind, confidence
    found = _STATUS.search(failure.message)
    if found is None:
        return Kind.UNTOLD, 0.5
    return _BY_STATUS.get(int(found[1]), (Kind.ERROR_PAGE, 0.6))


def turned(target: str, looks: Sequence[Seen]) -> Turn | None:
    """Return what the last of all looks at a repository, in order, adds; None for nothing.

    A repository is told to be gone once its absence is confirmed (`verdict_of`), closed or sent
    elsewhere once `LOOKS_AT_BARRIER` looks showed it, and back when it answers after any of these.
    One that never answered has gone nowhere.
    """
    now, before = _told(looks), _told(looks[:-1])
    if now is None or before is None or now.kind == before.kind:
        return None
    return replace(now, subject=target)


def _told(looks: Sequence[Seen]) -> Turn | None:
    """Return what is told of a repository after these looks; None while nothing can be."""
    answered = max((number for number, one in enumerate(looks) if one.came.is_page), default=None)
    if answered is None:
        return None
    since = looks[answered + 1 :]
    verdict = verdict_of(looks)
    if verdict.verdict in GONE:
        return Turn("repository_gone", "", confidence=verdict.confidence, reasons=verdict.reasons)
    for kind, words in _BARRIERS.items():
        if _spaced(one.at for one in since if words in one.came.reasons[0]) >= LOOKS_AT_BARRIER:
            return Turn(kind, "", confidence=BARRIER_CONFIDENCE, reasons=(words,))
    return Turn("repository_back", "", confidence=0.95, reasons=looks[answered].came.reasons)


def _spaced(times: Iterable[datetime]) -> int:
    """Count looks, those that follow closer than `SPACING` as one."""
    count, last = 0, None
    for at in times:
        if last is None or at - last >= SPACING:
            count, last = count + 1, at
    return count
