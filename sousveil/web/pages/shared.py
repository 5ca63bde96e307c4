"""Shared: fields of code and sentences that several actors have, and since when each.

The drawing is the dossier's (`dossier/views/shared.py`); here, each mark opens its finding. It says
who had something first as far as the case knows, never who had it from whom.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.dossier.views.shared import Shared, draw_shared, shared
from sousveil.index.filters import Filter
from sousveil.index.lists import MAX_PAGE, Listed, findings_page
from sousveil.index.store import Index
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.web.api.files import as_file
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import chosen, known
from sousveil.web.render import render

# Held against each other at once, the newest first: a second's work. More are asked for by filters.
MAX_COMPARED = 10_000
MAX_ROWS = 100  # of the table; the rest is in the file

_COLUMNS = {
    "what": "words",
    "is_field": "is_field",
    "actor": "actor",
    "since": "since",
    "by": "by",
    "until": "until",
    "finding": "finding",
}


def drawn(request: Request) -> Response:
    """Show what several actors have."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    with desk.index() as index:
        told, compared, count = _shared(index, filter_)
        return render(
            request,
            "shared.html",
            drawing=draw_shared(told, datetime.now(UTC), "/findings/{}".format),
            total=len(told),
            compared=compared,
            found=count,
            MAX_ROWS=MAX_ROWS,
            **known(index, filter_),
        )


def drawn_file(request: Request) -> Response:
    """Give the same as a list, a row for each actor that has something."""
    filter_ = chosen(request)

    def rows(index: Index, _limit: int, _after: str) -> tuple[list[Json], str]:
        return list(_rows(_shared(index, filter_)[0])), ""

    return as_file(request, "shared", rows, _COLUMNS)


def _shared(index: Index, filter_: Filter) -> tuple[tuple[Shared, ...], int, int]:
    """Return what several have, how many findings were compared, and how many there are."""
    listed: list[Listed] = []
    place, count = "", 0
    while len(listed) < MAX_COMPARED:
        page = findings_page(index, filter_, limit=MAX_PAGE, after=place)
        listed += page.rows
        place, count = page.next, page.count
        if not place:
            break
    kept = {one.finding.id: one for one in listed if _is_told(one, filter_)}

    def gone_by(finding_id: str) -> datetime | None:
        fate = kept[finding_id].fate
        return fate.gone_by if fate is not None and fate.is_gone else None

    return shared([one.finding for one in kept.values()], gone_by), len(listed), count


def _is_told(one: Listed, filter_: Filter) -> bool:
    """Whether a finding is told; what people rejected only where it is asked for."""
    return one.status != "rejected" or "rejected" in filter_.status


def _rows(told: tuple[Shared, ...]) -> Iterator[Json]:
    for one in told:
        for lane in one.lanes:
            yield {
                "words": one.words,
                "is_field": one.is_field,
                "actor": lane.actor,
                "since": instant(lane.since),
                "by": "commit" if lane.is_commit else "capture",
                "until": instant(lane.until) if lane.until else None,
                "finding": lane.finding_id,
            }


ROUTES = (
    Route("/shared", drawn),
    Route("/shared.csv", drawn_file),
    Route("/shared.json", drawn_file),
)
