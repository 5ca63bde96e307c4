"""What is due, and how each target fares: the questions that `sousveil watch` asks of the index.

One row a watch (`pace.py`), beside the few absences that wait to be confirmed and the few inquiries
that are open; no history is read. When a watch is due follows in `watch/schedule.py`.
"""

from datetime import datetime

import msgspec

from sousveil.index.inquiries import inquiries
from sousveil.index.pace import paces
from sousveil.index.store import Index
from sousveil.watch.schedule import Past

# Of a finding whose fate waits: the watch that brought it, and what is waited for.
_HELD_QUOTES = (
    "SELECT l.watch_id, min(json_extract(f.data, '$.due')),"
    " max(json_extract(f.data, '$.looks_left')) FROM fate f"
    " JOIN sighting s ON s.finding_id = f.finding_id JOIN capture c ON c.id = s.capture_id"
    " JOIN look l ON l.id = c.look_id"
    " WHERE json_extract(f.data, '$.due') NOT NULL AND l.watch_id NOT NULL GROUP BY l.watch_id"
)


def pasts(index: Index) -> dict[str, Past]:
    """Return what the schedule of each watch depends on, by its id."""
    held = {
        watch_id: (msgspec.convert(due, datetime), left) for watch_id, due, left in _held(index)
    }
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
    return [(watch_id, due, left) for watch_id, due, left in index.rows(_HELD_QUOTES)]
