"""Every page of the desk, with something to show: for tests that walk all of them.

A page whose path has parameters takes its part here, in `EXAMPLES`; without, the walk fails. What
is asked besides the path, such as a search, is in `QUERIES`.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus

from starlette.routing import Route

from sousveil.index.query import finding_ids, watches
from sousveil.web.app import PAGES
from tests.web.desks import Answer, Client, Served

Example = Callable[[Served], list[str]]


def _findings(desk: Served) -> list[str]:
    with desk.desk.index() as index:
        return sorted(finding_ids(index))


def _watches(desk: Served) -> list[str]:
    with desk.desk.index() as index:
        return [watch.id for watch in watches(index)]


EXAMPLES: dict[str, Example] = {
    "finding_id": _findings,
    "watch_id": _watches,
}
"""Values of a path's parameters, by name."""

QUERIES: dict[str, tuple[str, ...]] = {
    "/search": ("q=ethnicity", "q=%3Cscript%3Ealert(7)%3C/script%3E"),
}
"""Queries that a path is asked with, beside none."""

# Leads elsewhere, or lets nobody in who is in: no pages.
NO_PAGES = frozenset({"/enter", "/login"})

PATHS = tuple(
    dict.fromkeys(
        route.path
        for page in PAGES
        for route in page
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and route.path not in NO_PAGES
    )
)


def addresses(desk: Served, path: str) -> Iterator[str]:
    """Yield the addresses of a route's path in a case: one for each example."""
    name = path.partition("{")[2].partition("}")[0].partition(":")[0]
    filled = [path]
    if name:
        assert name in EXAMPLES, f"{path}: add what {name} may be to tests/web/addresses.py"
        filled = [
            path.replace(path[path.index("{") : path.index("}") + 1], one)
            for one in EXAMPLES[name](desk)
        ]
    for one in filled:
        yield one
        for query in QUERIES.get(path, ()):
            yield f"{one}?{query}"


def is_page(client: Client, address: str) -> bool:
    """Whether a person reads what stands at an address; no file that is downloaded."""
    answer: Answer = client.get(address)
    assert answer.status == HTTPStatus.OK, f"{address}: {answer.status} {answer.text[:500]}"
    return answer.headers["content-type"].startswith("text/html")
