"""Counts: how many findings fit a filter, and of which sorts.

Takes an open `Index` and a `Filter`. What the index counts with every row it writes
(`finding_count`, `finding_day`) is asked first; only other filters go through the findings. Reads
only.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from sousveil.index.filters import Filter, where
from sousveil.index.store import Index

_SORT = "actor, trait, label, state, decided, readings"
_KEPT = f"""(SELECT * FROM (SELECT nullif(actor, '') AS {_SORT}, findings FROM finding_count)
    WHERE {{0}})"""
# Grouped as the index `finding_by_actor` is sorted: nothing has to be put in order.
_COUNTED = f"(SELECT {_SORT}, count(*) AS findings FROM finding WHERE {{0}} GROUP BY {_SORT})"


class Sort(NamedTuple):
    """Findings that are alike in what matrices show; there are thousands, quickly made."""

    actor: str | None
    trait: str
    label: str
    state: str
    decided: str  # by those who have read them, however many must
    readings: int
    findings: int


def count_findings(index: Index, chosen: Filter) -> int:
    """Return how many findings fit a filter."""
    condition, values = where(chosen, index.readings)
    counted = (
        f"SELECT coalesce(sum(findings), 0) FROM {_KEPT.format(condition)}"
        if _is_kept(chosen)
        else f"SELECT count(*) FROM finding WHERE {condition}"
    )
    ((count,),) = index.rows(counted, *values)
    return int(count)


def sorts(index: Index, chosen: Filter) -> Iterator[Sort]:
    """Yield of which sorts the findings are that fit a filter, in no order."""
    condition, values = where(chosen, index.readings)
    source = (_KEPT if _is_kept(chosen) else _COUNTED).format(condition)
    yield from map(Sort._make, index.rows(f"SELECT {_SORT}, findings FROM {source}", *values))


def days(index: Index, begin: str, end: str) -> Iterator[tuple[str, int, int]]:
    """Yield the days from one to another, with how many findings were first seen and lost then."""
    yield from index.rows(
        "SELECT day, claimed, lost FROM finding_day WHERE day >= ? AND day <= ? ORDER BY day",
        *(begin, end),
    )


def _is_kept(chosen: Filter) -> bool:
    """Whether nothing is asked but of what `finding_count` tells findings apart by."""
    return not replace(chosen, actor=(), trait=(), label=(), state=(), status=())
