"""The reader that anybody writes in ten minutes, one expression a field: for bench/facts.py."""

import re
from collections.abc import Iterator

from sousveil.facts.reading import Piece, Reading
from sousveil.model import Document

_LABELS = {
    "title": "项目名称|采购项目名称|title|contract title|project",
    "number": "项目编号|招标编号|reference|notice id|tender no",
    "buyer": "采购人|采购单位|招标人|buyer|contracting authority|purchaser",
    "agency": "采购代理机构|代理机构",
    "supplier": "中标供应商|供应商名称|成交供应商|supplier|contractor|awarded to",
    "budget": "预算金额|采购预算|estimated value|budget",
    "ceiling": "最高限价",
    "price": "中标金额|成交金额|contract value|price",
    "published": "公告日期|发布日期|公告时间|published|publication date",
    "awarded": "成交日期|中标日期|award date",
    "place": "行政区域|地址|location",
    "cpv": "cpv",
}
_FIELDS = {
    name: re.compile(rf"^\W*(?:{words})\s*[:：|]\s*(.+)$", re.IGNORECASE | re.MULTILINE)
    for name, words in _LABELS.items()
}
_FIGURE = re.compile(
    r"([¥￥$€£])?(\d[\d,]*(?:\.\d+)?) ?(million|billion|thousand|万|亿)?"
    r" ?(%|percent|per cent|元|[A-Za-z]+|[一-鿿]{1,4})?"
)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "万": 10**4, "亿": 10**8}
_SIGNS = {"¥": "CNY", "￥": "CNY", "$": "USD", "€": "EUR", "£": "GBP"}
_UNITS = {"percent": "%", "per cent": "%", "元": "CNY"}
_STANDARD = re.compile(r"[A-Z]{2,4}(?:/[A-Z]{1,4})? ?\d+(?:[-:.]\d+)*")
_SAID = re.compile(r"[“\"]([^“”\"]+)[”\"]")
_SPEAKER = re.compile(r"[^.。]{0,20}?(?:of|at|for) ((?:[A-Z]\w+ ?)+)|said ((?:[A-Z]\w+ ?)+)")


def naive(document: Document) -> list[Reading]:
    """Return what one expression a field finds."""
    text = document.text
    made = [Reading("figure", tuple(pieces)) for pieces in _figures(text)]
    for match in _STANDARD.finditer(text):
        told = (_piece("number", match[0]), _piece("type", "standard"))
        made.append(Reading("document", told))
    for match in _SAID.finditer(text):
        pieces = [_piece("said", match[1].strip(",.。，"))]
        if speaker := _SPEAKER.match(text, match.end()):
            pieces.append(_piece("organisation", (speaker[1] or speaker[2]).strip()))
        made.append(Reading("statement", tuple(pieces)))
    notice = [
        _labelled(name, found[1].strip())
        for name, label in _FIELDS.items()
        if (found := label.search(text))
    ]
    return [*made, Reading("project", tuple(notice))] if notice else made


def _labelled(name: str, value: str) -> Piece:
    if name in {"budget", "ceiling", "price"} and (pieces := next(_figures(value), None)):
        return _piece(name, pieces[0].value, pieces[0].unit)
    return _piece(name, value)


def _figures(text: str) -> Iterator[list[Piece]]:
    for sign, digits, scale, unit in _FIGURE.findall(text):
        plain = digits.rstrip(",").replace(",", "")
        amount = f"{float(plain) * _SCALES.get(scale, 1):f}".rstrip("0").rstrip(".")
        told = _SIGNS.get(sign) or _UNITS.get(unit, unit)
        yield [_piece("amount", amount, told)]


def _piece(name: str, value: str, unit: str = "") -> Piece:
    return Piece(name, value, 0, 0, 1.0, unit)
