"""Facts: projects, figures, documents, statements, listed, drawn, and what people make of them.

A candidate is what a machine read. Whoever confirms, changes or withdraws one is named in the log;
its quotes are looked up in the archive first.
"""

from collections.abc import Callable
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.dossier.views.figures import draw_figures, points
from sousveil.dossier.views.projects import draw_projects, projects
from sousveil.errors import InputError
from sousveil.index.facts import (
    FACT_STATUSES,
    FactFilter,
    date_of,
    fact_of,
    fact_with_sources,
    facts,
)
from sousveil.index.store import Index
from sousveil.jsonform import fact_json
from sousveil.ledger import Writer
from sousveil.model import FACT_KINDS, FIELDS, Event, Fact, Json
from sousveil.review.decisions import MAX_NOTE_CHARACTERS
from sousveil.review.facts import MAX_QUOTE_CHARACTERS, MAX_VALUE_CHARACTERS
from sousveil.run.facts import Entry, confirm, edit, withdraw
from sousveil.web.api.files import as_file
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import ROWS, asked
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

MAX_ID = 12
MAX_PLACE = 4_000  # of an address, as long as browsers take one

_COLUMNS = {
    **{name: name for name in ("id", "kind", "status", "by")},
    **{name: f"field.{name}" for name in ("name", "value", "unit", "confidence")},
    "quote": "quote",
    "url": "field.source.capture.url",
    "captured_at": "field.source.capture.captured_at",
    "log_index": "field.source.capture.log_index",
    "finding": "field.source.finding",
}
_TITLES = ("title", "said", "number")  # what tells a fact best, the first that it has


def listed(request: Request) -> Response:
    """Show facts, with their figures drawn where figures are asked for."""
    desk: Desk = request.app.state.desk
    chosen = chosen_facts(request)
    after = asked(request, "after", MAX_ID)
    with desk.index() as index:
        found = facts(index, chosen)
    begin = next((at + 1 for at, one in enumerate(found) if one.id == after), 0)
    shown = found[begin : begin + ROWS]
    is_of_figures = chosen.kind == ("figure",)
    return render(
        request,
        "facts.html",
        **_offered(chosen),
        shown=shown,
        total=len(found),
        next=shown[-1].id if len(found) > begin + ROWS else "",
        drawing=draw_figures(points(found), page_of) if is_of_figures else None,
    )


def mapped(request: Request) -> Response:
    """Show projects on the map, and beside it those that name no place."""
    desk: Desk = request.app.state.desk
    given = chosen_facts(request)
    chosen = FactFilter(("project",), given.status, given.host, given.actor)
    with desk.index() as index:
        found = facts(index, chosen)
    told = projects(found)
    return render(
        request,
        "projects.html",
        **_offered(chosen),
        total=len(told),
        drawing=draw_projects(told, page_of),
        told=told,
        unplaced=[one for one in told if one.place is None],
    )


def listed_file(request: Request) -> Response:
    """Give the same list whole: as JSON a fact a row, as CSV a field a row."""
    chosen = chosen_facts(request)
    is_csv = request.url.path.endswith(".csv")

    def rows(index: Index, _limit: int, _after: str) -> tuple[list[Json], str]:
        forms = [fact_json(one) for one in facts(index, chosen)]
        return [row for form in forms for row in (_by_field(form) if is_csv else [form])], ""

    return as_file(request, "facts", rows, _COLUMNS)


def _by_field(form: Json) -> list[Json]:
    return [
        form | {"field": one, "quote": one["source"]["selectors"][0]["exact"]}
        for one in form["fields"]
    ]


def fact(request: Request) -> Response:
    """Show one fact with all that it rests on, and what people made of it."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        told = fact_with_sources(index, _fact(index, request))
    return render(
        request,
        "fact.html",
        told=told,
        fact=told.fact,
        title=title_of(told.fact),
        names=tuple(FIELDS[told.fact.kind]),
        place=told.fact.fields[0].source.url,
    )


@needs("reviewer")
def confirmed(request: Request) -> Response:
    """Log a candidate as a fact."""
    return _enter(request, confirm)


@needs("reviewer")
def withdrawn(request: Request) -> Response:
    """Log that a fact is none."""
    return _enter(request, withdraw)


@needs("reviewer")
def edited(request: Request) -> Response:
    """Log a fact with another field, or without one."""
    name = field(request, "name", most=MAX_ID)
    value = field(request, "value", most=MAX_VALUE_CHARACTERS)
    quote = field(request, "quote", most=MAX_QUOTE_CHARACTERS).replace("\r\n", "\n")
    entry = Entry(name, value, quote, field(request, "place", most=MAX_PLACE).strip())
    is_dropped = not value.strip()

    def enter(
        writer: Writer, index: Index, one: str, *, by: str, note: str, now: datetime
    ) -> Event:
        given, dropped = ((), (name,)) if is_dropped else ((entry,), ())
        return edit(writer, index, one, given, dropped=dropped, by=by, note=note, now=now)

    return _enter(request, enter)


def _enter(request: Request, enter: Callable[..., Event]) -> Response:
    """Let something be entered about the fact of the path, and lead back to it."""
    desk: Desk = request.app.state.desk
    note = field(request, "note", most=MAX_NOTE_CHARACTERS)
    with desk.writing() as (writer, index):
        one = _fact(index, request)
        enter(writer, index, one.id, by=request.user.name, note=note, now=desk.clock())
    return RedirectResponse(page_of(one.id), 303)


def _fact(index: Index, request: Request) -> Fact:
    try:
        return fact_of(index, request.path_params["fact_id"][:MAX_ID])
    except InputError as error:
        raise HTTPException(404, "There is no such fact, or it is read otherwise now.") from error


def chosen_facts(request: Request) -> FactFilter:
    """Return the filter that the address asks for; InputError for a choice that there is not."""

    def given(name: str) -> tuple[str, ...]:
        values = request.query_params.getlist(name)
        return tuple(dict.fromkeys(one[:MAX_PLACE] for one in values if one))

    chosen = FactFilter(given("kind"), given("status"), given("host"), given("actor"))
    chosen.check()
    return chosen


def _offered(chosen: FactFilter) -> Json:
    """Return what the form of filters offers, and the words for rows."""
    names = ("kind", "status", "host", "actor")
    query = [(name, value) for name in names for value in getattr(chosen, name)]
    return {
        "chosen": chosen,
        "query": query,
        "KINDS": FACT_KINDS,
        "STATUSES": FACT_STATUSES,
        "title_of": title_of,
        "date_of": date_of,
    }


def title_of(fact: Fact) -> str:
    """Return what a fact is called in a list."""
    told = next((one for name in _TITLES if (one := fact.first(name))), None)
    amount = fact.first("amount")
    if amount is not None:
        return f"{points([fact])[0].told} {amount.unit}"
    return told.value if told else fact.fields[0].value


def page_of(fact_id: str) -> str:
    """Return the address of a fact's page."""
    return f"/facts/{fact_id}"


ROUTES = (
    Route("/facts", listed),
    Route("/facts.csv", listed_file),
    Route("/facts.json", listed_file),
    Route("/projects", mapped),
    Route("/facts/{fact_id}", fact),
    Route("/facts/{fact_id}/confirm", confirmed, methods=["POST"]),
    Route("/facts/{fact_id}/withdraw", withdrawn, methods=["POST"]),
    Route("/facts/{fact_id}/edit", edited, methods=["POST"]),
)
