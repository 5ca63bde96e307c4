"""What labelled values of a notice say: amounts, dates, numbers, names.

Takes what `labelled.py` found and gives pieces, each value in the form of its field; what says
nothing ("/", "see annex") gives none.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sousveil.facts.amounts import amount_in
from sousveil.facts.dates import dates
from sousveil.facts.labelled import MAX_QUOTE, TRAILING, Found
from sousveil.facts.labels import DATE_FIELDS, MONEY_FIELDS
from sousveil.facts.numbers import plainly
from sousveil.facts.reading import Piece

CONFIDENCE = {(True, True): 0.95, (False, True): 0.8, (True, False): 0.75, (False, False): 0.6}
"""By whether tenders alone call it so, and whether a sign parts label and value. Estimates."""
DESCRIBED = 0.5  # a description that stands for a title
LONGEST_DESCRIPTION = 200  # characters; longer ones are texts

_NOTHING = re.compile(r"[-/—.无N/A]{0,4}|none|n/a|see .*|详见.*|见附件.*|/+", re.IGNORECASE)
_CODE = re.compile(r"\b(\d{8})(?:-\d)?\b")
_NUMBER_END = re.compile(r"[ ,;。，；]")
_SPACED = re.compile(r"\d{4}/S \d{3}-\d{6,8}|[A-Z][A-Za-z./-]{0,12}(?: [A-Za-z0-9./-]{1,14}){1,3}")
_BEHIND_NAME = re.compile(r" {2,}| (?=地址|联系|电话|统一社会)|[,，] ?(?=地址|电话|\d)|\|")
_CODE_BEHIND = re.compile(
    r" ?\((?:统一社会|组织机构|以下简称|\d|[A-Z]{2}\d|hereinafter)[^()]{0,60}\)?\Z"
)


def pieces(text: str, found: Iterable[Found], *, is_day_first: bool | None) -> list[Piece]:
    """Return what labelled values say, of those that say anything, in order.

    `is_day_first` is the order of day and month in the document's dates, as far as it is known.
    """
    made = []
    for one in found:
        start, end = _stripped(text, one.value, one.end)
        value = text[start:end]
        if one.label.field in _VALUES and value and not _NOTHING.fullmatch(value):
            made.append(
                (one, start, _VALUES[one.label.field](value, _Place(one, text, is_day_first)))
            )
    return [_piece(one, start, told) for one, start, told in made if told is not None]


def _piece(found: Found, start: int, told: "_Value") -> Piece:
    end = start + told.length
    begin = found.start if end - found.start <= MAX_QUOTE else start
    confidence = CONFIDENCE[found.label.is_strong, found.is_sure]
    if found.label.field == "description":
        return Piece("title", told.value, begin, end, DESCRIBED)
    return Piece(found.label.field, told.value, begin, end, confidence, told.unit)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands."""

    found: Found
    text: str  # of the document
    is_day_first: bool | None


class _Value(NamedTuple):
    """A value as a fact writes it, and how long it is in the text."""

    value: str
    length: int
    unit: str = ""


def _money(value: str, at: _Place) -> _Value | None:
    told = amount_in(value, at.found.label.unit)
    if told is None or told.value == 0:
        return None
    is_closed = value[told.end : told.end + 1] == ")"
    return _Value(plainly(told.value), told.end + is_closed, told.currency)


def _date(value: str, at: _Place) -> _Value | None:
    day = next(dates(value, is_day_first=at.is_day_first), None)
    return _Value(day.value, day.end) if day else None


def _cpv(value: str, _: object) -> _Value | None:
    code = _CODE.search(value)
    return _Value(code[1], code.end()) if code else None


def _number(value: str, _: object) -> _Value | None:
    """Read a number as a buyer writes it: the first word, or all of a short one with a digit."""
    is_spaced = _SPACED.fullmatch(value) is not None
    told = value if is_spaced else _NUMBER_END.split(value, maxsplit=1)[0]
    told = told.rstrip(".")
    if told.count(")") > told.count("("):
        told = told[: told.rindex(")")]
    if told.count("(") > told.count(")"):
        told = told[: told.rindex("(")]
    return _Value(told, len(told)) if any(sign.isdigit() for sign in told) else None


def _name(value: str, _: object) -> _Value | None:
    """Cut off what stands behind a name: an address, a code in brackets, a telephone."""
    cut = _CODE_BEHIND.sub("", _BEHIND_NAME.split(value, maxsplit=1)[0]).rstrip(TRAILING)
    return _Value(cut, len(cut)) if len(cut) > 1 else None


def _text(value: str, _: object) -> _Value | None:
    return _Value(value, len(value)) if len(value) > 1 else None


def _described(value: str, _: object) -> _Value | None:
    return _Value(value, len(value)) if 1 < len(value) <= LONGEST_DESCRIPTION else None


_VALUES: Mapping[str, Callable[[str, _Place], _Value | None]] = {
    **dict.fromkeys(MONEY_FIELDS, _money),
    **dict.fromkeys(DATE_FIELDS, _date),
    **dict.fromkeys(("buyer", "supplier", "agency"), _name),
    **dict.fromkeys(("title", "place"), _text),
    "description": _described,
    "cpv": _cpv,
    "number": _number,
}


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in TRAILING + "\t":
        start += 1
    while end > start and text[end - 1] in TRAILING:
        end -= 1
    return start, end
