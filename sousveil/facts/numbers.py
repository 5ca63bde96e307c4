"""Numbers as people write them: 1,200,000.50, 1.200.000,50, 1 200 000, 3.5亿, 壹佰贰拾万.

Takes text that `reading.narrow` made and gives decimal values with their spans. Pure, linear time.
Chinese numerals follow GB/T 15835-2011, capitals those of the rules for bank bills. A library for
them (cn2an) reads whole strings, not text with positions; of others none reads both languages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

# Of one number: more digits are codes.
MAX_DIGITS = 15

_DIGIT = {
    sign: value
    for signs in ("零一二三四五六七八九", "〇壹贰叁肆伍陆柒捌玖", "零壹貳參肆伍陸柒捌玖")
    for value, sign in enumerate(signs)
} | {"两": 2, "兩": 2, "弍": 2, "叄": 3}
_UNIT = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_MYRIAD = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HANZI = "".join({**_DIGIT, **_UNIT, **_MYRIAD})

SCALES = {
    "thousand": 10**3,
    "million": 10**6,
    "mln": 10**6,
    "mn": 10**6,
    "mio": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
}
"""Words behind a number that multiply it."""

_SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
_DIGITS = (
    r"(?<![\d.,])(?:"
    r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,10})?"  # 1,200,000.50
    r"|\d{1,3}(?:\.\d{3}){2,4}(?:,\d{1,2})?|\d{1,3}\.\d{3},\d{1,2}"  # 1.200.000,50
    r"|\d{1,3}(?:['’]\d{3}){1,4}(?:\.\d{1,2})?"  # 1'200'000
    r"|\d{1,3}(?: \d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)"  # 1 200 000,50
    rf"|\d{{1,{MAX_DIGITS}}}(?:[.,]\d{{1,10}})?"
    r")(?![\d])"
)
_NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})"
    rf"(?:(?P<hanzi>[ (]{{0,2}}[{_HANZI}]{{1,3}}(?:\d{{1,4}}[千万]+)?)"
    rf"|[ -]?(?P<scale>{_SCALE})\b)?"
    rf"|(?P<written>[{_HANZI}]{{1,30}})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\d+(?:\.\d+)?|\S")


@dataclass(frozen=True, slots=True)
class Number:
    """A number where it stands."""

    value: Decimal
    start: int
    end: int
    is_scaled: bool  # a word says how large it is: million, 万
    is_written: bool = False  # in Chinese numerals alone


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of a text, in order. The text is one that `narrow` made."""
    for match in _NUMBER.finditer(text):
        written, digits = match["written"], match["digits"]
        if written is not None:
            value = chinese(written)
            if value is not None:
                is_scaled = any(sign in _MYRIAD for sign in written)
                yield Number(value, *match.span(), is_scaled, is_written=True)
            continue
        plain = Decimal(ungrouped(digits))
        scale, hanzi = match["scale"], match["hanzi"]
        if hanzi and not any(sign in _DIGIT for sign in hanzi):
            told = chinese(f"{plain:f}{hanzi.strip(' (')}")
            if told is not None:
                yield Number(told, *match.span(), is_scaled=True)
                continue
        if scale:
            yield Number(plain * SCALES[scale.lower()], *match.span(), is_scaled=True)
        else:
            yield Number(plain, *match.span("digits"), is_scaled=False)


def ungrouped(digits: str) -> str:
    """Return a number's digits with a decimal point and no grouping.

    A comma or point before exactly three last digits groups if it is a comma: "1,200" is 1200,
    "1.200" is 1.2.
    """
    plain = re.sub(r"[ '’]", "", digits)
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        decimal, group = (".", ",") if point > comma else (",", ".")
        return plain.replace(group, "").replace(decimal, ".")
    if plain.count(".") > 1:
        return plain.replace(".", "")
    if plain.count(",") == 1 and len(plain) - comma - 1 != 3:  # noqa: PLR2004  # digits of a group
        return plain.replace(",", ".")
    return plain.replace(",", "")


def chinese(text: str) -> Decimal | None:
    """Return the value of Chinese numerals, Arabic digits among them; None where they say none.

    "一百二十万", "壹亿贰仟万", "3.5亿", "1亿2000万"; digits alone are read one by one: "二〇二〇".
    """
    tokens = _TOKEN.findall(text)
    if not tokens or tokens[0] in _MYRIAD or tokens[0] in "百佰千仟":
        return None
    if len(tokens) > 1 and all(token in _DIGIT for token in tokens):
        return Decimal("".join(str(_DIGIT[token]) for token in tokens))
    total = section = Decimal(0)
    digit: Decimal | None = None
    for token in tokens:
        if token in _UNIT:
            section += (Decimal(1) if digit is None else digit) * _UNIT[token]
            digit = None
        elif token in _MYRIAD:
            section += digit or 0
            is_largest = _MYRIAD[token] == 10**8
            total = (total + section) * 10**8 if is_largest else total + section * 10**4
            section, digit = Decimal(0), None
        else:
            digit = Decimal(_DIGIT[token]) if token in _DIGIT else Decimal(token)
    return total + section + (digit or 0)


def plainly(value: Decimal) -> str:
    """Return a value as a fact writes it: digits, a point where needed, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
