"""The calendar of a target: weeks of days, and what the looks of each brought.

Takes what the index counted by the day and gives plain values for a template. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sousveil.changes.words import ANSWERS
from sousveil.dossier.wording import count
from sousveil.index.visited import DayLooks, SameSpan
from sousveil.model import GONE, Verdict

WEEKS = 26  # drawn at once: half a year

Kind = Literal["there", "same", "away", "barred", "mixed", "none"]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_THERE = frozenset({Verdict.PRESENT, Verdict.MOVED})


@dataclass(frozen=True, slots=True)
class Cell:
    """A day."""

    day: date
    kind: Kind
    looks: int
    told: str  # its looks in words; "" without any


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from Monday; those after the last one that is drawn are left out."""

    month: str  # that begins in it, "Nov 2026"; "" for none
    cells: Sequence[Cell]


def weeks(days: Iterable[DayLooks], spans: Sequence[SameSpan], last: date) -> list[Week]:
    """Return `WEEKS` weeks, the last of which has the day `last`."""
    by_day = {one.day: one for one in days}
    first = first_day(last)
    drawn = []
    for number in range(WEEKS):
        monday = first + timedelta(weeks=number)
        within = [monday + timedelta(days=one) for one in range(7)]
        begins = next((one for one in within if one.day == 1), None)
        cells = [_cell(one, by_day.get(one), spans) for one in within if one <= last]
        drawn.append(Week(f"{begins:%b}" if begins else "", cells))
    return drawn


def first_day(last: date) -> date:
    """Return the first day that is drawn before `last`, a Monday."""
    return last - timedelta(days=last.weekday(), weeks=WEEKS - 1)


def _cell(day: date, looks: DayLooks | None, spans: Sequence[SameSpan]) -> Cell:
    again = [one for one in spans if one.since.date() <= day <= one.until.date()]
    if looks is None and not again:
        return Cell(day, "none", 0, "")
    verdicts = looks.verdicts if looks else ()
    number = sum(many for _, many in verdicts)
    told = []
    if verdicts:
        each = ", ".join(f"{many} {ANSWERS[verdict]}" for verdict, many in verdicts)
        told.append(f"{count(number, 'look')}: {each}")
    # How many of the checks of a span were on one day, the index does not keep.
    told += [
        f"unchanged in {count(one.polls, 'check')} from {one.since:%d %b} to {one.until:%d %b}"
        for one in again
    ]
    kind = _kind([verdict for verdict, _ in verdicts]) if verdicts else _again(again)
    return Cell(day, kind, number, f"{_DAYS[day.weekday()]} {day}: {'; '.join(told)}")


def _again(spans: Sequence[SameSpan]) -> Kind:
    kind = _kind([one.verdict for one in spans])
    return "same" if kind == "there" else kind


def _kind(verdicts: Sequence[Verdict]) -> Kind:
    kinds: set[Kind] = {
        "there" if one in _THERE else "away" if one in GONE else "barred" for one in verdicts
    }
    return kinds.pop() if len(kinds) == 1 else "mixed"
