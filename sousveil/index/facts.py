"""Facts in the index: candidates that were read, and what named people made of facts in the log.

Candidates come with the reading of a capture (`put_candidates`), one row a capture that tells of
them, and are told from the earliest. Which of them are shown follows from the decisions on the
claims they stand beside, each time they are asked for: a fact beside nothing but rejected claims is
none. What a person confirmed, wrote, changed or withdrew comes from the log's `fact.*` events
(`put_fact`) and takes the candidate's place.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from sousveil.errors import InputError
from sousveil.index.filters import told_status
from sousveil.index.query import register_of
from sousveil.index.store import Held, Index
from sousveil.index.verdicts import host_of
from sousveil.model import FACT_KINDS, Capture, Event, Fact, Field, RecordRef

FactStatus: TypeAlias = Literal["candidate", "confirmed", "withdrawn"]
FACT_STATUSES: tuple[FactStatus, ...] = ("candidate", "confirmed", "withdrawn")

ADDED, CHANGED, WITHDRAWN = "fact.added", "fact.changed", "fact.withdrawn"
EVENTS = (ADDED, CHANGED, WITHDRAWN)

# Whether nobody rejected the claim of this id; takes how many people must have decided before that
# is told. Asked of each, for there are fewer facts than claims.
_STANDS = "EXISTS (SELECT 1 FROM finding WHERE id = {0} AND " + told_status() + " != 'rejected')"
_CANDIDATES = (
    "SELECT d.data, t.is_so FROM (SELECT beside.fact_id, beside.capture_id, beside.is_so,"
    " row_number() OVER (PARTITION BY beside.fact_id ORDER BY beside.is_so DESC,"
    " l.watch_id IS NULL, c.captured_at, l.log_index, c.id)"
    " AS turn FROM (SELECT fact_id, capture_id, CASE WHEN finding_id NOT NULL"
    f" THEN {_STANDS.format('candidate.finding_id')} ELSE EXISTS (SELECT 1 FROM capture a"
    " JOIN capture b ON b.look_id = a.look_id JOIN sighting g ON g.capture_id = b.id"
    f" WHERE a.id = candidate.capture_id AND {_STANDS.format('g.finding_id')}) END AS is_so"
    " FROM candidate WHERE fact_id NOT IN (SELECT id FROM fact)) beside"
    " JOIN capture c ON c.id = beside.capture_id JOIN look l ON l.id = c.look_id) t"
    " JOIN candidate d USING (fact_id, capture_id) WHERE turn = 1"
)
_RANKS = {kind: rank for rank, kind in enumerate(FACT_KINDS)}
_DATES = frozenset({"published", "awarded", "when"})
MAX_DECODED = 10_000  # facts that are kept as values, some 30 MB: a list is asked for page by page


@dataclass(frozen=True, slots=True)
class FactFilter:
    """What must be so of a fact; of several choices of one field any, of the fields all.

    An actor is one whom the register finds named in the fact's values.
    """

    kind: tuple[str, ...] = ()
    status: tuple[str, ...] = ()  # withdrawn ones are listed only where they are asked for
    host: tuple[str, ...] = ()  # of the first field's source
    actor: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise InputError for a kind or a status that there is not."""
        for name, known, given in (
            ("kind", FACT_KINDS, self.kind),
            ("status", FACT_STATUSES, self.status),
        ):
            for value in given:
                if value not in known:
                    raise InputError(f"--{name} {value}: there are {', '.join(known)}.")


@dataclass(frozen=True, slots=True)
class Seen:
    """A capture in which a fact is told."""

    capture: Capture
    log_index: int
    fields: tuple[Field, ...]  # as they are told there


@dataclass(frozen=True, slots=True)
class Step:
    """What a person made of a fact, as the log tells it."""

    event: str  # of EVENTS
    by: str
    at: datetime
    note: str
    log_index: int
    fact: Fact  # as it was from then on; of a withdrawal, before


@dataclass(frozen=True, slots=True)
class FactTold:
    """A fact with all that it rests on."""

    fact: Fact
    seen: tuple[Seen, ...]  # captures in which it was read, the earliest first
    past: tuple[Step, ...]  # the oldest first
    kin: tuple[Fact, ...]  # others with the same number: a tender and its award


# ------------------------------------------------------------ writing


def put_candidates(index: Index, held: Held, candidates: Iterable[Fact]) -> None:
    """Replace the candidates that a capture tells of; the caller holds a transaction."""
    index.change("DELETE FROM candidate WHERE capture_id = ?", held.id)
    for one in candidates:
        beside = next((f.source.finding_id for f in one.fields if f.source.finding_id), None)
        index.change(
            "INSERT OR REPLACE INTO candidate VALUES (?, ?, ?, ?)",
            *(one.id, held.id, beside, msgspec.json.encode(one)),
        )


def put_fact(index: Index, event: Event) -> None:
    """Take in what a person made of a fact; the latest counts."""
    fact = _step(event).fact
    index.change("INSERT OR REPLACE INTO fact VALUES (?, ?)", fact.id, msgspec.json.encode(fact))


def _step(event: Event) -> Step:
    body = event.body
    fact = msgspec.convert(body["fact"], Fact)
    made = replace(
        fact,
        status="withdrawn" if event.type == WITHDRAWN else "confirmed",
        by=body["by"],
        at=event.time,
        note=body["note"],
        log_index=event.index,
    )
    return Step(event.type, body["by"], event.time, body["note"], event.index, made)


