"""Two checkpoints of one log: whether the newer goes on from the older, and what it is otherwise.

Takes the log's folder, a checkpoint that somebody kept, and the log's head; both signatures were
verified when they were made. A consistency proof of RFC 6962 section 2.1.2 decides.
"""

from pathlib import Path
from typing import Literal, TypeAlias

from sousveil.errors import LogError
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.log import consistency
from sousveil.tlog.merkle import verify_consistency

Relation: TypeAlias = Literal["same", "continued", "rolled back", "forked"]


def compare(log: Path, held: Checkpoint, head: Checkpoint) -> Relation:
    """Return what the log with `head` is to the one that `held` is of.

    One that is shorter is "rolled back", even if what is left was forked, too: that cannot be told.
    Raises LogError when a tile that decides is missing or malformed. Tiles that were changed look
    like a fork: `audit.check` tells the one from the other.
    """
    if held.size > head.size:
        return "rolled back"
    proof = consistency(log, held.size, head.size)
    try:
        verify_consistency(held.size, head.size, held.root, head.root, proof)
    except LogError:
        return "forked"
    return "same" if held.size == head.size else "continued"
