"""Numbers as people write them: 1,200,000.50, 1 200 000, 7,50,000, 3.5亿, 壹佰贰拾万, two million.

Takes text that `reading.narrow` made and gives decimal values with their spans. Pure, linear time.
English words are read where one of them says how large the number is: "two" alone is a word.
Chinese numerals follow GB/T 15835-2011, capitals those of the rules for bank bills. A library for
them (cn2an) reads whole strings, not text with positions; of others none reads both languages.
"""

import re
from collections.abc import Iterable, Iterator
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
    "hundred": 10**2,
    "thousand": 10**3,
    "lakh crore": 10**12,
    "lakhs": 10**5,
    "lakh": 10**5,
    "lacs": 10**5,
    "lac": 10**5,
    "crores": 10**7,
    "crore": 10**7,
    "million": 10**6,
    "mln": 10**6,
    "mn": 10**6,
    "mio": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
}
"""Words behind a number that multiply it; lakh and crore are those of South Asia."""

_WORDS = {
    word: Decimal(value)
    for value, word in enumerate(
        [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
            "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
            "nineteen",
        ],
        start=1,
    )
} | {
    word: Decimal(10 * value)
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}  # fmt: skip
_TENS = [word for word, value in _WORDS.items() if value >= 20]  # noqa: PLR2004  # twenty and up
_ONES = {"a": Decimal(1), "half a": Decimal("0.5")} | _WORDS


def _one_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_SCALE = _one_of(SCALES)
_DIGITS = (
    r"(?<!\d)(?<!\d[.,])(?:"
    r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,10})?"  # 1,200,000.50
    r"|\d{1,2}(?:,\d{2}){1,4},\d{3}(?:\.\d{1,2})?"  # 8,65,43,210.00
    r"|\d{1,3}(?:\.\d{3}){2,4}(?:,\d{1,2})?|\d{1,3}\.\d{3},\d{1,2}"  # 1.200.000,50
    r"|\d{1,3}(?:['’]\d{3}){1,4}(?:\.\d{1,2})?"  # 1'200'000
    r"|\d{1,3}(?: \d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)"  # 1 200 000,50
    rf"|\d{{1,{MAX_DIGITS}}}(?:[.,]\d{{1,10}})?"
    r")(?![\d])"
)
_NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})"
    rf"(?:(?P<hanzi>[ (]{{0,2}}[余多]?[{_HANZI}]{{1,3}}(?:\d{{1,4}}[千万]+)?)"
    rf"|[ -]?(?P<scale>{_SCALE})\b)?"
    rf"|(?P<written>[{_HANZI}]{{1,30}}(?:[余多][万亿])?)"
    rf"|\b(?:(?P<tens>{_one_of(_TENS)})[ -])?(?P<word>{_one_of(_ONES)})"
    rf"[ -](?P<of>{_SCALE})(?: (?P<more>{_SCALE}))?\b(?!(?: and)?[ -](?:{_one_of(_WORDS)})\b)",
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
        if match["word"]:
            yield Number(_english(match), *match.span(), is_scaled=True)
            continue
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


def _english(match: "re.Match[str]") -> Decimal:
    """Return the value of words: "twenty-five hundred thousand"."""
    plain = _ONES[match["word"].lower()] + _WORDS.get((match["tens"] or "").lower(), 0)
    return plain * SCALES[match["of"].lower()] * SCALES.get((match["more"] or "").lower(), 1)


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
    余 and 多, "and some", count for nothing: "二十多万" is 200000.
    """
    tokens = _TOKEN.findall(text.replace("余", "").replace("多", ""))
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
