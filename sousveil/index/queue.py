"""The queue: what waits for a decision, in order of worth, a page at a time.

`run/ranking.py` works out what each finding is worth, and which say the same (`kin`); a decision
lets a finding leave the queue when as many people have decided as the case asks for. One row stands
for all of its kin. What others have begun comes first, for it waits for one more reader. Pages are
found by the place after which they begin, so each takes the same time. Reads only, but for
`put_places`; the order is no evidence, and an index made again may hold another.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import msgspec

from sousveil.claims.normal import normalise
from sousveil.index.filters import Filter, where
from sousveil.index.reviews import COUNTS, person
from sousveil.index.search.question import Question
from sousveil.index.store import Index

TOGETHER = 500  # findings that are decoded at once

# ?1 is the person who asks, as names are compared. The signs keep SQLite from going through all
# that this person decided, for each finding.
_OWN = f"SELECT 1 FROM review r WHERE +r.person = ?1 AND +r.standing = {COUNTS} AND r.finding_id ="
_KIN = (
    " FROM queue o WHERE o.kin = q.kin AND o.readings = q.readings"
    f" AND NOT EXISTS ({_OWN} o.finding_id)"
)
_NEXT = (
    f"SELECT q.finding_id, q.worth, q.readings, (SELECT count(*){_KIN}) FROM queue q"
    " WHERE q.readings = ?2 AND q.worth <= ?3 AND (q.worth < ?3 OR q.finding_id > ?4)"
    f" AND q.finding_id = (SELECT o.finding_id{_KIN} ORDER BY o.worth DESC, o.finding_id LIMIT 1)"
    " ORDER BY q.worth DESC, q.finding_id LIMIT ?5"
)


Ranked: TypeAlias = tuple[str, str, float]
"""A finding's id, its kin and its worth."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A finding that waits for a decision, in the name of all that say the same."""

    finding_id: str
    worth: float
    readings: int  # people who have decided on it
    count: int  # of findings that say the same and wait as it does, itself included

    @property
    def place(self) -> str:
        """Return its place in the queue, as `after_place` reads it."""
        return f"{self.readings}~{self.worth!r}~{self.finding_id}"


def waiting(index: Index, by: str, limit: int, after: str = "") -> list[Waiting]:
    """Return the next `limit` that wait for a decision of `by`, from a place on.

    What `by` has decided on is left out; "" has decided on nothing. `after` is a `Waiting.place`;
    one that cannot be read begins at the front.
    """
    level, worth, finding_id = _place(after, index.readings)
    found: list[Waiting] = []
    for readings in range(level, -1, -1):
        rows = index.rows(
            _NEXT,
            *(person(by), readings),
            *((worth, finding_id) if readings == level else (math.inf, "")),
            limit - len(found),
        )
        found += [Waiting(*row) for row in rows]
        if len(found) == limit:
            break
    return found


def _place(after: str, needed: int) -> tuple[int, float, str]:
    parts = after.split("~")
    try:
        level, worth, finding_id = int(parts[0]), float(parts[1]), parts[2]
    except (ValueError, IndexError):
        return needed - 1, math.inf, ""
    return min(max(level, 0), needed - 1), worth, finding_id


def waiting_ids(index: Index, by: str, ids: Iterable[str]) -> set[str]:
    """Return which of these findings wait for a decision of `by`."""
    rows = index.rows(
        "SELECT q.finding_id FROM queue q WHERE +q.readings < ?2 AND q.finding_id IN"
        f" (SELECT value FROM json_each(?3)) AND NOT EXISTS ({_OWN} q.finding_id)",
        *(person(by), index.readings, msgspec.json.encode(list(ids)).decode()),
    )
    return {one for (one,) in rows}


def kin_of(index: Index, finding_id: str, limit: int) -> list[str]:
    """Return the findings that say the same as one, itself first; those that wait come early."""
    rows = index.rows(
        "SELECT o.finding_id FROM queue q JOIN queue o ON o.kin = q.kin WHERE q.finding_id = ?1"
        " ORDER BY o.finding_id != ?1, o.readings, o.worth DESC, o.finding_id LIMIT ?2",
        finding_id,
        limit,
    )
    return [one for (one,) in rows] or [finding_id]


def waiting_alike(
    index: Index, by: str, chosen: Filter, question: Question | None, limit: int
) -> list[str]:
    """Return up to `limit` findings that are so and wait for a decision of `by`, by their ids.

    What is asked for must stand in the quote itself.
    """
    condition, values = where(chosen, index.readings)
    words = ""
    if question is not None and question.match:
        words = (
            " AND q.finding_id IN (SELECT i.finding_id FROM word JOIN quoted_in i"
            " ON i.passage_id = word.rowid WHERE word MATCH ?)"
        )
    rows = index.rows(
        f"SELECT q.finding_id FROM queue q WHERE NOT EXISTS ({_OWN} q.finding_id)"
        " AND q.readings < ?2"
        f" AND q.finding_id IN (SELECT id FROM finding WHERE {condition}){words}"
        " ORDER BY q.finding_id LIMIT ?",
        *(person(by), index.readings, *values),
        *([question.match] if question is not None and words else []),
        limit if question is None else -1,
    )
    ids = [one for (one,) in rows]
    if question is None:
        return ids
    return list(islice(_quoting(index, ids, question), limit))


