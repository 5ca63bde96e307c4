"""The page of a target: how it is, a calendar of its looks, each look, its quotes."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.changes.words import awaited
from sousveil.errors import InputError
from sousveil.index.copies import copies_of
from sousveil.index.filters import Filter
from sousveil.index.lists import Target, findings_page, target_of
from sousveil.index.query import captures_of_watch
from sousveil.index.store import Index
from sousveil.index.verdicts import ToldOf, told_of_watch
from sousveil.index.visited import days_of, looks_page, same_spans, span_of
from sousveil.model import Verdict, WatchKind
from sousveil.web.calendar import Week, first_day, weeks
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import asked
from sousveil.web.render import render

LOOKS = 20  # of a page
MAX_QUOTES = 10  # of the target; all are a link away
MAX_ADDRESSES = 12  # of a site, that are not as they were
MAX_COPIES = 20  # that others kept of it, the newest
MAX_HOPS = 12  # of one look: redirects have a limit below, a crawl has more
MAX_REASONS = 4

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Hop:
    """A request of a look, and what came of it."""

    url: str
    status: int | None
    problem: str  # why there was no answer; "" when there was one
    facts: tuple[str, ...]  # in words


def target(request: Request) -> Response:
    """Show a target; `?day=` has the looks of one day, `?until=` an earlier calendar."""
    desk: Desk = request.app.state.desk
    day, until = _day(request, "day"), _day(request, "until")
    with desk.index() as index:
        found = known_target(index, request.path_params["watch_id"])
        watch = found.watch
        told = told_of_watch(index, watch.id)
        visits = looks_page(index, watch.id, day=day, limit=LOOKS, after=asked(request, "after"))
        copies, count_copies = copies_of(index, watch.target, MAX_COPIES)
        drawn, earlier = _calendar(index, watch.id, until, desk.clock())
        return render(
            request,
            "target.html",
            target=found,
            every=every(watch.every_seconds),
            now=_now(told, watch.target),
            awaited=awaited,
            changed=[one for one in told if not _is_fine(one)][:MAX_ADDRESSES],
            addresses=len(told),
            weeks=drawn,
            earlier=earlier,
            day=day,
            visits=visits,
            hops=hops,
            copies=copies,
            count_copies=count_copies,
            quotes=findings_page(index, Filter(watch=(watch.id,)), limit=MAX_QUOTES),
            comparable=watch.kind is not WatchKind.REPOSITORY,
            replay=_replay(index, found),
            MAX_REASONS=MAX_REASONS,
        )


def known_target(index: Index, watch_id: str) -> Target:
    """Return a target; raises HTTPException when there is none."""
    found = target_of(index, watch_id)
    if found is None:
        raise HTTPException(404, "There is no such target.")
    return found


def every(seconds: int) -> str:
    """Return how often a target is looked at: "every 6 hours"."""
    for length, unit in _UNITS:
        if seconds % length == 0:
            number = seconds // length
            return f"every {unit}" if number == 1 else f"every {number:,} {unit}s"
    return f"every {seconds:,} seconds"


def hops(body: Mapping[str, Any]) -> list[Hop]:
    """Return the requests of a look as its event tells them, `MAX_HOPS` at most."""
    probes, requests = body.get("probes") or [], body.get("requests") or []
    facts = {(one["url"], one["status"]): one for one in requests}
    return [
        Hop(
            probe["url"],
            probe["status"],
            _problem(probe.get("failure")),
            tuple(_facts(facts.get((probe["url"], probe["status"]), {}))),
        )
        for probe in probes[:MAX_HOPS]
    ]


def _problem(failure: Mapping[str, Any] | None) -> str:
    return f"{failure['kind'].replace('_', ' ')}: {failure['message']}" if failure else ""


def _facts(fact: Mapping[str, Any]) -> Iterator[str]:
    if fact.get("ip_address"):
        yield f"the name led to {fact['ip_address']}"
    if fact.get("tls"):
        held = (
            "the certificate held" if fact.get("tls_verified") else "the certificate did not hold"
        )
        yield f"{fact['tls']}, {held}"
    if fact.get("content_type"):
        yield fact["content_type"]
    if fact.get("milliseconds") is not None:
        yield f"{fact['milliseconds']:,} ms"
    if fact.get("truncated"):
        yield f"cut short ({fact['truncated']})"


def _now(told: list[ToldOf], address: str) -> ToldOf | None:
    """Return what became of the target's own address, or of its only one."""
    own = [one for one in told if one.address == address]
    return own[0] if own else told[0] if len(told) == 1 else None


def _is_fine(one: ToldOf) -> bool:
    return one.told.verdict is Verdict.PRESENT and not one.told.is_held


def _calendar(
    index: Index, watch_id: str, until: date | None, now: datetime
) -> tuple[list[Week], date | None]:
    """Return the weeks to draw, and the last day of those before them, if there are such."""
    span = span_of(index, watch_id)
    if span is None:
        return [], None
    # A clock that went wrong must not take the looks out of sight.
    last = until or max(span[1], now).date()
    first = first_day(last)
    drawn = weeks(days_of(index, watch_id, first, last), same_spans(index, watch_id, first), last)
    return drawn, first - timedelta(days=1) if span[0].date() < first else None


def _replay(index: Index, found: Target) -> str:
    """Return the commands that open the newest page in the player; "" without the player."""
    if found.watch.kind is WatchKind.REPOSITORY or find_spec("sousveil_replay") is None:
        return ""
    pages = [one.capture for one in captures_of_watch(index, found.watch.id) if one.capture.status]
    if not pages:
        return ""
    url, at = shlex.quote(pages[-1].url), f"{pages[-1].captured_at:%Y%m%d%H%M%S}"
    name = f"target-{found.watch.id}.wacz"
    return (
        f"sousveil export --format wacz -o {name} {shlex.quote(found.watch.target)}\n"
        f"sousveil-replay {name} --url {url} --ts {at}"
    )


def _day(request: Request, name: str) -> date | None:
    text = asked(request, name, 10)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"{name}={text}: not a day. Write it as 2026-11-23.") from error


ROUTES = (Route("/targets/{watch_id}", target),)
