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
    rows = index.rows(
        "SELECT o.finding_id FROM sighting o JOIN sighting m ON m.capture_id = o.capture_id"
        f" WHERE m.finding_id = ?1 AND m.capture_id = ({_CAPTURE}) AND o.finding_id != ?1"
        " ORDER BY abs(json_extract(o.data, '$.claim.start') - json_extract(m.data,"
        " '$.claim.start')) LIMIT ?2",
        *(finding_id, limit),
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
