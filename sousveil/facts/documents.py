"""Documents that a text names: standards, guidelines, test reports, patents; number, title, date.

Takes text that `reading.narrow` made, gives one reading for each document that is named, from the
place that tells the most of it. Forms of numbers: GB/T 1.1-2020 and GB/T 20004.1-2016 (Chinese
national, sector, local and group standards), ISO/IEC Directives, Part 2, ETSI, ITU-T, IEEE, NIST,
RFC 7322; of patents WIPO ST.6 and ST.16, with the signs that are written between the digits.
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
    r"|(?:GB/T|GA/T|YD/T) ?\d{3,6}(?:\.\d{1,3})?"
    r"|ISO(?:/IEC|/IEEE)?(?:/IEEE)?(?: ?(?:TR|TS|PAS))? ?\d{3,5}(?:-\d{1,2})?"
    r"(?::(?P<iso>(?:19|20)\d\d))?"
    r"|(?:BS |DIN )?(?:EN )?IEC ?\d{5}(?:-\d{1,2}){0,3}(?::(?P<iec>(?:19|20)\d\d))?"
    r"|(?:ANSI/)?IEEE(?: Std\.?)? ?P?(?!(?:19|20)\d\d\b)\d{3,4}(?:\.\d{1,3}){0,2}"
    r"(?:-(?P<ieee>(?:19|20)\d\d))?"
    r"|ITU-[TR] (?:Rec\. ?)?[A-Z]\.\d{1,4}(?:\.\d{1,3}){0,2}"
    r"|ETSI (?:TS|TR|EN|ES|GS) ?\d{3} \d{3}(?:-\d{1,2})?"
    r"|(?:BS |DIN )?EN(?: ISO)?(?:/IEC)? ?\d{4,6}(?:-\d{1,2}){0,3}:(?P<en>(?:19|20)\d\d)"
    r"|(?:BS|DIN|JIS [A-Z]|AS(?:/NZS)?|CSA [A-Z]) ?\d{3,6}(?:[.-]\d{1,3})?"
    r"[:-](?P<nat>(?:19|20)\d\d)"
    r"|NIST(?:IR| IR| SP) ?\d{3,4}(?:-\d{1,3}[A-Z]?)?"
    r"|FIPS(?: PUB)? ?\d{2,3}(?:-\d)?"
    r"|RFC[ -]?\d{3,5}|ONVIF Profile [A-Z]|(?:MIL-STD|UL) ?-?\d{3,5}[A-Z]?"
    r")(?![A-Za-z0-9])"
)
_PATENT = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"CN ?\d{7,9} ?[ABCUSY]\d?|CN ?\d{12}\.[\dX]|ZL ?\d{4} ?\d ?\d{7}\.[\dX]"
    r"|US ?(?:\d{1,2},\d{3},\d{3}|\d{7,8}) ?(?:[ABE]\d?|S1?)"
    r"|US ?(?:19|20)\d\d/?\d{7} ?A\d|EP ?\d ?\d{3} ?\d{3} ?[AB]\d"
    r"|WO ?(?:19|20)\d\d ?/?\d{6}(?: ?A\d)?|(?:KR|TW|JP|AU|CA|IN|DE|GB|FR) ?\d{6,12} ?[ABCU]\d?"
    r"|(?<=专利号[: ])\d{12}\.[\dX]|(?<=[请利]号[:为])\d{12}\.[\dX]"
    r"|(?<=Patent No\. )\d{1,2},\d{3},\d{3}"
    r")(?![A-Za-z0-9])"
)
_QUOTED = re.compile(r"《([^《》]{2,120})》")
_REPORT_TITLE = re.compile(r"(?:检测|检验|测试|评测|评估|鉴定|验证)(?:结果)?报告")
_GUIDE_TITLE = re.compile(r"(?:指南|规范|导则|指引|标准|技术要求|准则|规程)(?:\(|\Z|第)")
_REPORT_NUMBER = re.compile(
    r"(?:(?:检测|检验|测试|评测|评估|鉴定|验证)?报告(?:编)?号|(?:检测|检验|认证)?证书(?:编)?号"
    r"|(?:[Tt]est |TEST )?[Rr]eport"
    r" (?:[Nn]o\.?|[Nn]umber|ID|№|[Rr]ef(?:erence|\.)?)|REPORT NO\.?"
    r"|[Cc]ertificate (?:[Nn]o\.?|[Nn]umber))"
    r"(?: is | was |为|[ :]{0,3})(?P<number>(?:[A-Z]{2,8} )?"
    r"(?:[\(\[](?:\d{4}|[一-鿿]{1,6})[\)\]])?[一-鿿]{0,8}"
    r"[A-Za-z0-9\[(第][A-Za-z0-9./()\[\]_第-]{3,40}号?)"
)
_ENGLISH_TITLE = re.compile(
    r"[,:(]? ?[“\"'](?P<title>[^“”\"']{5,120})[”\"']|(?:: |, |- )(?P<bare>[A-Z][^.;:\n()]{10,120})"
)
_ENGLISH_GUIDE = re.compile(
    r"[“\"](?P<title>[^“”\"]{0,80}\b(?:[Gg]uidelines?|[Gg]uidance|[Cc]ode of [Pp]ractice)\b"
    r"[^“”\"]{0,80})[”\"]"
)
_TITLE_BEFORE = re.compile(
    r"(?:《(?P<title>[^《》]{2,120})》|“(?P<quoted>[^“”]{5,120})”)[ (\[]{0,2}\Z"
)
_TITLE_BEHIND = re.compile(r"[ )\]]{0,2}《(?P<title>[^《》]{2,120})》")
# In a list of references, or a table, a title stands behind its number without a sign between.
_TITLE_IN_LIST = re.compile(
    r"(?:[ \t]{1,4}|\n)(?P<title>[一-鿿][^\n。,，;；|]{3,80}?)(?= *(?:\n|\Z|[;；。|]))"
)
_IS_TITLE = re.compile(
    r"(?:要求|规范|方法|标准|指南|导则|通则|格式|规程|准则|规则|协议|接口|定义|术语|条件|系统|分类|体系|代码|部分.*)\Z"
)
_LIST_START = re.compile(r"(?:\A|\n)(?:[(\[]?\d{1,3}[)\].、]? ?|[-*•] ?)?\Z")
_PATENT_TITLE_BEFORE = re.compile(
    r"(?:《(?P<title>[^《》]{4,120})》|“(?P<quoted>[^“”]{4,120})”)[^《》“”。;\n]{0,16}\Z"
)
_PATENT_TITLE = re.compile(r"[^《》“”。;；\n]{0,16}[《“](?P<title>[^《》“”]{4,120})[》”]")
_PUBLISHED = re.compile(
    r"[ ,;():]{0,4}(?:first |which was |was )?"
    r"(?:published|granted|dated|公开日|公布日|授权公告日|公告日)[^.。;]{0,12}\Z"
)
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
    yield from _patents(text)
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


def _patents(text: str) -> Iterator[Reading]:
    for match in _PATENT.finditer(text):
        start, end = match.span()
        title = _PATENT_TITLE_BEFORE.search(text, max(0, start - MAX_TITLE), start)
        title = title or _PATENT_TITLE.match(text, end, end + MAX_TITLE)
        begin, finish = start, end
        pieces = []
        if title:
            begin, finish = min(start, title.start()), max(end, title.end())
            pieces.append(Piece("title", _title(title), begin, finish, 0.75))
        pieces += [
            Piece("number", match[0], begin, finish, 0.9),
            Piece("type", "patent", begin, finish, 0.9),
        ]
        day = next(dates(text[end : end + _DATE_REACH]), None)
        if day and _PUBLISHED.match(text, end, end + day.start):
            pieces.append(Piece("published", day.value, start, end + day.end, 0.75))
        yield Reading("document", tuple(pieces))


def _title(match: "re.Match[str]") -> str:
    """Return the title in whichever marks it stands."""
    return str(match["title"] or match["quoted"])


def _spaced(number: str) -> str:
    """Write a standard's number as it is cited: "GB/T28181 - 2016" is "GB/T 28181-2016"."""
    joined = re.sub(r" ?- ?", "-", number)
    joined = joined.replace("RFC-", "RFC ")
    return re.sub(r"(?<=[A-Z])(?=\d)(?<!SP)(?<!DB)", " ", joined, count=1)


