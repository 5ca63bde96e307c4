"""Tells people what happened: the feed, and each channel that `case.toml` names.

What is to be told waits in the index (`index/notices.py`), where analysis put it. Each channel is
sent all that it was not told yet, in one message. When a channel fails, it is tried again after a
minute, then ever more rarely; after `MAX_TRIES` only when something new happens, or somebody asks.
Nothing that waits is dropped.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sousveil.alerts.atom import MAX_ENTRIES, atom, write_feed
from sousveil.alerts.digest import Message, Place, digest
from sousveil.alerts.send import exit_of, send
from sousveil.case import Case, telling
from sousveil.index.notices import (
    Delivery,
    deliveries,
    newest_number,
    notices,
    put_channels,
    put_delivery,
    waiting,
)
from sousveil.index.query import findings
from sousveil.index.store import Index
from sousveil.settings import Channel

# Sixteen tries take about a day: a service that is down for longer has something to be looked into.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=3)
MAX_TRIES = 16

# Each is a process of its own that mostly waits.
MAX_AT_ONCE = 8

_ELSEWHERE = "another sousveil is telling it at this moment"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was told, and what could not be."""

    told: Mapping[str, int]  # notices by channel
    failed: Mapping[str, str]  # why, in words, by channel


def tell_out(
    case: Case, index: Index, clock: Callable[[], datetime], *, at_once: bool = False
) -> Delivered:
    """Send each channel what it was not told yet, and write the feed.

    For the holder of the case's writing place, after `analyse`; otherwise as `tell_channels`.
    """
    keep_feed(case, index)
    return tell_channels(case, index, clock, at_once=at_once)


def tell_channels(
    case: Case, index: Index, clock: Callable[[], datetime], *, at_once: bool = False
) -> Delivered:
    """Send each channel what it was not told yet.

    The case's writing place need not be held, so that nobody waits for a service far away; what
    another process is telling at this moment is left to it. `at_once` tries channels, too, that are
    to be left alone for a while. Takes as long as the slowest channel, `answers.WAIT_SECONDS` at
    most for each `MAX_AT_ONCE` of them; at once when there is nothing to tell.
    """
    with index.transaction():
        put_channels(index, case.settings.alerts.channels)
    if not _due(case, index, clock(), at_once=at_once):
        return Delivered({}, {})
    with telling(case) as is_ours:
        # Asked again: what another process told meanwhile is told.
        due = _due(case, index, clock(), at_once=at_once)
        if is_ours:
            return _tell(case, index, due, clock)
        return Delivered({}, {one.channel: _ELSEWHERE for one in due})


def _due(case: Case, index: Index, now: datetime, *, at_once: bool) -> list[Delivery]:
    """Return the channels that are to be told something now."""
    newest, known = newest_number(index), deliveries(index)
    return [
        one
        for name in case.settings.alerts.channels
        if _is_due(one := known[name], newest, now, at_once=at_once)
    ]


def _tell(
    case: Case, index: Index, due: Sequence[Delivery], clock: Callable[[], datetime]
) -> Delivered:
    channels = case.settings.alerts.channels
    with index.transaction():  # others may add to the outbox meanwhile
        newest = newest_number(index)
        pending = [waiting(index, one) for one in due]
    places = _places(index) if any(channels[one.channel].tells == "full" for one in due) else {}
    messages = [
        digest(news, channels[one.channel].tells, places)
        for one, news in zip(due, pending, strict=True)
    ]
    told, failed = dict[str, int](), dict[str, str]()
    problems = send_each(case, [channels[one.channel] for one in due], messages)
    for one, news, problem in zip(due, pending, problems, strict=True):
        with index.transaction():
            put_delivery(index, _after(one, newest, problem, clock()))
        if problem is None:
            told[one.channel] = len(news)
        else:
            failed[one.channel] = problem
    return Delivered(told, failed)


def send_each(
    case: Case, channels: Sequence[Channel], messages: Sequence[Message]
) -> list[str | None]:
    """Send each channel its message; return what went wrong with each, in words, or None."""
    if not channels:
        return []
    exits = [exit_of(channel, case.settings) for channel in channels]
    environments = [os.environ] * len(channels)
    with ThreadPoolExecutor(MAX_AT_ONCE) as pool:
        return list(pool.map(send, channels, messages, exits, environments))


def keep_feed(case: Case, index: Index) -> None:
    """Write the case's feed if there is to be one; for the holder of its writing place."""
    if case.settings.alerts.feed:
        write_case_feed(case, index)


def write_case_feed(case: Case, index: Index) -> Path:
    """Write the case's feed and return where it is."""
    ((begun,),) = index.rows("SELECT time FROM event WHERE idx = 0")
    return write_feed(
        case.root,
        atom(
            notices(index, MAX_ENTRIES),
            origin=case.settings.origin,
            begun=datetime.fromisoformat(begun),
        ),
    )


def _is_due(one: Delivery, newest: int, now: datetime, *, at_once: bool) -> bool:
    if one.told >= newest:
        return False
    # Further ahead than any wait: it was put there by a clock that was wrong.
    is_time = one.next_try is None or not now < one.next_try <= now + LONGEST_WAIT
    return at_once or (is_time and (one.tries < MAX_TRIES or newest > one.tried))


def _after(one: Delivery, newest: int, problem: str | None, now: datetime) -> Delivery:
    """Return the state of a channel that was sent all notices up to `newest`."""
    if problem is None:
        return Delivery(one.channel, told=newest, tried=newest)
    wait = min(FIRST_WAIT * 2 ** min(one.tries, MAX_TRIES), LONGEST_WAIT)
    tries = min(one.tries + 1, MAX_TRIES)
    return replace(one, tried=newest, tries=tries, next_try=now + wait, problem=problem)


def _places(index: Index) -> dict[str, Place]:
    return {one.id: Place(one.url, one.actor) for one in findings(index)}
