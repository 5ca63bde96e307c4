"""Whole repositories: what git was told, and what that amounts to over time.

Takes the looks at a repository, each with what came (`changes/answer/repository.py`), and tells
what one more look adds. They are weighed by the course that pages have, too: one "not found" is
held, not believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sousveil.capture.git.errors import CLOSED, ELSEWHERE
from sousveil.changes.course.course import SPACING, Seen
from sousveil.changes.course.verdict import verdict_of
from sousveil.model import GONE, Turn

# Looks that show the same barrier, `SPACING` apart, before it is told: one may be a fault.
LOOKS_AT_BARRIER = 2

# A forge says the same of a repository that is private, renamed or deleted.
BARRIER_CONFIDENCE = 0.7

_BARRIERS: Mapping[Literal["repository_closed", "repository_elsewhere"], str] = {
    "repository_closed": CLOSED,
    "repository_elsewhere": ELSEWHERE,
}


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
