"""Two looks at an address side by side: their text, their source, their pictures.

Looks are named as `sousveil diff` names them, by number or by time; without names, the last change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.errors import ArchiveError, ExtractError, InputError, SousveilError, TargetError
from sousveil.extract.charset import decode
from sousveil.index.store import Index
from sousveil.index.visited import was_looked_at
from sousveil.model import Json, Rendering, WatchKind
from sousveil.run.differences import wording
from sousveil.run.differences.difference import Difference, difference, rendering_of
from sousveil.run.differences.looks import Look, choose, looks_at
from sousveil.run.differences.page import Group, Line, grouped
from sousveil.run.differences.screen_worker import Compared
from sousveil.run.differences.source import Sources, compare_sources
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import asked
from sousveil.web.pages.targets import known_target
from sousveil.web.render import render
from sousveil.web.screens import compared

VIEWS = ("text", "source", "picture")
MAX_CHOICES = 60  # looks to choose from, the newest; others are named in the address
MAX_TEXT_CHARS = 60_000  # of text on the page; with its markup some 120 kB
MAX_SOURCE_BYTES = 4_000_000

_NO_TWO = (
    "There are no two looks at it that brought the page, so nothing can be compared by itself."
)
_REPOSITORY = "A repository’s history tells what changed: see its findings, or `sousveil changes`."


@dataclass(frozen=True, slots=True)
class Shown:
    """The text of a difference, as much as a page takes."""

    difference: Difference
    groups: list[tuple[Group, list[Line]]]
    left_out: int  # passages
    summary: str
    hidden: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which two looks at which address."""

    address: str
    since: str | None
    until: str | None
    looks: Sequence[Look]

    def pair(self) -> tuple[Look, Look]:
        """Return the two; raises InputError as `choose`."""
        formers, later = choose(self.looks, self.since, self.until)
        return formers[0], later


def compare(request: Request) -> Response:
    """Show two looks; `?view=` is what of them."""
    desk: Desk = request.app.state.desk
    case = desk.case()
    view = asked(request, "view", 10) or VIEWS[0]
    if view not in VIEWS:
        raise InputError(f"view={view}: there are {', '.join(VIEWS)}.")
    with desk.index() as index:
        target = known_target(index, request.path_params["watch_id"])
        told: Json = {"target": target, "view": view, "VIEWS": VIEWS, "why": "", "pair": None}
        if target.watch.kind is WatchKind.REPOSITORY:
            return render(request, "compare.html", **told | {"why": _REPOSITORY})
        wanted = _asked(request, index, target.watch.id, target.watch.target)
        told |= {"address": wanted.address, "looks": wanted.looks[-MAX_CHOICES:][::-1]}
        try:
            told |= _VIEWS[view](case, index, wanted)
        except (InputError, TargetError) as error:
            if wanted.since is not None or wanted.until is not None:
                raise
            told |= {"why": _NO_TWO, "reason": str(error)}
        except (ArchiveError, ExtractError) as error:
            told |= {"why": "One of the two cannot be read.", "reason": str(error)}
        return render(request, "compare.html", **told)


def picture(request: Request) -> Response:
    """Send one of the two screenshots, as our worker wrote it; `?side=` is before or after."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        target = known_target(index, request.path_params["watch_id"])
        try:
            wanted = _asked(request, index, target.watch.id, target.watch.target)
            answer = compared(desk.case(), *_renderings(index, wanted.pair()))
        except SousveilError as error:
            raise HTTPException(404, "There is no such picture.") from error
    if not isinstance(answer, Compared):
        raise HTTPException(404, "There is no such picture.")
    side = answer.after if asked(request, "side", 10) == "after" else answer.before
    return Response(side.data, media_type="image/jpeg")


def _asked(request: Request, index: Index, watch_id: str, target: str) -> _Asked:
    address = asked(request, "address") or target
    if not was_looked_at(index, watch_id, address):
        if address != target:
            raise HTTPException(404, "This target has no look at that address.")
        return _Asked(address, None, None, ())
    since, until = (asked(request, name, 40) or None for name in ("from", "to"))
    return _Asked(address, since, until, looks_at(index, address))


def _text(case: Case, index: Index, wanted: _Asked) -> Json:
    found = difference(case, index, wanted.address, since=wanted.since, until=wanted.until)
    groups, left_out = _fitting(grouped(found))
    told = [*filter(None, [wording.no_page_since(found)]), *wording.notes(found)]
    hidden = wording.hidden(found.diff)
    summary = wording.summary(found.diff, with_noise=False)
    shown = Shown(found, groups, left_out, summary, hidden, told)
    return {"pair": (found.former, found.later), "shown": shown, "member_line": wording.member_line}


def _fitting(
    groups: list[tuple[Group, list[Line]]],
) -> tuple[list[tuple[Group, list[Line]]], int]:
    """Return what fits on the page, what changed first, and how many passages do not."""
    room, fit, left_out = MAX_TEXT_CHARS, set[int](), 0
    ranked = sorted(range(len(groups)), key=lambda number: groups[number][0] != "shown")
    for number in ranked:
        lines = groups[number][1]
        size = sum(len(one.row.text_before) + len(one.row.text_after) for one in lines)
        if size <= room:
            room -= size
            fit.add(number)
        else:
            left_out += len(lines)
    return [group for number, group in enumerate(groups) if number in fit], left_out


def _source(case: Case, _index: Index, wanted: _Asked) -> Json:
    pair = wanted.pair()
    before, after = (_body(case, look) for look in pair)
    sources: Sources = compare_sources(before, after)
    return {"pair": pair, "sources": sources}


def _body(case: Case, look: Look) -> str:
    if look.wire is None:
        raise ExtractError(f"Look {look.number} brought no answer ({look.visit.outcome}).")
    one = look.wire
    answer = payload(case.root, one.record, MAX_SOURCE_BYTES, refers_to=one.refers_to)
    if b"\0" in answer.body[:1_000]:
        raise ExtractError(f"The answer at look {look.number} is no text ({one.media_type}).")
    return decode(answer.body, http=answer.charset or None, declares=True)[0]


def _picture(case: Case, index: Index, wanted: _Asked) -> Json:
    pair = wanted.pair()
    answer = compared(case, *_renderings(index, pair))
    is_compared = isinstance(answer, Compared)
    return {"pair": pair, "screens": answer if is_compared else None, "answer": answer}


def _renderings(index: Index, pair: tuple[Look, Look]) -> tuple[Rendering | None, Rendering | None]:
    return rendering_of(index, pair[0]), rendering_of(index, pair[1])


_View: TypeAlias = Callable[[Case, Index, _Asked], Json]

_VIEWS: Mapping[str, _View] = {"text": _text, "source": _source, "picture": _picture}

ROUTES = (
    Route("/targets/{watch_id}/compare", compare),
    Route("/targets/{watch_id}/compare/picture", picture),
)
