"""The timeline: what was claimed, and what became of it, drawn and listed."""

from calendar import monthrange
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.filters import Filter
from sousveil.index.query import watches_of
from sousveil.index.store import Index
from sousveil.index.timeline import Bar, bars, moments
from sousveil.model import Json
from sousveil.web.api.endpoints import findings_of_moments
from sousveil.web.api.files import as_file
from sousveil.web.api.forms import moment_form
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import ROWS, asked, chosen, known
from sousveil.web.render import render

# Of the drawing, in its own units; it is as wide as the page.
WIDTH, HEIGHT, FOOT = 1000, 190, 22
LETTERS = 14  # of the foot, for letters and replies, where there are any
MAX_NAMED = 10  # columns
MAX_COLUMN = 40.0  # wide, where there are few
_COLUMNS = {name: name for name in (
    "at", "kind", "text", "finding", "quote", "actor", "state", "watch", "log_index",
)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A span of time as it is drawn: claims stand on the line, losses hang from it."""

    bar: Bar
    left: float
    width: float
    top: float  # of the claims
    height: float
    hang: float  # height of the losses
    mended: float  # of it, what was reworded
    since: str  # first day
    until: str
    is_named: bool  # whether its name stands below


def timeline(request: Request) -> Response:
    """Show the drawing, and what happened, the newest first."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    with desk.index() as index:
        page = moments(index, filter_, limit=ROWS, after=asked(request, "after"))
        drawn = bars(index, filter_)
        has_mail = any(one.letters or one.replies for one in drawn)
        return render(
            request,
            "timeline.html",
            page=page,
            findings=findings_of_moments(index, page),
            watched=watches_of(index, [one.watch_id or "" for one in page.rows]),
            columns=columns(drawn),
            line=_line(drawn),
            WIDTH=WIDTH,
            HEIGHT=HEIGHT + LETTERS * has_mail,
            has_mail=has_mail,
            mail=HEIGHT - FOOT + 6,
            **known(index, filter_),
        )


def columns(drawn: list[Bar]) -> list[Column]:
    """Return where the bars stand."""
    if not drawn:
        return []
    line, scale = _line(drawn), _scale(drawn)
    step = min(WIDTH / len(drawn), 2 * MAX_COLUMN)
    every = -(-len(drawn) // MAX_NAMED)
    return [
        Column(
            bar,
            left=number * step,
            width=min(MAX_COLUMN, step - min(4.0, step / 4)),
            top=line - bar.claimed * scale,
            height=bar.claimed * scale,
            hang=bar.lost * scale,
            mended=bar.reworded * scale,
            since=_first_day(bar.begin),
            until=_last_day(bar.begin),
            is_named=number % every == 0,
        )
        for number, bar in enumerate(drawn)
    ]


def _scale(drawn: list[Bar]) -> float:
    most = max(bar.claimed for bar in drawn) + max(bar.lost for bar in drawn)
    return (HEIGHT - FOOT) / (most or 1)


def _line(drawn: list[Bar]) -> float:
    return max((bar.claimed for bar in drawn), default=0) * _scale(drawn) if drawn else 0.0


def _first_day(begin: str) -> str:
    return f"{begin}-01-01"[:10]


def _last_day(begin: str) -> str:
    if len(begin) == len("2026-03"):
        year, month = map(int, begin.split("-"))
        return f"{begin}-{monthrange(year, month)[1]}"
    return begin if len(begin) == len("2026-03-04") else f"{begin}-12-31"


def timeline_file(request: Request) -> Response:
    """Give the same list whole."""
    filter_: Filter = chosen(request)

    def rows(index: Index, limit: int, after: str) -> tuple[list[Json], str]:
        page = moments(index, filter_, limit=limit, after=after)
        about = findings_of_moments(index, page)
        return [moment_form(one, about) for one in page.rows], page.next

    return as_file(request, "timeline", rows, _COLUMNS)


ROUTES = (
    Route("/timeline", timeline),
    Route("/timeline.csv", timeline_file),
    Route("/timeline.json", timeline_file),
)