def _title_of(text: str, start: int, end: int) -> tuple[str, int, int] | None:
    """Return the title beside a number, and its span: 《…》 behind or before, or words behind."""
    if _LIST_START.search(text, max(0, start - 8), start):
        title = _TITLE_IN_LIST.match(text, end, end + MAX_TITLE)
        is_own_line = title is not None and text[end] == "\n"
        if title is not None and (not is_own_line or _IS_TITLE.search(title["title"])):
            return title["title"], start, title.end()
    match = _TITLE_BEHIND.match(text, end) or _TITLE_BEFORE.search(
        text, max(0, start - MAX_TITLE), start
    )
    if match is not None:
        return _title(match), match.start(), match.end()
    english = _ENGLISH_TITLE.match(text, end, end + MAX_TITLE)
    if english is None:
        return None
    told = str(english["title"] or english["bare"]).strip()
    if _STANDARD.search(told) or (english["bare"] and told.count(" ") < LEAST_SPACES):
        return None
    return told, english.start(), english.end()


def _reports(text: str) -> Iterator[Reading]:
    for match in _REPORT_NUMBER.finditer(text):
        number = match["number"].rstrip(".-/(")
        if number.count(")") > number.count("("):
            number = number[: number.rindex(")")]
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
            pieces.append(Piece("title", _title(title), title.start(), title.end(), 0.85))
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
