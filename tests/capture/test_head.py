"""Heads of answers: what whoever answered says the time is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.http.head import HttpHead, dated, parse_head

SECOND = timedelta(seconds=1)


def head(**fields: str) -> HttpHead:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return parse_head(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode("latin-1", "replace"))


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",  # RFC 9110 section 5.6.7: the form in use
        "Sunday, 06-Nov-94 08:49:37 GMT",  # and the obsolete ones
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_each_form_of_a_date_that_the_standard_has_is_read(date: str) -> None:
    assert dated(head(Date=date)) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_the_time_that_an_answer_lay_in_a_cache_is_added() -> None:
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert dated(head(Date=date, Age="3600")) == datetime(1994, 11, 6, 9, 49, 37, tzinfo=UTC)
    assert dated(head(Date=date, Age="soon")) == dated(head(Date=date))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Date": ""},
        {"Date": "0"},
        {"Date": "yesterday"},
        {"Date": "Sun, 32 Nov 1994 08:49:37 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "9999999999"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 -2359"},
    ],
)
def test_what_is_no_date_tells_no_time(fields: dict[str, str]) -> None:
    assert dated(head(**fields)) is None


@given(
    st.timedeltas(timedelta(days=-30_000), timedelta(days=2_000_000)), st.integers(0, 10**9)
)  # fmt: skip
def test_a_date_is_read_as_it_was_written(since: timedelta, age: int) -> None:
    made = (datetime(2000, 1, 1, tzinfo=UTC) + since).replace(microsecond=0)
    written = head(Date=format_datetime(made, usegmt=True), Age=str(age))
    assert dated(written) == made + age * SECOND


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_fields_tell_a_time_in_utc_or_none(date: str, age: str) -> None:
    told = dated(HttpHead(200, (("Date", date), ("Age", age))))
    assert told is None or told.utcoffset() == timedelta(0)
