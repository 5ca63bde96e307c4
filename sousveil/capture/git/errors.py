"""What git says went wrong, as the `Failure` to record.

Takes a `GitError` and gives its kind and words that tell a person what to do. Git's own words are
in English (`run.py` sees to it) and partly libcurl's, which differ between releases: what is
not recognised is told as it stands.
"""

import re

from sousveil.capture.git.run import GitError
from sousveil.capture.guard.exits import TARGET_REPLIES, Exit
from sousveil.capture.guard.socks import reply_words
from sousveil.model import Failure, FailureKind

CLOSED = "the server asks for a password: the repository is private, renamed or gone"
ELSEWHERE = (
    "the server sends git to another address, which git does not tell (often the same with .git at "
    "its end); add that address instead"
)
ABSENT = "there is no repository at this address"
NO_COMMITS = "the repository has no commits yet"
SHALLOW = (
    "its history is cut off (a shallow clone); run `git fetch --unshallow` there, or add the "
    "repository it came from"
)
_HINTS: tuple[tuple[str, FailureKind, str], ...] = (
    # What git says, in part; what it is; what it means and what to do.
    ("terminal prompts disabled", FailureKind.REPOSITORY, CLOSED),
    ("Authentication failed", FailureKind.REPOSITORY, CLOSED),
    ("unable to update url base from redirection", FailureKind.REPOSITORY, ELSEWHERE),
    ("The requested URL returned error: 30", FailureKind.REPOSITORY, ELSEWHERE),
    ("not found", FailureKind.REPOSITORY, ABSENT),
    ("SSL certificate", FailureKind.TLS, "the server's certificate does not hold"),
    ("Failed to connect", FailureKind.CONNECT, "the server does not answer"),
    ("Operation too slow", FailureKind.TIMEOUT, "the server stopped sending"),
    ("shallow", FailureKind.REPOSITORY, SHALLOW),
)
# What libcurl says of an exit, in the line in which git says that it cannot begin. Connections
# that break are here too: whose they were, git does not tell.
_EXIT_TROUBLE = re.compile(
    r"^fatal: unable to access '.*': .*"
    r"(?:SOCKS|proxy|connect|No authentication method|Recv failure|Send failure)",
    re.MULTILINE | re.IGNORECASE,
)
_EXIT_REPLY = re.compile(
    r"^fatal: unable to access '.*SOCKS5 connection to .*\((\d+)\)", re.MULTILINE
)


def explain(target: str, error: GitError, exit_: Exit | None) -> Failure:
    """Return why git failed at `target`, in words that say what to do."""
    if exit_ is not None and (failure := _exit_failure(target, error, exit_)):
        return failure
    if error.timed_out:
        return Failure(FailureKind.TIMEOUT, f"{target}: git did not finish in time ({error})")
    if error.too_large:
        return Failure(FailureKind.TOO_LARGE, f"{target}: larger than we keep ({error})")
    for words, kind, meaning in _HINTS:
        if words in error.stderr:
            return Failure(kind, f"{target}: {meaning} ({error})")
    return Failure(FailureKind.REPOSITORY, f"{target}: {error}")


def _exit_failure(target: str, error: GitError, exit_: Exit) -> Failure | None:
    """Return what went wrong before the exit had connected git; None for all that came later."""
    # A silent exit and a silent target look alike.
    if not error.timed_out and not _EXIT_TROUBLE.search(error.stderr):
        return None
    found = _EXIT_REPLY.search(error.stderr)
    kind = TARGET_REPLIES.get(int(found[1])) if found else None
    if found and kind:
        told = reply_words(int(found[1]))
        return Failure(kind, f"{target}: not reached through {exit_}, which says {told}")
    return Failure(
        FailureKind.EXIT,
        f"{exit_} does not lead to {target} ({error}); nothing was asked without it",
    )
