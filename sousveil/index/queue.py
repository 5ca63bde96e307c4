"""The queue: what waits for a decision, in order of worth, a page at a time.

`run/ranking.py` works out what each finding is worth, and which say the same (`kin`); a decision
lets a finding leave the queue when as many people have decided as the case asks for. One row stands
for all of its kin. What others have begun comes first, for it waits for one more reader. Pages are
found by the place after which they begin, so each takes the same time. Reads only, but for
`put_places` and `drop_lost`; the order is no evidence, and an index made again may hold another.
"""

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sousveil.index.reviews import COUNTS, person
from sousveil.index.store import Index

# ?1 is the person who asks, as names are compared.
_OWN = f"SELECT 1 FROM review r WHERE r.person = ?1 AND r.standing = {COUNTS} AND r.finding_id ="
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
        "SELECT q.finding_id FROM queue q WHERE q.readings < ?2 AND q.finding_id IN"
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


@dataclass(frozen=True, slots=True)
class Alike:
    """What findings that are to be decided on together have in common; "" asks nothing."""

    words: str = ""  # in the quote, in any case
    label: str = ""
    trait: str = ""
    place: str = ""  # part of the address

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.words or self.label or self.trait or self.place)


class _Claim(msgspec.Struct):
    label: str
    trait: str


class _Read(msgspec.Struct):
    """As much of a finding as `Alike` asks for, which is read five times as fast."""

    quote: str
    url: str
    claim: _Claim


def waiting_alike(index: Index, by: str, alike: Alike, limit: int) -> list[str]:
    """Return up to `limit` findings that are so and wait for a decision of `by`, in no order."""
    words, place = fold(alike.words), fold(alike.place)
    found: list[str] = []
    decoder = msgspec.json.Decoder(_Read)
    for (first,) in index.rows("SELECT DISTINCT substr(finding_id, 1, 2) FROM queue"):
        # In some 256 shares, for the findings of a large case fill the memory.
        for finding_id, data in index.rows(
            "SELECT q.finding_id, s.data FROM queue q JOIN sighting s USING (finding_id)"
            " WHERE q.readings < ?2 AND q.finding_id >= ?3 AND q.finding_id < ?3 || 'g'"
            f" AND NOT EXISTS ({_OWN} q.finding_id) GROUP BY q.finding_id",
            *(person(by), index.readings, first),
        ):
            read = decoder.decode(data)
            if (
                (not alike.label or read.claim.label == alike.label)
                and (not alike.trait or read.claim.trait == alike.trait)
                and (not words or words in fold(read.quote))
                and (not place or place in fold(read.url))
            ):
                found.append(finding_id)
                if len(found) == limit:
                    return found
    return found


def fold(text: str) -> str:
    """Return a text as it is compared with what people look for: in any case, spaces as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def traits(index: Index) -> list[str]:
    """Return the traits of the findings that have a place in the queue, in order."""
    rows = index.rows(
        "SELECT DISTINCT json_extract(data, '$.claim.trait') FROM sighting ORDER BY 1"
    )
    return [one for (one,) in rows]


def count_waiting(index: Index, by: str) -> int:
    """Return how many findings wait for a decision of `by`, each counted by itself."""
    ((count,),) = index.rows(
        "SELECT (SELECT count(*) FROM queue WHERE readings < ?2) - (SELECT count(*) FROM review r"
        f" JOIN queue q USING (finding_id) WHERE r.person = ?1 AND r.standing = {COUNTS}"
        " AND q.readings < ?2)",
        *(person(by), index.readings),
    )
    return int(count)


def unplaced(index: Index) -> list[str]:
    """Return the findings that have no place yet."""
    rows = index.rows("SELECT finding_id FROM sighting EXCEPT SELECT finding_id FROM queue")
    return [one for (one,) in rows]


def put_places(index: Index, places: Iterable[tuple[str, str, float]]) -> None:
    """Give findings their places: id, kin and worth of each."""
    with index.transaction():
        for finding_id, kin, worth in places:
            index.change(
                "INSERT OR REPLACE INTO queue VALUES (?1, ?2, ?3, (SELECT count(*) FROM review"
                f" WHERE finding_id = ?1 AND standing = {COUNTS}))",
                *(finding_id, kin, worth),
            )


def drop_lost(index: Index) -> None:
    """Let findings that nothing finds any more leave the queue."""
    with index.transaction():
        index.change("DELETE FROM queue WHERE finding_id NOT IN (SELECT finding_id FROM sighting)")
