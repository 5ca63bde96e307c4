"""Sightings: what analysis found in captures, put in place of what it had found there before.

A *sighting* is one finding in one capture. A finding is told from its earliest sighting by us, or
else in an archive of others, so its words do not depend on the order in which captures were read.
What another engine had found is kept as the capture's former reading.
"""

from collections.abc import Sequence

import msgspec

from sousveil.index.looks import mark_stale
from sousveil.index.store import Held, Index
from sousveil.model import Finding


def put_sightings(
    index: Index,
    held: Held,
    findings: Sequence[Finding],
    *,
    engine: str,
    note: str | None = None,
) -> None:
    """Replace what was found in a capture, and record which engine read it.

    `note` says why there is no text.
    """
    with index.transaction():
        _keep_former(index, held, engine)
        # What is judged otherwise now is worth something else: it gets a new place.
        index.change(
            "DELETE FROM queue WHERE finding_id IN"
            " (SELECT finding_id FROM sighting WHERE capture_id = ?)",
            held.id,
        )
        # What is listed of a finding follows from its sightings (listed.py).
        index.change(
            "INSERT OR IGNORE INTO unlisted SELECT finding_id FROM sighting WHERE capture_id = ?",
            held.id,
        )
        index.change("DELETE FROM sighting WHERE capture_id = ?", held.id)
        index.change_each(
            "INSERT OR REPLACE INTO sighting VALUES (?, ?, ?)",
            [(finding.id, held.id, msgspec.json.encode(finding)) for finding in findings],
        )
        index.change_each(
            "INSERT OR IGNORE INTO unlisted VALUES (?)", [(one.id,) for one in findings]
        )
        index.change("UPDATE capture SET engine = ?, note = ? WHERE id = ?", engine, note, held.id)
        mark_stale(index, held.address)


def _keep_former(index: Index, held: Held, engine: str) -> None:
    """Keep what another engine than `engine` found in a capture, to be compared with."""
    ((former,),) = index.rows("SELECT engine FROM capture WHERE id = ?", held.id)
    if former is None or former == engine:
        return
    index.change("DELETE FROM former WHERE capture_id = ?", held.id)
    index.change("INSERT INTO former SELECT * FROM sighting WHERE capture_id = ?", held.id)
    index.change("UPDATE capture SET former_engine = ? WHERE id = ?", former, held.id)
    forget_verdicts(index, held.address)


def forget_verdicts(index: Index, address: str, *, since: int = 0) -> None:
    """Let the looks at an address be judged anew, from a log entry on."""
    looks = "(SELECT id FROM look WHERE address = ? AND log_index >= ?)"
    for statement in (
        f"DELETE FROM standing WHERE look_id IN {looks}",
        f"UPDATE aside SET came = NULL, standing = NULL WHERE look_id IN {looks}",
        f"UPDATE look SET came = NULL WHERE id IN {looks}",
    ):
        index.change(statement, address, since)
    mark_stale(index, address)


def forget_last_reading(index: Index, watch_id: str) -> None:
    """Let the newest capture of a watch be read again."""
    index.change(
        "UPDATE capture SET engine = NULL WHERE id = (SELECT max(c.id) FROM capture c"
        " JOIN look l ON l.id = c.look_id WHERE l.watch_id = ?)",
        watch_id,
    )
