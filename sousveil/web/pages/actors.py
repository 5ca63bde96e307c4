"""Actors × traits: who is said to make systems that infer what, each count a link to its quotes."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import sqrt
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.filters import Filter
from sousveil.index.matrix import Cell, matrix
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
            heat=_heat(told.highest),
            link=_links(told.chosen),
            told=_labels,
            **known(index, filter_),
        )


def _heat(highest: int) -> Callable[[int], int]:
    """Return how warm a count is, 1 to STEPS: by its root, for a few actors have most."""
    return lambda count: max(1, round(STEPS * sqrt(count / highest)))


def _labels(cell: Cell) -> str:
    """Return what the findings of a cell say: "12 offers, 3 denies"."""
    return ", ".join(f"{count:,} {label}" for label, count in cell.labels.most_common())


def _links(counted: Filter) -> Callable[..., str]:
    """Return what leads from a cell, or the head of a row or column, to its findings.

    What all links share is written once: there are as many as there are cells.
    """
    of_all = replace(counted, actor=(), trait=()).query()

    @cache
    def named(name: str, value: str) -> str:
        chosen = [value] if value else getattr(counted, name)
        return urlencode([(name, one) for one in chosen])

    def link(actor: str = "", trait: str = "") -> str:
        parts = (named("actor", actor), named("trait", trait), of_all)
        return f"/findings?{'&'.join(filter(None, parts))}"

    return link


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
