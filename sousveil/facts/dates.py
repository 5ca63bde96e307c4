"""Dates as notices write them, in both languages, as ISO 8601 with their spans.

Takes text that `reading.narrow` made. A date of which nobody can tell day from month (03/04/2020)
is left out, unless another date of the same document tells the order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sousveil.facts.numbers import chinese

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_H = "〇零一二三四五六七八九十"
_DATE = re.compile(
    r"(?<!\d)(?P<y1>(?:19|20)\d\d) ?年(?: ?(?P<m1>\d{1,2}) ?月(?: ?(?P<d1>\d{1,2}) ?[日号])?)?"
    r"|(?<![\d.])(?P<y2>(?:19|20)\d\d)[-/.](?P<m2>\d{1,2})[-/.](?P<d2>\d{1,2})(?!\d)"
    rf"|(?P<y3>二[〇零○Oo0][{_H}]{{2}}) ?年(?:(?P<m3>[{_H}]{{1,3}})月"
    rf"(?:(?P<d3>[{_H}]{{1,3}})[日号])?)?"
    rf"|(?<!\d)(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?[ -]?(?:of )?(?P<m4>{_MONTH})\.?,?[ -]?"
    r"(?P<y4>(?:19|20)\d\d)"
    rf"|\b(?P<m5>{_MONTH})\.? (?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y5>(?:19|20)\d\d)"
    rf"|\b(?P<m6>{_MONTH})\.? (?P<y6>(?:19|20)\d\d)"
    r"|(?<![\d/.])(?P<a7>\d{1,2})[/.-](?P<b7>\d{1,2})[/.-](?P<y7>(?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_HAS_YEAR = re.compile(r"(?:19|20)\d\d|二[〇零○Oo0]")  # a quick look: all forms have one
_ORDERED = re.compile(r"(?<![\d/.])(\d{1,2})[/.-](\d{1,2})[/.-](?:19|20)\d\d(?!\d)")
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A date where it stands: "2020-03-11", "2020-03" or "2020"."""

    value: str
    start: int
    end: int


def dates(text: str, *, is_day_first: bool | None = None) -> Iterator[Day]:
    """Yield the dates of a text, in order; those that no calendar has are left out.

    `is_day_first` is the order of day and month in dates like 03/04/2020; None: not known.
    """
    if _HAS_YEAR.search(text) is None:
        return
    for match in _DATE.finditer(text):
        value = _value(match, is_day_first=is_day_first)
        if value:
            yield Day(value, *match.span())


def day_first(text: str) -> bool | None:
    """Return whether days come before months in a document; None when no date of it tells."""
    for first, second in _ORDERED.findall(text):
        if int(first) > _MONTHS_A_YEAR >= int(second):
            return True
        if int(second) > _MONTHS_A_YEAR >= int(first):
            return False
    return None


def _value(match: "re.Match[str]", *, is_day_first: bool | None) -> str:
    told = match.groupdict()
    if told["a7"]:
        first, second = int(told["a7"]), int(told["b7"])
        if first <= _MONTHS_A_YEAR and second <= _MONTHS_A_YEAR and first != second:
            if is_day_first is None:
                return ""
            first_is_day = is_day_first
        else:
            first_is_day = second <= _MONTHS_A_YEAR
        day, month = (first, second) if first_is_day else (second, first)
        return _iso(told["y7"], month, day)
    for form in "123456":
        if told.get(f"y{form}"):
            return _iso(
                _year(told[f"y{form}"]),
                _month(told.get(f"m{form}")),
                _number(told.get(f"d{form}")),
            )
    return ""


def _year(text: str) -> str:
    return text if text.isdecimal() else str(chinese(re.sub("[○Oo0]", "〇", text)) or "")


def _month(text: str | None) -> int | None:
    if text and text[:3].lower() in _MONTHS:
        return _MONTHS.index(text[:3].lower()) + 1
    return _number(text)


def _number(text: str | None) -> int | None:
    return int(chinese(text) or 0) if text else None


def _iso(year: str, month: int | None, day: int | None) -> str:
    try:
        whole = date(int(year), 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return ""
    if month is None:
        return year
    return whole.isoformat() if day is not None else f"{whole:%Y-%m}"
