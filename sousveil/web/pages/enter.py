"""The way in: a link that works once gives a browser its session."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.web.desk import Desk
from sousveil.web.render import render

USED = "This link has been used, or is not of this run. Start the desk again for a new one."


def enter(request: Request) -> Response:
    """Exchange the link's secret for a session.

    The answer is a page that goes on by itself, no redirect: after one, a browser that came from
    somewhere else would not send a cookie that is for this site alone (SameSite=Strict).
    """
    desk: Desk = request.app.state.desk
    access = desk.access
    if not access.take_link(request.query_params.get("link", "")):
        raise HTTPException(403, USED)
    response = render(request, "enter.html")
    access.let_in(response, access.sessions.begin(access.operator, desk.clock()))
    return response


def leave(request: Request) -> Response:
    """End the session."""
    desk: Desk = request.app.state.desk
    desk.access.sessions.end(request.cookies.get(desk.access.cookie, ""))
    response = RedirectResponse("/", 303)
    response.delete_cookie(desk.access.cookie)
    return response


ROUTES = (Route("/enter", enter), Route("/leave", leave, methods=["POST"]))
