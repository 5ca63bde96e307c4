"""Filters: which findings, or which passages, a list holds; written as the parameters of a URL.

One frozen value that is read from a query string and written to it again, the same for every list
of the desk, the command line and the JSON endpoints, so that each view is a link that can be sent.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from urllib.parse import urlencode

from sousveil.errors import InputError
from sousveil.index.search.passages import KINDS
from sousveil.model import LABELS

STATES = ("stands", "held", "reworded", "moved", "gone", "unclear")
STATUSES = ("open", "confirmed", "rejected", "disputed")

# What stands for "nobody is named" among the names of actors.
NOBODY = "(nobody)"

MAX_CHOICES = 50  # of one parameter
MAX_CHARACTERS = 200  # of one value; names and hosts are shorter

_KNOWN: dict[str, Sequence[str]] = {
    "label": LABELS,
    "kind": KINDS,
    "state": STATES,
    "status": STATUSES,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What must be so of a finding; of several choices of one field any, of the fields all."""

    actor: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    trait: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()  # a language with all that begins with it: "zh" is "zh-Hant", too
    host: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()  # of document
    state: tuple[str, ...] = ()  # what became of it
    status: tuple[str, ...] = ()  # what people decided
    watch: tuple[str, ...] = ()
    since: date | None = None  # first seen on this day (UTC) or later
    until: date | None = None  # on this day or earlier

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return any(getattr(self, one.name) for one in fields(self))

    def within(self, since: str, until: str) -> "Filter":
        """Return the filter for a span of days."""
        return replace(self, since=date.fromisoformat(since), until=date.fromisoformat(until))

    def parameters(self) -> list[tuple[str, str]]:
        """Return it as the parameters of a URL, in order, as `filter_from` reads them."""
        return [
            (one.name, str(value))
            for one in fields(self)
            for value in _values(getattr(self, one.name))
        ]

    def query(self, **others: object) -> str:
        """Return it as a query string, with other parameters before it; "" when there are none."""
        told = [(name, str(value)) for name, value in others.items() if value not in (None, "")]
        return urlencode(told + self.parameters())


def _values(value: "tuple[str, ...] | date | None") -> Iterable[object]:
    return value if isinstance(value, tuple) else filter(None, [value])


NAMES = tuple(one.name for one in fields(Filter))
"""The parameters of a filter."""


def filter_from(given: Iterable[tuple[str, str]]) -> Filter:
    """Return the filter that the parameters of a URL ask for; empty ones, and others, ask nothing.

    Raises InputError for a choice that there is not, a day that is none, and too many of them.
    """
    told: dict[str, list[str]] = {}
    for name, value in given:
        if name in NAMES and value and value not in told.setdefault(name, []):
            told[name].append(value)
    days = {name: _day(name, told.pop(name)) for name in ("since", "until") if name in told}
    for name, values in told.items():
        _check(name, values)
    return Filter(**{name: tuple(values) for name, values in told.items()}, **days)  # type: ignore[arg-type]  # days are of two names


def _check(name: str, values: Sequence[str]) -> None:
    if len(values) > MAX_CHOICES:
        raise InputError(f"{name}: {len(values)} choices, at most {MAX_CHOICES} are taken.")
    for value in values:
        if len(value) > MAX_CHARACTERS:
            raise InputError(f"{name}: a choice has at most {MAX_CHARACTERS} characters.")
        if name in _KNOWN and value not in _KNOWN[name]:
            raise InputError(f"{name}={value}: there are {', '.join(_KNOWN[name])}.")


def _day(name: str, values: Sequence[str]) -> date:
    try:
        (value,) = values
        day = date.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"{name}={values[0]}: write one day as 2026-03-01.") from error
    if day.isoformat() != value:
        raise InputError(f"{name}={value}: write the day as {day}.")
    return day


def where(chosen: Filter, readings: int) -> tuple[str, list[object]]:
    """Return the condition on rows of the table `finding`, as SQL with its values.

    `readings` is how many people must have decided before it is told what they did.
    """
    parts: list[str] = ["1"]
    values: list[object] = []
    columns: Mapping[str, str] = {
        "label": "label",
        "trait": "trait",
        "host": "host",
        "kind": "kind",
        "state": "state",
        "watch": "watch_id",
    }
    for name, column in columns.items():
        if one_of := getattr(chosen, name):
            parts.append(_one_of(column, one_of, values))
    if chosen.actor:
        named = [one for one in chosen.actor if one != NOBODY]
        nobody = " OR actor IS NULL" if NOBODY in chosen.actor else ""
        parts.append(f"({_one_of('actor', named, values)}{nobody})")
    if chosen.lang:
        parts.append(languages(chosen.lang, values))
    if chosen.status:
        values.append(readings)
        parts.append(_one_of(told_status(), chosen.status, values))
    if chosen.since:
        parts.append("first_seen >= ?")
        values.append(chosen.since.isoformat())
    if chosen.until:
        parts.append("first_seen < ?")
        values.append(f"{chosen.until.isoformat()}U")  # after every time of that day
    return " AND ".join(parts), values


def languages(chosen: Sequence[str], values: list[object]) -> str:
    """Return the condition on a column `lang`; its values are added to `values`."""
    parts = []
    for lang in chosen:
        parts.append("lang = ? COLLATE NOCASE OR lang LIKE ? ESCAPE '!'")
        values += [lang, re.sub("[!%_]", r"!\g<0>", lang) + "-%"]
    return f"({' OR '.join(parts)})"


def told_status() -> str:
    """Return the SQL for what people decided; it takes one value, how many must have."""
    return "CASE WHEN readings < ? THEN 'open' ELSE decided END"


def _one_of(column: str, chosen: Sequence[str], values: list[object]) -> str:
    """Return the condition that a column is one of some values, which are added to `values`.

    Each has a place of its own, for SQLite compares with a few faster than it looks into a list.
    """
    values += chosen
    return f"{column} IN ({', '.join('?' * len(chosen))})"
