"""The desk's application: every page behind the same guard.

Takes a `Desk` and gives an ASGI application. From the outside in: headers on every answer, the
limit of a request's size, the guard (safety/guard.py), then the pages. What goes wrong ends in one
calm page: our own errors with what they say, anything else without a word of what it was; whoever
runs the desk reads that in the terminal.
"""

from collections.abc import Sequence
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sousveil.errors import BusyError, InputError, OvertakenError, SousveilError, TargetError
from sousveil.web.api.serve import BELOW, problem
from sousveil.web.api.serve import ROUTES as API
from sousveil.web.compress import Compressed
from sousveil.web.desk import Desk
from sousveil.web.pages import (
    actors,
    adding,
    captures,
    compare,
    disputes,
    enter,
    entering,
    exports,
    facts,
    findings,
    handing,
    inquiries,
    jobs,
    lists,
    proof,
    review,
    search,
    several,
    shared,
    targets,
    timeline,
    today,
    topics,
    withholding,
)
from sousveil.web.render import NAVIGATION, render
from sousveil.web.safety.guard import Guard
from sousveil.web.safety.headers import ASSETS, SafeHeaders, protect
from sousveil.web.safety.limits import Limits

PAGES: tuple[Sequence[BaseRoute], ...] = (
    enter.ROUTES,
    today.ROUTES,
    review.ROUTES,
    several.ROUTES,
    disputes.ROUTES,
    lists.ROUTES,
    findings.ROUTES,
    withholding.ROUTES,
    targets.ROUTES,
    captures.ROUTES,
    compare.ROUTES,
    proof.ROUTES,
    actors.ROUTES,
    shared.ROUTES,
    timeline.ROUTES,
    entering.ROUTES,
    facts.ROUTES,
    search.ROUTES,
    adding.ROUTES,
    handing.ROUTES,
    jobs.ROUTES,
    topics.ROUTES,
    inquiries.ROUTES,
    exports.ROUTES,
    API,
)

# What our own errors are in HTTP (RFC 9110 section 15): whose fault it is, and whether it helps to
# try again. The first that fits; everything else is the case's own trouble.
_STATUSES: dict[type[SousveilError], int] = {
    BusyError: 503,
    OvertakenError: 409,
    InputError: 400,
    TargetError: 400,
}

_STATIC = Path(str(files(__package__))) / "static"
_DRAWINGS = ("sousveil.dossier", "views/static")  # whose style sheet the dossier has, too

TITLES = {
    400: "That was not understood",
    401: "Come in first",
    403: "Not for you, or not from here",
    404: "There is no such page",
    405: "That cannot be done here",
    408: "That took too long",
    409: "Things have changed meanwhile",
    413: "That is too much at once",
    421: "The desk has another address",
    429: "Too many tries",
    503: "Not at this moment",
}


def make_app(desk: Desk) -> Starlette:
    """Return the application that serves a desk."""
    routes = [route for page in PAGES for route in page]
    paths = {route.path for route in routes if isinstance(route, Route)}
    app = Starlette(
        routes=[*routes, Mount(ASSETS, StaticFiles(directory=_STATIC, packages=[_DRAWINGS]))],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Compressed),
            Middleware(Limits),
            Middleware(Guard, access=desk.access, clock=desk.clock, refuse=refused, onward=led_on),
        ],
        exception_handlers={
            HTTPException: _foreseen,
            SousveilError: _foreseen,
            Exception: _unforeseen,
        },
    )
    app.state.desk = desk
    app.state.navigation = tuple(one for one in NAVIGATION if one[0] in paths)
    return app


def refused(request: Request, status_code: int, why: str) -> Response:
    """Return the page that says why something is not done; a program is told in its own form."""
    if request.url.path.startswith(BELOW):
        return problem(status_code, why)
    title = TITLES.get(status_code, "That did not work")
    return render(request, "refused.html", status_code=status_code, title=title, why=why)


def led_on(request: Request, address: str) -> Response:
    """Return the page that leads to an address of ours by itself."""
    return render(request, "onward.html", address=address)


def _foreseen(request: Request, error: Exception) -> Response:
    """Tell what went wrong: our own messages are for people, and name the next step."""
    if isinstance(error, HTTPException):
        said_nothing = error.detail == HTTPStatus(error.status_code).phrase
        return refused(request, error.status_code, "" if said_nothing else error.detail)
    status = next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 500)
    return refused(request, status, str(error))


def _unforeseen(request: Request, _error: Exception) -> Response:
    """Tell nothing of what nobody foresaw: the terminal has it.

    This answer passes none of our middleware.
    """
    why = "Nothing that was reported as done is lost. The desk's terminal says what happened."
    response = refused(request, 500, why)
    protect(MutableHeaders(raw=response.raw_headers), request.url.path)
    return response
