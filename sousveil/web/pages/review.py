"""Review: the queue in order of worth, one finding after the other, decided by key or by form.

The page is whole without a script: rows are links, decisions are forms, and each leads to the next
finding. The script (static/js/review.js) asks for the same parts beforehand, so that a key is
answered at once: `/review/card/ID` is what is shown of a finding, `/review/rows` the queue from a
place on, and a decision sent with `Accept: application/json` is answered in JSON.
"""

from dataclasses import dataclass

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sousveil.index.lists import disputed
from sousveil.index.queue import Waiting, count_waiting, waiting
from sousveil.index.reviews import has_decided
from sousveil.index.store import Index
from sousveil.model import Finding, Json
from sousveil.review.decisions import (
    MAX_LANG_CHARACTERS,
    MAX_NOTE_CHARACTERS,
    MAX_SERVED,
    MAX_TRANSLATION_CHARACTERS,
    Decision,
)
from sousveil.run.deciding import (
    Verdict,
    copies_of,
    decide,
    is_lesson,
    take_back,
    translate,
)
from sousveil.web.cards import card_of, findings_by_id
from sousveil.web.desk import Desk
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

ROWS = 40  # of the queue at once
MAX_ID = 64
MAX_PLACE = 80

DECISIONS: dict[str, Decision] = {"confirm": "confirmed", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Row:
    """A finding in the queue."""

    place: Waiting
    finding: Finding


def review(request: Request) -> Response:
    """Show the queue from a place on (`after`), and one finding of it (`at`) or the first."""
    desk: Desk = request.app.state.desk
    after, at = request.query_params.get("after", ""), request.query_params.get("at", "")
    with desk.index() as index:
        rows = _rows(index, request.user.name, after)
        chosen = at[:MAX_ID] or (rows[0].finding.id if rows else "")
        return render(
            request,
            "review.html",
            rows=rows,
            is_more=len(rows) == ROWS,
            chosen=chosen,
            after=after,
            count_waiting=count_waiting(index, request.user.name),
            disputes=len(disputed(index)),
            can_undo=has_decided(index, request.user.name),
            card=card_of(desk, index, chosen, request.user.name) if chosen else None,
        )


def rows(request: Request) -> Response:
    """Show the next rows of the queue, by themselves."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = _rows(index, request.user.name, request.query_params.get("after", ""))
        return render(request, "parts/rows_alone.html", rows=found)


def card(request: Request) -> Response:
    """Show one finding, by itself."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = card_of(desk, index, request.path_params["finding_id"], request.user.name)
        if found is None:
            raise HTTPException(404, "There is no such finding any more.")
        return render(request, "parts/card_alone.html", card=found)


@needs("reviewer")
def decide_one(request: Request) -> Response:
    """Log a decision on a finding, and on the same words elsewhere if it was asked for."""
    desk: Desk = request.app.state.desk
    finding_id = field(request, "finding", most=MAX_ID)
    decision = DECISIONS.get(field(request, "decision", most=MAX_ID))
    if decision is None:
        raise HTTPException(400, "A decision is to confirm or to reject.")
    verdict = Verdict(
        decision,
        request.user.name,
        field(request, "note", most=MAX_NOTE_CHARACTERS),
        settles=bool(field(request, "settle", most=MAX_ID)),
    )
    with desk.writing() as (writer, index):
        ids = [finding_id]
        if field(request, "copies", most=MAX_ID):
            ids = copies_of(index, finding_id, request.user.name, MAX_SERVED)
        events = decide(writer, index, ids, verdict, desk.clock())
        told = {"decided": ids, "decision": decision, "entry": events[-1].index}
        answer = _answer(request, index, told)
    if is_lesson(events):
        answer.background = BackgroundTask(desk.learn)
    return answer


@needs("reviewer")
def undo(request: Request) -> Response:
    """Take back what this person decided last."""
    desk: Desk = request.app.state.desk
    with desk.writing() as (writer, index):
        event, taken = take_back(writer, index, request.user.name, desk.clock())
        ids = [one.finding_id for one in taken]
        return _answer(request, index, {"undone": ids, "entry": event.index}, at=ids[0])


@needs("reviewer")
def translate_one(request: Request) -> Response:
    """Log a translation of a finding's quote."""
    desk: Desk = request.app.state.desk
    finding_id = field(request, "finding", most=MAX_ID)
    with desk.writing() as (writer, index):
        event = translate(
            writer,
            index,
            finding_id,
            field(request, "text", most=MAX_TRANSLATION_CHARACTERS),
            lang=field(request, "lang", most=MAX_LANG_CHARACTERS),
            by=request.user.name,
            now=desk.clock(),
        )
        told = {"translated": finding_id, "entry": event.index}
        return _answer(request, index, told, at=finding_id)


def _rows(index: Index, name: str, after: str) -> list[Row]:
    places = waiting(index, name, ROWS, after[:MAX_PLACE])
    found = findings_by_id(index, [one.finding_id for one in places])
    return [Row(one, found[one.finding_id]) for one in places if one.finding_id in found]


def _answer(request: Request, index: Index, told: Json, at: str = "") -> Response:
    """Answer a script in JSON; lead a person on, to where they came from.

    Made while the case is still ours: what was logged is not told as refused because something
    cannot be read afterwards.
    """
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told | {"waiting": count_waiting(index, request.user.name)})
    back = field(request, "back", most=MAX_PLACE)
    if back == "finding":
        return RedirectResponse(f"/findings/{field(request, 'finding', most=MAX_ID)}", 303)
    if back == "disputes":
        return RedirectResponse("/review/disputes", 303)
    return RedirectResponse(f"/review?at={at}" if at else "/review", 303)


ROUTES = (
    Route("/review", review),
    Route("/review/rows", rows),
    Route("/review/card/{finding_id}", card),
    Route("/review/decide", decide_one, methods=["POST"]),
    Route("/review/undo", undo, methods=["POST"]),
    Route("/review/translate", translate_one, methods=["POST"]),
)