def _quoting(index: Index, ids: Sequence[str], question: Question) -> Iterator[str]:
    """Yield those of some findings in whose quote all stands that is asked for."""
    return (one for one, quote in quotes_of(index, ids) if _holds(quote, question))


def quotes_of(index: Index, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield findings' ids and exact quotes, in order of the ids within each TOGETHER of them."""
    decoder = msgspec.json.Decoder(_Read)
    for start in range(0, len(ids), TOGETHER):
        chosen = msgspec.json.encode(ids[start : start + TOGETHER]).decode()
        for finding_id, data in index.rows(
            "SELECT f.id, s.data FROM finding f JOIN sighting s ON s.finding_id = f.id AND"
            " s.capture_id = f.capture_id WHERE f.id IN (SELECT value FROM json_each(?))"
            " ORDER BY f.id",
            chosen,
        ):
            yield finding_id, decoder.decode(data).quote


class _Read(msgspec.Struct):
    """As much of a finding as is asked for, which is read five times as fast as all of it."""

    quote: str


def _holds(quote: str, question: Question) -> bool:
    normal = normalise(quote).text
    return all((term.pattern.search(normal) is None) == term.is_excluded for term in question.terms)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of how many sorts some findings are."""

    wordings: int  # how many different things they say
    by_label: list[tuple[str, int]]  # the most frequent first, as of each
    by_trait: list[tuple[str, int]]
    by_host: list[tuple[str, int]]


def tally(index: Index, ids: Sequence[str], most: int) -> Tally:
    """Return of how many sorts these findings are; of each, the `most` frequent by name."""
    chosen = msgspec.json.encode(ids).decode()
    those = "IN (SELECT value FROM json_each(?))"
    ((wordings,),) = index.rows(
        f"SELECT count(DISTINCT kin) FROM queue WHERE finding_id {those}", chosen
    )

    def counted(column: str) -> list[tuple[str, int]]:
        rows = index.rows(
            f"SELECT {column}, count(*) FROM finding WHERE id {those}"
            f" GROUP BY {column} ORDER BY 2 DESC, 1 LIMIT ?",
            *(chosen, most),
        )
        return [(name, count) for name, count in rows]

    return Tally(wordings, counted("label"), counted("trait"), counted("host"))


def traits(index: Index) -> list[str]:
    """Return the traits of all findings, in order."""
    return [one for (one,) in index.rows("SELECT DISTINCT trait FROM finding ORDER BY trait")]


def count_waiting(index: Index, by: str) -> int:
    """Return how many findings wait for a decision of `by`, each counted by itself."""
    if index.readings == 1:  # what `by` decided on waits for nobody
        ((count,),) = index.rows("SELECT count(*) FROM queue WHERE readings = 0")
        return int(count)
    ((count,),) = index.rows(
        "SELECT (SELECT count(*) FROM queue WHERE readings < ?2) - (SELECT count(*) FROM review r"
        f" JOIN queue q USING (finding_id) WHERE r.person = ?1 AND r.standing = {COUNTS}"
        " AND q.readings < ?2)",
        *(person(by), index.readings),
    )
    return int(count)


def unplaced(index: Index) -> list[str]:
    """Return the listed findings that have no place yet."""
    ((listed, placed),) = index.rows(
        "SELECT (SELECT count(*) FROM finding), (SELECT count(*) FROM queue)"
    )
    if listed == placed:  # as after each decision: what is placed is listed, too
        return []
    rows = index.rows("SELECT id FROM finding EXCEPT SELECT finding_id FROM queue")
    return [one for (one,) in rows]


def still_listed(index: Index, ids: Iterable[str]) -> set[str]:
    """Return which of these findings are listed now."""
    chosen = msgspec.json.encode(list(ids)).decode()
    rows = index.rows("SELECT id FROM finding WHERE id IN (SELECT value FROM json_each(?))", chosen)
    return {one for (one,) in rows}


def put_places(index: Index, places: Iterable[Ranked]) -> None:
    """Give findings their places."""
    with index.transaction():
        for finding_id, kin, worth in places:
            index.change(
                "INSERT OR REPLACE INTO queue VALUES (?1, ?2, ?3, (SELECT count(*) FROM review"
                f" WHERE finding_id = ?1 AND standing = {COUNTS}))",
                *(finding_id, kin, worth),
            )
