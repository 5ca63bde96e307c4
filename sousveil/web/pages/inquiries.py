"""Inquiries: letters to vendors, what is frozen before they go, replies, and their end.

To freeze is to visit, so it is a job; a reply and an end are noted at once.
"""

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError
from sousveil.index.inquiries import inquiries, replies
from sousveil.index.store import Index
from sousveil.model import Inquiry
from sousveil.run.inquiry.letters import close_inquiry, log_reply
from sousveil.run.visit.watches import watches_in_log
from sousveil.watch.targets import MAX_URL_LENGTH, find_watches
from sousveil.web.desk import Desk
from sousveil.web.jobs.work import inquire
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

MAX_TO = 200
MAX_TIME = 40


@needs("editor")
def listed(request: Request) -> Response:
    """List the inquiries, those that are open first, and the place to open one."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        known = [(one, list(replies(index, one))) for one in reversed(inquiries(index))]
        return render(
            request,
            "manage_inquiries.html",
            inquiries=sorted(known, key=lambda one: one[0].closed_at is not None),
            about=request.query_params.get("about", "")[:MAX_URL_LENGTH],
        )


@needs("editor")
def begin(request: Request) -> Response:
    """Ask for all to be frozen that a letter may make vanish."""
    desk: Desk = request.app.state.desk
    to = " ".join(field(request, "to", most=MAX_TO).split())
    if not to or not to.isprintable():
        raise HTTPException(400, "Say to whom the letter goes, such as an office or a company.")
    named = field(request, "target", most=MAX_URL_LENGTH).strip()
    (watch, *others) = find_watches(watches_in_log(desk.case()), [named])
    if others:
        raise InputError(f"{named}: names several targets. Give the whole address.")
    sent = _moment(field(request, "sent", most=MAX_TIME), desk.clock())
    work = inquire(watch.id, sent=sent.isoformat(timespec="seconds"), to=to)
    job = desk.jobs.start(work, request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


@needs("editor")
def reply(request: Request) -> Response:
    """Note that a reply came."""
    desk: Desk = request.app.state.desk
    received = _moment(field(request, "received", most=MAX_TIME), desk.clock())
    with desk.writing() as (writer, index):
        log_reply(writer, _named(request, index), received, None, desk.clock())
    return RedirectResponse("/manage/inquiries", 303)


@needs("editor")
def close(request: Request) -> Response:
    """End an inquiry: its targets go back to their own schedule."""
    desk: Desk = request.app.state.desk
    with desk.writing() as (writer, index):
        inquiry = _named(request, index)
        if inquiry.closed_at is None:
            close_inquiry(writer, inquiry, desk.clock())
    return RedirectResponse("/manage/inquiries", 303)


def _named(request: Request, index: Index) -> Inquiry:
    """Return the inquiry that the path names; raises HTTPException (404)."""
    named = request.path_params["inquiry_id"]
    found = next((one for one in inquiries(index) if one.id == named), None)
    if found is None:
        raise HTTPException(404, "There is no such inquiry.")
    return found


def _moment(typed: str, now: datetime) -> datetime:
    """Return a time that a browser's field gave, which is UTC; now when it is empty."""
    if not typed:
        return now
    try:
        at = datetime.fromisoformat(typed)
    except ValueError as error:
        raise HTTPException(400, f"{typed}: not a time.") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


ROUTES = (
    Route("/manage/inquiries", listed),
    Route("/manage/inquiries/begin", begin, methods=["POST"]),
    Route("/manage/inquiries/{inquiry_id}/reply", reply, methods=["POST"]),
    Route("/manage/inquiries/{inquiry_id}/close", close, methods=["POST"]),
)
