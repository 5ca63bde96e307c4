"""The timeline: when claims were first seen, went, were reworded and came back; what was asked.

Takes an open `Index` and a `Filter`; merges what the index holds of findings, notices, histories
and the log's events, the newest first. Each source is asked for a page at a time, so that a page
costs the same wherever it begins. Stores nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import islice

import msgspec

from sousveil.changes.histories.words import sentence
from sousveil.index.counts import count_findings, days
from sousveil.index.filters import Filter, where
from sousveil.index.lists import Page, place_of, read_place
from sousveil.index.store import Index
from sousveil.model import Happening, Notice

CLAIMED, LOST, BACK, HISTORY, ASKED = "claimed", "lost", "back", "history", "asked"

_EVENTS = {
    "inquiry": "a letter was sent",
    "inquiry.reply": "a reply came",
    "inquiry.closed": "an inquiry was closed",
    "published": "findings were published",
}

# By time, whatever else is asked: what another index finds would have to be put in order.
_BY = {"first_seen": "finding_by_time", "gone_by": "finding_by_loss"}

MAX_BARS = 125  # of the drawing: a season by day, ten years by month; beyond, by year
_DAYS_DRAWN = 120  # spans up to here are drawn by day
_MONTHS_DRAWN = 120 * 30  # by month


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened."""

    at: datetime
    kind: str
    id: str  # of the finding, happening or entry
    text: str  # in words, for what is no finding
    finding_id: str | None = None
    watch_id: str | None = None
    log_index: int | None = None
    state: str = ""  # of a finding that was lost: what became of it

    @property
    def place(self) -> str:
        """Return its place in the timeline, as `moments` reads it."""
        return place_of(_order(self))


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of time in the drawing."""

    begin: str  # "2026", "2026-03" or "2026-03-04"
    claimed: int
    lost: int
    reworded: int = 0  # of those that were lost
    letters: int = 0  # that were sent
    replies: int = 0  # that came


def moments(index: Index, chosen: Filter, *, limit: int, after: str = "") -> Page[Moment]:
    """Return what happened, the newest first. Raises InputError for a place that is none.

    What is about no finding is left out where the filter asks for findings of a kind. The count is
    that of claims.
    """
    at, key = (str(one) for one in (read_place(after, 2) if after else ("~", "")))
    sources = [_claimed, _lost, _back]
    if not replace(chosen, watch=(), since=None, until=None):
        sources += [_histories, _asked]
    streams = [source(index, chosen, (at, key), limit + 1) for source in sources]
    ordered = merge(*streams, key=_order, reverse=True)
    found = list(islice(ordered, limit + 1))
    count = count_findings(index, chosen)
    shown = tuple(found[:limit])
    return Page(shown, shown[-1].place if len(found) > limit else "", count)


Place = tuple[str, str]
"""Time, and kind with id, of the moment behind which a page begins."""


def _claimed(index: Index, chosen: Filter, place: Place, limit: int) -> Iterator[Moment]:
    condition, values = where(chosen, index.readings)
    for at, finding_id, watch_id, _ in _of_findings(
        index, CLAIMED, "first_seen", (condition, values), place=place, limit=limit
    ):
        yield Moment(_time(at), CLAIMED, finding_id, "", finding_id, watch_id)


def _lost(index: Index, chosen: Filter, place: Place, limit: int) -> Iterator[Moment]:
    condition, values = where(replace(chosen, since=None, until=None), index.readings)
    if chosen.since:
        condition += " AND gone_by >= ?"
        values.append(chosen.since.isoformat())
    if chosen.until:
        condition += " AND gone_by < ?"
        values.append(f"{chosen.until.isoformat()}U")
    for at, finding_id, watch_id, state in _of_findings(
        index, LOST, "gone_by", (condition, values), place=place, limit=limit
    ):
        yield Moment(_time(at), LOST, finding_id, "", finding_id, watch_id, state=state)


def _of_findings(
    index: Index,
    kind: str,
    column: str,
    condition: tuple[str, list[object]],
    *,
    place: Place,
    limit: int,
) -> list[tuple[str, str, str | None, str]]:
    """Return time, id, watch and state of findings behind a place, the newest first."""
    at, key = place
    return index.rows(
        f"SELECT {column}, id, watch_id, state FROM finding INDEXED BY {_BY[column]}"
        f" WHERE {column} <= ?"
        f" AND ({column} < ? OR ? || id < ?) AND {condition[0]}"
        f" ORDER BY {column} DESC, id DESC LIMIT ?",
        *(at, at, kind, key, *condition[1], limit),
    )


def _back(index: Index, chosen: Filter, place: Place, limit: int) -> Iterator[Moment]:
    condition, values = where(replace(chosen, since=None, until=None), index.readings)
    rows = index.rows(
        "SELECT data FROM notice WHERE kind = 'back' AND finding_id IN"
        f" (SELECT id FROM finding WHERE {condition})",
        *values,
    )
    told = [msgspec.json.decode(data, type=Notice) for (data,) in rows]
    yield from _newest(
        [
            Moment(one.at, BACK, one.id, "", one.finding_id, one.watch_id, one.log_index)
            for one in told
        ],
        *(chosen, place, limit),
    )


def _histories(index: Index, chosen: Filter, place: Place, limit: int) -> Iterator[Moment]:
    rows = index.rows("SELECT data FROM happening")
    told = [msgspec.json.decode(data, type=Happening) for (data,) in rows]
    yield from _newest(
        [
            Moment(one.at, HISTORY, one.id, sentence(one, ()), None, one.watch_id, one.log_index)
            for one in told
            if not chosen.watch or one.watch_id in chosen.watch
        ],
        *(chosen, place, limit),
    )


def _asked(index: Index, chosen: Filter, place: Place, limit: int) -> Iterator[Moment]:
    if chosen.watch:
        return
    types = ", ".join(f"'{one}'" for one in _EVENTS)
    rows = index.rows(f"SELECT idx, type, time FROM event WHERE type IN ({types})")
    yield from _newest(
        [
            Moment(_time(time), ASKED, f"{idx:012}", _EVENTS[kind], log_index=idx)
            for idx, kind, time in rows
        ],
        *(chosen, place, limit),
    )


def _newest(found: list[Moment], chosen: Filter, place: Place, limit: int) -> list[Moment]:
    """Return those within the filter's days and behind a place, the newest first: there are few."""
    return sorted(
        (
            one
            for one in found
            if (not chosen.since or one.at.date() >= chosen.since)
            and (not chosen.until or one.at.date() <= chosen.until)
            and (_text(one.at), one.kind + one.id) < place
        ),
        key=_order,
        reverse=True,
    )[:limit]


