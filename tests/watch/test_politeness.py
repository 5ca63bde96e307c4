"""A host is left alone for the delay, or as long as it asks, and no longer than the bound."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.model import Watch, WatchKind
from sousveil.watch.politeness import MAX_RETRY_AFTER, Politeness, Turns, retry_after

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += timedelta(seconds=seconds)


def polite(time: Time, exempt: frozenset[str] = frozenset(), delay: float = 2) -> Politeness:
    return Politeness(delay, clock=time.clock, exempt=exempt)


def watch(target: str) -> Watch:
    return Watch(target[-12:], target, WatchKind.PAGE, 3600, None, START)


def walk(
    hosts: Politeness, time: Time, *targets: str, fields: Mapping[str, str] | None = None
) -> list[tuple[str, float]]:
    """Ask the targets in turn; return each with the second it was asked, -1 when it was not."""
    told = []
    turns = Turns(hosts, [watch(target) for target in targets])
    while True:
        one = turns.take()
        if one is not None:
            told.append((one.target, (time.now - START).total_seconds()))
            hosts.asked(one.target, (fields or {}).get(one.target, ""))
            turns.ended(one)
        elif (seconds := turns.seconds_to_wait()) is not None:
            time.sleep(seconds)
        else:
            break
    told += [(one.target, -1) for one, _ in turns.resting]
    return told


def test_a_host_is_asked_again_only_after_the_delay() -> None:
    time = Time()
    assert walk(
        polite(time), time, "https://a.example/1", "http://A.example:8080/2", "http://a.example/3"
    ) == [("https://a.example/1", 0), ("http://A.example:8080/2", 2), ("http://a.example/3", 4)]


def test_other_hosts_come_first_while_one_is_left_alone() -> None:
    time = Time()
    targets = ("https://a.example/1", "https://a.example/2", "https://b.example/", "/local/sdk")
    assert walk(polite(time), time, *targets) == [
        ("https://a.example/1", 0),
        ("https://b.example/", 0),
        ("/local/sdk", 0),
        ("https://a.example/2", 2),
    ]


def test_time_that_has_passed_counts_towards_the_delay() -> None:
    time = Time()
    hosts = polite(time)
    hosts.asked("https://a.example/")
    time.sleep(1.5)
    assert walk(hosts, time, "https://a.example/") == [("https://a.example/", 2)]


def test_retry_after_is_honoured_even_by_an_exempt_host() -> None:
    time = Time()
    hosts = polite(time, frozenset({"127.0.0.1:8000", "intranet.example"}))
    hosts.asked("http://127.0.0.1:8000/")
    assert walk(hosts, time, "http://127.0.0.1:8000/") == [("http://127.0.0.1:8000/", 0)]
    hosts.asked("http://intranet.example:81/", "30")
    assert walk(hosts, time, "http://intranet.example/") == [("http://intranet.example/", 30)]


def test_a_host_that_asks_for_a_long_rest_is_left_for_later_without_sleeping() -> None:
    time = Time()
    targets = ("https://a.example/1", "https://a.example/2", "https://a.example/3")
    told = walk(
        polite(time),
        time,
        *targets,
        "https://b.example/1",
        "https://b.example/2",
        fields={"https://a.example/1": "3600"},
    )
    assert told == [
        ("https://a.example/1", 0),
        ("https://b.example/1", 0),
        ("https://b.example/2", 2),
        ("https://a.example/2", -1),
        ("https://a.example/3", -1),
    ]
    assert time.now == START + timedelta(seconds=2)


@pytest.mark.parametrize("field", ["", "1800"])
def test_a_clock_that_is_set_back_starves_no_host(field: str) -> None:
    time = Time()
    hosts = polite(time)
    hosts.asked("https://a.example/", field)
    time.now -= timedelta(days=5)
    assert hosts.is_worth_waiting(hosts.seconds_left("https://a.example/"))
    assert Turns(hosts, [watch("https://a.example/")]).take() is not None


def test_the_delay_that_the_case_asks_for_is_waited_for_however_long() -> None:
    time = Time()
    told = walk(polite(time, delay=900), time, "https://a.example/1", "https://a.example/2")
    assert told == [("https://a.example/1", 0), ("https://a.example/2", 900)]


def test_ten_thousand_watches_of_as_many_hosts_take_their_turns_at_once() -> None:
    time = Time()
    targets = [f"https://{number}.example/" for number in range(10_000)]
    assert walk(polite(time), time, *targets) == [(target, 0) for target in targets]


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


def test_while_a_host_is_asked_nothing_else_of_it_is_given_out() -> None:
    time = Time()
    hosts = polite(time)
    first, second, other = (
        watch(f"https://{host}.example/{n}") for host, n in (("a", 1), ("a", 2), ("b", 1))
    )
    turns = Turns(hosts, [first, second, other])
    assert [turns.take(), turns.take(), turns.take()] == [first, other, None]
    assert turns.seconds_to_wait() is None
    hosts.asked(first.target)
    turns.ended(first)
    assert turns.take() is None
    assert turns.seconds_to_wait() == 2
    time.sleep(2)
    assert turns.take() == second


def test_an_exempt_host_is_asked_for_several_pages_at_once() -> None:
    time = Time()
    targets = [watch(f"http://intranet.example/{number}") for number in range(3)]
    turns = Turns(polite(time, frozenset({"intranet.example"})), targets)
    assert [turns.take(), turns.take(), turns.take(), turns.take()] == [*targets, None]
