"""Schedule: when a watch is next looked at, and why, in words.

Takes a watch, what the log tells of its looks (`Past`) and the time, and gives a `Due`. Pure, and a
function of the log alone: a service that was killed goes on with the same times. The strongest
reason wins: an inquiry, then an absence that waits to be confirmed, then the watch's own interval,
which grows while its host gives no answer.

No clock is trusted. A look that lies in the future was written by a clock that was wrong: it is
waited out as long as the interval allows, and then the watch is due at once. So nobody waits
longer than two intervals, and a clock that goes to and fro does not have everything looked at
each time.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sousveil.model import Watch, WatchKind

# A thousand watches added together must not fall due together for ever: each look comes up to this
# share of the interval early, by an amount that differs from watch to watch and look to look.
JITTER = 0.1

# Two looks that miss an answer are a bad minute; the third in a row is a host in trouble.
FAILURES_BEFORE_BACK_OFF = 3
# The interval doubles with each failure, up to eight times: three doublings.
MAX_BACK_OFF = 8
# A look a day burdens no host, and an absence must not be overlooked for longer.
LONGEST_BACK_OFF = timedelta(days=1)

# Looks that follow closer meet the same fault, and confirm nothing (changes/course/course.py).
SPACING = timedelta(hours=1)

# What was waited for and does not come is looked for ever less: each wait is half as long again as
# the one before. So a host that is down or walled off is not asked each hour for weeks.
GROWTH = 0.5

# After a letter changes come within minutes or not before the next working day.
INQUIRY_EVERY = timedelta(minutes=3)
INQUIRY_CLOSE = timedelta(hours=2)
# A look at a site is some hundred requests.
INQUIRY_CRAWL_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What the log tells of a watch."""

    last_at: datetime | None = None  # of its last look
    log_index: int = 0  # of that look
    failures: int = 0  # looks in a row without an answer of its host
    held_until: datetime | None = None  # when an absence that was seen can be confirmed
    looks_left: int = 0  # until then, at the least
    inquired_at: datetime | None = None  # when the letter of an open inquiry was sent
    is_over: bool = True  # False when its last look was interrupted, as a crawl may be


NEVER = Past()


@dataclass(frozen=True, slots=True)
class Due:
    """When a watch is looked at next, and why."""

    at: datetime
    why: str


def next_due(watch: Watch, past: Past, now: datetime) -> Due:
    """Return when `watch` is due; a time gone by for "now"."""
    if past.last_at is None:
        return Due(min(watch.added_at, now), "never looked at")
    if not past.is_over:
        return Due(min(past.last_at, now), "its last look was interrupted")
    chosen = min(_reasons(watch, past, past.last_at), key=lambda due: due.at)
    own = timedelta(seconds=watch.every_seconds)
    if past.last_at - now > own:
        return Due(now, "its last look lies in the future: a clock was wrong")
    return chosen


def due(
    watches: Iterable[Watch], past: Mapping[str, Past], now: datetime
) -> list[tuple[Watch, Due]]:
    """Return the watches that are due at `now`, by id's `past`, the longest overdue first."""
    all_due = ((watch, next_due(watch, past.get(watch.id, NEVER), now)) for watch in watches)
    ripe = [(watch, when) for watch, when in all_due if when.at <= now]
    return sorted(ripe, key=lambda one: (one[1].at, one[0].id))


def _reasons(watch: Watch, past: Past, last_at: datetime) -> Iterable[Due]:
    own = timedelta(seconds=watch.every_seconds)
    if past.inquired_at is not None:
        yield _after_letter(watch, past.inquired_at, last_at)
    if past.held_until is not None:
        left = max(past.held_until - last_at, timedelta()) / max(past.looks_left, 1)
        overdue = max(last_at - past.held_until, timedelta())
        wait = max(left, SPACING + GROWTH * overdue)
        yield Due(last_at + wait, "to confirm an absence that was seen")
    wait = _backed_off(own, past.failures)
    early = JITTER * _fraction(watch.id, past.log_index) * wait
    why = "its interval"
    if wait > own:
        why = f"its interval, longer after {past.failures} looks without an answer"
    yield Due(last_at + wait - early, why)


def _after_letter(watch: Watch, sent_at: datetime, last_at: datetime) -> Due:
    """Return the next look of an inquiry: soon, then in waits that grow by half each time.

    Waits w, 1.5 w, 2.25 w, … add up to (next - w) / 0.5, so each follows from the time gone by.
    """
    why = "an inquiry is open"
    if last_at < sent_at:
        return Due(max(sent_at, last_at), why)
    gone_by = max(last_at - sent_at - INQUIRY_CLOSE, timedelta())
    every = INQUIRY_CRAWL_EVERY if watch.kind is WatchKind.SITE else INQUIRY_EVERY
    own = timedelta(seconds=watch.every_seconds)
    return Due(last_at + min(every + GROWTH * gone_by, own), why)


def _backed_off(own: timedelta, failures: int) -> timedelta:
    if failures < FAILURES_BEFORE_BACK_OFF:
        return own
    doublings = min(failures - FAILURES_BEFORE_BACK_OFF + 1, MAX_BACK_OFF.bit_length() - 1)
    return max(own, min(own * (1 << doublings), LONGEST_BACK_OFF))


def _fraction(watch_id: str, log_index: int) -> float:
    """Return a number from 0 to 1 that no clock and no order of watches decides."""
    digest = hashlib.sha256(f"{watch_id} {log_index}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32
