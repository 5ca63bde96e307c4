"""Amounts of money in notices and news, English and Chinese.

Takes text that `reading.narrow` made, gives value, currency (ISO 4217) and span. A bare "¥" is
taken for yuan, a bare "$" for US dollars: the text is kept beside it as the quote.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sousveil.facts.numbers import Number, chinese, numbers

_BEFORE = {
    "US$": "USD", "HK$": "HKD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD",
    "NT$": "TWD", "NZ$": "NZD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "$": "USD",
    "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "人民币": "CNY", "RMB": "CNY",
    "₹": "INR", "Rs": "INR", "Rs.": "INR", "₱": "PHP", "Php": "PHP", "₦": "NGN", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₸": "KZT", "₴": "UAH", "₪": "ILS",
    "৳": "BDT", "GH₵": "GHS", "GH¢": "GHS", "RM": "MYR", "Rp": "IDR", "KSh": "KES",
    "KShs": "KES", "Ksh": "KES", "Kshs": "KES", "Ksh.": "KES", "Kshs.": "KES", "KShs.": "KES",
    "USh": "UGX", "UShs": "UGX", "TSh": "TZS", "TShs": "TZS", "Fr.": "CHF",
}  # fmt: skip
_LETTER = {"R": "ZAR", "N": "NGN", "P": "PHP"}
"""Letters that stand for a currency before a large number ("R1.2 billion"), and else for codes."""
_AFTER = {
    "美元": "USD", "美金": "USD", "欧元": "EUR", "港元": "HKD", "港币": "HKD", "英镑": "GBP",
    "日元": "JPY", "韩元": "KRW", "卢布": "RUB", "坚戈": "KZT", "泰铢": "THB", "新台币": "TWD",
    "新加坡元": "SGD", "澳元": "AUD", "加元": "CAD", "瑞士法郎": "CHF", "林吉特": "MYR",
    "人民币": "CNY", "元": "CNY", "圆": "CNY", "圓": "CNY", "RMB": "CNY", "yuan": "CNY",
    "renminbi": "CNY", "US dollars": "USD", "U.S. dollars": "USD", "Hong Kong dollars": "HKD",
    "Australian dollars": "AUD", "Canadian dollars": "CAD", "Singapore dollars": "SGD",
    "New Zealand dollars": "NZD", "New Taiwan dollars": "TWD", "dollars": "USD",
    "euros": "EUR", "euro": "EUR", "pounds sterling": "GBP", "pounds": "GBP", "roubles": "RUB",
    "rubles": "RUB", "rand": "ZAR", "naira": "NGN", "ringgit": "MYR", "rupiah": "IDR",
    "baht": "THB", "tenge": "KZT", "hryvnia": "UAH", "Swiss francs": "CHF", "dirhams": "AED",
    "Indian rupees": "INR", "Pakistani rupees": "PKR", "Kenyan shillings": "KES", "yen": "JPY",
    "Ugandan shillings": "UGX", "Tanzanian shillings": "TZS", "birr": "ETB", "cedis": "GHS",
    "€": "EUR", "£": "GBP", "zł": "PLN", "₽": "RUB", "₸": "KZT",
}  # fmt: skip
_CODE = (
    "AED|AMD|ARS|AUD|AZN|BDT|BGN|BHD|BRL|BYN|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|ETB|EUR|GBP|GEL|GHS"
    "|HKD|HUF|IDR|ILS|INR|IQD|IRR|ISK|JOD|JPY|KES|KGS|KHR|KRW|KWD|KZT|LKR|MAD|MDL|MMK|MNT|MXN|MYR"
    "|NGN|NOK|NPR|NZD|OMR|PEN|PHP|PKR|PLN|QAR|RON|RSD|RUB|RWF|SAR|SEK|SGD|THB|TJS|TMT|TND|TRY|TWD"
    "|TZS|UAH|UGX|USD|UZS|VND|XAF|XOF|ZAR|ZMW"
)


def _one_of(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_CURRENCY_BEFORE = re.compile(
    rf"(?:(?<![A-Za-z])({_one_of(_BEFORE)})|(?<![A-Za-z])({_CODE}))[ :.]{{0,3}}\Z"
)
_LETTER_BEFORE = re.compile(r"(?<![A-Za-z0-9])([RNP])\Z")
_CURRENCY_AFTER = re.compile(
    rf"[ ()]{{0,2}}(?:({_one_of(_AFTER)})|({_CODE}))(?![A-Za-z])", re.IGNORECASE
)
_FOLDED = {word.lower(): code for word, code in _AFTER.items()}
_SHORT_SCALE = re.compile(r" ?(m|k|b)(?![A-Za-z0-9])", re.IGNORECASE)
_SHORT = {"k": 10**3, "m": 10**6, "b": 10**9}
_CENTS = re.compile(r"([零一二三四五六七八九壹贰叁肆伍陆柒捌玖])(角|分)")
_LONGEST_CURRENCY = 12  # characters of the longest word before a number, with what stands between
_WHOLE = re.compile(r"[整正]")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount where it stands; its currency is "" where none is told."""

    value: Decimal
    currency: str
    start: int
    end: int
    is_scaled: bool = False  # a word says how large it is: million, 万
    is_written: bool = False  # in Chinese numerals alone


