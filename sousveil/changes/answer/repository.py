"""Answers of repositories: what git was told, as the kind of answer that came.

Takes the probe of a visit to a repository and gives `Came`, so that one "not found" is held, not
believed, like a page's. Two traps are in the answers: forges ask for a password where a repository
was deleted as where it was made private, and git takes any page that answers with HTTP 200 for a
repository without branches (gitprotocol-http(5), "dumb" discovery).
"""

import re
from collections.abc import Mapping

from sousveil.capture.git.errors import ABSENT, CLOSED, ELSEWHERE, NO_COMMITS
from sousveil.changes.answer.values import Came, Kind
from sousveil.changes.looks import Probe
from sousveil.model import Failure, FailureKind

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
