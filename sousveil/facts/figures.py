"""Figures beside claims: a number with what it counts and the date it is told for.

Takes one sentence (its text made by `reading.narrow`) and gives figures with spans. Kept are
numbers that say what they count or measure (`counted.py`), money, percentages, and numbers of
millions or 万. Years, ages, editions, ordinals, numbers of sections, models and telephones are not.
What a number counts is never guessed: without words for it, it has no unit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from sousveil.facts.amounts import Money, amounts
from sousveil.facts.counted import is_known_noun, unit_behind
from sousveil.facts.dates import Day, dates
from sousveil.facts.numbers import numbers, plainly
from sousveil.facts.reading import Piece

MAX_NUMBERS = 200  # looked at in one sentence
MAX_FIGURES = 30  # of one sentence: a row of a table of figures
LEAST_COUNTED = 100  # before a capital letter at the beginning
LEAST_WRITTEN = 10  # in Chinese numerals; below, they are words ("一个")

_BOUND = re.compile(
    r"(?:(?P<about>\b(?:about|around|approximately|approx\.?|roughly|some|nearly|almost"
    r"|an estimated|estimated|circa)|(?<![\d%])~|约合|折合约|约|大约|大概|近|将近)"
    r"|(?P<least>\b(?:at least|no fewer than|not less than|no less than|a minimum of)"
    r"|至少|不少于|不低于|[≥])"
    r"|(?P<upto>\b(?:up to|as many as|as much as|a maximum of|maximum of|no more than|not more than"
    r"|at most|as high as|as long as|within)"
    r"|最多|最多可用|多达|高达|不超过|最高|最远|最大|最长|[≤])"
    r"|(?P<over>\b(?:over|more than|upwards of|exceeding|in excess of|above)"
    r"|超过|超出|逾|超|突破|高于|大于|[>])"
    r"|(?P<under>\b(?:under|fewer than|less than|below)"
    r"|低于|不到|不足|小于|少于|[<]))[ :]{0,2}(?:the )?\Z",
    re.IGNORECASE,
)
_BOUNDS = {
    "about": "about", "least": "at least", "over": "over", "upto": "up to", "under": "under",
}  # fmt: skip
_LONGEST_BOUND = 22  # characters of the longest of these words, with what may follow
_MORE = re.compile(r"[余多+]")  # in a number, or right behind it
_BOUND_BEHIND = re.compile(
    r"(?P<about>左右|上下|\bor so\b)|(?P<least>以上|\bor more\b)"
    r"|(?P<upto>以内|以下|(?<=[秒钟时天月年米])内|\bor (?:fewer|less)\b)"
)
_REACH_BEHIND = 3  # characters behind a unit
_LETTERS = (("k", 10**3), ("m", 10**6), ("M", 10**6))
_TO = re.compile(r" ?(?:-|~|至|到|to|and) ?", re.IGNORECASE)
# Without one of these no number stands anywhere; the look costs next to nothing.
_NUMERAL = re.compile(r"\d|[十百千万亿拾佰仟]|hundred|thousand|illion|lakh|crore", re.IGNORECASE)
_YEAR = re.compile(
    r"(?<![\d.,/A-Za-z-])((?:19|20)\d\d)(?![\d%A-Za-z/]|[.,]\d|-\d{2,}"
    r"|[余多万亿元路个台套只名人家户张条辆]|公里|平方)(?: ?年)?"
)
_TIMED = re.compile(
    r"\b(?:in|by|since|until|from|to|of|during|year|and|or|through|before|after) \Z"
)
_ALONE = re.compile(r"(?:[.,;:。，；、)]|\Z| (?:in|by|at|to|and|as of|during|last|this|on)\b)")
_AFTER = re.compile(
    r"[^.;。；]{0,40}?\b(?:in|by|during|since|until|for|as of|as at|at the end of)"
    r" (?:the )?(?:year |end of |early |late |mid-? ?|fiscal )?\Z",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"(?:second|minute|hour|day|week|month|year)s?\Z|秒|分钟|小时|[天周年]\Z|个月"
)
_IN_BRACKETS = re.compile(r"[^()]{0,20}\((?:in )?\Z")

# What numbers things instead of counting them stands before: "section 4", "Windows 10", "第3章".
_NUMBERED = re.compile(
    r"(?:\b(?:section|sections|article|articles|page|pages|pp?\.|chapter|version|ver\.|paragraph|para"
    r"|clause|annex|appendix|table|figure|fig\.|step|phase|part|rule|model|type|item|line|lot|no\.?"
    r"|nos\.?|number|room|floor|aged?|ages|level|class|grade|rank|week|day|case|chapter|volume|vol\.?"
    r"|issue|release|schedule|exhibit|question|layer|group|tier|band|block|unit|threshold|python"
    r"|between the ages of)[ :#]{1,2}|[#№第])\Z",
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?:[A-Za-z][-_./]?|\d[/:_]|_|[图表附式]\d{0,3}-?)\Z")
_HEADING = re.compile(r" [A-Z](?=[a-z])")
_NAME_BEFORE = re.compile(r"[^\s.!?:;“\"(] (?P<name>[A-Z][A-Za-z]+) \Z")
_OF = re.compile(
    r"\b(?:number|total|count) of (?:the |its |their )?"
    r"(?P<noun>(?:(?!rose|grew|fell)[a-z-]{2,16} ){0,2}?[a-z]{3,18}s)\b",
    re.IGNORECASE,
)
_REACHED = re.compile(
    r"\b(?:from|to|reached|was|were|at|hit|exceeded|than|is|are|by) (?:[a-z]{2,13} ){0,2}\Z"
)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number with its unit, before its date is known."""

    start: int
    end: int
    amount: str
    unit: str
    to: str = ""
    bound: str = ""
    is_scaled: bool = False  # a word says how large it is
    is_money: bool = False


