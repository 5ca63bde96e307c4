"""Lists as files: CSV (RFC 4180) and JSON beside every list, whole, as they are asked for.

Streamed page by page, each with an index opened anew, so that no list lies in memory and no
connection crosses threads; what others write meanwhile neither doubles nor drops a row (keyset).
Cells of CSV are such that no spreadsheet takes them for formulas; JSON holds the text as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sousveil.index.lists import MAX_PAGE
from sousveil.index.store import Index
from sousveil.model import Json
from sousveil.run.publish.exports.tables import MARK, flat, table_line
from sousveil.web.desk import Desk

Rows = Callable[[Index, int, str], tuple[list[Json], str]]
"""Gives the forms of a page's rows and the place of the next: of an index, a limit and a place."""


def as_file(request: Request, name: str, rows: Rows, columns: Mapping[str, str]) -> Response:
    """Return the whole list as the request's path ends: ".csv" or ".json".

    `columns` are the headers of the table with the path of each in a row's form.
    """
    desk: Desk = request.app.state.desk
    is_csv = request.url.path.endswith(".csv")
    pages = _pages(desk, rows)
    content = _csv(pages, columns) if is_csv else _json(pages)
    return StreamingResponse(
        content,
        media_type="text/csv; charset=utf-8; header=present" if is_csv else "application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{"csv" if is_csv else "json"}"'
        },
    )


def _pages(desk: Desk, rows: Rows) -> Iterator[list[Json]]:
    place = ""
    while True:
        with desk.index() as index:
            forms, place = rows(index, MAX_PAGE, place)
        yield forms
        if not place:
            return


def _csv(pages: Iterator[list[Json]], columns: Mapping[str, str]) -> Iterator[str]:
    yield MARK + table_line(columns)
    for forms in pages:
        yield "".join(table_line(flat(form, columns)) for form in forms)


def _json(pages: Iterator[list[Json]]) -> Iterator[str]:
    before = "["
    for forms in pages:
        for form in forms:
            yield f"{before}\n{json.dumps(form, ensure_ascii=True)}"
            before = ","
    yield f"{'[' if before == '[' else ''}\n]\n"
