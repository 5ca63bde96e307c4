"""Facts as people enter them: values in one form, each with its quote, as the log keeps them.

Takes what a person gives and gives the bodies of `fact.*` events. An event holds the fact whole, as
it is from then on, so that no reader must follow a chain; of a withdrawal, as it was.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import msgspec

from sousveil.errors import InputError
from sousveil.facts.amounts import amount_in
from sousveil.facts.dates import dates
from sousveil.facts.numbers import numbers, plainly
from sousveil.facts.reading import narrow
from sousveil.model import BOUNDS, FIELDS, PAPERS, Cite, Fact, FactKind, Field, Json
from sousveil.review.decisions import MAX_NOTE_CHARACTERS, checked, name_of

MAX_VALUE_CHARACTERS = 2_000
MAX_QUOTE_CHARACTERS = 2_000  # a page of a report; longer texts are no quotes
MAX_FIELDS = 60  # of one fact: a contract of twenty lots, and what else it says

ID_DIGITS = 12

_ISO = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_CHOICES = {("figure", "bound"): BOUNDS, ("document", "type"): PAPERS}


def fact_body(fact: Fact, by: str, note: str) -> Json:
    """Return the body of an event that tells what a person made of a fact.

    Raises InputError for a fact without fields, or with too many, and for a name or a note that is
    empty, too long, or no UTF-8 text.
    """
    if not 1 <= len(fact.fields) <= MAX_FIELDS:
        raise InputError(
            f"a fact has 1 to {MAX_FIELDS} fields, not {len(fact.fields)}. Nothing is entered"
            " without a quote: give --field NAME=VALUE with --quote."
        )
    # Who, when and why are the event's own; they are put back when it is read.
    bare = replace(in_order(fact), status="candidate", by="", at=None, note="", log_index=None)
    return {
        "fact": msgspec.to_builtins(bare),
        "by": name_of(by),
        "note": checked("note", note, MAX_NOTE_CHARACTERS),
    }


def field_of(kind: FactKind, name: str, value: str, source: Cite) -> Field:
    """Return a field as a person entered it, its value in the form of `FIELDS`.

    Amounts and dates may be written as in a notice: "120万元", "11 March 2020". Raises InputError
    for a field that the kind does not have, and for a value that is none.
    """
    forms = FIELDS[kind]
    if name not in forms:
        raise InputError(f"--field {name}: a {kind} has {', '.join(forms)}.")
    value = checked("field", value, MAX_VALUE_CHARACTERS)
    if not value:
        raise InputError(f"--field {name}: no value. Write --field {name}=VALUE.")
    if choices := _CHOICES.get((kind, name)):
        if value not in choices:
            raise InputError(f"--field {name}={value}: there are {', '.join(choices)}.")
        return Field(name, value, source)
    if forms[name] == "date":
        return Field(name, _date(name, value), source)
    if forms[name] in {"money", "number"}:
        number, unit = _number(name, value)
        return Field(name, number, source, unit)
    return Field(name, value, source)


def in_order(fact: Fact) -> Fact:
    """Return a fact with its fields in the order of FIELDS, and with the key that follows."""
    order = list(FIELDS[fact.kind])
    fields = tuple(sorted(fact.fields, key=lambda one: order.index(one.name)))
    number = next((one.value for one in fields if one.name == "number"), "")
    return replace(fact, fields=fields, key=key_of(number))


def key_of(number: str) -> str:
    """Fold a number as it is compared between places: no spaces, one kind of dash, one case."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", narrow(number))).casefold()


def fact_id(kind: FactKind, *told: str) -> str:
    """Return the id of a fact, from what tells it from others of its kind."""
    parts = (kind, *(" ".join(unicodedata.normalize("NFKC", one).split()) for one in told))
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:ID_DIGITS]


def entered_id(kind: FactKind, fields: Sequence[Field]) -> str:
    """Return the id of a fact that a person writes: the same words from the same place are one."""
    return fact_id(
        kind, *(text for one in fields for text in (one.name, one.value, one.source.url))
    )


def _date(name: str, value: str) -> str:
    if _ISO.fullmatch(value):
        try:
            date.fromisoformat(f"{value}-01-01"[:10])
        except ValueError as error:
            raise InputError(f"--field {name}={value}: no calendar has this day.") from error
        return value
    read = next(dates(narrow(value)), None)
    if read is None:
        raise InputError(f"--field {name}={value}: write a date as 2020-03-11, 2020-03 or 2020.")
    return read.value


def _number(name: str, value: str) -> tuple[str, str]:
    """Return a number and its unit: what follows it, or the currency before or behind it."""
    plain = narrow(value)
    told = amount_in(plain)
    first = next(numbers(plain), None)
    if told is None or first is None:
        raise InputError(
            f"--field {name}={value}: no number. Write one with its unit: 1200000 CNY, 99.8 %."
        )
    if told.currency:
        return plainly(told.value), told.currency
    return plainly(first.value), value[first.end :].strip()
