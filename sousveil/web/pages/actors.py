"""Actors × traits: who is said to make systems that infer what, each count a link to its quotes."""

from math import sqrt

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.matrix import matrix
from sousveil.index.store import Index
from sousveil.model import Json
from sousveil.web.api.files import as_file
from sousveil.web.api.forms import matrix_form
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import chosen, known
from sousveil.web.render import render

MAX_ACTORS_SHOWN = 200  # the rest is in the file
STEPS = 6  # of heat

_COLUMNS = {
    "actor": "actor",
    "trait": "trait",
    "findings": "findings",
    "confirmed": "confirmed",
    **{label: f"labels.{label}" for label in ("offers", "reports", "denies", "discusses")},
    **{state: f"states.{state}" for state in ("stands", "held", "reworded", "moved", "gone")},
}


def actors(request: Request) -> Response:
    """Show the matrix."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    with desk.index() as index:
        told = matrix(index, filter_)
        return render(
            request,
            "actors.html",
            matrix=told,
            actors=told.actors[:MAX_ACTORS_SHOWN],
            heat=lambda count: heat(count, told.highest),
            **known(index, filter_),
        )


def heat(count: int, highest: int) -> int:
    """Return how warm a count is, 1 to STEPS: by its root, for a few actors have most."""
    return max(1, round(STEPS * sqrt(count / highest)))


def actors_file(request: Request) -> Response:
    """Give the cells of the matrix as a list."""
    filter_ = chosen(request)

    def rows(index: Index, _limit: int, _after: str) -> tuple[list[Json], str]:
        return matrix_form(matrix(index, filter_)), ""

    return as_file(request, "actors", rows, _COLUMNS)


ROUTES = (
    Route("/actors", actors),
    Route("/actors.csv", actors_file),
    Route("/actors.json", actors_file),
)