# ------------------------------------------------------------ reading


def facts(index: Index, chosen: FactFilter | None = None) -> list[Fact]:
    """Return facts, by kind, then date, then id; without a filter all that are not withdrawn.

    Candidates are those beside a claim that nobody rejected, and tenders that name an actor of
    such a claim. Raises InputError as `FactFilter.check`, ActorError as `register_of`.
    """
    chosen = chosen or FactFilter()
    chosen.check()
    found = [*entered_facts(index).values(), *_candidates(index)]
    named = _naming(index) if chosen.actor else None
    return sorted(
        (one for one in found if _is_chosen(one, chosen, named)),
        key=lambda one: (_RANKS[one.kind], date_of(one), one.id),
    )


def entered_facts(index: Index) -> dict[str, Fact]:
    """Return what people made of facts, by id, each as it is now."""
    rows = index.rows("SELECT id, data FROM fact")
    return {name: msgspec.json.decode(data, type=Fact) for name, data in rows}


def logged_facts(events: Iterable[Event]) -> dict[str, Fact]:
    """Return what people made of facts as the log tells it, in the form of `entered_facts`."""
    told = (_step(event).fact for event in events if event.type in EVENTS)
    return {fact.id: fact for fact in told}


def fact_of(index: Index, beginning: str) -> Fact:
    """Return the fact whose id begins so, withdrawn ones and candidates among them.

    Raises InputError when there is none, or more than one.
    """
    known = facts(index, FactFilter(status=FACT_STATUSES))
    matches = [one for one in known if one.id.startswith(beginning)]
    if not beginning or not matches:
        raise InputError(f"{beginning}: no such fact. `sousveil facts` lists them.")
    if len(matches) > 1:
        ids = ", ".join(one.id for one in matches[:5])
        raise InputError(f"{beginning}: begins several facts ({ids}). Give more of it.")
    return matches[0]


def fact_with_sources(index: Index, fact: Fact) -> FactTold:
    """Return a fact with the captures that tell it, what people made of it, and its kin."""
    rows = index.rows(
        "SELECT s.data, c.url, c.captured_at, c.status, c.media_type, c.warc, c.offset, c.length,"
        " c.record_id, c.digest, l.log_index FROM candidate s JOIN capture c ON c.id = s.capture_id"
        " JOIN look l ON l.id = c.look_id WHERE s.fact_id = ?"
        " ORDER BY c.captured_at, l.log_index, c.id",
        fact.id,
    )
    seen = tuple(
        Seen(
            Capture(url, datetime.fromisoformat(at), status, media_type, RecordRef(*place)),
            log_index,
            msgspec.json.decode(data, type=Fact).fields,
        )
        for data, url, at, status, media_type, *place, log_index in rows
    )
    others = facts(index) if fact.key else []
    kin = [one for one in others if one.key == fact.key and one.id != fact.id]
    return FactTold(fact, seen, tuple(_past(index, fact.id)), tuple(kin))


def date_of(fact: Fact) -> str:
    """Return the date that a fact is told for, ISO 8601; "" when none is."""
    return next((one.value for one in fact.fields if one.name in _DATES), "")


def _past(index: Index, fact_id: str) -> Iterable[Step]:
    rows = index.rows(
        "SELECT idx, type, time, body FROM event WHERE type IN (?, ?, ?)"
        " AND json_extract(body, '$.fact.id') = ? ORDER BY idx",
        *(*EVENTS, fact_id),
    )
    for log_index, kind, time, body in rows:
        yield _step(Event(log_index, kind, datetime.fromisoformat(time), msgspec.json.decode(body)))


def _candidates(index: Index) -> list[Fact]:
    """Return the candidates that are shown."""
    rows = index.rows(_CANDIDATES, index.readings, index.readings)
    decoded = [(_decoded(data), beside) for data, beside in rows]
    if all(beside for _, beside in decoded):
        return [one for one, _ in decoded]
    claimed = {
        actor
        for (actor,) in index.rows(
            "SELECT DISTINCT actor FROM finding WHERE actor NOT NULL"
            f" AND {told_status()} != 'rejected'",
            index.readings,
        )
    }
    naming = _naming(index)
    return [
        one
        for one, beside in decoded
        if beside or (one.kind == "project" and not claimed.isdisjoint(naming(one)))
    ]


@lru_cache(maxsize=MAX_DECODED)
def _decoded(data: bytes) -> Fact:
    return msgspec.json.decode(data, type=Fact)


def _naming(index: Index) -> Callable[[Fact], frozenset[str]]:
    """Return what tells whom a fact names, by the names of the register."""
    register = register_of(index)

    def naming(fact: Fact) -> frozenset[str]:
        text = "\n".join(one.value for one in fact.fields)
        return frozenset(one.actor.name for one in register.mentions(text))

    return naming


def _is_chosen(
    fact: Fact, chosen: FactFilter, naming: Callable[[Fact], frozenset[str]] | None
) -> bool:
    statuses = chosen.status or ("candidate", "confirmed")
    return (
        fact.status in statuses
        and (not chosen.kind or fact.kind in chosen.kind)
        and (not chosen.host or host_of(fact.fields[0].source.url) in chosen.host)
        and (naming is None or not naming(fact).isdisjoint(chosen.actor))
    )