def figures(sentence: str) -> Iterator[tuple[Piece, ...]]:
    """Yield the figures of a sentence, each as its pieces; offsets count in the sentence.

    The quote of each is the number with its words; that of a date, the date.
    """
    if _NUMERAL.search(sentence) is None:
        return
    days = _days(sentence)
    found = _with_units(sentence, _ranges(sentence, list(_counted(sentence, days))))[:MAX_FIGURES]
    when = _bound_dates(sentence, found, days)
    for number, one in enumerate(found):
        pieces = [Piece("amount", one.amount, one.start, one.end, 0.85, one.unit)]
        if one.to:
            pieces.append(Piece("to", one.to, one.start, one.end, 0.85, one.unit))
        if one.bound:
            pieces.append(Piece("bound", one.bound, one.start, one.end, 0.85))
        if day := when.get(number):
            begin, end = min(one.start, day.start), max(one.end, day.end)
            pieces.append(Piece("when", day.value, begin, end, 0.75))
        yield tuple(pieces)


def _days(sentence: str) -> list[Day]:
    """Return the dates of a sentence, bare years among them: "2000 cameras" names none."""
    whole = list(dates(sentence))
    covered = [(one.start, one.end) for one in whole]
    years = [
        Day(match[1], *match.span())
        for match in _YEAR.finditer(sentence)
        if not any(start <= match.start() < end for start, end in covered)
        and not (
            is_known_noun(sentence, match.end())
            and not _TIMED.search(sentence.lower(), max(0, match.start() - 8), match.start())
        )
    ]
    return sorted([*whole, *years], key=lambda day: day.start)


def _counted(sentence: str, days: Sequence[Day]) -> Iterator[_Figure]:
    """Yield the numbers that say what they count, or how large they are."""
    spans = [(day.start, day.end) for day in days]
    subject = _OF.search(sentence)
    for one in islice(amounts(sentence), MAX_NUMBERS):
        if any(start <= one.start < end for start, end in spans) or _is_name(sentence, one):
            continue
        unit, end, value = one.currency, one.end, one.value
        if not unit:
            unit, end, value = _told_behind(sentence, one)
        if not unit and subject and subject.end() < one.start:
            reached = _REACHED.search(sentence, max(0, one.start - 40), one.start)
            unit = subject["noun"] if reached or one.is_scaled else ""
        if not unit and not one.is_scaled and not _TO.match(sentence, end):
            continue
        start, bound = _bound(sentence, one, end)
        yield _Figure(
            start, end, plainly(value), unit, bound=bound, is_scaled=one.is_scaled,
            is_money=bool(one.currency),
        )  # fmt: skip


def _told_behind(sentence: str, one: Money) -> tuple[str, int, Decimal]:
    """Return what a number counts, where that ends, and the number: "1.2m people" has a letter."""
    for letter, factor in () if one.is_scaled else _LETTERS:
        if sentence.startswith(letter, one.end) and is_known_noun(sentence, one.end + len(letter)):
            one = replace(one, end=one.end + len(letter), value=one.value * factor)
            break
    unit = None
    if not one.is_written or one.is_scaled or one.value >= LEAST_WRITTEN:
        unit = unit_behind(sentence, one.end)
    if unit is None or (not one.is_scaled and _is_of_a_name(sentence, one)):
        return "", one.end, one.value
    return unit.told, unit.end, one.value


def _bound(sentence: str, one: Money, end: int) -> tuple[int, str]:
    """Return where a figure begins with its words, and its bound; "" where it is told as exact.

    `end` is that of its unit.
    """
    before = _BOUND.search(sentence, max(0, one.start - _LONGEST_BOUND), one.start)
    if before:
        return before.start(), _BOUNDS[before.lastgroup or ""]
    if _MORE.search(sentence, one.start, one.end + 1) or "+" in sentence[one.end : end]:
        return one.start, "over"
    behind = _BOUND_BEHIND.search(sentence, one.end, end + _REACH_BEHIND)
    return one.start, _BOUNDS[behind.lastgroup or ""] if behind else ""


