"""Sweeps: many cheap looks at once, to find out which pages are as they were.

Takes watches whose last visit gave a whole page (`Base`), asks each for it on condition that it
changed (RFC 9110, section 13.1), and gives what it found as it comes. A page is unchanged when the
server says so (304), or when its content has the digest of that visit's. Unchanged ones are logged
together, one event `poll` and one WARC of revisit records for hundreds; of anything else the
exchange is handed on, and becomes a visit without a second request.

No browser is started here, and nothing read. Per host one request at a time, with the case's delay
(`watch/politeness.py`); across hosts as many at once as `AT_ONCE` allows.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import msgspec

from sousveil.capture.http.head import charset, media_type, parse_head
from sousveil.capture.http.many import Many
from sousveil.capture.http.transfer import WireSettings
from sousveil.index.pace import Base
from sousveil.model import Capture, Event, Exchange, FailureKind, Json, Watch
from sousveil.run.indexing import take_event
from sousveil.run.visit import entity
from sousveil.run.visit.pending import new_file
from sousveil.run.visit.records import SOFTWARE, warc_writer
from sousveil.run.visit.visits import NOT_ASKED, WAKE_SECONDS, Outing
from sousveil.watch.politeness import Turns

# Requests under way together; each takes a connection and some 50 kB.
AT_ONCE = 64

# A batch waits for its slowest answer. What takes longer is visited, with all the time of a visit.
POLL_SECONDS = 30.0

# What was found is lost by a kill, and asked again: a few seconds' work.
COMMIT_SECONDS = 3.0
# An entry's body has its own bound of 16 MiB; one poll takes about 1 kB of it.
MAX_A_COMMIT = 1_000

# Told by a poll these are not yet what a visit would tell: it has more time, takes more, and looks
# at a page whose certificate does not hold all the same.
_TRIED_AGAIN = frozenset({FailureKind.TIMEOUT, FailureKind.TOO_LARGE, FailureKind.TLS})

# Apache marks the tag of a compressed answer (mod_deflate, mod_brotli), not always that of its 304.
_CODING_MARK = re.compile(r'-{1,2}(?:gzip|br|deflate)(?="$)')

How = Literal["not_modified", "same_bytes"]


@dataclass(frozen=True, slots=True)
class Poll:
    """A watch that is asked whether its page is as it was at a visit."""

    watch: Watch
    base: Base


@dataclass(frozen=True, slots=True)
class Polled:
    """Watches whose pages are as they were; it is in log and index."""

    event: Event
    count: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A watch that did not answer what it had answered, and is to be visited."""

    watch: Watch
    exchange: Exchange | None  # with which its visit has begun; None when it must be asked anew


@dataclass(frozen=True, slots=True)
class _Unchanged:
    poll: Poll
    exchange: Exchange
    how: How


def sweep(
    outing: Outing, polls: Sequence[Poll], folder: Path, *, until: datetime, most_changed: int
) -> Iterator[Polled | Changed]:
    """Poll watches gently, yielding what was found, at most `most_changed` changed ones.

    No request begins after `until`.
    What was not asked by then, or whose host wants to rest, stays due. Bodies lie in `folder`, and
    those of changed pages are the caller's to remove. Once `outing.means.stop` is set, what is
    under way is given up and what is known is logged.
    """
    clock, found, changed = outing.means.clock, list[_Unchanged](), 0

    def may_begin(under_way: int) -> bool:
        return clock() <= until and changed + under_way < most_changed

    since = clock()
    for answers in _answers(outing, polls, folder, may_begin):
        for poll, exchange in answers:
            how = _how(poll.base, exchange)
            if how is not None:
                found.append(_Unchanged(poll, exchange, how))
            else:
                changed += 1
                yield Changed(poll.watch, exchange if _begins_visit(exchange) else None)
        late = clock() - since
        if len(found) >= MAX_A_COMMIT or not timedelta() <= late < timedelta(
            seconds=COMMIT_SECONDS
        ):
            if found:
                yield Polled(_commit(outing, found), len(found))
            found, since = [], clock()
    if found:
        yield Polled(_commit(outing, found), len(found))


