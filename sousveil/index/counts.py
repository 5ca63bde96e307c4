"""Counts: how many findings fit a filter, and of which sorts.

Takes an open `Index` and a `Filter`. What the index counts with every row it writes
(`finding_count`, `finding_day`) is asked first; only other filters go through the findings. Reads
only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sousveil.index.filters import Filter, where
from sousveil.index.store import Index

_KEPT = (
    "(SELECT nullif(actor, '') AS actor, trait, label, state, decided, readings, findings"
    " FROM finding_count WHERE findings > 0)"
)
_EACH = (
    "(SELECT actor, trait, label, state, decided, readings, 1 AS findings FROM finding WHERE {0})"
)


@dataclass(frozen=True, slots=True)
class Sort:
    """Findings that are alike in what matrices show."""

    actor: str | None
    trait: str
    label: str
    state: str
    decided: str  # by those who have read them, however many must
    readings: int
    count: int


def count_findings(index: Index, chosen: Filter) -> int:
    """Return how many findings fit a filter."""
    source, values = _fitting(index, chosen)
    ((count,),) = index.rows(f"SELECT coalesce(sum(findings), 0) FROM {source}", *values)
    return int(count)


def sorts(index: Index, chosen: Filter) -> Iterator[Sort]:
    """Yield of which sorts the findings are that fit a filter, in no order."""
    source, values = _fitting(index, chosen)
    for row in index.rows(
        "SELECT actor, trait, label, state, decided, readings, sum(findings)"
        f" FROM {source} GROUP BY actor, trait, label, state, decided, readings",
        *values,
    ):
        yield Sort(*row)


def days(index: Index, begin: str, end: str) -> Iterator[tuple[str, int, int]]:
    """Yield the days from one to another, with how many findings were first seen and lost then."""
    yield from index.rows(
        "SELECT day, claimed, lost FROM finding_day WHERE day >= ? AND day <= ? ORDER BY day",
        *(begin, end),
    )


def _fitting(index: Index, chosen: Filter) -> tuple[str, list[object]]:
    """Return a table of what fits a filter, as SQL with its values."""
    condition, values = where(chosen, index.readings)
    if not replace(chosen, actor=(), trait=(), label=(), state=(), status=()):
        return f"(SELECT * FROM {_KEPT} WHERE {condition})", values
    # As the index `finding_by_actor` is sorted, so that groups need not be put in order.
    return _EACH.format(condition), values
