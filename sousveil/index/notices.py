"""The outbox: what people are to be told, and how far each channel has been told.

A notice is written together with the fates that it tells of (`put_fates`), and a channel's
`Delivery` moves on only when the channel has taken the message: who is killed in between tells it
again. So each channel is told at least once, and twice only after a crash at that moment.

An index that is made again takes over what its predecessor had told. Where that is gone, everything
counts as told: nobody wants a case's whole history once more.
"""

import functools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import msgspec

from sousveil.actors import Register
from sousveil.changes.histories.words import QUIET, history_notice
from sousveil.changes.notices import FAILING, Health, health_notice, notice_of
from sousveil.changes.quoted import quoted
from sousveil.index.histories import lost_with
from sousveil.index.query import register_of
from sousveil.index.store import Index, sortable
from sousveil.model import Fate, Finding, Happening, Notice

_SILENT = ", ".join(f"'{verdict}'" for verdict in FAILING)

# Of each watch that was looked at and is not retired: its newest look, and those since the last
# that told something. A poll follows none that failed, so polls need not be asked.
_HEALTH = f"""
WITH told AS (SELECT w.id AS id, coalesce((SELECT l.log_index FROM look l WHERE l.watch_id = w.id
    AND l.verdict NOT IN ({_SILENT}) ORDER BY l.log_index DESC LIMIT 1), -1) AS good FROM watch w
    WHERE w.id NOT IN (SELECT watch_id FROM retired))
SELECT told.id, l.at, l.log_index,
    (SELECT f.at FROM look f WHERE f.watch_id = told.id AND f.log_index > told.good
        ORDER BY f.log_index LIMIT 1),
    (SELECT count(*) FROM look f WHERE f.watch_id = told.id AND f.log_index > told.good)
FROM told JOIN look l ON l.id = (SELECT id FROM look WHERE watch_id = told.id
    ORDER BY log_index DESC, id DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a channel has been told of what happened."""

    channel: str  # its name in case.toml
    told: int = 0  # number of the last notice that it took
    tried: int = 0  # number of the last notice that it was to be told of
    tries: int = 0  # in a row that failed
    next_try: datetime | None = None  # not before; None: as soon as there is something
    problem: str = ""  # of the last try, in words


def new_notices(
    index: Index, changed: Iterable[tuple[Finding, Fate | None, Fate]]
) -> Iterator[Notice]:
    """Yield what people are to be told: of findings, of watches, and of histories.

    Call it before the new fates are put; some of it may have been told already, by the same id.
    Raises ActorError as `register_of`.
    """
    of_findings = _last_told(index, "finding_id")
    register = register_of(index)
    for finding, before, after in changed:
        quote = functools.partial(quote_of, register, finding)
        notice = notice_of(finding, before, after, of_findings.get(finding.id), quote)
        if notice is not None:
            yield notice
    of_watches = _last_told(index, "watch_id", " WHERE kind IN ('unwell', 'well')")
    for health in watch_health(index):
        notice = health_notice(health, of_watches.get(health.watch_id))
        if notice is not None:
            yield notice
    yield from _of_histories(index, register)


def _of_histories(index: Index, register: Register) -> Iterator[Notice]:
    """Yield what happened to repositories, sites and feeds as a whole and was not told yet."""
    rows = index.rows(
        "SELECT data FROM happening WHERE id NOT IN (SELECT id FROM notice) ORDER BY number"
    )
    told = [msgspec.json.decode(data, type=Happening) for (data,) in rows]
    loud = [one for one in told if one.turn.kind not in QUIET]
    lost = lost_with(index, loud)
    for one in loud:
        quotes = [quote_of(register, finding, finding.quote) for finding in lost[one.id]]
        yield history_notice(one, quotes)


def quote_of(register: Register, finding: Finding, text: str) -> str:
    """Quote a text of a finding without any name of its actor and publisher, or of others we know.

    Of the former all names are hidden, of the latter those that are told to be names where they
    stand.
    """
    told = finding.attribution
    whose = (finding.actor, told.actor if told else None, told.publisher if told else None)
    names = set(filter(None, whose))
    known = filter(None, map(register.named, names))
    aliases = (alias for one in known for alias in (*one.names, *one.cased, *one.common))
    mentioned = (text[start:end] for start, end, _ in register.mentions(text))
    return quoted(text, finding.url, {*names, *aliases, *mentioned})


def watch_health(index: Index) -> Iterator[Health]:
    """Yield how the newest looks of each watch went, of those that were looked at."""
    for watch_id, at, log_index, since, looks in index.rows(_HEALTH):
        failing_since = datetime.fromisoformat(since) if since else None
        yield Health(watch_id, datetime.fromisoformat(at), log_index, failing_since, looks)


def notices(index: Index, limit: int) -> list[Notice]:
    """Return what happened, the newest first, at most so many."""
    rows = index.rows("SELECT data FROM notice ORDER BY number DESC LIMIT ?", limit)
    return [msgspec.json.decode(data, type=Notice) for (data,) in rows]