def _is_name(sentence: str, one: Money) -> bool:
    """Whether a number is part of a name, or numbers something: "COVID-19", "section 4"."""
    if one.currency:
        return False
    low = max(0, one.start - 24)
    return bool(
        _GLUED.search(sentence, low, one.start) or _NUMBERED.search(sentence, low, one.start)
    )


def _is_of_a_name(sentence: str, one: Money) -> bool:
    """Whether a capitalised word within a sentence stands before: "on Windows 10 machines"."""
    if is_known_noun(sentence, one.end):
        return False
    if one.start == 0 and one.value < LEAST_COUNTED and _HEADING.match(sentence, one.end):
        return True  # it numbers a heading
    return _NAME_BEFORE.search(sentence, max(0, one.start - 30), one.start) is not None


def _ranges(sentence: str, found: Sequence[_Figure]) -> list[_Figure]:
    """Join "2 to 3 million": two numbers with nothing but "to" between them, of one unit.

    "between 2 and 3" is one too; "2 million and 3 million" are two figures.
    """
    made: list[_Figure] = []
    for one in found:
        last = made[-1] if made else None
        if last is not None and not last.to and _is_range(sentence, last, one):
            unit = one.unit or (last.unit if last.is_money else "")
            made[-1] = replace(
                last, end=one.end, amount=_scaled_as(sentence, last, one), to=one.amount,
                unit=unit, is_scaled=one.is_scaled,
            )  # fmt: skip
        else:
            made.append(one)
    return [one for one in made if one.unit or one.is_scaled]


def _is_range(sentence: str, low: _Figure, high: _Figure) -> bool:
    joint = _TO.fullmatch(sentence, low.end, high.start)
    is_same = not low.unit or low.unit == high.unit or (low.is_money and not high.unit)
    if joint is None or not is_same:
        return False
    before = sentence[max(0, low.start - _LONGEST_BOUND) : low.start].lower()
    return joint[0].strip().lower() != "and" or before.endswith("between ")


def _scaled_as(sentence: str, low: _Figure, high: _Figure) -> str:
    """Return the lower number of a range, multiplied as the upper one is: "2 to 3 million"."""
    upper = list(numbers(sentence[high.start : high.end]))
    if low.is_scaled or not upper or not upper[0].is_scaled:
        return low.amount
    digits = re.match(r"[^\d]*([\d.,]+)", sentence[high.start : high.end])
    plain = next(iter(numbers(digits[1])), None) if digits else None
    if plain is None or not plain.value or Decimal(low.amount) >= plain.value:
        return low.amount  # "200,000 to 1 million"
    return plainly(Decimal(low.amount) * upper[0].value / plain.value)


def _with_units(sentence: str, found: Sequence[_Figure]) -> list[_Figure]:
    """Give a number that only says how large it is the unit of what was counted before it.

    So "176 million cameras in 2017 and 626 million in 2020"; nothing but a date, or the end of the
    clause, may stand behind it, and money is never taken over.
    """
    made: list[_Figure] = []
    unit = ""
    for one in found:
        is_short = len(one.unit) == 1 and unit.startswith(one.unit)  # 个, of 个摄像头
        is_bare = (is_short or not one.unit) and _ALONE.match(sentence, one.end) is not None
        made.append(replace(one, unit=unit) if is_bare else one)
        if made[-1].unit not in {"", "%"}:
            unit = "" if one.is_money else made[-1].unit
    return made


def _bound_dates(sentence: str, found: Sequence[_Figure], days: Sequence[Day]) -> dict[int, Day]:
    """Bind each figure to its own date: that behind it with "in", or else that before it.

    Between a figure and its date no other figure stands. In Chinese the date comes first.
    """
    bound: dict[int, Day] = {}
    taken: set[int] = set()
    is_chinese = any("一" <= sign <= "鿿" for sign in sentence)
    for number, one in enumerate(found):
        following = found[number + 1].start if number + 1 < len(found) else len(sentence)
        for day in () if is_chinese else days:
            between = sentence[one.end : day.start] if one.end <= day.start < following else None
            if between is not None and (_AFTER.match(between) or _IN_BRACKETS.match(between)):
                bound[number] = day
                taken.add(day.start)
                break
    for number, one in enumerate(found):
        before = found[number - 1].end if number else 0
        near = [day for day in days if before <= day.start and day.end <= one.start]
        is_duration = _DURATION.search(one.unit) is not None  # it is as long on any day
        if number not in bound and not is_duration and near and near[-1].start not in taken:
            bound[number] = near[-1]
    return bound
