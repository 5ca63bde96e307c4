"""Histories in the index: what happened to repositories, sites and feeds as a whole.

Analysis goes through the events of the log, each once and in order (`run/read/histories.py`). For
each watch the index keeps what the next look is compared with, as small values that point into the
log; an index that is made again comes to the same. `happenings` is what can be asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from sousveil.changes.answer.repository import came_of_repository
from sousveil.changes.course.course import Seen
from sousveil.changes.histories.words import stood_only_there
from sousveil.changes.looks import Probe
from sousveil.index.query import findings
from sousveil.index.store import Index
from sousveil.model import Event, Finding, Happening, Json

_T = TypeVar("_T")

_GUIDES = "('robots', 'sitemap', 'feed')"


def happenings(index: Index, watch_id: str | None = None) -> list[Happening]:
    """Return what happened to repositories, sites and feeds, or to one watch, the oldest first."""
    rows = index.rows(
        "SELECT data FROM happening WHERE ?1 IS NULL OR watch_id = ?1 ORDER BY log_index, number",
        watch_id,
    )
    return [msgspec.json.decode(data, type=Happening) for (data,) in rows]


def repositories_gone(index: Index) -> dict[str, Happening]:
    """Return, by watch id, what shows that a repository is gone, of those that are not back."""
    gone: dict[str, Happening] = {}
    for one in happenings(index):
        if one.turn.kind == "repository_gone":
            gone[one.watch_id] = one
        elif one.turn.kind == "repository_back":
            gone.pop(one.watch_id, None)
    return gone


def lost_with(index: Index, told: Sequence[Happening]) -> dict[str, list[Finding]]:
    """Return, by a happening's id, the findings whose quotes stood only in what it dropped."""
    known = findings(index) if any(one.turn.items for one in told) else []
    return {one.id: stood_only_there(one, known) for one in told}


def next_unheard(index: Index) -> Event | None:
    """Return the first event that may tell of a history and was not gone through, if any."""
    rows = index.rows(
        "SELECT idx, type, time, body FROM event WHERE idx >="
        " (SELECT coalesce(max(upto), 0) FROM heard) AND (type = 'crawl' OR type = 'visit'"
        " AND (json_extract(body, '$.kind') = 'repository'"
        f" OR json_extract(body, '$.role') IN {_GUIDES})) ORDER BY idx LIMIT 1"
    )
    for log_index, kind, time, body in rows:
        return Event(log_index, kind, datetime.fromisoformat(time), msgspec.json.decode(body))
    return None


def remembered(index: Index, watch_id: str, subject: str, type_: type[_T]) -> _T | None:
    """Return what the next look at a subject of a watch is compared with; None for nothing."""
    rows = index.rows(
        "SELECT data FROM history WHERE watch_id = ? AND subject = ?", watch_id, subject
    )
    return msgspec.json.decode(rows[0][0], type=type_) if rows else None


def put_history(
    index: Index,
    upto: int,
    watch_id: str,
    remembered: Mapping[str, object],
    happened: Iterable[Happening],
) -> None:
    """Add what happened to a watch as a whole, with what its next look is compared with.

    `remembered` holds that by subject, `upto` is the first event that was not gone through.
    """
    with index.transaction():
        index.change("DELETE FROM heard")
        index.change("INSERT INTO heard VALUES (?)", upto)
        index.change_each(
            "INSERT OR REPLACE INTO history VALUES (?, ?, ?)",
            [(watch_id, name, msgspec.json.encode(one)) for name, one in remembered.items()],
        )
        index.change_each(
            "INSERT OR IGNORE INTO happening (id, watch_id, log_index, data) VALUES (?, ?, ?, ?)",
            [(one.id, watch_id, one.log_index, msgspec.json.encode(one)) for one in happened],
        )


def looks_at_repository(index: Index, watch_id: str, log_index: int) -> list[Seen]:
    """Return the looks at a repository up to a log entry, the oldest first."""
    rows = index.rows(
        "SELECT e.idx, json_extract(e.body, '$.started_at'), json_extract(e.body, '$.probes')"
        " FROM event e JOIN look l ON l.log_index = e.idx WHERE l.watch_id = ? AND e.idx <= ?"
        " ORDER BY e.idx",
        watch_id,
        log_index,
    )
    looks = []
    for number, at, probes in rows:
        told = msgspec.json.decode(probes, type=list[Probe])
        looks.append(Seen(datetime.fromisoformat(at), number, came_of_repository(told[-1])))
    return looks


def visits_of_crawl(index: Index, closing: Event) -> Iterator[Json]:
    """Yield the bodies of the looks that the crawl which `closing` ends was made of, in order."""
    rows = index.rows(
        "SELECT body FROM event WHERE idx < ?1 AND idx > coalesce((SELECT max(idx) FROM event"
        " WHERE idx < ?1 AND type = 'crawl' AND json_extract(body, '$.watch_id') = ?2), -1)"
        " AND type = 'visit' AND json_extract(body, '$.crawl') = ?3 ORDER BY idx",
        closing.index,
        closing.body["watch_id"],
        closing.body["crawl"],
    )
    for (body,) in rows:
        yield msgspec.json.decode(body)


def addresses_on(index: Index, origin: str, before: int) -> list[str]:
    """Return the addresses below `origin` that were looked at before a log entry."""
    rows: list[tuple[Any, ...]] = index.rows(
        "SELECT DISTINCT address FROM look WHERE address >= ?1 AND address < ?1 || char(1114111)"
        " AND log_index < ?2",
        origin,
        before,
    )
    return [address for (address,) in rows]
