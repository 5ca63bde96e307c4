"""Lists: findings, targets and captures, filtered, a page at a time.

Takes an open `Index` and a `Filter`; gives pages that begin after a place (keyset), so that the
thousandth page costs what the first does and nothing is shown twice while others write. Reads only.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from sousveil.errors import InputError
from sousveil.index.counts import count_findings
from sousveil.index.filters import NOBODY, Filter, told_status, where
from sousveil.index.query import fates_of
from sousveil.index.reviews import reviews_of
from sousveil.index.store import Index
from sousveil.index.verdicts import host_of
from sousveil.model import Attribution, Fate, Finding, Review, Verdict, Watch

T = TypeVar("T")

MAX_NUMBER = 2**63  # SQLite's integers end before
MAX_PAGE = 500  # rows; a person reads a tenth of that


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    rows: tuple[T, ...]
    next: str  # what the next page is asked for with; "" when this is the last
    count: int  # of the whole list


@dataclass(frozen=True, slots=True)
class Listed:
    """A finding as a list shows it."""

    finding: Finding
    fate: Fate | None
    reviews: tuple[Review, ...]
    state: str  # what became of it
    status: str  # what people decided


@dataclass(frozen=True, slots=True)
class Target:
    """A watch, with how it is."""

    watch: Watch
    retired_at: datetime | None
    last_at: datetime | None  # of the newest look; None before the first
    verdict: Verdict | None  # of it
    outcome: str  # in words
    findings: int

    @property
    def health(self) -> str:
        """Return "well", "unwell", "new" before the first look, or "retired"."""
        if self.retired_at is not None:
            return "retired"
        if self.verdict is None:
            return "new"
        return "well" if self.verdict is Verdict.PRESENT else "unwell"


HEALTH = ("well", "unwell", "new", "retired")


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A capture as a list shows it."""

    id: int  # of this index
    url: str
    captured_at: datetime
    status: int | None
    media_type: str
    warc: str
    offset: int
    digest: str
    watch_id: str | None
    log_index: int
    findings: int
    note: str  # why there is no text; "" when there is


# ---------------------------------------------------------------- findings


def findings_page(index: Index, chosen: Filter, *, limit: int, after: str = "") -> Page[Listed]:
    """Return findings, those first seen last first. Raises InputError for a place that is none."""
    condition, values = where(chosen, index.readings)
    count = count_findings(index, chosen)
    behind, place = _behind("first_seen, id", after, 2)
    # By time, whatever else is asked: what another index finds would have to be put in order.
    rows = index.rows(
        f"SELECT first_seen, id FROM finding INDEXED BY finding_by_time WHERE {condition}{behind}"
        " ORDER BY first_seen DESC, id DESC LIMIT ?",
        *(*values, *place, limit + 1),
    )
    ids = [one for _, one in rows[:limit]]
    return Page(tuple(listed(index, ids)), _next(rows, limit), count)


def listed(index: Index, ids: Sequence[str]) -> list[Listed]:
    """Return findings by their ids, in that order, as lists show them; those there are."""
    chosen = msgspec.json.encode(ids).decode()
    rows = index.rows(
        f"SELECT f.id, s.data, f.attribution, f.state, {told_status()} FROM finding f"
        " JOIN sighting s ON s.finding_id = f.id AND s.capture_id = f.capture_id"
        " WHERE f.id IN (SELECT value FROM json_each(?))",
        *(index.readings, chosen),
    )
    fates, reviews = fates_of(index, ids), reviews_of(index, ids)
    told = {
        finding_id: Listed(
            _attributed(data, attribution),
            fates.get(finding_id),
            reviews.get(finding_id, ()),
            state,
            status,
        )
        for finding_id, data, attribution, state, status in rows
    }
    return [told[one] for one in ids if one in told]


def disputed(index: Index) -> list[str]:
    """Return the findings that people disagree on, by their ids."""
    rows = index.rows(
        "SELECT id FROM finding WHERE decided = 'disputed' AND readings >= ? ORDER BY id",
        index.readings,
    )
    return [one for (one,) in rows]


def _attributed(data: bytes, attribution: bytes) -> Finding:
    told = msgspec.json.decode(attribution, type=Attribution)
    return replace(msgspec.json.decode(data, type=Finding), actor=told.actor, attribution=told)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a list can be filtered by, in the order of the alphabet."""

    actor: tuple[str, ...]  # NOBODY first, where there are such
    trait: tuple[str, ...]
    lang: tuple[str, ...]
    host: tuple[str, ...]


MAX_CHOICES_SHOWN = 200

# One step in the index of a column from each value to the next: as many as there are values.
_VALUES = """
WITH RECURSIVE one(value) AS (SELECT min({0}) FROM finding UNION ALL
    SELECT (SELECT min({0}) FROM finding WHERE {0} > one.value) FROM one WHERE one.value NOT NULL)
