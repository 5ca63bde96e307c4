"""What is due, and how each target fares: the questions that `sousveil watch` asks of the index.

One row a watch (`pace.py`), beside the few absences that wait to be confirmed and the few inquiries
that are open; no history is read. When a watch is due follows in `watch/schedule.py`.
"""

from datetime import datetime

from sousveil.index.inquiries import inquiries
from sousveil.index.pace import paces
from sousveil.index.store import Index
from sousveil.watch.schedule import Past

# When an absence of a page, or of a quote in it, can be confirmed, and by how many looks.
_HELD = "SELECT watch_id, min(due), max(looks_left) FROM told WHERE due NOT NULL GROUP BY watch_id"


def pasts(index: Index) -> dict[str, Past]:
    """Return what the schedule of each watch depends on, by its id."""
    held = {watch_id: (datetime.fromisoformat(due), left) for watch_id, due, left in _held(index)}
    letters: dict[str, datetime] = {}
    for inquiry in inquiries(index):
        if inquiry.closed_at is None:
            for watch_id in inquiry.watch_ids:
                sent_at = letters.get(watch_id, inquiry.sent_at)
                letters[watch_id] = max(sent_at, inquiry.sent_at)
    known = paces(index)
    found = {}
    for watch_id in known.keys() | letters.keys():
        pace = known.get(watch_id)
        until, left = held.get(watch_id, (None, 0))
        found[watch_id] = Past(
            last_at=pace.last_at if pace else None,
            log_index=pace.log_index if pace else 0,
            is_over=pace.is_over if pace else True,
            failures=pace.failures if pace else 0,
            held_until=until,
            looks_left=left,
            inquired_at=letters.get(watch_id),
        )
    return found


def _held(index: Index) -> list[tuple[str, str, int]]:
    return [(watch_id, due, left) for watch_id, due, left in index.rows(_HELD)]
