"""Figures beside claims: a number with what it counts and the date it is told for.

Takes one sentence (its text made by `reading.narrow`) and gives figures with spans. Kept are
numbers that say what they count: money, percentages, numbers of millions or 万, and those before
one of the nouns of `_COUNTED`. Years, editions, prices of nothing and numbers of pages are not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sousveil.facts.amounts import amounts
from sousveil.facts.dates import Day, dates
from sousveil.facts.numbers import numbers, plainly
from sousveil.facts.reading import Piece

MAX_FIGURES = 30  # of one sentence: a row of a table of figures

_NOUNS = (
    "cameras?|people|persons|faces?|face images?|images?|photos?|records?|users?|devices?|residents"
    "|checkpoints?|systems?|officers|citizens|individuals|travell?ers|pilgrims|households|schools?"
    "|cities|stations?|households|drones?|subjects?|volunteers|patients|samples|profiles|templates"
    "|terminals?|sites?|customers|employees|students|minutes?|hours|days|milliseconds|detainees"
)
_COUNTED = re.compile(
    rf" ?(?:such |more |new |other ){{0,2}}"
    rf"(?P<noun>(?:(?:surveillance|security|cctv|video|smart|facial|face|public|registered"
    rf"|connected|installed|network|mobile|biometric|ip|high-definition|active|ethnic"
    rf"|minority|uyghur|muslim) ){{0,3}}(?:{_NOUNS}))\b"
    r"|^[余多]?(?P<zh>[路个台套只部](?:[一-鿿]{0,6}?(?:摄像头|摄像机|监控|视频|探头|设备|终端|系统|监控点|点位))"
    r"|人次|人(?!民|脸|工|员)|名(?:[一-鿿]{0,4}(?:用户|居民|人员|民警|学生|员工))?|张[一-鿿]{0,4}(?:人脸|照片|图片|图像)"
    r"|条[一-鿿]{0,4}(?:数据|记录|信息)|座城市|个城市|家[一-鿿]{0,4}(?:企业|单位|客户)?|所(?:学校|院校)|户|毫秒|秒)",
    re.IGNORECASE,
)
_PERCENT = re.compile(r" ?(?:%|percent\b|per cent\b|个百分点)", re.IGNORECASE)
_OPEN_END = re.compile(r"[余多](?=[路个台套人名张条元万亿])|以上|左右|[+]")
_BOUND = re.compile(
    r"(?:(?P<about>about|around|approximately|roughly|some|nearly|almost|an estimated|estimated"
    r"|circa|约|大约|大概|近|将近)"
    r"|(?P<least>at least|no fewer than|a minimum of|至少|不少于|不低于)"
    r"|(?P<over>over|more than|upwards of|exceeding|in excess of|超过|逾|超|突破|高于)"
    r"|(?P<upto>up to|as many as|a maximum of|no more than|at most|as high as"
    r"|最多|多达|不超过|最高)"
    r"|(?P<under>under|fewer than|less than|below|低于|不到|不足))[ :]{0,2}(?:the )?\Z",
    re.IGNORECASE,
)
_BOUNDS = {
    "about": "about", "least": "at least", "over": "over", "upto": "up to", "under": "under",
}  # fmt: skip
_LONGEST_BOUND = 22  # characters of the longest of these words, with what may follow
_TO = re.compile(r" ?(?:-|~|至|到|to|and) ?", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d.,/-])((?:19|20)\d\d)(?![\d%]|[.,]\d)(?: ?年)?")
_AFTER = re.compile(
    r"[^.;。；]{0,40}?\b(?:in|by|during|since|until|for|as of|as at|at the end of)"
    r" (?:the )?(?:year |end of |early |late |mid-? ?|fiscal )?\Z",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[^()]{0,20}\((?:in )?\Z")


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


def figures(sentence: str) -> Iterator[tuple[Piece, ...]]:
    """Yield the figures of a sentence, each as its pieces; offsets count in the sentence.

    The quote of each is the number with its words; that of a date, the date.
    """
    days = _days(sentence)
    found = _with_units(_ranges(sentence, list(_counted(sentence, days))))[:MAX_FIGURES]
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
    """Return the dates of a sentence, bare years among them."""
    whole = list(dates(sentence))
    covered = [(one.start, one.end) for one in whole]
    years = [
        Day(match[1], *match.span())
        for match in _YEAR.finditer(sentence)
        if not any(start <= match.start() < end for start, end in covered)
    ]
    return sorted([*whole, *years], key=lambda day: day.start)


def _counted(sentence: str, days: Sequence[Day]) -> Iterator[_Figure]:
    """Yield the numbers that say what they count, or how large they are."""
    scaled = {one.start for one in numbers(sentence) if one.is_scaled}
    for one in amounts(sentence):
        if any(day.start <= one.start < day.end for day in days):
            continue
        unit, end = one.currency, one.end
        if not unit:
            end = match.end() if (match := _OPEN_END.match(sentence, end)) else end
            unit, end = _unit(sentence, end)
        if not unit and one.start not in scaled and not _TO.match(sentence, end):
            continue
        before = _BOUND.search(sentence, max(0, one.start - _LONGEST_BOUND), one.start)
        bound = _BOUNDS[before.lastgroup or ""] if before else ""
        if not bound and _OPEN_END.search(sentence, one.end, end + 2):
            bound = "over"
        start = before.start() if before else one.start
        yield _Figure(
            start, end, plainly(one.value), unit, bound=bound, is_scaled=one.start in scaled
        )


def _unit(sentence: str, end: int) -> tuple[str, int]:
    """Return what a number counts, and where that ends."""
    if percent := _PERCENT.match(sentence, end):
        return "%", percent.end()
    match = _COUNTED.match(sentence[end : end + 60])
    if match is None:
        return "", end
    return (match["noun"] or match["zh"]).strip().lower(), end + match.end()


def _ranges(sentence: str, found: Sequence[_Figure]) -> list[_Figure]:
    """Join "2 to 3 million": two numbers with nothing but "to" between them, of which one scales.

    "between 2 and 3" is one too; "2 million and 3 million" are two figures.
    """
    made: list[_Figure] = []
    for one in found:
        last = made[-1] if made else None
        if last is not None and not last.to and _is_range(sentence, last, one):
            low = _scaled_as(sentence, last, one)
            made[-1] = replace(
                last, end=one.end, amount=low, to=one.amount, unit=one.unit, is_scaled=one.is_scaled
            )
        else:
            made.append(one)
    return [one for one in made if one.unit or one.is_scaled]


def _is_range(sentence: str, low: _Figure, high: _Figure) -> bool:
    joint = _TO.fullmatch(sentence, low.end, high.start)
    if joint is None or (low.unit and low.unit != high.unit):
        return False
    before = sentence[max(0, low.start - _LONGEST_BOUND) : low.start].lower()
    return joint[0].strip().lower() != "and" or before.endswith("between ")


def _scaled_as(sentence: str, low: _Figure, high: _Figure) -> str:
    """Return the lower number of a range, multiplied as the upper one is: "2 to 3 million"."""
    upper = list(numbers(sentence[high.start : high.end]))
    lower = list(numbers(sentence[low.start : low.end]))
    if not upper or not lower or not upper[-1].is_scaled or lower[0].is_scaled:
        return low.amount
    digits = re.match(r"[\d.,]+", sentence[high.start : high.end])
    if digits is None:
        return low.amount
    plain = next(iter(numbers(digits[0])), None)
    factor = upper[-1].value / plain.value if plain and plain.value else 1
    return plainly(lower[0].value * factor)


def _with_units(found: Sequence[_Figure]) -> list[_Figure]:
    """Give numbers that only say how large they are the unit of the figure beside them."""
    made: list[_Figure] = []
    unit = next((one.unit for one in found if one.unit and one.unit != "%"), "")
    for one in found:
        if one.unit and one.unit != "%":
            unit = one.unit
        made.append(one if one.unit else replace(one, unit=unit))
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
        if number not in bound and near and near[-1].start not in taken:
            bound[number] = near[-1]
    return bound