SELECT value FROM one WHERE value NOT NULL LIMIT {1}
"""


def choices(index: Index) -> Choices:
    """Return the actors, traits, languages and hosts of all findings."""

    def values(column: str) -> tuple[str, ...]:
        return tuple(one for (one,) in index.rows(_VALUES.format(column, MAX_CHOICES_SHOWN)) if one)

    nobody = index.rows("SELECT 1 FROM finding WHERE actor IS NULL LIMIT 1")
    actors = values("actor")
    return Choices(
        (NOBODY, *actors) if nobody else actors, values("trait"), values("lang"), values("host")
    )


# ---------------------------------------------------------------- targets


def targets_page(
    index: Index, chosen: Filter, health: str = "", *, limit: int, after: str = ""
) -> Page[Target]:
    """Return watches by their targets, of one `health` or of any."""
    retired = dict(index.rows("SELECT watch_id, at FROM retired"))
    watches = sorted(
        (
            watch
            for (data,) in index.rows("SELECT data FROM watch")
            if _fits(watch := msgspec.json.decode(data, type=Watch), chosen)
        ),
        key=lambda watch: (watch.target, watch.id),
    )
    if health:
        every = [_target(index, watch, retired.get(watch.id)) for watch in watches]
        watches = [one.watch for one in every if one.health == health]
    place = read_place(after, 2) if after else ["", ""]
    waiting = [watch for watch in watches if [watch.target, watch.id] > [str(one) for one in place]]
    rows = [(watch.target, watch.id) for watch in waiting[: limit + 1]]
    shown = tuple(_target(index, watch, retired.get(watch.id)) for watch in waiting[:limit])
    return Page(shown, _next(rows, limit), len(watches))


def target_of(index: Index, watch_id: str) -> Target | None:
    """Return one watch with how it is; None when there is none."""
    rows = index.rows(
        "SELECT w.data, r.at FROM watch w LEFT JOIN retired r ON r.watch_id = w.id WHERE w.id = ?",
        watch_id,
    )
    return _target(index, msgspec.json.decode(rows[0][0], type=Watch), rows[0][1]) if rows else None


def _fits(watch: Watch, chosen: Filter) -> bool:
    return (
        (not chosen.actor or (watch.actor or NOBODY) in chosen.actor)
        and (not chosen.host or host_of(watch.target) in chosen.host)
        and (not chosen.watch or watch.id in chosen.watch)
    )


def _target(index: Index, watch: Watch, retired_at: str | None) -> Target:
    looks = index.rows(
        "SELECT at, verdict, outcome FROM look WHERE watch_id = ? ORDER BY log_index DESC, id DESC"
        " LIMIT 1",
        watch.id,
    )
    at, verdict, outcome = looks[0] if looks else (None, None, "")
    ((polled,),) = index.rows(
        "SELECT max(at) FROM unchanged WHERE look_id IN (SELECT id FROM look WHERE watch_id = ?"
        " ORDER BY log_index DESC LIMIT 1)",
        watch.id,
    )
    ((count,),) = index.rows("SELECT count(*) FROM finding WHERE watch_id = ?", watch.id)
    last = max(filter(None, (at, polled)), default=None)
    return Target(
        watch,
        datetime.fromisoformat(retired_at) if retired_at else None,
        datetime.fromisoformat(last) if last else None,
        Verdict(verdict) if verdict else None,
        outcome,
        count,
    )


# ---------------------------------------------------------------- captures


def captures_page(index: Index, chosen: Filter, *, limit: int, after: str = "") -> Page[CaptureRow]:
    """Return captures, the newest first; of a filter count `watch`, `since` and `until`."""
    parts, values = ["1"], list[object]()
    if chosen.watch:
        parts.append("l.watch_id IN (SELECT value FROM json_each(?))")
        values.append(msgspec.json.encode(chosen.watch).decode())
    if chosen.since:
        parts.append("c.captured_at >= ?")
        values.append(chosen.since.isoformat())
    if chosen.until:
        parts.append("c.captured_at < ?")
        values.append(f"{chosen.until.isoformat()}U")
    joined = f"FROM capture c JOIN look l ON l.id = c.look_id WHERE {' AND '.join(parts)}"
    ((count,),) = index.rows(f"SELECT count(*) {joined}", *values)
    behind, place = _behind("c.captured_at, c.id", after, 2)
    rows = index.rows(
        "SELECT c.captured_at, c.id, c.url, c.status, c.media_type, c.warc, c.offset, c.digest,"
        " l.watch_id, l.log_index, c.note, (SELECT count(*) FROM sighting s"
        f" WHERE s.capture_id = c.id) {joined}{behind} ORDER BY c.captured_at DESC, c.id DESC"
        " LIMIT ?",
        *(*values, *place, limit + 1),
    )
    shown = tuple(
        CaptureRow(
            number, url, datetime.fromisoformat(at), status, media_type, warc, offset, digest,
            watch_id, log_index, found, note or "",
        )
        for at, number, url, status, media_type, warc, offset, digest, watch_id, log_index, note,
            found in rows[:limit]
    )  # fmt: skip
    return Page(shown, _next(rows, limit), count)


# ---------------------------------------------------------------- places


def _behind(columns: str, after: str, size: int) -> tuple[str, list[object]]:
    if not after:
        return "", []
    return f" AND ({columns}) < ({', '.join('?' * size)})", read_place(after, size)


def _next(rows: Sequence[Iterable[object]], limit: int) -> str:
    """Return the place of the last row shown; "" where no more rows are behind it."""
    return place_of(list(rows[limit - 1])[:2]) if len(rows) > limit else ""


def place_of(values: Sequence[object]) -> str:
    """Return a place in a list as it stands in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def read_place(text: str, size: int) -> list[object]:
    """Return the place that `place_of` wrote; raises InputError for what is none."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        told = msgspec.json.decode(raw, type=list[str | int])
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise InputError(f"after={text}: no place in a list. Begin at the first page.") from error
    is_place = len(told) == size and isinstance(told[0], str)
    if not is_place or any(isinstance(one, int) and abs(one) >= MAX_NUMBER for one in told):
        raise InputError(f"after={text}: no place in this list. Begin at the first page.")
    return list(told)
