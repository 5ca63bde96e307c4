"""Nearby: which findings stand beside one on its page, and which stood there at other times.

Takes an open `Index` and a finding's id; gives ids. Reads only.
"""

from sousveil.index.store import Index

_CAPTURE = (
    "SELECT s.capture_id FROM sighting s JOIN capture c ON c.id = s.capture_id"
    " WHERE s.finding_id = ?1 ORDER BY c.captured_at, c.id LIMIT 1"
)

# Looks at one address that are gone through for what stood there at other times: a year of them.
MAX_LOOKS = 1_500


def neighbours(index: Index, finding_id: str, limit: int) -> list[str]:
    """Return findings of the same capture, those that stand nearest in it, in its order."""
    own = index.rows(
        "SELECT capture_id, json_extract(data, '$.claim.start') FROM sighting"
        f" WHERE finding_id = ?1 AND capture_id = ({_CAPTURE})",
        finding_id,
    )
    if not own:
        return []
    rows = index.rows(
        "SELECT finding_id FROM sighting WHERE capture_id = ?2 AND finding_id != ?1"
        " ORDER BY abs(json_extract(data, '$.claim.start') - ?3) LIMIT ?4",
        *(finding_id, *own[0], limit),
    )
    return [one for (one,) in rows]


def earlier_at(index: Index, finding_id: str, limit: int) -> list[str]:
    """Return findings that other looks at the same address saw, and that of this one did not."""
    rows = index.rows(
        "SELECT DISTINCT s.finding_id FROM (SELECT l.id FROM look l WHERE l.address = (SELECT"
        f" l.address FROM capture c JOIN look l ON l.id = c.look_id WHERE c.id = ({_CAPTURE}))"
        " ORDER BY l.at DESC LIMIT ?3) l JOIN capture c ON c.look_id = l.id"
        " JOIN sighting s ON s.capture_id = c.id WHERE s.finding_id NOT IN"
        f" (SELECT finding_id FROM sighting WHERE capture_id = ({_CAPTURE})) LIMIT ?2",
        *(finding_id, limit, MAX_LOOKS),
    )
    return [one for (one,) in rows]