def money(text: str) -> Iterator[Money]:
    """Yield the amounts in a text that name a currency, in order."""
    return (one for one in amounts(text) if one.currency)


def amounts(text: str) -> Iterator[Money]:
    """Yield all numbers of a text as amounts, those without a currency too."""
    last_end = 0
    for number in numbers(text):
        if number.start < last_end:
            continue
        one = _amount(text, number)
        last_end = one.end
        yield one


def amount_in(text: str, unit: str = "") -> Money | None:
    """Return the amount that a labelled value tells: that with a currency, or else the first.

    `unit` is what the label says in brackets ("万元"), for a number that tells none itself.
    """
    found = list(amounts(text))
    if not found:
        return None
    told = next((one for one in found if one.currency), found[0])
    scale, named = _unit(unit)
    if told.currency:  # "Value (AUD): $88,000"
        return replace(told, currency=named or told.currency)
    is_scaled = any(sign in text[told.start : told.end] for sign in "万亿")
    value = told.value if is_scaled else told.value * scale
    return replace(told, value=value, currency=named)


def _unit(unit: str) -> tuple[Decimal, str]:
    """Return what a unit multiplies by, and its currency: "万元" is 10000 and CNY."""
    scale = chinese(f"1{sign}") if (sign := unit[:1]) in {"万", "亿", "千"} else None
    match = _CURRENCY_AFTER.search(unit) or _CURRENCY_BEFORE.search(unit)
    return scale or Decimal(1), _currency(match) if match else ""


def _amount(text: str, number: Number) -> Money:
    before = _before(text, number)
    value, end, is_scaled = number.value, number.end, number.is_scaled
    short = None if is_scaled else _SHORT_SCALE.match(text, end)
    after = _CURRENCY_AFTER.match(text, short.end() if short and not before else end)
    if short and (before or after):
        value, end, is_scaled = value * _SHORT[short[1].lower()], short.end(), True
    elif short:
        after = _CURRENCY_AFTER.match(text, end)
    start = before.start() if before else number.start
    if after is None:
        currency = _currency(before) if before else ""
        return Money(value, currency, start, end, is_scaled, number.is_written)
    end = after.end()
    while cents := _CENTS.match(text, end):
        value += (chinese(cents[1]) or 0) * Decimal("0.1" if cents[2] == "角" else "0.01")
        end = cents.end()
    if whole := _WHOLE.match(text, end):
        end = whole.end()
    return Money(value, _currency(after), start, end, is_scaled, number.is_written)


def _before(text: str, number: Number) -> "re.Match[str] | None":
    """Return the currency before a number; a letter is one only before a large amount."""
    low = max(0, number.start - _LONGEST_CURRENCY)
    if before := _CURRENCY_BEFORE.search(text, low, number.start):
        return before
    is_grouped = "," in text[number.start : number.end] or " " in text[number.start : number.end]
    if not is_grouped and not number.is_scaled:
        return None
    return _LETTER_BEFORE.search(text, low, number.start)


def _currency(match: "re.Match[str]") -> str:
    """Return the currency of a word, a sign or a code (the last group, where there is one)."""
    word = match[1]
    if word is None:
        return match[2].upper()
    told = _BEFORE.get(word) or _LETTER.get(word) or _AFTER.get(word) or _FOLDED.get(word.lower())
    return told or ""