def notices_since(index: Index, notice_id: str, limit: int) -> list[Notice]:
    """Return what happened after a notice, the newest first, at most so many.

    All of it where there is no notice with that id.
    """
    rows = index.rows(
        "SELECT data FROM notice WHERE number >"
        " coalesce((SELECT number FROM notice WHERE id = ?), 0) ORDER BY number DESC LIMIT ?",
        notice_id,
        limit,
    )
    return [msgspec.json.decode(data, type=Notice) for (data,) in rows]


def waiting(index: Index, delivery: Delivery) -> list[Notice]:
    """Return what a channel has not been told yet, the oldest first."""
    rows = index.rows("SELECT data FROM notice WHERE number > ? ORDER BY number", delivery.told)
    return [msgspec.json.decode(data, type=Notice) for (data,) in rows]


def newest_number(index: Index) -> int:
    """Return the number of the newest notice; 0 when there is none."""
    ((number,),) = index.rows("SELECT coalesce(max(number), 0) FROM notice")
    return int(number)


def deliveries(index: Index) -> dict[str, Delivery]:
    """Return how far each channel was told, by its name."""
    rows = index.rows("SELECT name, told, tried, tries, next_try, problem FROM channel")
    return {
        name: Delivery(
            name,
            told,
            tried,
            tries,
            datetime.fromisoformat(next_try) if next_try else None,
            problem,
        )
        for name, told, tried, tries, next_try, problem in rows
    }


def put_fates(
    index: Index,
    fates: Iterable[Fate],
    notices: Iterable[Notice] = (),
    *,
    stood_at: Mapping[str, int] = MappingProxyType({}),
    channels: Iterable[str] = (),
) -> None:
    """Replace the fates of findings, and add what people are to be told of them.

    `stood_at` names, by finding, the look that saw it last, of what stands.

    Both or neither: whoever is killed here tells it next time. `channels` are those that are
    to be told; one that is new hears of what happens from now on.
    """
    with index.transaction():
        index.change_each(
            "INSERT OR REPLACE INTO fate VALUES (?, ?, ?)",
            [
                (fate.finding_id, msgspec.json.encode(fate), stood_at.get(fate.finding_id))
                for fate in fates
            ],
        )
        put_channels(index, channels)
        index.change_each(
            "INSERT OR IGNORE INTO notice (id, kind, finding_id, watch_id, data)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (one.id, one.kind, one.finding_id, one.watch_id, msgspec.json.encode(one))
                for one in notices
            ],
        )


def put_channels(index: Index, names: Iterable[str]) -> None:
    """Add channels that are not known, as having been told all that happened so far."""
    index.change_each(
        "INSERT OR IGNORE INTO channel SELECT ?, told, told, 0, NULL, '' FROM"
        " (SELECT coalesce(max(number), 0) AS told FROM notice)",
        [(name,) for name in names],
    )


def put_delivery(index: Index, delivery: Delivery) -> None:
    """Record how telling a channel went."""
    next_try = sortable(delivery.next_try) if delivery.next_try else None
    index.change(
        "UPDATE channel SET told = ?, tried = ?, tries = ?, next_try = ?, problem = ?"
        " WHERE name = ?",
        *(
            delivery.told,
            delivery.tried,
            delivery.tries,
            next_try,
            delivery.problem,
            delivery.channel,
        ),
    )


def take_over(index: Index, earlier: Path | None) -> None:
    """Take over the outbox of the index that this one replaces, once all captures are read.

    Without one that can be read, everything counts as told.
    """
    if earlier is not None:
        try:
            _carry(index, earlier)
        except sqlite3.DatabaseError:  # it is no database, or from a version without an outbox
            _take_as_told(index)
    else:
        _take_as_told(index)


def _take_as_told(index: Index) -> None:
    """Let every channel count as having been told all that happened so far."""
    newest = "(SELECT coalesce(max(number), 0) FROM main.notice)"
    with index.transaction():
        index.change(f"UPDATE main.channel SET told = {newest}, tried = {newest}")


def _carry(index: Index, earlier: Path) -> None:
    """Take the notices and channels of an index that is being made again.

    What was worked out anew, and not told of then, comes before all of them: it counts as told.
    """
    index.change("ATTACH DATABASE ? AS earlier", str(earlier))
    try:
        with index.transaction():
            ((anew,),) = index.rows("SELECT coalesce(max(number), 0) FROM main.notice")
            index.change("DELETE FROM main.notice WHERE id IN (SELECT id FROM earlier.notice)")
            index.change(
                "INSERT INTO main.notice SELECT number + ?, id, kind, finding_id, watch_id,"
                " data FROM earlier.notice",
                anew,
            )
            _take_as_told(index)
            index.change(
                "INSERT OR REPLACE INTO main.channel SELECT name, told + ?1, tried + ?1,"
                " tries, next_try, problem FROM earlier.channel",
                anew,
            )
    finally:
        index.change("DETACH DATABASE earlier")


def _last_told(index: Index, key: str, where: str = "") -> dict[str, Notice]:
    """Return the newest notice of each finding or watch."""
    rows = index.rows(
        f"SELECT {key}, data FROM notice WHERE number IN"
        f" (SELECT max(number) FROM notice{where} GROUP BY {key}) AND {key} NOT NULL"
    )
    return {name: msgspec.json.decode(data, type=Notice) for name, data in rows}
