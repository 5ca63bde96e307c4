"""A target's looks: counted by the day, and listed a page at a time with what each brought.

Takes an open `Index` and a watch's id. A poll that found the same as the look before it is no look
of its own: the look tells how often, and when last. Reads only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from sousveil.changes.answer import Came
from sousveil.errors import InputError
from sousveil.index.lists import Page, place_of, read_place
from sousveil.index.query import captures_of_look, event_body, told_outcome
from sousveil.index.store import Held, Index
from sousveil.model import Json, Verdict

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)  # SQLite's integers end above


@dataclass(frozen=True, slots=True)
class Visited:
    """A look with all that is known of it."""

    address: str
    number: int  # among all that is known of its address, from 1: `sousveil diff --from` takes it
    own: int  # among our own looks at it, without the copies that others kept
    at: datetime
    verdict: Verdict  # of this answer alone
    outcome: str  # in words
    is_shown: bool  # whether a browser showed the page, too
    exit: str  # by name; "" for none
    log_index: int
    again: int  # polls that found the same
    again_at: datetime | None  # the newest of them
    captures: Sequence[Held]
    body: Json  # of the event


@dataclass(frozen=True, slots=True)
class DayLooks:
    """The looks of a day."""

    day: date  # in UTC
    verdicts: Sequence[tuple[Verdict, int]]  # with how many looks had each


@dataclass(frozen=True, slots=True)
class SameSpan:
    """A time in which polls found the same again."""

    since: datetime  # of the look
    until: datetime  # of the newest poll
    polls: int
    verdict: Verdict  # of the look


def looks_page(
    index: Index, watch_id: str, *, day: date | None = None, limit: int, after: str = ""
) -> Page[Visited]:
    """Return a watch's looks, the newest first; those of one day, or all.

    Raises InputError for a place that is none.
    """
    condition, values = "watch_id = ?", [*_of(watch_id, day)]
    if day is not None:
        condition += " AND at >= ? AND at < ?"
    ((count,),) = index.rows(f"SELECT count(*) FROM look WHERE {condition}", *values)
    if after:
        condition += " AND (log_index, id) < (?, ?)"
        values += _place(after)
    rows = index.rows(
        "SELECT log_index, id, address, at, verdict, outcome, is_shown, exit, came FROM look"
        f" WHERE {condition} ORDER BY log_index DESC, id DESC LIMIT ?",
        *values,
        limit + 1,
    )
    shown = rows[:limit]
    more = place_of([str(shown[-1][0]), shown[-1][1]]) if len(rows) > limit else ""
    return Page(tuple(_visited(index, row) for row in shown), more, count)


def days_of(index: Index, watch_id: str, since: date, until: date) -> list[DayLooks]:
    """Return the days with looks from `since` to `until`, both included, the oldest first."""
    found: dict[date, list[tuple[Verdict, int]]] = {}
    for day, verdict, count in index.rows(
        "SELECT substr(at, 1, 10) AS day, verdict, count(*) FROM look WHERE watch_id = ?"
        " AND at >= ? AND at < ? GROUP BY day, verdict ORDER BY day, count(*) DESC",
        watch_id,
        since.isoformat(),
        (until + timedelta(days=1)).isoformat(),
    ):
        found.setdefault(date.fromisoformat(day), []).append((Verdict(verdict), count))
    return [DayLooks(day, verdicts) for day, verdicts in found.items()]


def same_spans(index: Index, watch_id: str, since: date) -> list[SameSpan]:
    """Return the times since a day in which polls found the same, the oldest first."""
    rows = index.rows(
        "SELECT l.at, u.at, u.count, l.verdict FROM look l JOIN unchanged u ON u.look_id = l.id"
        " WHERE l.watch_id = ? AND u.at >= ? ORDER BY l.at",
        watch_id,
        since.isoformat(),
    )
    return [
        SameSpan(datetime.fromisoformat(begun), datetime.fromisoformat(at), count, Verdict(verdict))
        for begun, at, count, verdict in rows
    ]


def span_of(index: Index, watch_id: str) -> tuple[datetime, datetime] | None:
    """Return when a watch was looked at first and last; None before the first look."""
    ((first, last),) = index.rows("SELECT min(at), max(at) FROM look WHERE watch_id = ?", watch_id)
    if first is None:
        return None
    spans = same_spans(index, watch_id, datetime.fromisoformat(last).date())
    newest = [datetime.fromisoformat(last), *(one.until for one in spans)]
    return datetime.fromisoformat(first), max(newest)


def was_looked_at(index: Index, watch_id: str, address: str) -> bool:
    """Tell whether a look of a watch was at an address."""
    asked = "SELECT 1 FROM look WHERE address = ? AND watch_id = ? LIMIT 1"
    return bool(index.rows(asked, address, watch_id))


def _of(watch_id: str, day: date | None) -> list[object]:
    if day is None:
        return [watch_id]
    return [watch_id, day.isoformat(), (day + timedelta(days=1)).isoformat()]


def _place(after: str) -> list[object]:
    first, look_id = (str(one) for one in read_place(after, 2))
    if not _NUMBER.fullmatch(first) or not _NUMBER.fullmatch(look_id):
        raise InputError(f"after={after}: no place in this list. Begin at the first page.")
    return [int(first), int(look_id)]


def _visited(index: Index, row: tuple[Any, ...]) -> Visited:
    log_index, look_id, address, at, verdict, outcome, is_shown, exit_, came = row
    ((number, own),) = index.rows(
        "SELECT count(*), count(watch_id) FROM look"
        " WHERE address = ? AND (at, log_index) <= (?, ?)",
        address,
        at,
        log_index,
    )
    polled = index.rows("SELECT count, at FROM unchanged WHERE look_id = ?", look_id)
    again, again_at = polled[0] if polled else (0, None)
    return Visited(
        address=address,
        number=number,
        own=own,
        at=datetime.fromisoformat(at),
        verdict=Verdict(verdict),
        outcome=told_outcome(outcome, msgspec.json.decode(came, type=Came) if came else None),
        is_shown=bool(is_shown),
        exit=exit_,
        log_index=log_index,
        again=again,
        again_at=datetime.fromisoformat(again_at) if again_at else None,
        captures=captures_of_look(index, look_id),
        body=event_body(index, log_index),
    )
