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
    "US$": "USD", "HK$": "HKD", "A$": "AUD", "C$": "CAD", "NT$": "TWD", "NZ$": "NZD", "$": "USD",
    "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "人民币": "CNY", "RMB": "CNY",
}  # fmt: skip
_AFTER = {
    "美元": "USD", "欧元": "EUR", "港元": "HKD", "港币": "HKD", "英镑": "GBP", "日元": "JPY",
    "人民币": "CNY", "元": "CNY", "圆": "CNY", "圓": "CNY", "RMB": "CNY", "yuan": "CNY",
    "renminbi": "CNY", "US dollars": "USD", "dollars": "USD", "euros": "EUR", "euro": "EUR",
    "pounds": "GBP", "€": "EUR", "£": "GBP",
}  # fmt: skip
_CODE = (
    "AED|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KES|KRW|KZT|MXN|MYR|NOK|NZD"
    "|PHP|PKR|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|UZS|VND|ZAR"
)


def _one_of(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_CURRENCY_BEFORE = re.compile(rf"(?:({_one_of(_BEFORE)})|(?<![A-Za-z])({_CODE}))[ :.]{{0,3}}\Z")
_CURRENCY_AFTER = re.compile(
    rf"[ ()]{{0,2}}(?:({_one_of(_AFTER)})|({_CODE})(?![A-Za-z]))", re.IGNORECASE
)
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


def amount_in(text: str, unit: str = "", currency: str = "") -> Money | None:
    """Return the amount that a labelled value tells: that with a currency, or else the first.

    `unit` is what the label says in brackets ("万元"), for a number that tells none itself;
    `currency` the one to take where nothing is told at all.
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
    return replace(told, value=value, currency=named or currency)


def _unit(unit: str) -> tuple[Decimal, str]:
    """Return what a unit multiplies by, and its currency: "万元" is 10000 and CNY."""
    scale = chinese(f"1{sign}") if (sign := unit[:1]) in {"万", "亿", "千"} else None
    match = _CURRENCY_AFTER.search(unit) or _CURRENCY_BEFORE.search(unit)
    return scale or Decimal(1), _currency(match) if match else ""


def _amount(text: str, number: Number) -> Money:
    before = _CURRENCY_BEFORE.search(text, max(0, number.start - _LONGEST_CURRENCY), number.start)
    value, start, end = number.value, number.start, number.end
    if before and (short := _SHORT_SCALE.match(text, end)) and not number.is_scaled:
        value, end = value * _SHORT[short[1].lower()], short.end()
    after = _CURRENCY_AFTER.match(text, end)
    if not before and (short := _SHORT_SCALE.match(text, end)) and not number.is_scaled:
        after = _CURRENCY_AFTER.match(text, short.end())
        if after:
            value = value * _SHORT[short[1].lower()]
    if after is None:
        return Money(value, _currency(before) if before else "", _from(before, start), end)
    end = after.end()
    while cents := _CENTS.match(text, end):
        value += (chinese(cents[1]) or 0) * Decimal("0.1" if cents[2] == "角" else "0.01")
        end = cents.end()
    if whole := _WHOLE.match(text, end):
        end = whole.end()
    return Money(value, _currency(after), _from(before, start), end)


def _from(before: "re.Match[str] | None", start: int) -> int:
    return before.start() if before else start


def _currency(match: "re.Match[str]") -> str:
    word, code = match[1], match[2]
    if code:
        return code.upper()
    return _BEFORE.get(word) or _AFTER.get(word) or _AFTER[word.lower()]
