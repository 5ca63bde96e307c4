"""Every page of the desk, with something to show: for tests that walk all of them.

A page whose path has parameters takes its part here, in `EXAMPLES`; without, the walk fails. What
is asked besides the path, such as a search, is in `QUERIES`.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Literal

from starlette.routing import Route

from sousveil.index.facts import facts
from sousveil.index.query import findings, watches
from sousveil.web.app import PAGES
from sousveil.web.jobs.store import Job
from tests.web.desks import Client, Served

Example = Callable[[Served], list[str]]


def _findings(desk: Served) -> list[str]:
    """Return a finding of each kind of place."""
    with desk.desk.index() as index:
        found = findings(index)
    return list({(one.url, one.source.path): one.id for one in found}.values())


def _watches(desk: Served) -> list[str]:
    with desk.desk.index() as index:
        return [watch.id for watch in watches(index)]


def _captures(desk: Served) -> list[str]:
    """Return a capture of each media type."""
    with desk.desk.index() as index:
        rows = index.rows("SELECT min(id) FROM capture GROUP BY media_type, status")
    return [str(one) for (one,) in rows]


def _jobs(desk: Served) -> list[str]:
    """Return a job that is over, whose words try to run scripts."""
    jobs = desk.desk.jobs
    at, words = desk.clock(), "<script>alert(8)</script>"
    over = Job("0" * 16, words, "Ada", ("verify",), at, state="done", ended_at=at, said=words)
    if jobs.find(over.id) is None:
        jobs.put(over)
    return [over.id]


def _facts(desk: Served) -> list[str]:
    with desk.desk.index() as index:
        return [one.id for one in facts(index)][:5]


EXAMPLES: dict[str, Example] = {
    "fact_id": _facts,
    "finding_id": _findings,
    "watch_id": _watches,
    "capture_id": _captures,
    "job_id": _jobs,
    "topic": lambda desk: [*desk.case.settings.topics[:1], "new"],
    "/api/findings/{id}": _findings,
    "/api/targets/{id}": _watches,
}
"""Values of a path's parameter, by its name, or by the path where that says too little."""

_ASKED = ("q=ethnicity", "q=%3Cscript%3Ealert(7)%3C/script%3E")
QUERIES: dict[str, tuple[str, ...]] = {
    "/search": _ASKED,
    "/search.csv": _ASKED,
    "/search.json": _ASKED,
    "/api/search": _ASKED,
    "/facts": ("kind=figure",),
    "/targets/{watch_id}/compare": ("view=source", "view=picture"),
}
"""Queries that a path is asked with, beside none."""

# These answer questions only.
NEED_QUERY = frozenset({"/search.csv", "/search.json", "/api/search"})

# Nothing stands there for a finding that no picture shows, nor for a look without a browser.
MAY_LACK = frozenset(
    {
        "/pictures/{finding_id}",
        "/pictures/{finding_id}/whole",
        "/targets/{watch_id}/compare/picture",
        "/manage/jobs/{job_id}/result",
    }
)

# Leads elsewhere, lets nobody in who is in, or is of a team alone: no pages here.
_NO_PAGES = frozenset({"/enter", "/login", "/password"})

_ALL = tuple(
    dict.fromkeys(
        route.path
        for page in PAGES
        for route in page
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and route.path not in _NO_PAGES
    )
)

# What programs read, and what is downloaded.
FILES = tuple(path for path in _ALL if path.startswith("/api/") or path.endswith((".csv", ".json")))
PATHS = tuple(path for path in _ALL if path not in FILES)


def addresses(desk: Served, path: str) -> Iterator[str]:
    """Yield the addresses of a route's path in a case: one for each example."""
    name = path.partition("{")[2].partition("}")[0].partition(":")[0]
    filled = [path]
    if name:
        examples = EXAMPLES.get(path) or EXAMPLES.get(name)
        assert examples, f"{path}: add what {name} may be to tests/web/addresses.py"
        filled = [
            path.replace(path[path.index("{") : path.index("}") + 1], one) for one in examples(desk)
        ]
    for one in filled:
        if path not in NEED_QUERY:
            yield one
        for query in QUERIES.get(path, ()):
            yield f"{one}?{query}"


def what_is_at(client: Client, path: str, address: str) -> Literal["page", "part", "file"]:
    """Return what stands at an address: a page, a part that a script puts into one, or a file."""
    answer = client.get(address)
    if path in MAY_LACK and answer.status == HTTPStatus.NOT_FOUND:
        return "file"
    assert answer.status == HTTPStatus.OK, f"{address}: {answer.status} {answer.text[:500]}"
    if not answer.headers["content-type"].startswith("text/html"):
        return "file"
    return "page" if answer.body.startswith(b"<!doctype html>") else "part"
