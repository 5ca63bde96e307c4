"""Amounts and dates mean the same in whichever form they are written."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.facts.amounts import amount_in, amounts, money
from sousveil.facts.dates import dates, day_first
from sousveil.facts.numbers import chinese, numbers, plainly
from sousveil.facts.reading import narrow

PLAIN = "零一二三四五六七八九", "十百千"
CAPITAL = "零壹贰叁肆伍陆柒捌玖", "拾佰仟"


def hanzi(value: int, forms: tuple[str, str] = PLAIN) -> str:
    """Write a number as GB/T 15835-2011 has it."""
    digits, units = forms
    if value == 0:
        return digits[0]
    written, group, gap = "", 0, False
    while value:
        value, part = divmod(value, 10_000)
        text = _below_myriad(part, digits, units)
        if part:
            lead = digits[0] if value and part < 1_000 else ""
            zero = digits[0] if gap and written and not written.startswith(digits[0]) else ""
            written = lead + text + ("", "万", "亿", "万亿")[group] + zero + written
        gap = bool(written) and part == 0
        group += 1
    return written


def _below_myriad(value: int, digits: str, units: str) -> str:
    text, zero = "", False
    for power in (3, 2, 1, 0):
        digit, value = divmod(value, 10**power)
        if digit:
            text += (digits[0] if zero else "") + digits[digit]
            text += units[power - 1] if power else ""
            zero = False
        else:
            zero = bool(text)
    return text


@given(st.integers(0, 10**12 - 1), st.sampled_from([PLAIN, CAPITAL]))
def test_chinese_numerals_are_read_back(value: int, forms: tuple[str, str]) -> None:
    assert chinese(hanzi(value, forms)) == value


WRITTEN: dict[str, Callable[[int], str]] = {
    "plain": lambda value: f"{value} CNY",
    "comma": lambda value: f"CNY {value:,}.00",
    "point": lambda value: f"{value:,}".replace(",", ".") + ",00 CNY",
    "space": lambda value: f"{value:,}".replace(",", " ") + ",00 CNY",
    "apostrophe": lambda value: f"CNY {value:,}".replace(",", "'"),
    "yuan": lambda value: f"￥{value}元",
    "capitals": lambda value: f"人民币{hanzi(value, CAPITAL)}元整",
    "wide": lambda value: f"{value:,}元".translate(
        {ord(c): ord(c) + 0xFEE0 for c in "0123456789,"}
    ),
}


@given(st.integers(1, 10**11), st.sampled_from(sorted(WRITTEN)))
def test_an_amount_is_the_same_in_whichever_form_it_is_written(value: int, form: str) -> None:
    text = WRITTEN[form](value)
    (one,) = money(narrow(text))
    assert (plainly(one.value), one.currency) == (str(value), "CNY")
    assert text[one.start : one.end].strip() == text


@given(st.decimals("0.01", 99_999, places=2), st.sampled_from(["万元", "亿元", " million CNY"]))
def test_an_amount_is_multiplied_by_what_stands_behind_it(value: Decimal, scale: str) -> None:
    (one,) = money(narrow(f"{value}{scale}"))
    factor = {"万元": 10**4, "亿元": 10**8, " million CNY": 10**6}[scale]
    assert one.value == value * factor


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("壹佰贰拾万元整（￥1,200,000.00）", "1200000", "CNY"),
        ("120.5（万元）", "1205000", "CNY"),
        ("￥ 120.5 万元（人民币）", "1205000", "CNY"),
        ("人民币壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角壹分", "12345678.91", "CNY"),
        ("1亿2000万元", "120000000", "CNY"),
        ("EUR 1.2m", "1200000", "EUR"),
        ("£450k", "450000", "GBP"),
        ("US$3bn", "3000000000", "USD"),
        ("1.200 EUR", "1.2", "EUR"),
        ("1,200 EUR", "1200", "EUR"),
    ],
)
def test_an_amount_is_read(text: str, value: str, currency: str) -> None:
    one = next(amounts(narrow(text)))
    assert (plainly(one.value), one.currency) == (value, currency)


def test_the_unit_of_a_label_counts_where_the_amount_tells_none() -> None:
    bare, told = amount_in("120.5", "万元"), amount_in("1205000元", "万元")
    assert bare is not None
    assert told is not None
    assert plainly(bare.value) == plainly(told.value) == "1205000"
    assert bare.currency == told.currency == "CNY"


@given(st.text(max_size=60))
def test_any_text_is_read_for_numbers_and_dates(text: str) -> None:
    plain = narrow(text)
    assert len(plain) == len(text)
    spans = [(one.start, one.end) for one in numbers(plain)]
    spans += [(one.start, one.end) for one in amounts(plain)]
    spans += [(one.start, one.end) for one in dates(plain)]
    assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_a_date_is_the_same_in_whichever_form_it_is_written(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%B} {day.day}, {day.year}",
    ):
        assert [one.value for one in dates(narrow(text))] == [day.isoformat()], text


def test_a_date_of_which_nobody_can_tell_the_month_is_left_out_until_another_tells() -> None:
    assert not list(dates("03/04/2020"))
    assert day_first("closing 25/04/2020") is True
    assert day_first("closing 04/25/2020") is False
    assert [one.value for one in dates("03/04/2020", is_day_first=True)] == ["2020-04-03"]


def test_no_calendar_has_a_thirtieth_of_february() -> None:
    assert not list(dates("2020年2月30日"))
    assert [one.value for one in dates("二〇二〇年三月十一日")] == ["2020-03-11"]
