"""The head that this user's key signed last, which is remembered outside of the case.

A log that does not go on from it was cut, rolled back, or continued elsewhere: the signature of the
older head holds all the same, and nothing within the folder would show it.
"""

from sousveil.case import Case
from sousveil.errors import LogError
from sousveil.settings import head_path
from sousveil.tlog.keychain import key_chain
from sousveil.tlog.log import consistency, read_checkpoint
from sousveil.tlog.merkle import verify_consistency


def head_problem(case: Case) -> str | None:
    """Return how the log contradicts the newest head that this user's key signed, if it does."""
    remembered = head_path(case.settings.origin)
    if not remembered.exists():
        return None
    try:
        head = key_chain(case.log, case.settings.key).open(remembered.read_bytes())
    except LogError as error:
        return f"the head remembered in {remembered} is damaged: {error}"
    now = read_checkpoint(case.log, case.settings.key)
    size = now.size if now else 0
    if now is None or size < head.size:
        return (
            f"has {size} entries, but its key signed {head.size} before: the newest"
            f" {head.size - size} were taken away, or a copy of this case was continued elsewhere"
        )
    try:
        proof = consistency(case.log, head.size, size)
        verify_consistency(head.size, size, head.root, now.root, proof)
    except LogError:
        return (
            f"is not a continuation of the {head.size} entries that its key signed before: a copy"
            " of this case was continued elsewhere, or its past was changed"
        )
    return None
