"""Lists: findings, targets and captures, filtered by the address, as pages and as files."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.filters import STATES, STATUSES, Filter, filter_from
from sousveil.index.listed import names_are_current
from sousveil.index.lists import (
    HEALTH,
    captures_page,
    choices,
    findings_page,
    targets_page,
)
from sousveil.index.search.passages import KINDS
from sousveil.index.store import Index
from sousveil.model import LABELS, Json
from sousveil.run.publish.exports.tables import FINDING_COLUMNS
from sousveil.web.api.files import as_file
from sousveil.web.api.forms import capture_form, listed_form, target_form
from sousveil.web.desk import Desk
from sousveil.web.render import render

ROWS = 50  # of a page: two or three screens
TARGET_COLUMNS = {name: name for name in (
    "id", "target", "kind", "actor", "health", "last_look", "verdict", "outcome", "findings",
    "every_seconds", "added_at", "retired_at",
)}  # fmt: skip
CAPTURE_COLUMNS = {name: name for name in (
    "url", "captured_at", "status", "media_type", "findings", "note", "warc", "offset",
    "record_digest", "watch", "log_index",
)}  # fmt: skip


def chosen(request: Request) -> Filter:
    """Return the filter that the address asks for; raises InputError as `filter_from`."""
    return filter_from(request.query_params.multi_items())


def asked(request: Request, name: str, most: int = 4_000) -> str:
    """Return another parameter of the address, cut; "" when it is not given."""
    return request.query_params.get(name, "")[:most]


def known(index: Index, filter_: Filter) -> Json:
    """Return what the form of filters offers, and whether names are told as `actors.toml` is."""
    return {
        "filter": filter_,
        "choices": choices(index),
        "KINDS": KINDS,
        "STATES": STATES,
        "STATUSES": STATUSES,
        "labels": LABELS,
        "names_are_current": names_are_current(index),
    }


def findings(request: Request) -> Response:
    """Show findings, those first seen last first."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    with desk.index() as index:
        page = findings_page(index, filter_, limit=ROWS, after=asked(request, "after"))
        return render(request, "findings.html", page=page, **known(index, filter_))


def findings_file(request: Request) -> Response:
    """Give the same list whole."""
    filter_ = chosen(request)

    def rows(index: Index, limit: int, after: str) -> tuple[list[Json], str]:
        page = findings_page(index, filter_, limit=limit, after=after)
        return [listed_form(one) for one in page.rows], page.next

    return as_file(request, "findings", rows, FINDING_COLUMNS)


def targets(request: Request) -> Response:
    """Show targets with how they are."""
    desk: Desk = request.app.state.desk
    filter_, health = chosen(request), asked(request, "health", 20)
    with desk.index() as index:
        page = targets_page(index, filter_, health, limit=ROWS, after=asked(request, "after"))
        return render(
            request, "targets.html", page=page, health=health, HEALTH=HEALTH, filter=filter_
        )


def targets_file(request: Request) -> Response:
    """Give the same list whole."""
    filter_, health = chosen(request), asked(request, "health", 20)

    def rows(index: Index, limit: int, after: str) -> tuple[list[Json], str]:
        page = targets_page(index, filter_, health, limit=limit, after=after)
        return [target_form(one) for one in page.rows], page.next

    return as_file(request, "targets", rows, TARGET_COLUMNS)


def captures(request: Request) -> Response:
    """Show captures, the newest first."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    with desk.index() as index:
        page = captures_page(index, filter_, limit=ROWS, after=asked(request, "after"))
        return render(request, "captures.html", page=page, filter=filter_)


def captures_file(request: Request) -> Response:
    """Give the same list whole."""
    filter_ = chosen(request)

    def rows(index: Index, limit: int, after: str) -> tuple[list[Json], str]:
        page = captures_page(index, filter_, limit=limit, after=after)
        return [capture_form(one) for one in page.rows], page.next

    return as_file(request, "captures", rows, CAPTURE_COLUMNS)


ROUTES = (
    Route("/findings", findings),
    Route("/findings.csv", findings_file),
    Route("/findings.json", findings_file),
    Route("/targets", targets),
    Route("/targets.csv", targets_file),
    Route("/targets.json", targets_file),
    Route("/captures", captures),
    Route("/captures.csv", captures_file),
    Route("/captures.json", captures_file),
)
