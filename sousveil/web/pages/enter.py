"""The ways in and out: a link that works once, or name and password; another password; leaving.

What is told of a failed try is the same whatever was wrong. Who came in, and that somebody tried,
is told to whoever runs the desk (the logger "sousveil.desk"); no name that is nobody's is repeated,
for people type passwords into the wrong field.
"""

import logging
import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError
from sousveil.web.desk import Desk
from sousveil.web.render import render
from sousveil.web.safety.guard import field
from sousveil.web.safety.users import MAX_NAME, MAX_PASSWORD, MIN_PASSWORD

USED = "This link has been used, or is not of this run. Start the desk again for a new one."
WRONG = "That name, password or code is not right."
MAX_CODE = 16
MAX_PATH = 2_000

_LOG = logging.getLogger("sousveil.desk")


def enter(request: Request) -> Response:
    """Exchange the link's secret for a session."""
    desk: Desk = request.app.state.desk
    user = desk.access.take_link(request.query_params.get("link", ""))
    if user is None:
        raise HTTPException(403, USED)
    response = RedirectResponse("/", 303)
    desk.access.let_in(request, response, user, desk.clock())
    return response


def login(request: Request) -> Response:
    """Show the form by which a team comes in."""
    desk: Desk = request.app.state.desk
    if desk.access.team is None:
        raise HTTPException(404)
    if request.user:
        return RedirectResponse("/", 303)
    return _form(request, local_path(request.query_params.get("to", "")))


def log_in(request: Request) -> Response:
    """Let in who has a name, a password and, where there is one, a second factor."""
    desk: Desk = request.app.state.desk
    team, now = desk.access.team, desk.clock()
    if team is None:
        raise HTTPException(404)
    name, to = field(request, "name", most=MAX_NAME), field(request, "to", most=MAX_PATH)
    address = request.client.host if request.client else ""
    seconds = math.ceil(team.wait(name, address, now).total_seconds())
    if seconds:
        _LOG.warning("somebody who failed before tries to come in; they wait %s s", seconds)
        return _form(request, to, f"Too many tries. Wait {seconds} seconds.", 429)
    password = field(request, "password", most=MAX_PASSWORD)
    user = team.let_in(name, password, field(request, "code", most=MAX_CODE), address, now)
    if user is None:
        _LOG.warning("somebody tried to come in, and could not")
        return _form(request, to, WRONG, 403)
    response = RedirectResponse(local_path(to), 303)
    desk.access.let_in(request, response, user, now)
    _LOG.info("%s came in", user.name)
    return response


def _form(request: Request, to: str, problem: str = "", status_code: int = 200) -> Response:
    desk: Desk = request.app.state.desk
    seed, token = desk.access.new_seed()
    response = render(
        request, "login.html", status_code=status_code, csrf=token, to=to, problem=problem
    )
    desk.access.give_seed(response, seed)
    return response


def password(request: Request) -> Response:
    """Show the form by which somebody takes another password."""
    desk: Desk = request.app.state.desk
    if desk.access.team is None:
        raise HTTPException(404)
    is_changed = request.query_params.get("changed") == "yes"
    return render(request, "password.html", problem="", is_changed=is_changed, MIN=MIN_PASSWORD)


def change_password(request: Request) -> Response:
    """Give somebody another password who has the present one; their other sessions are over."""
    desk: Desk = request.app.state.desk
    team, now, name = desk.access.team, desk.clock(), request.user.name
    if team is None:
        raise HTTPException(404)
    address = request.client.host if request.client else ""
    seconds = math.ceil(team.wait(name, address, now).total_seconds())
    given = [field(request, one, most=MAX_PASSWORD) for one in ("password", "new", "again")]
    code = field(request, "code", most=MAX_CODE)
    if seconds:
        return _not_changed(request, f"Too many tries. Wait {seconds} seconds.", 429)
    if given[1] != given[2]:
        return _not_changed(request, "The two new ones are not the same.", 422)
    if team.let_in(name, given[0], code, address, now) is None:
        _LOG.warning("somebody who is in tried to change their password, and could not")
        return _not_changed(request, "The present password, or the code, is not right.", 403)
    try:
        team.change_password(name, given[1], now)
    except InputError as error:
        return _not_changed(request, str(error), 422)
    response = RedirectResponse("/password?changed=yes", 303)
    desk.access.let_in(request, response, request.user, now)
    _LOG.info("%s took another password", name)
    return response


def _not_changed(request: Request, problem: str, status_code: int) -> Response:
    return render(
        request,
        "password.html",
        status_code=status_code,
        problem=problem,
        is_changed=False,
        MIN=MIN_PASSWORD,
    )


def leave(request: Request) -> Response:
    """End the session."""
    desk: Desk = request.app.state.desk
    response = RedirectResponse("/", 303)
    desk.access.let_out(request, response)
    return response


def local_path(text: str) -> str:
    """Return a path of the desk as it was asked for; "/" for anything that leads elsewhere."""
    leads_away = not text.startswith("/") or text[1:2] in {"/", "\\"} or not text.isprintable()
    return "/" if leads_away else text


ROUTES = (
    Route("/enter", enter),
    Route("/login", login),
    Route("/login", log_in, methods=["POST"]),
    Route("/password", password),
    Route("/password", change_password, methods=["POST"]),
    Route("/leave", leave, methods=["POST"]),
)
