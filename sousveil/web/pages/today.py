"""Today: what happened since somebody last looked, and what waits for them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.notices import notices
from sousveil.web.desk import Desk
from sousveil.web.render import render

MAX_TOLD = 12


def today(request: Request) -> Response:
    """Show the front page."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        news = notices(index, MAX_TOLD)
    return render(request, "today.html", news=news)


ROUTES = (Route("/", today),)
