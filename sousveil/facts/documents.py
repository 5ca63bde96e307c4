"""Documents that a text names: standards, guidelines, test reports, with number, title and date.

Takes text that `reading.narrow` made, gives one reading for each document that is named, from the
place that tells the most of it. Forms of numbers: GB/T 1.1-2020 and GB/T 20004.1-2016 (Chinese
national, sector, local and group standards), ISO/IEC Directives, Part 2, ETSI, ITU-T, IEEE, NIST.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sousveil.facts.dates import dates
from sousveil.facts.reading import Piece, Reading

MAX_DOCUMENTS = 200  # of one text: a standard's own references are some dozen
MAX_MENTIONS = 5_000  # looked at
MAX_TITLE = 120  # characters
LEAST_SPACES = 2  # in a title without quotation marks: fewer are words of the sentence

_SECTORS = "GA|YD|SJ|JR|JT|WS|RB|CY|DL|HJ|MZ|SF|TY|GY|YY|QX|LY|JY|GM"
_STANDARD = re.compile(
    r"(?<![A-Za-z0-9/])(?:"
    rf"(?:GB(?:/[TZ])?|(?:{_SECTORS})(?:/[TZ])?|DB ?\d{{2,4}}(?:/T)?) ?\d{{1,6}}(?:\.\d{{1,3}})?"
    r" ?- ?(?P<cn>(?:19|20)\d\d)"
    r"|T/[A-Z]{2,10} ?\d{1,6}(?:\.\d{1,3})? ?- ?(?P<group>20\d\d)"
    r"|(?:GB/T|GA/T) ?\d{3,6}(?:\.\d{1,3})?"
    r"|ISO(?:/IEC|/IEEE)?(?: ?(?:TR|TS|PAS))? ?\d{3,5}(?:-\d{1,2})?(?::(?P<iso>(?:19|20)\d\d))?"
    r"|IEC ?\d{5}(?:-\d{1,2}){0,3}(?::(?P<iec>(?:19|20)\d\d))?"
    r"|IEEE(?: Std)? ?P?\d{3,4}(?:\.\d{1,3}){0,2}(?:-(?P<ieee>(?:19|20)\d\d))?"
    r"|ITU-T (?:Rec\. ?)?[A-Z]\.\d{1,4}(?:\.\d{1,3}){0,2}"
    r"|ETSI (?:TS|TR|EN|ES|GS) ?\d{3} \d{3}(?:-\d{1,2})?"
    r"|(?:BS |DIN )?EN(?: ISO)?(?:/IEC)? ?\d{4,6}(?:-\d{1,2})?:(?P<en>(?:19|20)\d\d)"
    r"|NIST(?:IR| IR| SP) ?\d{3,4}(?:-\d{1,3}[A-Z]?)?"
    r")(?![A-Za-z0-9])"
)
_QUOTED = re.compile(r"《([^《》]{2,120})》")
_REPORT_TITLE = re.compile(r"(?:检测|检验|测试|评测|评估|鉴定|验证)(?:结果)?报告")
_GUIDE_TITLE = re.compile(r"(?:指南|规范|导则|指引|标准|技术要求|准则)(?:\(|\Z|第)")
_REPORT_NUMBER = re.compile(
    r"(?:(?:检测|检验|测试|评测|评估|鉴定)?报告(?:编)?号|(?:[Tt]est |TEST )?[Rr]eport"
    r" (?:[Nn]o\.?|[Nn]umber|ID|№)|REPORT NO\.?|Certificate [Nn]o\.?)"
    r"[ :]{0,3}(?P<number>[A-Za-z0-9][A-Za-z0-9./()\[\]_-]{3,40})"
)
_ENGLISH_TITLE = re.compile(
    r"[,:(]? ?[“\"'](?P<title>[^“”\"']{5,120})[”\"']|(?:: |, |- )(?P<bare>[A-Z][^.;:\n()]{10,120})"
)
_ENGLISH_GUIDE = re.compile(
    r"[“\"](?P<title>[^“”\"]{0,80}\b(?:[Gg]uidelines?|[Gg]uidance)\b[^“”\"]{0,80})[”\"]"
)
_TITLE_BEFORE = re.compile(r"《(?P<title>[^《》]{2,120})》[ (\[]{0,2}\Z")
_TITLE_BEHIND = re.compile(r"[ )\]]{0,2}《(?P<title>[^《》]{2,120})》")
_DATE_REACH = 60  # characters behind a report's title or number


def documents(text: str) -> list[Reading]:
    """Return the documents that a text names, in order; one that it names again is told once.

    The text is one that `narrow` made.
    """
    kept: dict[str, Reading] = {}
    taken: list[tuple[int, int]] = []
    for one in islice(_all(text), MAX_MENTIONS):
        if len(kept) >= MAX_DOCUMENTS:
            break
        start, end = _span(one)
        if any(start < other_end and other < end for other, other_end in taken[-3:]):
            continue
        told = {piece.name: piece.value for piece in one.pieces}
        key = told.get("number") or told["title"]
        before = kept.get(key)
        if before is None or len(before.pieces) < len(one.pieces):
            kept[key] = one
            taken.append((start, end))
    return sorted(kept.values(), key=_span)


def _span(reading: Reading) -> tuple[int, int]:
    return (
        min(one.start for one in reading.pieces),
        max(one.end for one in reading.pieces),
    )


def _all(text: str) -> Iterator[Reading]:
    yield from _standards(text)
    yield from _reports(text)
    yield from _titled(text)


def _standards(text: str) -> Iterator[Reading]:
    for match in _STANDARD.finditer(text):
        start, end = match.span()
        title = _title_of(text, start, end)
        begin, finish = (min(start, title[1]), max(end, title[2])) if title else (start, end)
        pieces = [
            Piece("number", _spaced(match[0]), begin, finish, 0.95),
            Piece("type", "standard", begin, finish, 0.95),
        ]
        if year := next(filter(None, match.groups()), None):
            pieces.append(Piece("published", year, start, end, 0.95))
        if title:
            pieces.append(Piece("title", title[0], begin, finish, 0.85))
        yield Reading("document", tuple(pieces))


def _spaced(number: str) -> str:
    """Write a standard's number as it is cited: "GB/T28181 - 2016" is "GB/T 28181-2016"."""
    joined = re.sub(r" ?- ?", "-", number)
    return re.sub(r"(?<=[A-Z])(?=\d)(?<!SP)(?<!DB)", " ", joined, count=1)


