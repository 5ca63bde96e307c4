"""A host is left alone for the delay, or as long as it asks, and no longer than the bound."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.watch.politeness import MAX_RETRY_AFTER, Politeness, retry_after

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def polite(time: Time, exempt: frozenset[str] = frozenset()) -> Politeness:
    return Politeness(2, clock=time.clock, sleep=time.sleep, exempt=exempt)


def test_a_host_is_asked_again_only_after_the_delay() -> None:
    time = Time()
    hosts = polite(time)
    assert hosts.wait("https://a.example/1") == 0
    hosts.asked("https://a.example/1")
    assert hosts.wait("http://A.example:8080/2") == 2
    assert time.now == START + timedelta(seconds=2)
    assert hosts.wait("http://a.example/3") == 0


def test_one_host_does_not_wait_for_another() -> None:
    hosts = polite(Time())
    hosts.asked("https://a.example/")
    assert hosts.wait("https://b.example/") == 0


def test_time_that_has_passed_counts_towards_the_delay() -> None:
    time = Time()
    hosts = polite(time)
    hosts.asked("https://a.example/")
    time.sleep(1.5)
    assert hosts.seconds_left("https://a.example/") == 0.5


def test_retry_after_is_honoured_even_by_an_exempt_host() -> None:
    hosts = polite(Time(), frozenset({"127.0.0.1:8000", "intranet.example"}))
    hosts.asked("http://127.0.0.1:8000/")
    assert hosts.seconds_left("http://127.0.0.1:8000/") == 0
    hosts.asked("http://intranet.example:81/", "30")
    assert hosts.seconds_left("http://intranet.example/") == 30


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 01 Mar 2026 12:00:45 GMT", 45),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("999999999", MAX_RETRY_AFTER.total_seconds()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER.total_seconds()),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(value: str, seconds: float) -> None:
    assert retry_after(value, START) == timedelta(seconds=seconds)


@given(st.text(max_size=40))
def test_any_retry_after_is_within_bounds(value: str) -> None:
    assert timedelta(0) <= retry_after(value, START) <= MAX_RETRY_AFTER