def _order(one: Moment) -> Place:
    return _text(one.at), one.kind + one.id


def bars(index: Index, chosen: Filter) -> list[Bar]:
    """Return what happened by day, month or year, without gaps.

    Letters and replies are of no claim, so they are left out where claims of a kind are asked for.
    """
    ((first, last),) = index.rows(
        "SELECT (SELECT min(first_seen) FROM finding), max((SELECT max(first_seen) FROM finding),"
        " coalesce((SELECT max(gone_by) FROM finding WHERE gone_by NOT NULL), ''))"
    )
    if first is None:
        return []
    sent = list(_letters(index, chosen))
    first, last = min([first, *(day for day, _ in sent)]), max([last, *(day for day, _ in sent)])
    begin = str(max(chosen.since or date.min, date.fromisoformat(first[:10])))
    end = str(min(chosen.until or date.max, date.fromisoformat(last[:10])))
    spans = _spans(begin, end) if begin <= end else []
    told = replace(chosen, since=None, until=None)
    count = _each_span(index, told, begin, end) if told else _all_spans(index, begin, end)
    counted = [_with_letters(count(one), sent) for one in spans]
    some = [number for number, bar in enumerate(counted) if bar != Bar(bar.begin, 0, 0)]
    return counted[some[0] : some[-1] + 1] if some else []


def _letters(index: Index, chosen: Filter) -> Iterator[tuple[str, str]]:
    """Yield day and type of what went to vendors and came from them, within the filter's days."""
    if replace(chosen, since=None, until=None):
        return
    for time, kind in index.rows(
        "SELECT time, type FROM event WHERE type IN ('inquiry', 'inquiry.reply')"
    ):
        day = time[:10]
        if str(chosen.since or "") <= day <= str(chosen.until or "~"):
            yield day, kind


def _with_letters(bar: Bar, sent: list[tuple[str, str]]) -> Bar:
    kinds = [kind for day, kind in sent if day.startswith(bar.begin)]
    return replace(bar, letters=kinds.count("inquiry"), replies=kinds.count("inquiry.reply"))


def _all_spans(index: Index, begin: str, end: str) -> Callable[[str], Bar]:
    """Return what tells the bar of a span, of all findings."""
    counted = list(days(index, begin, end))
    reworded = dict(
        index.rows(
            "SELECT substr(gone_by, 1, 10), count(*) FROM finding INDEXED BY finding_by_loss"
            " WHERE gone_by NOT NULL AND state = 'reworded' GROUP BY 1"
        )
    )

    def bar(span: str) -> Bar:
        within = [one for one in counted if one[0].startswith(span)]
        return Bar(
            span,
            sum(claimed for _, claimed, _ in within),
            sum(lost for *_, lost in within),
            sum(reworded.get(day, 0) for day, *_ in within),
        )

    return bar


def _each_span(index: Index, chosen: Filter, begin: str, end: str) -> Callable[[str], Bar]:
    """Return what tells the bar of a span, of the findings that fit a filter.

    Each span is counted in an index, which is quicker than to sort all claims into spans.
    """
    condition, values = where(chosen, index.readings)

    def count(column: str, span: str, condition: str = condition) -> int:
        ((number,),) = index.rows(
            f"SELECT count(*) FROM finding INDEXED BY {_BY[column]}"
            f" WHERE {column} >= ? AND {column} < ? AND {condition}",
            *(max(span, begin), min(f"{span}~", f"{end}~"), *values),
        )
        return int(number)

    return lambda span: Bar(
        span,
        count("first_seen", span),
        count("gone_by", span),
        count("gone_by", span, f"state = 'reworded' AND {condition}"),
    )


def _spans(first: str, last: str) -> list[str]:
    """Return the days, months or years from one day to another, the last MAX_BARS of them."""
    end = date.fromisoformat(last)
    days = (end - date.fromisoformat(first)).days
    if days > _MONTHS_DRAWN:
        years = range(int(first[:4]), end.year + 1)
        return [f"{year:04}" for year in years][-MAX_BARS:]
    all_days = (str(end - timedelta(days=back)) for back in range(days, -1, -1))
    if days <= _DAYS_DRAWN:
        return list(all_days)
    return list(dict.fromkeys(day[:7] for day in all_days))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