def _title_of(text: str, start: int, end: int) -> tuple[str, int, int] | None:
    """Return the title beside a number, and its span: 《…》 behind or before, or words behind."""
    match = _TITLE_BEHIND.match(text, end) or _TITLE_BEFORE.search(
        text, max(0, start - MAX_TITLE), start
    )
    if match is not None:
        return match["title"], match.start(), match.end()
    english = _ENGLISH_TITLE.match(text, end, end + MAX_TITLE)
    if english is None:
        return None
    title = (english["title"] or english["bare"]).strip()
    if _STANDARD.search(title) or (english["bare"] and title.count(" ") < LEAST_SPACES):
        return None
    return title, english.start(), english.end()


def _reports(text: str) -> Iterator[Reading]:
    for match in _REPORT_NUMBER.finditer(text):
        number = match["number"].rstrip(".-/(")
        if not any(sign.isdigit() for sign in number):
            continue
        end = match.start("number") + len(number)
        pieces = [
            Piece("number", number, match.start(), end, 0.85),
            Piece("type", "test report", match.start(), end, 0.85),
        ]
        if day := next(dates(text[end : end + _DATE_REACH]), None):
            pieces.append(Piece("published", day.value, match.start(), end + day.end, 0.7))
        low = max(0, match.start() - MAX_TITLE)
        if title := _TITLE_BEFORE.search(text, low, match.start()):
            pieces.append(Piece("title", title["title"], title.start(), title.end(), 0.85))
        yield Reading("document", tuple(pieces))


def _titled(text: str) -> Iterator[Reading]:
    for match in _QUOTED.finditer(text):
        title = match[1]
        if _REPORT_TITLE.search(title):
            kind = "test report"
        elif _GUIDE_TITLE.search(title):
            kind = "guideline"
        else:
            continue
        yield _named(title, kind, match)
    for match in _ENGLISH_GUIDE.finditer(text):
        yield _named(match["title"], "guideline", match)


def _named(title: str, kind: str, match: "re.Match[str]") -> Reading:
    pieces = (
        Piece("title", title, *match.span(), 0.8),
        Piece("type", kind, *match.span(), 0.8),
    )
    return Reading("document", pieces)