def _answers(
    outing: Outing, polls: Sequence[Poll], folder: Path, may_begin: Callable[[int], bool]
) -> Iterator[list[tuple[Poll, Exchange]]]:
    """Ask, and yield the answers as they come; none now and then, while all are slow.

    `may_begin` tells whether another request may begin beside so many.
    """
    means, politeness = outing.means, outing.politeness
    by_id = {poll.watch.id: poll for poll in polls}
    turns = Turns(politeness, [poll.watch for poll in polls])
    settings = WireSettings(
        user_agent=means.settings.user_agent,
        max_body_bytes=entity.MAX_BYTES,  # a longer one could not be compared
        total_seconds=POLL_SECONDS,
    )
    allowed = means.settings.allow_hosts
    with Many[Poll](settings=settings, allowed=allowed, folder=folder, clock=means.clock) as many:
        while not means.stop.is_set():
            while len(many) < AT_ONCE and may_begin(len(many)):
                if (watch := turns.take()) is None:
                    break
                poll = by_id[watch.id]
                conditions = _conditions(poll.base)
                exit_ = means.exit_of(watch)
                many.start(poll, watch.target, conditions=conditions, exit_=exit_)
            seconds = turns.seconds_to_wait()
            if len(many):
                answers = many.ended(min(WAKE_SECONDS, seconds or WAKE_SECONDS))
                for poll, exchange in answers:
                    if exchange.failure is None or exchange.failure.kind not in NOT_ASKED:
                        rest = parse_head(exchange.response_head).get("Retry-After")
                        politeness.asked(poll.watch.target, rest)
                    turns.ended(poll.watch)
                yield answers
            elif may_begin(0) and seconds is not None:
                outing.sleep(min(seconds, WAKE_SECONDS))
            else:
                return


def _begins_visit(exchange: Exchange) -> bool:
    """Tell whether a visit may go on from an answer; if not, it asks anew, without conditions."""
    if exchange.failure is not None:
        return exchange.failure.kind not in _TRIED_AGAIN
    return exchange.status != HTTPStatus.NOT_MODIFIED


def _conditions(base: Base) -> list[str]:
    """Return the header fields that ask for the page only if it changed.

    A server that has both prefers the tag (RFC 9110, section 13.1.3).
    """
    fields = {"If-None-Match": base.etag, "If-Modified-Since": base.last_modified}
    return [f"{name}: {value}" for name, value in fields.items() if value]


def _how(base: Base, exchange: Exchange) -> How | None:
    """Tell how an answer shows that a page is as it was; None when it does not."""
    if exchange.failure is not None:
        return None
    head = parse_head(exchange.response_head)
    if exchange.status == HTTPStatus.NOT_MODIFIED:
        return "not_modified" if _is_of(base, head.get("ETag")) else None
    told = head.get("Content-Type")
    is_same_kind = (media_type(told), charset(told).lower()) == (
        base.capture.media_type,
        base.charset,
    )
    return "same_bytes" if is_same_kind and entity.entity_digest(exchange) == base.entity else None


def _is_of(base: Base, tag: str) -> bool:
    """Tell whether a 304 with this ETag speaks of the page as it was at `base`.

    It carries the tag of what would be sent now (RFC 9110, section 15.4.5): another one than ours
    says that the page changed. Tags are compared weakly (section 8.8.3.2).
    """
    if not (tag and base.etag):
        return bool(base.etag or base.last_modified)
    return _opaque(tag) == _opaque(base.etag)


def _opaque(tag: str) -> str:
    return _CODING_MARK.sub("", tag.removeprefix("W/"))


def _commit(outing: Outing, found: Sequence[_Unchanged]) -> Event:
    """Log a batch of polls that found nothing new, with all that went over the wire."""
    writer, clock = outing.writer, outing.means.clock
    started_at = found[0].exchange.started_at
    warc_path = writer.new_warc_path(started_at)
    warc = new_file(writer, warc_path)
    polled = []
    with warc_writer(writer.case, warc, warc_path, started_at) as records:
        for one in found:
            (capture,) = records.write_exchange(one.exchange, one.poll.base.original)
            polled.append(_fact(one, capture))
            if one.exchange.body is not None:
                one.exchange.body.unlink()
    body = {
        "software": SOFTWARE,
        "started_at": msgspec.to_builtins(started_at),
        "ended_at": msgspec.to_builtins(clock()),
        "polled": polled,
    }
    event = writer.commit("poll", body, now=clock(), warc=warc, warc_path=warc_path)
    take_event(writer.case, outing.index, event)
    return event


def _fact(one: _Unchanged, capture: Capture) -> Json:
    fact: Json = msgspec.to_builtins(
        {
            "watch_id": one.poll.watch.id,
            "target": one.poll.watch.target,
            "at": one.exchange.started_at,
            "status": one.exchange.status,
            "how": one.how,
            "of": one.poll.base.log_index,
            "capture": capture,
        }
    )
    return fact
